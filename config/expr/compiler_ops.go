package expr

import (
	"fmt"
	"math/big"
	"strconv"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/state"
)

// template compiles "…${x}…"; null parts are empty.
func (c *compiler) template(e *hclsyntax.TemplateExpr) (node, bool) {
	parts, known, fails := make([]node, len(e.Parts)), true, false
	for i, p := range e.Parts {
		n, ok := c.compile(p)
		if !ok || n.kind == listKind {
			return node{}, false
		}
		parts[i], known, fails = n, known && n.constant != nil, fails || n.fails
	}
	eval := func(src *state.Object, loop *loopVars) (state.Value, error) {
		var stack [128]byte
		buf := stack[:0]
		for i := range parts {
			v, err := parts[i].eval(src, loop)
			if err != nil {
				return state.Null(), err
			}
			switch v.Kind() {
			case state.StringValue:
				buf = append(buf, v.Str()...)
			case state.IntValue:
				buf = strconv.AppendInt(buf, v.Int(), 10)
			case state.BoolValue:
				buf = strconv.AppendBool(buf, v.Bool())
			}
		}
		return textValue(string(buf)), nil
	}
	n := node{eval: eval, kind: textKind, nonnull: true, fails: fails}
	if known {
		v, _ := eval(nil, nil)
		n.constant, n.eval = &v, constantly(v)
	}
	return n, true
}

func (c *compiler) index(source hclsyntax.Expression, key cty.Value) (node, bool) {
	n, ok := c.compile(source)
	if !ok {
		return node{}, false
	}
	return indexOf(n, key)
}

func indexOf(list node, key cty.Value) (node, bool) {
	if list.kind != listKind || key.Type() != cty.Number || key.IsNull() || !key.IsKnown() {
		return node{}, false
	}
	i, accuracy := key.AsBigFloat().Int64()
	if accuracy != big.Exact || i < 0 {
		return node{}, false
	}
	return node{kind: textKind, fails: true, eval: func(src *state.Object, loop *loopVars) (state.Value, error) {
		v, err := list.eval(src, loop)
		if err != nil || v.IsNull() {
			return state.Null(), err
		}
		if l := v.List(); i < int64(len(l)) {
			return state.String(l[i]), nil
		}
		//lint:ignore ST1005 HCL, whose evaluator this one stands in for, begins its errors with a summary
		return state.Null(), fmt.Errorf("Invalid index: the list has %d elements, so there is no [%d]; try(list[%d], null) gives null instead", len(v.List()), i, i)
	}}, true
}

func (c *compiler) conditional(e *hclsyntax.ConditionalExpr) (node, bool) {
	cond, ok1 := c.compile(e.Condition)
	yes, ok2 := c.compile(e.TrueResult)
	no, ok3 := c.compile(e.FalseResult)
	if !ok1 || !ok2 || !ok3 || !truth(cond) || yes.tuple || no.tuple {
		return node{}, false
	}
	k := yes.kind
	if k == anyKind {
		k = no.kind
	}
	if yes.kind != k && yes.kind != anyKind || no.kind != k && no.kind != anyKind {
		return node{}, false
	}
	cautious := c.env.Cautious
	n := node{kind: k, nonnull: yes.nonnull && no.nonnull && (!cautious || cond.nonnull), fails: cond.fails || yes.fails || no.fails}
	n.eval = func(src *state.Object, loop *loopVars) (state.Value, error) {
		v, err := cond.eval(src, loop)
		switch {
		case err != nil || cautious && v.IsNull():
			return state.Null(), err
		case v.Bool():
			return yes.eval(src, loop)
		}
		return no.eval(src, loop)
	}
	return n, true
}

// truth reports whether n can be a condition.
func truth(n node) bool { return n.kind == boolKind || n.kind == anyKind }

func (c *compiler) not(e hclsyntax.Expression) (node, bool) {
	n, ok := c.compile(e)
	if !ok || !truth(n) {
		return node{}, false
	}
	return node{kind: boolKind, nonnull: n.nonnull, fails: n.fails, eval: func(src *state.Object, loop *loopVars) (state.Value, error) {
		v, err := n.eval(src, loop)
		if err != nil || v.IsNull() {
			return state.Null(), err
		}
		return state.Bool(!v.Bool()), nil
	}}, true
}

func (c *compiler) binary(e *hclsyntax.BinaryOpExpr) (node, bool) {
	l, ok1 := c.compile(e.LHS)
	r, ok2 := c.compile(e.RHS)
	if !ok1 || !ok2 {
		return node{}, false
	}
	n := node{kind: boolKind, nonnull: true, fails: l.fails || r.fails}
	switch e.Op {
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		if l.kind != anyKind && r.kind != anyKind && (l.kind != r.kind || l.kind == listKind) {
			return node{}, false
		}
		n.eval = equal(l.eval, r.eval, e.Op == hclsyntax.OpEqual)
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		if !truth(l) || !truth(r) {
			return node{}, false
		}
		n.eval, n.nonnull = logical(l.eval, r.eval, e.Op == hclsyntax.OpLogicalOr), l.nonnull && r.nonnull
	default:
		less := comparison(e.Op)
		if less == nil || l.kind != numberKind || r.kind != numberKind {
			return node{}, false
		}
		n.eval, n.nonnull = compare(l.eval, r.eval, less), l.nonnull && r.nonnull
	}
	return n, true
}

func equal(l, r evaluator, want bool) evaluator {
	return func(src *state.Object, loop *loopVars) (state.Value, error) {
		a, err := l(src, loop)
		if err != nil {
			return state.Null(), err
		}
		b, err := r(src, loop)
		if err != nil {
			return state.Null(), err
		}
		return state.Bool(a.Equal(b) == want), nil
	}
}

// logical is || if decisive is true and && if it is false. As in HCL, a side that decides the result does so even if the other
// one ends in an error. Without such a side the result is null if either side is.
func logical(l, r evaluator, decisive bool) evaluator {
	decides := func(v state.Value, err error) bool { return err == nil && !v.IsNull() && v.Bool() == decisive }
	return func(src *state.Object, loop *loopVars) (state.Value, error) {
		a, errA := l(src, loop)
		if decides(a, errA) {
			return a, nil
		}
		b, errB := r(src, loop)
		switch {
		case decides(b, errB):
			return b, nil
		case errA != nil:
			return state.Null(), errA
		case errB != nil || a.IsNull() || b.IsNull():
			return state.Null(), errB
		}
		return state.Bool(!decisive), nil
	}
}

func comparison(op *hclsyntax.Operation) func(a, b int64) bool {
	switch op {
	case hclsyntax.OpLessThan:
		return func(a, b int64) bool { return a < b }
	case hclsyntax.OpLessThanOrEqual:
		return func(a, b int64) bool { return a <= b }
	case hclsyntax.OpGreaterThan:
		return func(a, b int64) bool { return a > b }
	case hclsyntax.OpGreaterThanOrEqual:
		return func(a, b int64) bool { return a >= b }
	}
	return nil
}

func compare(l, r evaluator, holds func(a, b int64) bool) evaluator {
	return func(src *state.Object, loop *loopVars) (state.Value, error) {
		a, err := l(src, loop)
		if err != nil {
			return state.Null(), err
		}
		b, err := r(src, loop)
		if err != nil {
			return state.Null(), err
		}
		if a.IsNull() || b.IsNull() {
			return state.Null(), nil
		}
		return state.Bool(holds(a.Int(), b.Int())), nil
	}
}
