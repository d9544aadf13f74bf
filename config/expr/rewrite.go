package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// rewrite wraps the nodes of a syntax tree where HCL is stricter about null than dirform (see the package comment). The tree is
// changed in place; wrapped nodes are left alone, so that rewriting twice is harmless.
func rewrite(e hclsyntax.Expression) hclsyntax.Expression {
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		for i, p := range e.Parts {
			if literal, ok := p.(*hclsyntax.LiteralValueExpr); !ok || literal.Val.IsNull() {
				e.Parts[i] = nullAs{rewrite(p), cty.StringVal("")}
			}
		}
	case *hclsyntax.TemplateWrapExpr:
		e.Wrapped = rewrite(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		e.Tuple = rewrite(e.Tuple)
		if loop, ok := e.Tuple.(*forList); ok && !loop.text { // %{ for … }
			loop.text, loop.ValExpr = true, nullAs{loop.ValExpr, cty.StringVal("")}
		}
	case *hclsyntax.ParenthesesExpr:
		e.Expression = rewrite(e.Expression)
	case *hclsyntax.ConditionalExpr:
		e.Condition = nullAs{rewrite(e.Condition), cty.False}
		e.TrueResult, e.FalseResult = rewrite(e.TrueResult), rewrite(e.FalseResult)
	case *hclsyntax.BinaryOpExpr:
		e.LHS, e.RHS = rewrite(e.LHS), rewrite(e.RHS)
		if e.Op == hclsyntax.OpLogicalAnd || e.Op == hclsyntax.OpLogicalOr {
			e.LHS, e.RHS = nullAs{e.LHS, cty.False}, nullAs{e.RHS, cty.False}
		}
	case *hclsyntax.UnaryOpExpr:
		e.Val = rewrite(e.Val)
		if e.Op == hclsyntax.OpLogicalNot {
			e.Val = nullAs{e.Val, cty.False}
		}
	case *hclsyntax.FunctionCallExpr:
		rewriteAll(e.Args)
	case *hclsyntax.TupleConsExpr:
		rewriteAll(e.Exprs)
	case *hclsyntax.ObjectConsExpr:
		for i := range e.Items {
			e.Items[i].ValueExpr = rewrite(e.Items[i].ValueExpr)
		}
	case *hclsyntax.ForExpr:
		return rewriteFor(e)
	case *hclsyntax.SplatExpr:
		e.Source = rewrite(e.Source)
	case *hclsyntax.IndexExpr:
		e.Collection, e.Key = rewrite(e.Collection), rewrite(e.Key)
		return nullIndex{e, e.Collection}
	case *hclsyntax.RelativeTraversalExpr:
		e.Source = rewrite(e.Source)
		return nullIndex{e, e.Source}
	case *hclsyntax.ScopeTraversalExpr:
		if e.Traversal.RootName() == SourceName && len(e.Traversal) > 2 {
			return nullIndex{e, &hclsyntax.ScopeTraversalExpr{Traversal: e.Traversal[:2], SrcRange: e.SrcRange}}
		}
	}
	return e
}

func rewriteAll(list []hclsyntax.Expression) {
	for i := range list {
		list[i] = rewrite(list[i])
	}
}

func rewriteFor(e *hclsyntax.ForExpr) hclsyntax.Expression {
	e.CollExpr = nullAs{rewrite(e.CollExpr), cty.ListValEmpty(cty.String)}
	e.ValExpr = rewrite(e.ValExpr)
	if e.KeyExpr != nil {
		e.KeyExpr = rewrite(e.KeyExpr)
	}
	if e.CondExpr != nil {
		e.CondExpr = nullAs{rewrite(e.CondExpr), cty.False}
	}
	if e.KeyExpr != nil {
		return e
	}
	return &forList{ForExpr: e, elem: cty.DynamicPseudoType}
}

// nullAs gives a stand-in for null.
type nullAs struct {
	hclsyntax.Expression
	instead cty.Value
}

func (e nullAs) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := e.Expression.Value(ctx)
	if v.IsNull() {
		return e.instead, diags
	}
	return v, diags
}

// nullIndex is an index or attribute access that gives null if what it looks into is null.
type nullIndex struct {
	hclsyntax.Expression
	source hclsyntax.Expression
}

func (e nullIndex) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := e.source.Value(ctx)
	if !diags.HasErrors() && v.IsNull() {
		if v.Type().IsListType() {
			return cty.NullVal(v.Type().ElementType()), diags
		}
		return cty.NullVal(cty.DynamicPseudoType), diags
	}
	return e.Expression.Value(ctx)
}

// forList is a [for …] expression. HCL gives it a tuple's type, known only with the values; dirform makes it a list where the
// elements are alike, so that its type is known before any object is read and the empty result has one. HCL also tries the
// condition once without an element, and so fails where no element would; here it is asked for elements only.
type forList struct {
	*hclsyntax.ForExpr
	elem cty.Type // found while checking
	text bool     // the loop of a template, which wants a tuple
}

func (e *forList) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	coll, diags := e.CollExpr.Value(ctx)
	switch {
	case diags.HasErrors():
		return cty.DynamicVal, diags
	case !coll.IsKnown() && coll.Type().IsListType():
		return e.check(ctx, coll.Type().ElementType())
	case !coll.IsKnown() || !coll.CanIterateElements():
		return e.ForExpr.Value(ctx)
	}
	vals := []cty.Value{}
	for it := coll.ElementIterator(); it.Next(); {
		k, v := it.Element()
		child := e.element(ctx, k, v)
		keep, more := e.keep(child)
		diags = append(diags, more...)
		if !keep {
			continue
		}
		val, more := e.ValExpr.Value(child)
		diags = append(diags, more...)
		vals = append(vals, val)
	}
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	tuple := cty.TupleVal(vals)
	if e.elem.IsPrimitiveType() && !e.text {
		if l, err := convert.Convert(tuple, cty.List(e.elem)); err == nil {
			return l, diags
		}
	}
	return tuple, diags
}

func (e *forList) element(ctx *hcl.EvalContext, k, v cty.Value) *hcl.EvalContext {
	child := ctx.NewChild()
	child.Variables = map[string]cty.Value{e.ValVar: v}
	if e.KeyVar != "" {
		child.Variables[e.KeyVar] = k
	}
	return child
}

// keep asks the if clause. What isn't known yet is kept, so that the value's clause is checked.
func (e *forList) keep(ctx *hcl.EvalContext) (bool, hcl.Diagnostics) {
	if e.CondExpr == nil {
		return true, nil
	}
	v, diags := e.CondExpr.Value(ctx)
	if diags.HasErrors() {
		return false, diags
	}
	b, err := convert.Convert(v, cty.Bool)
	if err != nil {
		return false, append(diags, &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Invalid 'for' condition", Subject: e.CondExpr.Range().Ptr(),
			Detail: "The 'if' clause decides which elements are kept, so it must be true or false: " + err.Error() + ".",
		})
	}
	return !b.IsKnown() || b.True(), diags
}

// check types the clauses with an element that is not known yet.
func (e *forList) check(ctx *hcl.EvalContext, elem cty.Type) (cty.Value, hcl.Diagnostics) {
	child := e.element(ctx, cty.UnknownVal(cty.Number), cty.UnknownVal(elem))
	v, diags := e.ValExpr.Value(child)
	_, more := e.keep(child)
	diags = append(diags, more...)
	e.elem = v.Type()
	if diags.HasErrors() || e.elem == cty.DynamicPseudoType || e.text {
		return cty.DynamicVal, diags
	}
	return cty.UnknownVal(cty.List(e.elem)), diags
}
