package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/config/internal/filters"
	"github.com/dirform/dirform/config/internal/preset"
	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/near"
)

// domainName is made when a suffix is read: at 2 ms it was a third of the time that every command takes to start.
var domainName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9]$`)
})

// decodeSuffixes reads the upn_suffix blocks.
func (l *loader) decodeSuffixes() {
	for _, b := range l.byType["upn_suffix"] {
		c := l.content(b, grammar["upn_suffix"])
		s := &UPNSuffix{Name: b.Labels[0], DeclaredAt: place(b.DefRange()), Provider: l.adProvider(c)}
		if !domainName().MatchString(s.Name) {
			l.fail(&b.LabelRanges[0], "Invalid domain name", "%q is not a domain name. Write what follows the @ of a user principal name, such as \"contoso.com\".", s.Name)
		}
		l.cfg.UPNSuffixes = append(l.cfg.UPNSuffixes, s)
	}
}

// adProvider is the provider that a block's provider argument refers to, by default the only one. It is nil after a mistake.
func (l *loader) adProvider(c *content) *ADProvider {
	if !c.has("provider") {
		switch {
		case len(l.cfg.AD) == 1:
			return l.cfg.AD[0]
		case len(l.cfg.AD) > 1:
			c.ok = false
			l.fail(header(c.block), "Missing argument", "There are %d providers of type \"ad\", so %s has to say which one: provider = provider.ad.%s.", len(l.cfg.AD), title(c.block), l.cfg.AD[0].Name)
		}
		return nil
	}
	ref := c.reference("provider", "provider", 2)
	if ref == nil {
		return nil
	}
	if ref[0] == "entra" {
		c.bad("provider", "Wrong provider", "%s belongs to Active Directory, so it refers to a provider of type \"ad\": provider = provider.ad.NAME.", title(c.block))
		return nil
	}
	var names []string
	for _, p := range l.cfg.AD {
		if names = append(names, p.Name); p.Name == ref[1] && ref[0] == "ad" {
			return p
		}
	}
	c.bad("provider", "Unknown provider", "No provider %q %q is declared.%s", ref[0], ref[1], near.DidYouMean(ref[1], names))
	return nil
}

// decodeScopes reads the scope blocks.
func (l *loader) decodeScopes() {
	for _, b := range l.byType["scope"] {
		c := l.content(b, grammar["scope"])
		s := &Scope{Name: b.Labels[0], DeclaredAt: place(b.DefRange()), Provider: l.adProvider(c)}
		s.OUs, s.Exclude = c.oneOrMore("ou", "ous"), c.texts("exclude")
		if !c.has("ou") && !c.has("ous") {
			c.ok = false
			l.fail(header(b), "Missing argument", "%s needs the argument \"ou\": the organisational unit whose people are synchronised, ou = \"OU=Staff,DC=corp,DC=contoso,DC=com\", or ous = […].", title(b))
		}
		l.checkContainers(c, s)
		s.Objects = l.decodeObjects(c)
		if s.SystemObjects = c.choice("system_objects", "exclude", "include") == "include"; !s.SystemObjects {
			for _, kind := range s.Objects {
				l.kindSlots(kind).Add(system.Attributes())
			}
		}
		if s.Filter = c.text("filter"); s.Filter != "" {
			if packet, err := compileFilter(s.Filter); err == nil {
				s.FilterNames = filters.Names(packet)
			} else {
				c.bad("filter", "Invalid LDAP filter", "The filter is not one that a server understands (%s). It has the form (attribute=value), joined by (&(…)(…)), (|(…)(…)) and (!(…)).", filterError(err))
			}
		}
		if a := c.attrs["where"]; a != nil && len(s.Objects) > 0 {
			s.Where = l.compile(a, nil, s.Objects[0], false)
		}
		l.cfg.Scopes = append(l.cfg.Scopes, s)
	}
	if len(l.cfg.Scopes) == 0 && !l.broken {
		l.fail(nil, "No scope", "No scope block says whom to synchronise. Add one: scope \"staff\" { ou = \"OU=Staff,DC=corp,DC=contoso,DC=com\" }.")
	}
}

// compileFilter is the LDAP library's, which goes into parentheses by calling itself, for filters within the limits.
func compileFilter(filter string) (*ber.Packet, error) {
	if len(filter) > bounds.Filter {
		return nil, fmt.Errorf("it is longer than %d bytes", bounds.Filter)
	}
	depth := 0
	for _, c := range filter {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth > bounds.Nesting {
			return nil, fmt.Errorf("more than %d parentheses are open inside each other", bounds.Nesting)
		}
	}
	return ldap.CompileFilter(filter)
}

// filterError is what the LDAP library says about a filter.
func filterError(err error) error {
	var e *ldap.Error
	if errors.As(err, &e) && e.Err != nil {
		return e.Err
	}
	return err
}

// parseDN is the normal form of a distinguished name that argument name holds; "" if it holds none, or after a mistake.
func (c *content) parseDN(name, value string) dn.Normal {
	if value == "" {
		return ""
	}
	parsed, err := dn.Parse(value)
	if err == nil && parsed != "" {
		return parsed
	}
	c.bad(name, "Invalid distinguished name", "%s is not a distinguished name. It lists the levels from the inside out: OU=Staff,DC=corp,DC=contoso,DC=com. A comma inside a name is written \\\\, in HCL.", c.shown(name, value))
	return ""
}

// checkContainers checks the distinguished names and how they lie in each other.
func (l *loader) checkContainers(c *content, s *Scope) {
	name := "ou"
	if c.has("ous") {
		name = "ous"
	}
	var ous []dn.Normal
	for i, ou := range s.OUs {
		n := c.parseDN(name, ou)
		if n == "" {
			return
		}
		if j := slices.IndexFunc(ous, func(o dn.Normal) bool { return s.overlap(n, o) || s.overlap(o, n) }); j >= 0 {
			c.bad(name, "Overlapping containers", "%s and %s overlap, and nothing between them is excluded, so that one of them changes nothing. Keep the outer one.", c.shown(name, s.OUs[j]), c.shown(name, s.OUs[i]))
			return
		}
		ous = append(ous, n)
	}
	if len(ous) == 0 {
		return // there is nothing to lie in, which was told
	}
	l.checkBase(c, name, s, ous)
	for _, ex := range s.Exclude {
		n := c.parseDN("exclude", ex)
		if n == "" {
			continue
		}
		if !slices.ContainsFunc(ous, n.Within) {
			c.bad("exclude", "Exclusion outside the scope", "%s doesn't lie in %s, so leaving it out changes nothing. Correct the name or remove it.", c.shown("exclude", ex), quoted(s.OUs))
		} else if slices.Contains(ous, n) {
			c.bad("exclude", "Scope excludes itself", "%s is a container of the scope, so nobody would be left. Remove it from one of the two lists.", c.shown("exclude", ex))
		}
	}
}

// overlap reports whether a container lies in another one of the scope, and in none in between that is excluded.
func (s *Scope) overlap(inner, outer dn.Normal) bool {
	return inner.Within(outer) && !slices.ContainsFunc(s.Exclude, func(ex string) bool {
		n, err := dn.Parse(ex)
		return err == nil && n != inner && n != outer && inner.Within(n) && n.Within(outer)
	})
}

// checkBase checks that the containers lie in the provider's base_dn, if it has one.
func (l *loader) checkBase(c *content, name string, s *Scope, ous []dn.Normal) {
	if s.Provider == nil || s.Provider.BaseDN == "" {
		return
	}
	base, err := dn.Parse(s.Provider.BaseDN)
	if err != nil {
		return
	}
	for i, ou := range ous {
		if !ou.Within(base) {
			c.bad(name, "Container outside the directory", "%s doesn't lie in base_dn of provider \"ad\" %q, which is %q. Correct one of them.", c.shown(name, s.OUs[i]), s.Provider.Name, s.Provider.BaseDN)
		}
	}
}

// kinds are the values of objects. Which of them this version synchronises, their descriptors say.
var kinds = []string{string(state.User), string(state.Group), string(state.Contact)}

func (l *loader) decodeObjects(c *content) []state.Kind {
	if !c.has("objects") {
		return []state.Kind{state.User}
	}
	names := c.texts("objects")
	if c.ok && len(names) == 0 {
		c.bad("objects", "Value missing", "objects is empty. Write [\"user\"] or remove it.")
	}
	var out []state.Kind
	for _, n := range names {
		if k, ok := c.kind("objects", n); ok && slices.Contains(out, k) {
			c.bad("objects", "Listed twice", "%q stands twice in objects. Remove one.", n)
		} else if ok {
			out = append(out, k)
		}
	}
	return out
}

// kind is a kind of object by its name in argument arg.
func (c *content) kind(arg, name string) (state.Kind, bool) {
	switch d := state.Kind(name).Descriptor(); {
	case !d.Unmanaged():
		return d.Kind, true
	case slices.Contains(kinds, name):
		c.bad(arg, "Not supported yet", "Objects of kind %q are not supported yet by this version of dirform, which synchronises users. Remove it.", name)
	default:
		c.bad(arg, "Unknown kind of object", "There is no kind %s.%s The kinds are %s.", c.shown(arg, name), c.suggest(arg, name, kinds), quoted(kinds))
	}
	return "", false
}

// compile compiles an expression over a source object of a kind. target is nil for a condition. The program is nil after a mistake.
func (l *loader) compile(a *hclsyntax.Attribute, target *state.Attribute, kind state.Kind, byPreset bool) *expr.Program {
	if why := l.secrets.Why(a.Expr); why != nil {
		l.secrets.Misplaced(a.Expr.Range().Ptr(), a.Name, why)
		return nil
	}
	env := expr.Env{
		Source: l.sourceSchema(kind), Slots: l.kindSlots(kind), Variables: l.vars, Library: l.lib,
		DeclaredAt: place(a.SrcRange), Target: target, Lenient: byPreset,
		Cautious: target != nil && target.Name == state.Describe(nil)(kind).SignIn,
	}
	if byPreset {
		env.Text, env.DeclaredAt = []byte(preset.Text), "preset default"
	} else if f := l.cfg.Files[a.SrcRange.Filename]; f != nil {
		env.Text = f.Bytes
	}
	p, diags := expr.Compile(a.Expr, env)
	l.diags.Add(diags)
	return p
}
