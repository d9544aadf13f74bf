package expr

import (
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/dirform/dirform/state"
)

// checkResult checks the value v that the whole expression has while attributes aren't known: its type, and the value itself
// if it is known nevertheless.
func (env *Env) checkResult(v cty.Value, at hcl.Range) hcl.Diagnostics {
	want, t := env.out(), v.Type()
	cure := ""
	switch {
	case t == cty.DynamicPseudoType:
	case t.IsObjectType() || t.IsMapType():
		cure = "A map can't be an attribute's value; pick one of its values."
	case want == listKind && t.IsPrimitiveType():
		cure = "It holds a list, so put the value in brackets: [value]."
	case want != listKind && !t.IsPrimitiveType():
		cure = "It holds one value: take an element with [0], put the elements together with join(\", \", list), or use primary_smtp(list) for the main address."
	case want == boolKind && t != cty.Bool && !v.IsKnown():
		cure = "Compare it with something (ad.title == \"CEO\"), or convert it with tobool(…)."
	case want == numberKind && t != cty.Number && !v.IsKnown():
		cure = "Convert it with tonumber(…)."
	default:
		if !v.IsKnown() && convert.GetConversionUnsafe(t, want.cty()) == nil && !t.Equals(want.cty()) {
			cure = "Convert it, or choose another attribute."
		}
	}
	if cure != "" {
		return hcl.Diagnostics{env.mismatch(at, fmt.Sprintf("the expression gives %s. %s", article(t.FriendlyName()), cure))}
	}
	if !v.IsWhollyKnown() {
		return nil
	}
	return env.checkKnown(v, at)
}

// findEqualities are the == and != operations in e.
func findEqualities(e hclsyntax.Expression) (found []*hclsyntax.BinaryOpExpr) {
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		if op, ok := n.(*hclsyntax.BinaryOpExpr); ok && (op.Op == hclsyntax.OpEqual || op.Op == hclsyntax.OpNotEqual) {
			found = append(found, op)
		}
		return nil
	})
	return found
}

// checkEqualities reports comparisons of values of different types. HCL calls those unequal without a word, so that a condition
// such as ad.userAccountControl == "514" would silently hold for nobody.
func (r *reference) checkEqualities(found []*hclsyntax.BinaryOpExpr) (diags hcl.Diagnostics) {
	ctx := r.checkContext()
	for _, op := range found {
		left, d1 := evaluate(op.LHS, ctx)
		right, d2 := evaluate(op.RHS, ctx)
		if d1.HasErrors() || d2.HasErrors() { // inside a for expression, whose variables have no value here
			continue
		}
		l, r := left.Type(), right.Type()
		if left.IsNull() || right.IsNull() || l == cty.DynamicPseudoType || r == cty.DynamicPseudoType || l.Equals(r) ||
			!l.IsPrimitiveType() && !r.IsPrimitiveType() {
			continue
		}
		cure := "Compare values of one type: a number is written without quotes, and tostring(…) makes a string of it."
		if !l.IsPrimitiveType() || !r.IsPrimitiveType() {
			cure = "Ask for an element with contains(list, value)."
		}
		diags = append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Values of different types are never equal", Subject: op.SrcRange.Ptr(),
			Detail: fmt.Sprintf("The left side is %s and the right side %s. %s", article(l.FriendlyName()), article(r.FriendlyName()), cure),
		})
	}
	return diags
}

func (env *Env) checkKnown(v cty.Value, at hcl.Range) hcl.Diagnostics {
	val, err := fromCty(v, env.out())
	if err != nil {
		return hcl.Diagnostics{env.mismatch(at, err.Error()+".")}
	}
	if env.Target != nil && env.Target.Type == state.TypeTime && val.Kind() == state.StringValue {
		if _, err := time.Parse(time.RFC3339, val.Str()); err != nil {
			return hcl.Diagnostics{env.mismatch(at, "a time is written as in RFC 3339: 2026-01-31T00:00:00Z.")}
		}
	}
	return nil
}

// mismatch says that the expression doesn't fit its target.
func (env *Env) mismatch(at hcl.Range, why string) *hcl.Diagnostic {
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Wrong type for the attribute", Subject: &at}
	if env.Target == nil {
		d.Summary = "Condition is not true or false"
		d.Detail = "A condition must be true or false, but " + why
		return d
	}
	what := article(env.Target.Type.String())
	if env.Target.Multi {
		what = "a list of strings"
	}
	d.Detail = fmt.Sprintf("%s holds %s, but %s", env.Target.Name, what, why)
	return d
}

func article(noun string) string {
	switch noun {
	case "bool", "string", "number", "time", "reference", "tuple", "list of string", "list of number", "list of bool", "dynamic":
		return "a " + noun
	case "binary":
		return "a binary value"
	case "object":
		return "an object"
	}
	return noun
}
