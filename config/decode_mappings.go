package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/config/internal/preset"
	"github.com/dirform/dirform/config/internal/source"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/acceptable"
	"github.com/dirform/dirform/state/near"
)

// scope is the scope that a block's scope argument refers to, or nil after a mistake.
func (l *loader) scope(c *content) *Scope {
	if !c.has("scope") {
		return nil
	}
	ref := c.reference("scope", "scope", 1)
	if ref == nil {
		return nil
	}
	var names []string
	for _, s := range l.cfg.Scopes {
		if names = append(names, s.Name); s.Name == ref[0] {
			return s
		}
	}
	if l.broken {
		c.ok = false
		return nil
	}
	c.bad("scope", "Unknown scope", "No scope %q is declared.%s Declare it: scope %q { ou = … }.", ref[0], near.DidYouMean(ref[0], names), ref[0])
	return nil
}

// decodeMappings reads the mapping blocks and adds the default one to scopes without any.
func (l *loader) decodeMappings() {
	first := map[string]*hclsyntax.Block{}
	mapped := map[*Scope][]state.Kind{}
	for _, b := range l.byType["mapping"] {
		c := l.content(b, grammar["mapping"])
		m := &Mapping{Name: b.Labels[0], Scope: l.scope(c), Kind: state.User, DeclaredAt: place(b.DefRange()),
			CaseChanges: c.flag("case_changes")}
		if name := c.text("object"); name != "" {
			k, ok := c.kind("object", name)
			if !ok {
				continue
			}
			m.Kind = k
		}
		if m.Scope != nil {
			key := m.Scope.Name + "\x00" + string(m.Kind)
			if f := first[key]; f != nil {
				r := f.DefRange()
				l.fail(header(b), "Second mapping", "The %ss of scope %q have a mapping already, at %s:%d,%d. Put the attributes into one block.",
					m.Kind, m.Scope.Name, r.Filename, r.Start.Line, r.Start.Column)
			} else {
				first[key] = b
			}
			mapped[m.Scope] = append(mapped[m.Scope], m.Kind)
		}
		l.mappingAttributes(c, m)
		l.cfg.Mappings = append(l.cfg.Mappings, m)
	}
	for _, s := range l.cfg.Scopes {
		for _, k := range s.Objects {
			if !slices.Contains(mapped[s], k) {
				l.cfg.Mappings = append(l.cfg.Mappings, l.defaultMapping(s, k))
			}
		}
	}
}

// defaultMapping is the mapping of a scope that has none: the default preset.
func (l *loader) defaultMapping(s *Scope, k state.Kind) *Mapping {
	m := &Mapping{Name: s.Name, Scope: s, Kind: k, DeclaredAt: s.DeclaredAt}
	l.addPreset(m, nil)
	return m
}

// mappingAttributes fills a mapping's attributes from its blocks and its preset.
func (l *loader) mappingAttributes(c *content, m *Mapping) {
	seen := map[string]hcl.Range{} // by canonical name
	for _, name := range []string{"attributes", "initial"} {
		in := c.inner[name]
		if in == nil {
			continue
		}
		for _, b := range in.Body.Blocks {
			l.fail(&b.TypeRange, "Unknown block", "A block of %s holds ATTRIBUTE = EXPRESSION lines and no blocks: write %s = ….", name, b.Type)
		}
		for _, a := range source.Attributes(in.Body) {
			target := l.target(a, m.Kind)
			if target == nil {
				c.ok = false // so that nothing is called missing which is only misspelt
				continue
			}
			if at, twice := seen[target.Name]; twice {
				l.duplicate(&a.NameRange, "The attribute "+target.Name, at)
				continue
			}
			if target.Reported && name == "initial" {
				l.fail(&a.NameRange, "Attribute cannot be set at creation", "%s cannot be written through Microsoft Graph, so an account cannot be created with it. Map it under attributes: dirform then reports what has to be set in Exchange.", target.Name)
				continue
			}
			seen[target.Name] = a.NameRange
			am := &AttributeMapping{Target: target, DeclaredAt: place(a.SrcRange), Expr: l.compile(a, target, m.Kind, false)}
			l.checkConstant(a, am)
			if name == "initial" {
				m.Initial = append(m.Initial, am)
			} else {
				m.Attributes = append(m.Attributes, am)
			}
		}
	}
	removed := l.preset(c, m, seen)
	sortMappings(m)
	c.keeps(m)
	if c.ok {
		l.requiredAttributes(c, m, seen, removed)
	}
}

