package expr

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/dirform/dirform/state/bounds"
)

// A few lines of an expression can ask for more than any memory holds: locals that double one another, a loop in a loop,
// a pattern a million characters wide. What a value may come to is limited before it is made.

// errTooLarge is the error of a value beyond the limit.
var errTooLarge = fmt.Errorf("it comes to more than %d bytes, which no attribute and no setting holds", bounds.Value)

// fits says whether n parts of up to size bytes each are within the limit for one value.
func fits(n, size int) bool { return n == 0 || size <= bounds.Value/n }

// sizeOf is what a value takes, in bytes, as far as it is known; counting stops beyond limit.
func sizeOf(v cty.Value, limit int) (size int) {
	const each = 16 // an element at least
	if !v.IsKnown() || v.IsNull() {
		return each
	}
	switch t := v.Type(); {
	case t == cty.String:
		return each + len(v.AsString())
	case t.IsCollectionType() || t.IsTupleType() || t.IsObjectType():
		for it := v.ElementIterator(); it.Next() && size <= limit; {
			k, e := it.Element()
			size += each + sizeOf(e, limit-size)
			if k.Type() == cty.String {
				size += len(k.AsString())
			}
		}
		return each + size
	}
	return each
}

// tooLarge is the diagnostic of an expression whose value is too large, none if it is not.
func tooLarge(v cty.Value, e hclsyntax.Expression) hcl.Diagnostics {
	if sizeOf(v, bounds.Value) <= bounds.Value {
		return nil
	}
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Value too large", Subject: e.Range().Ptr(),
		Detail: "The value cannot be used: " + errTooLarge.Error() + "."}}
}

// bounded is a function that is asked only where its result stays within the limit, as far as before can tell: it is for
// those whose result can be larger than all of their arguments.
func bounded(f function.Function, before func(args []cty.Value) bool) function.Function {
	spec := &function.Spec{Description: f.Description(), Params: f.Params(), VarParam: f.VarParam()}
	spec.Type = func(args []cty.Value) (cty.Type, error) {
		return f.ReturnTypeForValues(args)
	}
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !before(args) {
			return cty.NilVal, errTooLarge
		}
		return f.Call(args)
	}
	return function.New(spec)
}

// joined says whether the elements of lists, which follow the separator, fit into one string.
func joined(args []cty.Value) bool {
	sum := 0
	for _, l := range args[1:] {
		sum += sizeOf(l, bounds.Value)
		if !fits(l.LengthInt()+1, len(args[0].AsString())+1) {
			return false
		}
	}
	return sum <= bounds.Value
}

// indented says whether a text stays small with blanks before its lines.
func indented(args []cty.Value) bool {
	n, _ := args[0].AsBigFloat().Int64()
	return n <= bounds.Value && fits(strings.Count(args[1].AsString(), "\n")+1, int(n)+1)
}

// formatted says whether a pattern with its values stays small.
func formatted(args []cty.Value) bool {
	pattern, largest := args[0].AsString(), 1000
	for _, a := range args[1:] {
		largest = max(largest, sizeOf(a, bounds.Value))
	}
	verb, digits := false, 0 // of a width or precision
	for _, c := range pattern {
		switch {
		case c == '%':
			verb, digits = !verb, 0
		case verb && c >= '0' && c <= '9':
			digits++
		default:
			verb, digits = verb && strings.ContainsRune("#+- .[]", c), 0
		}
		if digits > 4 {
			return false
		}
	}
	return fits(strings.Count(pattern, "%"), largest)
}

// groupsOf says whether all matches of a pattern, with their groups, are few enough.
func groupsOf(args []cty.Value) bool {
	return fits(len(args[1].AsString())+1, 4*(strings.Count(args[0].AsString(), "(")+1))
}

// replaced says whether a text stays small when n places of it get the replacement.
func replaced(s string, n int, replacement string) error {
	if !fits(n, len(replacement)) || n*len(replacement)+len(s) > bounds.Value {
		return errTooLarge
	}
	return nil
}

// expanded is replaced for a pattern, whose replacement may repeat groups of what it matched.
func expanded(s, replacement string) error {
	groups := strings.Count(replacement, "$")
	if !fits(len(s)+1, len(replacement)) || !fits(groups, len(s)) {
		return errTooLarge
	}
	return nil
}

// checkLoops reports loops that hold too many others, and has those that hold any, or are in one, go through few
// elements only.
func checkLoops(e hclsyntax.Expression) hcl.Diagnostics {
	return hclsyntax.Walk(e, &loopWalk{})
}

// loopWalk knows which loops are open.
type loopWalk struct{ open []*hclsyntax.ForExpr }

func (w *loopWalk) Enter(n hclsyntax.Node) hcl.Diagnostics {
	loop, ok := n.(*hclsyntax.ForExpr)
	if !ok {
		return nil
	}
	w.open = append(w.open, loop)
	if len(w.open) > bounds.Loops {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Too many loops inside each other", Subject: loop.SrcRange.Ptr(),
			Detail: fmt.Sprintf("At most %d \"for\" expressions may stand inside each other. Compute the inner ones in locals.", bounds.Loops)}}
	}
	if len(w.open) > 1 {
		for _, l := range w.open {
			if _, done := l.CollExpr.(fewElements); !done {
				l.CollExpr = fewElements{l.CollExpr}
			}
		}
	}
	return nil
}

func (w *loopWalk) Exit(n hclsyntax.Node) hcl.Diagnostics {
	if _, ok := n.(*hclsyntax.ForExpr); ok {
		w.open = w.open[:len(w.open)-1]
	}
	return nil
}

// fewElements is a collection of a loop that holds another loop, or is in one.
type fewElements struct{ hclsyntax.Expression }

func (e fewElements) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := e.Expression.Value(ctx)
	if diags.HasErrors() || !v.IsKnown() || v.IsNull() || !v.CanIterateElements() || v.LengthInt() <= bounds.Looped {
		return v, diags
	}
	return cty.DynamicVal, append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Too many elements", Subject: e.Range().Ptr(),
		Detail: fmt.Sprintf("A \"for\" expression that holds another, or is in one, goes through %d elements at most; here are %d.",
			bounds.Looped, v.LengthInt())})
}
