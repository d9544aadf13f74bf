package config

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/state/near"
)

// EnvPrefix begins the names of environment variables that give variables their values. See also [SecretPrefix].
const EnvPrefix = "DIRFORM_VAR_"

// variable is a variable block.
type variable struct {
	name      string
	typ       cty.Type // DynamicPseudoType if none is declared
	defaults  *typeexpr.Defaults
	value     cty.Value // the default, then what is given; NilVal if there is neither
	sensitive bool
	checks    []*hclsyntax.Block
	declared  hcl.Range
}

// decodeVariables declares the variables, gives them their values and checks those.
func (l *loader) decodeVariables() {
	declared := map[string]*variable{}
	var order []*variable
	for _, b := range l.byType["variable"] {
		v := l.decodeVariable(b)
		declared[v.name] = v
		order = append(order, v)
		if v.sensitive {
			l.markSecret(v.name, &secret{fmt.Sprintf("variable %q is declared sensitive", v.name), "Use a variable that is not sensitive."})
		}
	}
	l.valuesFromEnvironment(EnvPrefix, declared)
	l.valuesFromEnvironment(SecretPrefix, declared)
	for _, f := range l.o.VarFiles {
		l.valuesFromFile(f, declared)
	}
	for _, name := range slices.Sorted(maps.Keys(l.o.Vars)) {
		if v := l.declaredVariable(declared, name, nil); v != nil {
			l.give(v, l.o.Vars[name], "--var "+name)
			l.warnOfArgument(v)
		}
	}
	values := map[string]cty.Value{}
	for _, v := range order {
		if v.value == cty.NilVal && l.o.ValuesOptional {
			v.value = cty.UnknownVal(v.typ)
		}
		if v.value == cty.NilVal {
			l.withoutValue(v)
			v.value = cty.UnknownVal(v.typ)
		}
		values[v.name] = v.value
	}
	l.vars["var"] = cty.ObjectVal(values)
	for _, v := range order {
		l.validate(v)
	}
}

// withoutValue reports a variable that has no value.
func (l *loader) withoutValue(v *variable) {
	ways := fmt.Sprintf("with --var %s=…, in a file named with --var-file, or in the environment as %s%s", v.name, EnvPrefix, v.name)
	if v.sensitive {
		ways = fmt.Sprintf("in the environment as %s%s, or in a file named with --var-file", SecretPrefix, v.name)
	}
	l.fail(&v.declared, "Variable without a value", "The variable %q has no default and nobody gives it a value. Give it one %s.", v.name, ways)
}

// warnOfArgument warns of a secret that was given on the command line.
func (l *loader) warnOfArgument(v *variable) {
	if !v.sensitive {
		return
	}
	l.diags = append(l.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Secret on the command line", Subject: &v.declared,
		Detail: fmt.Sprintf("The value of the sensitive variable %q is given with --var. Other users of the machine can see it in the list "+
			"of processes, and shells and CI systems keep it. Give it in the environment as %s%s, or in a file named with --var-file.",
			v.name, SecretPrefix, v.name)})
}

func (l *loader) decodeVariable(b *hclsyntax.Block) *variable {
	v := &variable{name: b.Labels[0], typ: cty.DynamicPseudoType, declared: *header(b)}
	var rest []*hclsyntax.Block
	for _, in := range b.Body.Blocks {
		if in.Type == "validation" { // the only block that may be repeated
			v.checks = append(v.checks, in)
		} else {
			rest = append(rest, in)
		}
	}
	body := *b.Body
	body.Blocks = rest
	b.Body = &body
	c := l.content(b, spec{optional: []string{"type", "default", "sensitive", "description"}, blocks: []string{"validation"}})
	v.sensitive = c.flag("sensitive")
	c.text("description")
	if a := c.attrs["type"]; a != nil {
		t, defaults, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
		l.diags = append(l.diags, diags...)
		if !diags.HasErrors() {
			v.typ, v.defaults = t, defaults
		}
	}
	if a := c.attrs["default"]; a != nil {
		if v.sensitive {
			l.secretRanges = append(l.secretRanges, a.Expr.Range())
		}
		l.giveExpr(v, a.Expr, nil)
	}
	return v
}

// declaredVariable is the variable of that name, or nil with an error.
func (l *loader) declaredVariable(declared map[string]*variable, name string, at *hcl.Range) *variable {
	if v := declared[name]; v != nil {
		return v
	}
	if !l.broken {
		l.fail(at, "Value for an undeclared variable", "A value is given for the variable %q, but no variable block declares it.%s Declare it with variable %q {} or leave the value out.",
			name, near.DidYouMean(name, slices.Sorted(maps.Keys(declared))), name)
	}
	return nil
}

// valuesFromEnvironment takes the values of declared variables that stand behind a prefix; others may be meant for another
// configuration.
func (l *loader) valuesFromEnvironment(prefix string, declared map[string]*variable) {
	for _, entry := range l.o.Environ {
		name, text, ok := strings.Cut(entry, "=")
		name, found := strings.CutPrefix(name, prefix)
		v := declared[name]
		if !ok || !found || v == nil {
			continue
		}
		if prefix == SecretPrefix {
			v.sensitive = true
			l.markSecret(name, &secret{fmt.Sprintf("variable %q is set by %s%s", name, prefix, name),
				fmt.Sprintf("If it is no secret, set %s%s instead.", EnvPrefix, name)})
		}
		l.give(v, text, prefix+name)
	}
}

