package expr

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/state"
)

// call compiles a call of a function that has a native twin, with arguments of exactly its types.
func (c *compiler) call(e *hclsyntax.FunctionCallExpr) (node, bool) {
	if e.ExpandFinal {
		return node{}, false
	}
	args := make([]node, len(e.Args))
	for i, a := range e.Args {
		n, ok := c.compile(a)
		if !ok {
			return node{}, false
		}
		args[i] = n
	}
	if e.Name == "coalesce" {
		return coalesce(args)
	}
	f := c.env.Library.native[e.Name]
	if f == nil || len(args) != len(f.in) {
		return node{}, false
	}
	n := node{kind: f.out, nonnull: f.nonnull, fails: f.fails}
	for i, a := range args {
		if a.kind != f.in[i] {
			return node{}, false
		}
		n.fails = n.fails || a.fails
		n.nonnull = n.nonnull && (a.nonnull || f.nulls == nullGivesFalse || f.nulls == nullIsEmpty && a.kind == listKind)
	}
	switch len(args) {
	case 1:
		n.eval = f.call1(args[0].eval)
	case 2:
		n.eval = f.call2(args[0].eval, args[1].eval)
	default:
		n.eval = f.call3(args[0].eval, args[1].eval, args[2].eval)
	}
	return n, true
}

// instead says what a null argument of kind k does: replaced is the value to take for it, and answer the call's result if
// there is nothing to take.
func (n *native) instead(k kind) (replaced bool, answer state.Value) {
	switch {
	case n.nulls == nullGivesFalse:
		return false, state.Bool(false)
	case n.nulls == nullIsEmpty && k == listKind:
		return true, state.Null()
	}
	return false, state.Null()
}

func (n *native) call1(arg evaluator) evaluator {
	keep, answer := n.instead(n.in[0])
	return func(src *state.Object, loop *loopVars) (state.Value, error) {
		a, err := arg(src, loop)
		switch {
		case err != nil:
			return state.Null(), err
		case a.IsNull() && !keep:
			return answer, nil
		}
		return n.f1(a)
	}
}

func (n *native) call2(arg1, arg2 evaluator) evaluator {
	keep1, answer1 := n.instead(n.in[0])
	keep2, answer2 := n.instead(n.in[1])
	return func(src *state.Object, loop *loopVars) (state.Value, error) {
		a, err := arg1(src, loop)
		if err != nil {
			return state.Null(), err
		}
		b, err := arg2(src, loop)
		switch {
		case err != nil:
			return state.Null(), err
		case a.IsNull() && !keep1:
			return answer1, nil
		case b.IsNull() && !keep2:
			return answer2, nil
		}
		return n.f2(a, b)
	}
}

func (n *native) call3(arg1, arg2, arg3 evaluator) evaluator {
	return func(src *state.Object, loop *loopVars) (state.Value, error) {
		a, err := arg1(src, loop)
		if err != nil {
			return state.Null(), err
		}
		b, err := arg2(src, loop)
		if err != nil {
			return state.Null(), err
		}
		c, err := arg3(src, loop)
		if err != nil || a.IsNull() || b.IsNull() || c.IsNull() {
			return state.Null(), err
		}
		return n.f3(a, b, c)
	}
}

// coalesce takes the first value that is neither null nor blank. Arguments behind it are evaluated only if they may fail, since
// for HCL an error in any argument is an error of the call.
func coalesce(args []node) (node, bool) {
	n := node{}
	for _, a := range args {
		switch {
		case a.kind == listKind:
			return node{}, false
		case n.kind == anyKind:
			n.kind = a.kind
		case a.kind != n.kind && a.kind != anyKind:
			return node{}, false
		}
		n.fails = n.fails || a.fails
		n.nonnull = n.nonnull || a.nonnull && a.kind != textKind || a.constant != nil && !state.Blank(a.constant.Str())
	}
	if n.kind == anyKind {
		return node{}, false
	}
	n.eval = func(src *state.Object, loop *loopVars) (state.Value, error) {
		for i := range args {
			v, err := args[i].eval(src, loop)
			if err != nil {
				return state.Null(), err
			}
			if v.IsNull() || v.Kind() == state.StringValue && state.Blank(v.Str()) {
				continue
			}
			for _, rest := range args[i+1:] { // as the language has it: an argument that is not needed may fail nevertheless
				if rest.fails {
					if _, err := rest.eval(src, loop); err != nil {
						return state.Null(), err
					}
				}
			}
			return v, nil
		}
		return state.Null(), nil
	}
	return n, true
}

// list compiles [a, b] as a whole value; nulls are left out.
func (c *compiler) list(e *hclsyntax.TupleConsExpr) (node, bool) {
	items := make([]node, len(e.Exprs))
	for i, x := range e.Exprs {
		n, ok := c.compile(x)
		if !ok || n.kind != textKind && n.kind != anyKind {
			return node{}, false
		}
		items[i] = n
	}
	return node{kind: listKind, tuple: true, nonnull: true, eval: func(src *state.Object, loop *loopVars) (state.Value, error) {
		out := make([]string, 0, len(items))
		for i := range items {
			v, err := items[i].eval(src, loop)
			if err != nil {
				return state.Null(), err
			}
			if !v.IsNull() {
				out = append(out, v.Str())
			}
		}
		return state.List(out), nil
	}}, true
}

// loop compiles [for x in list : value if condition]. Only a whole value may have null elements, because there they are left
// out: elsewhere they would count.
func (c *compiler) loop(e *hclsyntax.ForExpr, whole bool) (node, bool) {
	if e.KeyVar != "" || e.KeyExpr != nil || len(c.scope) == maxLoops {
		return node{}, false
	}
	coll, ok := c.compile(e.CollExpr)
	if !ok || coll.kind != listKind {
		return node{}, false
	}
	c.loops++
	level := len(c.scope)
	c.scope = append(c.scope, e.ValVar)
	defer func() { c.scope = c.scope[:level] }()
	cond := node{kind: boolKind, eval: constantly(state.Bool(true))}
	if e.CondExpr != nil {
		if cond, ok = c.compile(e.CondExpr); !ok || !truth(cond) {
			return node{}, false
		}
	}
	val, ok := c.compile(e.ValExpr)
	if !ok || val.kind != textKind || !val.nonnull && !whole {
		return node{}, false
	}
	n := node{kind: listKind, nonnull: true, fails: coll.fails || cond.fails || val.fails}
	n.eval = func(src *state.Object, loop *loopVars) (state.Value, error) {
		v, err := coll.eval(src, loop)
		if err != nil {
			return state.Null(), err
		}
		out := make([]string, 0, len(v.List()))
		for _, s := range v.List() {
			loop[level] = s
			if keep, err := cond.eval(src, loop); err != nil {
				return state.Null(), err
			} else if !keep.Bool() {
				continue
			}
			v, err := val.eval(src, loop)
			if err != nil {
				return state.Null(), err
			}
			if !v.IsNull() {
				out = append(out, v.Str())
			}
		}
		return state.List(out), nil
	}
	return n, true
}
