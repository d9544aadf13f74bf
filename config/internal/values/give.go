package values

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/config/internal/sensitive"
)

// giveText sets a value given as text: as it is if a string is wanted, as an expression otherwise.
func (vs *Variables) giveText(v *Variable, text, from string) {
	if v.Type == cty.String || v.Type == cty.DynamicPseudoType {
		v.value = cty.StringVal(text)
		return
	}
	e, diags := hclsyntax.ParseExpression([]byte(text), "<"+from+">", hcl.InitialPos)
	if diags.HasErrors() || len(e.Variables()) > 0 {
		v.value = cty.UnknownVal(v.Type)
		vs.diags.Fail(&v.Declared, "Invalid value for a variable", "The value of %q given with %s is not a valid "+
			"%s. Texts inside it need quotes: [\"a\", \"b\"].", v.Name, from, typeexpr.TypeString(v.Type))
		return
	}
	vs.giveExpr(v, e, nil)
}

// giveExpr sets a value given as a constant expression. at, if not nil, is the place in a variable file to show instead
// of the expression's own.
func (vs *Variables) giveExpr(v *Variable, e hclsyntax.Expression, at *hcl.Range) {
	v.value = cty.UnknownVal(v.Type) // after a mistake: wrong, but given
	subject, given := e.Range(), at != nil
	if strings.HasPrefix(subject.Filename, "<") {
		subject, given = v.Declared, true
	}
	if at != nil {
		subject = *at
	}
	if len(e.Variables()) > 0 {
		vs.diags.Fail(&subject, "Variable's value is not constant", "The value of %q refers to something else. A "+
			"variable's value is written out; use locals to compute one.", v.Name)
		return
	}
	vs.secrets.Derive(v.Name, e)
	if vs.secrets.Why(e) != nil {
		v.Sensitive = true
		vs.secrets.Variable(v.Name, &sensitive.Reason{
			Why: fmt.Sprintf("the value of variable %q comes from env()", v.Name), Cure: sensitive.FromEnv.Cure})
	}
	var why string
	diags := vs.lib.Check(e)
	static := diags.HasErrors()                             // told by the text of the expression, without its value
	computed := vs.secrets.Computed(e) && !given && !static // what is given is not the configuration's doing
	if computed {
		vs.secrets.Watch(e)
	}
	if !static {
		v.value, why, diags = vs.constant(v, e)
	}
	switch {
	case computed && (why != "" || diags.HasErrors()):
		vs.secrets.Failed()
	case why != "":
		vs.diags.Fail(&subject, "Invalid value for a variable", "The value of %q doesn't fit its type %s: %s.", v.Name,
			typeexpr.TypeString(v.Type), why)
	}
	if computed || !diags.HasErrors() {
		return
	}
	switch {
	case v.Sensitive && (given || !static):
		sensitive.Redact(diags)
	case at != nil:
		sensitive.RedactFile(diags)
	}
	for _, d := range diags {
		d.Subject = &subject
	}
	vs.diags.Add(diags)
}

// constant computes a constant expression and makes it a value of the variable's type; why says what stands against
// that. The value is unknown after a mistake.
func (vs *Variables) constant(v *Variable, e hclsyntax.Expression) (_ cty.Value, why string, diags hcl.Diagnostics) {
	val, diags := expr.Evaluate(e, nil, vs.lib)
	if diags.HasErrors() {
		return cty.UnknownVal(v.Type), "", diags
	}
	if v.Defaults != nil && !val.IsNull() {
		val = v.Defaults.Apply(val)
	}
	converted, err := convert.Convert(val, v.Type)
	switch {
	case err == nil:
		return converted, "", nil
	case v.Sensitive:
		return cty.UnknownVal(v.Type), TypeName(val.Type()) + " is given", nil
	}
	return cty.UnknownVal(v.Type), err.Error(), nil
}

// TypeName is a type in words, such as "a list of strings".
func TypeName(t cty.Type) string {
	switch {
	case t == cty.String:
		return "a string"
	case t == cty.Bool:
		return "true or false"
	case t == cty.Number:
		return "a number"
	case t.Equals(cty.List(cty.String)):
		return "a list of strings"
	case t.IsTupleType() || t.IsListType() || t.IsSetType():
		return "a list"
	case t.IsObjectType() || t.IsMapType():
		return "a map"
	case t == cty.DynamicPseudoType:
		return "null"
	}
	return t.FriendlyName()
}
