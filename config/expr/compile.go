package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/near"
)

// Env is what an expression is compiled in.
type Env struct {
	Source    *state.Schema        // the attributes of ad; nil means that nothing is known about them
	Slots     *Slots               // where they stand in source objects; may not be frozen yet
	Variables map[string]cty.Value // further root names, such as var and local: objects of known values
	Library   *Library
	Text      []byte // the file that holds the expression, for [Program.Source]
	// DeclaredAt is the expression's place, for messages: file:line.
	DeclaredAt string
	// Target is the attribute that the value is for; nil if it is a condition.
	Target *state.Attribute
	// Lenient accepts source attributes that the schema doesn't know without a word: for the presets.
	Lenient bool
	// Cautious has c ? a : b be null where c is, instead of b: for what must not follow from a value that could not be read.
	Cautious bool
}

// Compile type-checks e against the source's schema and the target attribute and makes a program of it. The program is nil if
// the diagnostics have errors. Compiling changes the syntax tree: e must not be compiled or evaluated again afterwards.
func Compile(e hcl.Expression, env Env) (*Program, hcl.Diagnostics) {
	syntax, ok := e.(hclsyntax.Expression)
	if !ok {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Unsupported expression", Subject: e.Range().Ptr(),
			Detail: "Expressions must be written in HCL's native syntax."}}
	}
	refs, names, always, diags := env.references(syntax)
	diags = append(diags, env.Library.Check(syntax)...)
	if diags.HasErrors() {
		return nil, diags
	}
	p := &Program{source: string(e.Range().SliceBytes(env.Text)), declaredAt: env.DeclaredAt, slots: env.Slots,
		attributes: sortedUnique(names), always: always, condition: env.Target == nil}
	c := &compiler{env: env, out: env.out()}
	closure, native := c.program(syntax)
	equalities := findEqualities(syntax)
	ref := &reference{expr: rewriter{env.Cautious}.rewrite(syntax), refs: refs, vars: env.Variables, funcs: env.Library.hcl, out: c.out}
	v, more := ref.check()
	diags = append(diags, more...)
	if !diags.HasErrors() {
		diags = append(diags, env.checkResult(v, e.Range())...)
		diags = append(diags, ref.checkEqualities(equalities)...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	p.eval = ref.eval
	if native {
		p.eval, p.native, p.loops = closure, true, c.loops > 0
		if len(always) == 0 {
			p.plain = c.plain
		}
	}
	if len(refs) == 0 && v.IsWhollyKnown() {
		constant, err := fromCty(v, c.out)
		if err != nil {
			return nil, append(diags, env.mismatch(e.Range(), err.Error()))
		}
		if p.condition && constant.IsNull() {
			return nil, append(diags, env.mismatch(e.Range(), "it is always null."))
		}
		p.constant = &constant
	}
	return p, diags
}

func (env *Env) out() kind {
	if env.Target == nil {
		return boolKind
	}
	return kindOf(env.Target.Type, env.Target.Multi)
}

// references resolves the names that e refers to. always are the slots of those that every object has.
func (env *Env) references(e hclsyntax.Expression) (refs []attrRef, names []string, always []int, diags hcl.Diagnostics) {
	seen := map[string]bool{}
	for _, t := range e.Variables() {
		root := t.RootName()
		if root != SourceName {
			diags = append(diags, CheckReference(t, env.Variables, true)...)
			continue
		}
		name, deliberate, d := sourceName(t)
		if d != nil {
			diags = append(diags, d)
			continue
		}
		attr, d := env.lookup(name, t.SourceRange(), deliberate)
		if d != nil {
			diags = append(diags, d)
		}
		if attr == nil || seen[name] {
			continue
		}
		seen[name] = true
		refs = append(refs, attrRef{name, env.Slots.Slot(attr.Name), kindOf(attr.Type, attr.Multi)})
		names = append(names, attr.Name)
		if attr.Always {
			always = append(always, env.Slots.Slot(attr.Name))
		}
	}
	slices.Sort(always)
	return refs, names, slices.Compact(always), diags
}

// sourceName is NAME of ad.NAME or ad["NAME"]; the latter is deliberate.
func sourceName(t hcl.Traversal) (name string, deliberate bool, d *hcl.Diagnostic) {
	if len(t) > 1 {
		switch step := t[1].(type) {
		case hcl.TraverseAttr:
			return step.Name, false, nil
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String && !step.Key.IsNull() {
				return step.Key.AsString(), true, nil
			}
		}
	}
	return "", false, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Attribute name missing", Subject: t.SourceRange().Ptr(),
		Detail: `"ad" is the whole source object. Only the attributes that are named are read from the directory, so name one: ad.mail or ad["mail"].`}
}

// lookup is the source attribute of that name, or nil with an error.
func (env *Env) lookup(name string, at hcl.Range, deliberate bool) (*state.Attribute, *hcl.Diagnostic) {
	unknown := &state.Attribute{Name: name}
	if env.Source == nil {
		return unknown, nil
	}
	if a := env.Source.Lookup(name); a != nil {
		return a, nil
	}
	if env.Source.Open && (deliberate || env.Lenient) {
		return unknown, nil
	}
	if s := near.Closest(name, env.Source.Names()); s != "" || !env.Source.Open {
		detail := fmt.Sprintf("A %s in the source has no attribute %q.", env.Source.Kind, name)
		if s != "" {
			detail += fmt.Sprintf(" Did you mean %q?", s)
		}
		if env.Source.Open {
			detail += fmt.Sprintf(" If the forest's own schema really has it, write ad[%q].", name)
		}
		return nil, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown source attribute", Detail: detail, Subject: &at}
	}
	return unknown, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Attribute beyond the known schema", Subject: &at,
		Detail: fmt.Sprintf("%q is not in Active Directory's own schema. It is read as a single text; if the forest's schema really has it, write ad[%q] to say so.", name, name)}
}

// CheckReference checks a reference to a variable or a local value: vars holds objects by root name. source says whether the
// source object can be referred to in this place.
func CheckReference(t hcl.Traversal, vars map[string]cty.Value, source bool) hcl.Diagnostics {
	fail := func(summary, detail string) hcl.Diagnostics {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: t.SourceRange().Ptr()}}
	}
	obj, ok := vars[t.RootName()]
	if !ok {
		known := []string{}
		for name := range vars {
			known = append(known, name)
		}
		if source {
			known = append(known, SourceName)
		} else if t.RootName() == SourceName {
			return fail("No source object here", "ad.NAME is an attribute of a user and has a value only in mappings and in a scope's where. Use a variable or a literal value.")
		}
		slices.Sort(known)
		return fail("Unknown reference", fmt.Sprintf("There is nothing named %q here.%s An expression can refer to %s; a text needs quotes.",
			t.RootName(), near.DidYouMean(t.RootName(), known), strings.Join(known, ", ")))
	}
	if len(t) < 2 {
		return nil
	}
	step, ok := t[1].(hcl.TraverseAttr)
	if !ok || !obj.Type().IsObjectType() || obj.Type().HasAttribute(step.Name) {
		return nil
	}
	names := []string{}
	for name := range obj.Type().AttributeTypes() {
		names = append(names, name)
	}
	slices.Sort(names)
	what, cure := "variable", fmt.Sprintf(`Declare it: variable %q {}.`, step.Name)
	if t.RootName() == "local" {
		what, cure = "local value", fmt.Sprintf("Declare it: locals { %s = … }.", step.Name)
	}
	return fail("Unknown "+what, fmt.Sprintf("No %s named %q is declared.%s %s", what, step.Name, near.DidYouMean(step.Name, names), cure))
}
