package expr

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/dirform/dirform/state"
)

// SourceName is the name under which expressions see the source object.
const SourceName = "ad"

// attrRef is a source attribute that an expression reads.
type attrRef struct {
	written string // as the expression spells it
	slot    int
	kind    kind
}

// reference evaluates a rewritten expression with HCL: whatever the language offers, an order of magnitude slower than closures.
type reference struct {
	expr  hclsyntax.Expression
	refs  []attrRef
	vars  map[string]cty.Value
	funcs map[string]function.Function
	out   kind
}

// context is an evaluation context with the attributes that the expression reads, and no other.
func (r *reference) context(attrs map[string]cty.Value) *hcl.EvalContext {
	vars := make(map[string]cty.Value, len(r.vars)+1)
	for name, v := range r.vars {
		vars[name] = v
	}
	vars[SourceName] = cty.ObjectVal(attrs)
	return &hcl.EvalContext{Variables: vars, Functions: r.funcs}
}

// check evaluates with attributes whose values aren't known yet, for the expression's type and HCL's diagnostics.
func (r *reference) check() (cty.Value, hcl.Diagnostics) { return evaluate(r.expr, r.checkContext()) }

func (r *reference) checkContext() *hcl.EvalContext {
	attrs := map[string]cty.Value{}
	for _, a := range r.refs {
		attrs[a.written] = cty.UnknownVal(a.kind.cty())
	}
	return r.context(attrs)
}

func (r *reference) eval(src *state.Object, _ *loopVars) (state.Value, error) {
	attrs := make(map[string]cty.Value, len(r.refs))
	for _, a := range r.refs {
		v, err := coerce(src.Values[a.slot], a.kind)
		if err != nil {
			return state.Null(), fmt.Errorf("%s.%s: %w", SourceName, a.written, err)
		}
		attrs[a.written] = toCty(v, a.kind)
	}
	v, diags := evaluate(r.expr, r.context(attrs))
	if err := firstError(diags); err != nil {
		return state.Null(), err
	}
	return fromCty(v, r.out)
}

// Evaluate computes an expression that refers to no source object, with dirform's rules for null. Its diagnostics carry neither
// the expression nor the context, so that nothing can print the variables' values from them.
func Evaluate(e hclsyntax.Expression, vars map[string]cty.Value, lib *Library) (cty.Value, hcl.Diagnostics) {
	v, diags := evaluate(rewrite(e), &hcl.EvalContext{Variables: vars, Functions: lib.hcl})
	if diags.HasErrors() {
		return v, diags
	}
	if more := tooLarge(v, e); more.HasErrors() {
		return cty.DynamicVal, append(diags, more...)
	}
	return v, diags
}

func evaluate(e hclsyntax.Expression, ctx *hcl.EvalContext) (v cty.Value, diags hcl.Diagnostics) {
	defer func() {
		if p := recover(); p != nil {
			v, diags = cty.DynamicVal, hcl.Diagnostics{{
				Severity: hcl.DiagError, Summary: "Expression cannot be evaluated", Subject: e.Range().Ptr(),
				Detail: fmt.Sprintf("Evaluating it ended in an internal error of the expression library: %v. Write it in another way.", p),
			}}
		}
	}()
	v, diags = e.Value(ctx)
	for _, d := range diags {
		d.Expression, d.EvalContext = nil, nil
	}
	return v, diags
}

// firstError is the first error among diags, in one line.
func firstError(diags hcl.Diagnostics) error {
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			return errors.New(d.Summary + ": " + d.Detail)
		}
	}
	return nil
}
