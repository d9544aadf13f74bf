package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// rewrite wraps the nodes of a syntax tree where HCL is stricter about null than dirform (see the package comment). The tree is
// changed in place; wrapped nodes are left alone, so that rewriting twice is harmless.
func rewrite(e hclsyntax.Expression) hclsyntax.Expression { return rewriter{}.rewrite(e) }

// rewriter rewrites; cautious is as in [Env].
type rewriter struct{ cautious bool }

func (w rewriter) rewrite(e hclsyntax.Expression) hclsyntax.Expression {
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		for i, p := range e.Parts {
			if literal, ok := p.(*hclsyntax.LiteralValueExpr); !ok || literal.Val.IsNull() {
				e.Parts[i] = nullAs{w.rewrite(p), cty.StringVal("")}
			}
		}
	case *hclsyntax.TemplateWrapExpr:
		e.Wrapped = w.rewrite(e.Wrapped)
	case *hclsyntax.TemplateJoinExpr:
		e.Tuple = w.rewrite(e.Tuple)
		if loop, ok := e.Tuple.(*forList); ok && !loop.text { // %{ for … }
			loop.text, loop.ValExpr = true, nullAs{loop.ValExpr, cty.StringVal("")}
		}
	case *hclsyntax.ParenthesesExpr:
		e.Expression = w.rewrite(e.Expression)
	case *hclsyntax.ConditionalExpr:
		e.TrueResult, e.FalseResult = w.rewrite(e.TrueResult), w.rewrite(e.FalseResult)
		if e.Condition = w.rewrite(e.Condition); w.cautious {
			return nullConditional{e}
		}
		e.Condition = nullAs{e.Condition, cty.False}
	case *hclsyntax.BinaryOpExpr:
		e.LHS, e.RHS = w.rewrite(e.LHS), w.rewrite(e.RHS)
		switch {
		case e.Op == hclsyntax.OpLogicalAnd:
			return nullLogical{e, cty.True}
		case e.Op == hclsyntax.OpLogicalOr:
			return nullLogical{e, cty.False}
		case comparison(e.Op) != nil:
			return nullComparison{e}
		}
	case *hclsyntax.UnaryOpExpr:
		e.Val = w.rewrite(e.Val)
		if e.Op == hclsyntax.OpLogicalNot {
			return nullNot{e}
		}
	case *hclsyntax.FunctionCallExpr:
		w.rewriteAll(e.Args)
	case *hclsyntax.TupleConsExpr:
		w.rewriteAll(e.Exprs)
	case *hclsyntax.ObjectConsExpr:
		for i := range e.Items {
			e.Items[i].ValueExpr = w.rewrite(e.Items[i].ValueExpr)
		}
	case *hclsyntax.ForExpr:
		return w.rewriteFor(e)
	case fewElements:
		return fewElements{w.rewrite(e.Expression)}
	case *hclsyntax.SplatExpr:
		e.Source = w.rewrite(e.Source)
	case *hclsyntax.IndexExpr:
		e.Collection, e.Key = w.rewrite(e.Collection), w.rewrite(e.Key)
		return nullIndex{e, e.Collection}
	case *hclsyntax.RelativeTraversalExpr:
		e.Source = w.rewrite(e.Source)
		return nullIndex{e, e.Source}
	case *hclsyntax.ScopeTraversalExpr:
		if e.Traversal.RootName() == SourceName && len(e.Traversal) > 2 {
			return nullIndex{e, &hclsyntax.ScopeTraversalExpr{Traversal: e.Traversal[:2], SrcRange: e.SrcRange}}
		}
	}
	return e
}

func (w rewriter) rewriteAll(list []hclsyntax.Expression) {
	for i := range list {
		list[i] = w.rewrite(list[i])
	}
}

func (w rewriter) rewriteFor(e *hclsyntax.ForExpr) hclsyntax.Expression {
	e.CollExpr = nullAs{w.rewrite(e.CollExpr), cty.ListValEmpty(cty.String)}
	e.ValExpr = w.rewrite(e.ValExpr)
	if e.KeyExpr != nil {
		e.KeyExpr = w.rewrite(e.KeyExpr)
	}
	if e.CondExpr != nil {
		e.CondExpr = nullAs{w.rewrite(e.CondExpr), cty.False}
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

// evaluated is an expression whose value is known already.
type evaluated struct {
	hclsyntax.Expression
	value cty.Value
	diags hcl.Diagnostics
}

func (e evaluated) Value(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) { return e.value, e.diags }

// null reports whether the value is null, rather than an error.
func (e evaluated) null() bool { return !e.diags.HasErrors() && e.value.IsNull() }

// or is e, or the stand-in if its value is null.
func (e evaluated) or(instead cty.Value) evaluated {
	if e.null() {
		e.value = instead
	}
	return e
}

// once evaluates an expression for whoever needs its value more than once.
func once(e hclsyntax.Expression, ctx *hcl.EvalContext) evaluated {
	v, diags := e.Value(ctx)
	return evaluated{e, v, diags}
}

// nullNot is !x, which is null if x is.
type nullNot struct{ *hclsyntax.UnaryOpExpr }

func (e nullNot) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	val, op := once(e.Val, ctx), *e.UnaryOpExpr
	if val.null() {
		return cty.NullVal(cty.Bool), val.diags
	}
	op.Val = val
	return op.Value(ctx)
}

// nullComparison is a comparison by size, which is null if a side is.
type nullComparison struct{ *hclsyntax.BinaryOpExpr }

func (e nullComparison) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	l, r, op := once(e.LHS, ctx), once(e.RHS, ctx), *e.BinaryOpExpr
	null := l.null() || r.null()
	op.LHS, op.RHS = l.or(cty.Zero), r.or(cty.Zero)
	v, diags := op.Value(ctx)
	if null && !diags.HasErrors() {
		v = cty.NullVal(cty.Bool)
	}
	return v, diags
}

// nullLogical is && or ||, of which neutral is the operand that changes nothing. A null decides nothing.
type nullLogical struct {
	*hclsyntax.BinaryOpExpr
	neutral cty.Value
}

func (e nullLogical) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	l, r, op := once(e.LHS, ctx), once(e.RHS, ctx), *e.BinaryOpExpr
	null := l.null() || r.null()
	op.LHS, op.RHS = l.or(e.neutral), r.or(e.neutral)
	v, diags := op.Value(ctx)
	if null && !diags.HasErrors() && v.IsKnown() && v.Equals(e.neutral).True() {
		v = cty.NullVal(cty.Bool)
	}
	return v, diags
}

// nullConditional is c ? a : b, which is null if c is.
type nullConditional struct{ *hclsyntax.ConditionalExpr }

func (e nullConditional) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	cond, op := once(e.Condition, ctx), *e.ConditionalExpr
	if cond.null() { // of the type that either result would have: a function of lists makes something of a null list
		op.Condition = &hclsyntax.LiteralValueExpr{Val: cty.UnknownVal(cty.Bool), SrcRange: e.Condition.Range()}
		either, _ := op.Value(ctx)
		return cty.NullVal(either.Type()), cond.diags
	}
	op.Condition = cond
	return op.Value(ctx)
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