// preset adds the preset's attributes that the mapping neither declares nor takes out, and gives the names it takes out.
func (l *loader) preset(c *content, m *Mapping, seen map[string]hcl.Range) []string {
	chosen := c.text("preset")
	if chosen != "" && chosen != "default" {
		c.bad("preset", "Unknown preset", "There is no preset %s.%s The only one is \"default\", the usual flows from Active Directory to Entra.",
			c.shown("preset", chosen), c.suggest("preset", chosen, []string{"default"}))
		return nil
	}
	unmanaged := c.texts("unmanaged")
	if !c.has("preset") {
		if c.has("unmanaged") {
			c.bad("unmanaged", "Nothing to take out", "unmanaged takes attributes out of a preset, and this mapping has none: whatever it doesn't name is unmanaged anyway. Remove it, or add preset = \"default\".")
		}
		return unmanaged
	}
	names := preset.Names()
	for i, name := range unmanaged {
		k := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
		if k < 0 {
			c.bad("unmanaged", "Not in the preset", "The preset \"default\" has no attribute %s.%s It manages %s.",
				c.shown("unmanaged", name), c.suggest("unmanaged", name, names), strings.Join(names, ", "))
			continue
		}
		unmanaged[i] = names[k]
		if at, ok := seen[names[k]]; ok {
			c.bad("unmanaged", "Both mapped and unmanaged", "%s is taken out of the preset here and mapped at %s. Keep one of the two.", names[k], place(at))
		}
	}
	skip := slices.Clone(unmanaged)
	for name := range seen {
		skip = append(skip, name)
	}
	l.addPreset(m, skip)
	return unmanaged
}

// target is the tenant attribute that a line of a mapping names, or nil after a mistake.
func (l *loader) target(a *hclsyntax.Attribute, kind state.Kind) *state.Attribute {
	schema := l.tenantSchema(kind)
	if schema == nil {
		return &state.Attribute{Name: a.Name}
	}
	t := schema.Lookup(a.Name)
	switch {
	case t == nil && l.misplaced(a, "a mapping"):
		return nil
	case t == nil:
		writable := slices.DeleteFunc(slices.Clone(schema.Names()), func(n string) bool { return schema.Lookup(n).ReadOnly && !schema.Lookup(n).Reported })
		l.fail(&a.NameRange, "Unknown tenant attribute", "A %s in the tenant has no attribute %q.%s%s", kind, a.Name, near.DidYouMean(a.Name, writable), adName(a.Name))
		return nil
	case strings.EqualFold(t.Name, "onPremisesImmutableId"):
		l.fail(&a.NameRange, "Anchor cannot be mapped", "onPremisesImmutableId ties the tenant object to its source, and dirform sets it itself. Choose where it comes from with anchor in a link_policy block.")
		return nil
	case t.ReadOnly && !t.Reported:
		l.fail(&a.NameRange, "Read-only tenant attribute", "%s cannot be written through Microsoft Graph%s", t.Name, readOnlyCure(t.Name))
		return nil
	}
	return t
}

// adName hints at the tenant's name for an attribute that has another one in Active Directory.
func adName(name string) string {
	for from, to := range map[string]string{
		"sn": "surname", "title": "jobTitle", "company": "companyName", "l": "city", "st": "state", "co": "country", "c": "usageLocation",
		"physicaldeliveryofficename": "officeLocation", "telephonenumber": "businessPhones", "mobile": "mobilePhone",
		"facsimiletelephonenumber": "faxNumber", "employeenumber": "employeeId", "samaccountname": "onPremisesSamAccountName",
	} {
		if strings.EqualFold(name, from) {
			return fmt.Sprintf(" What Active Directory calls %s is %s there.", name, to)
		}
	}
	return ""
}