// valuesFromFile reads NAME = VALUE lines. No source line of such a file is ever shown, since they are made for secrets.
func (l *loader) valuesFromFile(path string, declared map[string]*variable) {
	src, err := os.ReadFile(path)
	if err != nil {
		l.fail(nil, "Variable file cannot be read", "%s. Correct the name after --var-file.", pathError(err))
		return
	}
	file, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	if file != nil {
		l.secretRanges = append(l.secretRanges, hcl.Range{Filename: path, Start: hcl.InitialPos, End: hcl.Pos{Line: 1 << 30}})
	}
	if diags.HasErrors() {
		for _, d := range diags {
			d.Detail = "This is not valid in a variable file, which holds one NAME = VALUE per line. Texts stand in quotes."
		}
		l.diags = append(l.diags, diags...)
		return
	}
	body := file.Body.(*hclsyntax.Body)
	for _, b := range body.Blocks {
		l.fail(header(b), "Unknown block", "A variable file holds one NAME = VALUE per line and no blocks. Declare variables in a *.hcl file.")
	}
	for _, a := range sortedAttributes(body.Attributes) {
		if v := l.declaredVariable(declared, a.Name, &a.NameRange); v != nil {
			l.giveExpr(v, a.Expr, &a.NameRange)
		}
	}
}

// give sets a value given as text: as it is if a string is wanted, as an expression otherwise.
func (l *loader) give(v *variable, text, from string) {
	if v.typ == cty.String || v.typ == cty.DynamicPseudoType {
		v.value = cty.StringVal(text)
		return
	}
	e, diags := hclsyntax.ParseExpression([]byte(text), "<"+from+">", hcl.InitialPos)
	if diags.HasErrors() || len(e.Variables()) > 0 {
		v.value = cty.UnknownVal(v.typ)
		l.fail(&v.declared, "Invalid value for a variable", "The value of %q given with %s is not a valid %s. Texts inside it need quotes: [\"a\", \"b\"].",
			v.name, from, typeexpr.TypeString(v.typ))
		return
	}
	l.giveExpr(v, e, nil)
}

// giveExpr sets a value given as a constant expression. at, if not nil, is the place to show instead of the expression's own.
func (l *loader) giveExpr(v *variable, e hclsyntax.Expression, at *hcl.Range) {
	v.value = cty.UnknownVal(v.typ) // after a mistake: wrong, but given
	subject, given := e.Range(), at != nil
	if strings.HasPrefix(subject.Filename, "<") {
		subject, given = v.declared, true
	}
	if at != nil {
		subject = *at
	}
	if len(e.Variables()) > 0 {
		l.fail(&subject, "Variable's value is not constant", "The value of %q refers to something else. A variable's value is written out; use locals to compute one.", v.name)
		return
	}
	j := l.judge(e)
	if j.secret != nil {
		v.sensitive = true
		l.markSecret(v.name, &secret{fmt.Sprintf("the value of variable %q comes from env()", v.name), fromEnv.cure})
	}
	var why string
	diags := l.lib.Check(e)
	static := diags.HasErrors()                  // told by the text of the expression, without its value
	j.computed = j.computed && !given && !static // what is given is not the configuration's doing
	if j.computed {
		l.secretExprs = append(l.secretExprs, e.Range())
	}
	if !static {
		v.value, why, diags = l.constant(v, e)
	}
	switch {
	case j.computed && (why != "" || diags.HasErrors()):
		l.secretFailed = true
	case why != "":
		l.fail(&subject, "Invalid value for a variable", "The value of %q doesn't fit its type %s: %s.", v.name, typeexpr.TypeString(v.typ), why)
	}
	if j.computed || !diags.HasErrors() {
		return
	}
	if v.sensitive && (given || !static) {
		redact(diags)
	}
	for _, d := range diags {
		d.Subject = &subject
	}
	l.diags = append(l.diags, diags...)
}

// constant computes a constant expression and makes it a value of the variable's type; why says what stands against that. The value
// is unknown after a mistake.
func (l *loader) constant(v *variable, e hclsyntax.Expression) (_ cty.Value, why string, diags hcl.Diagnostics) {
	val, diags := expr.Evaluate(e, nil, l.lib)
	if diags.HasErrors() {
		return cty.UnknownVal(v.typ), "", diags
	}
	if v.defaults != nil && !val.IsNull() {
		val = v.defaults.Apply(val)
	}
	converted, err := convert.Convert(val, v.typ)
	switch {
	case err == nil:
		return converted, "", nil
	case v.sensitive:
		return cty.UnknownVal(v.typ), typeName(val.Type()) + " is given", nil
	}
	return cty.UnknownVal(v.typ), err.Error(), nil
}

// validate checks a variable's value against its validation blocks.
func (l *loader) validate(v *variable) {
	for _, b := range v.checks {
		c := l.content(b, spec{required: []string{"condition", "error_message"}})
		if !c.ok {
			continue
		}
		ok, evaluated := c.value("condition", cty.Bool)
		message := c.text("error_message")
		if !evaluated || message == "" || ok.True() {
			continue
		}
		l.fail(c.at("condition"), "Invalid value for a variable", "%s This was checked by the variable's validation block; give %q another value.", message, v.name)
	}
}