func readOnlyCure(name string) string {
	switch name {
	case "proxyAddresses":
		return ": they are kept in Exchange."
	case "passwordProfile":
		return " from a mapping: dirform gives a new account a random password that nobody learns."
	case "id":
		return ": the service chooses it. Remove the line."
	}
	return ", the service computes it or keeps it for other tools. Remove the line."
}

// checkConstant reports a constant that the tenant takes of nobody, be it null or what the service refuses.
func (l *loader) checkConstant(a *hclsyntax.Attribute, am *AttributeMapping) {
	v, ok := am.Expr.Constant()
	if v = state.Tidy(v); ok && v.IsEmpty() && am.Target.NotNull {
		l.fail(a.Expr.Range().Ptr(), "Attribute cannot be cleared", "%s can't be empty in the tenant once it has a value. Give it a value, or remove the line to leave it alone.", am.Target.Name)
	}
	if text, why := acceptable.Never(am.Target, v); why != "" {
		l.fail(a.Expr.Range().Ptr(), "Value is never accepted", "%s cannot be %q: %s. The service would refuse it of everybody. Correct it here.", am.Target.Name, text, why)
	}
}

// requiredAttributes reports what a new account must have and the mapping doesn't give.
func (l *loader) requiredAttributes(c *content, m *Mapping, seen map[string]hcl.Range, removed []string) {
	schema := l.tenantSchema(m.Kind)
	if schema == nil {
		return
	}
	var missing []string
	for _, name := range schema.Names() {
		a := schema.Lookup(name)
		if !a.Required || a.ReadOnly || a.Hidden {
			continue
		}
		if _, ok := seen[name]; ok || !slices.Contains(removed, name) && c.has("preset") && slices.Contains(preset.Names(), name) {
			continue
		}
		missing = append(missing, name)
	}
	if len(missing) > 0 {
		l.fail(header(c.block), "Required attribute not mapped", "A new %s must have %s, and %s doesn't say where it comes from. Add it to attributes or initial, or begin with preset = \"default\".",
			m.Kind, strings.Join(missing, ", "), title(c.block))
	}
}

func sortMappings(m *Mapping) {
	byName := func(a, b *AttributeMapping) int { return strings.Compare(a.Target.Name, b.Target.Name) }
	slices.SortFunc(m.Attributes, byName)
	slices.SortFunc(m.Initial, byName)
}

// keeps reads which values of accounts a source without one leaves alone.
func (c *content) keeps(m *Mapping) {
	if c.has("on_null") {
		v, ok := c.value("on_null", cty.Map(cty.String))
		if !ok || v.IsNull() {
			return
		}
		for name, what := range v.AsValueMap() {
			a := c.managed("on_null", name, m)
			switch {
			case a == nil:
			case what.IsNull() || what.AsString() != "keep" && what.AsString() != "clear":
				c.bad("on_null", "Unknown value", "on_null says \"clear\" (the default) or \"keep\" for each attribute: on_null = { %s = \"keep\" }.", a.Target.Name)
			default:
				a.KeepNull = what.AsString() == "keep"
			}
		}
	}
	for _, name := range c.texts("keep_on_link") {
		if a := c.managed("keep_on_link", name, m); a != nil {
			a.KeepOnLink = true
		}
	}
}

// managed is the attribute of a mapping that an argument names, or nil after a mistake.
func (c *content) managed(argument, name string, m *Mapping) *AttributeMapping {
	var names []string
	for _, a := range m.Attributes {
		if strings.EqualFold(a.Target.Name, name) {
			return a
		}
		names = append(names, a.Target.Name)
	}
	c.bad(argument, "Attribute is not mapped", "The mapping has no attribute %s.%s", c.shown(argument, name), c.suggest(argument, name, names))
	return nil
}
