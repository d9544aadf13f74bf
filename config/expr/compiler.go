package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/dirform/dirform/state"
)

// maxLoops is how deeply for expressions nest in compiled code.
const maxLoops = 3

// loopVars hold the current element of each for expression around the one that is evaluated.
type loopVars [maxLoops]string

// compiler turns syntax into closures. It gives up on whatever it doesn't know (every method's second result is then false), and
// HCL evaluates the whole expression instead.
type compiler struct {
	env   Env
	out   kind
	loops int      // for expressions seen
	plain int      // see Program
	scope []string // variables of the for expressions around, outermost first
}

// node is a compiled expression.
type node struct {
	eval     evaluator
	kind     kind
	constant *state.Value // its value if it is a constant
	nonnull  bool         // never null
	fails    bool         // may end in an error
	tuple    bool         // a list that HCL gives a tuple's type
	plain    int          // 1 + the slot of the attribute that it is, unchanged; 0 if it is not
}

// program compiles a whole expression and converts its value to what the target needs.
func (c *compiler) program(e hclsyntax.Expression) (evaluator, bool) {
	n, ok := c.top(e)
	switch {
	case !ok:
		return nil, false
	case n.kind == c.out || n.kind == anyKind:
		c.plain = n.plain
		return n.eval, true
	case c.out == textKind && (n.kind == numberKind || n.kind == boolKind):
		return func(src *state.Object, loop *loopVars) (state.Value, error) {
			v, err := n.eval(src, loop)
			if err != nil || v.IsNull() {
				return v, err
			}
			return state.String(v.Text()), nil
		}, true
	}
	return nil, false
}

// top compiles what may stand only where the whole value is made: lists whose null elements are left out.
func (c *compiler) top(e hclsyntax.Expression) (node, bool) {
	switch e := e.(type) {
	case *hclsyntax.TupleConsExpr:
		return c.list(e)
	case *hclsyntax.ForExpr:
		return c.loop(e, true)
	}
	return c.compile(e)
}

func (c *compiler) compile(e hclsyntax.Expression) (node, bool) {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return constant(e.Val)
	case *hclsyntax.ParenthesesExpr:
		return c.compile(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return c.compile(e.Wrapped)
	case *hclsyntax.TemplateExpr:
		return c.template(e)
	case *hclsyntax.ScopeTraversalExpr:
		return c.traversal(e)
	case *hclsyntax.RelativeTraversalExpr:
		if step, ok := e.Traversal[0].(hcl.TraverseIndex); ok && len(e.Traversal) == 1 {
			return c.index(e.Source, step.Key)
		}
	case *hclsyntax.IndexExpr:
		if key, ok := e.Key.(*hclsyntax.LiteralValueExpr); ok {
			return c.index(e.Collection, key.Val)
		}
	case *hclsyntax.ConditionalExpr:
		return c.conditional(e)
	case *hclsyntax.BinaryOpExpr:
		return c.binary(e)
	case *hclsyntax.UnaryOpExpr:
		if e.Op == hclsyntax.OpLogicalNot {
			return c.not(e.Val)
		}
	case *hclsyntax.FunctionCallExpr:
		return c.call(e)
	case *hclsyntax.ForExpr:
		return c.loop(e, false)
	}
	return node{}, false
}

func constant(v cty.Value) (node, bool) {
	k, tuple := anyKind, false
	switch t := v.Type(); {
	case t == cty.String:
		k = textKind
	case t == cty.Bool:
		k = boolKind
	case t == cty.Number:
		k = numberKind
	case t.Equals(cty.List(cty.String)):
		k = listKind
	case t.IsTupleType() && !v.IsNull():
		for it := v.ElementIterator(); it.Next(); {
			if _, e := it.Element(); e.Type() != cty.String || e.IsNull() {
				return node{}, false
			}
		}
		k, tuple = listKind, true
	case t == cty.DynamicPseudoType && v.IsNull():
		null := state.Null()
		return node{eval: constantly(null), constant: &null}, true
	default:
		return node{}, false
	}
	val, err := fromCty(v, k)
	if err != nil || val.Kind() == state.ListValue && len(val.List()) != v.LengthInt() {
		return node{}, false
	}
	return node{eval: constantly(val), kind: k, constant: &val, nonnull: !val.IsNull(), tuple: tuple}, true
}

func constantly(v state.Value) evaluator {
	return func(*state.Object, *loopVars) (state.Value, error) { return v, nil }
}

// traversal compiles ad.x, ad.x[0], a loop's variable, and variables and local values, which are constants here.
func (c *compiler) traversal(e *hclsyntax.ScopeTraversalExpr) (node, bool) {
	root := e.Traversal.RootName()
	for i := len(c.scope) - 1; i >= 0; i-- {
		if c.scope[i] != root {
			continue
		}
		if len(e.Traversal) > 1 {
			return node{}, false
		}
		return node{kind: textKind, nonnull: true, eval: func(_ *state.Object, loop *loopVars) (state.Value, error) {
			return state.String(loop[i]), nil
		}}, true
	}
	if root != SourceName {
		v, diags := e.Traversal.TraverseAbs(&hcl.EvalContext{Variables: c.env.Variables})
		if diags.HasErrors() {
			return node{}, false
		}
		return constant(v)
	}
	name, _, d := sourceName(e.Traversal)
	if d != nil {
		return node{}, false
	}
	attr := c.attribute(name)
	switch len(e.Traversal) {
	case 2:
		return attr, true
	case 3:
		if step, ok := e.Traversal[2].(hcl.TraverseIndex); ok {
			return indexOf(attr, step.Key)
		}
	}
	return node{}, false
}

func (c *compiler) attribute(name string) node {
	a := &state.Attribute{Name: name}
	if c.env.Source != nil {
		if known := c.env.Source.Lookup(name); known != nil {
			a = known
		}
	}
	slot, k := c.env.Slots.Slot(a.Name), kindOf(a.Type, a.Multi)
	read := func(src *state.Object, _ *loopVars) (state.Value, error) { return coerce(src.Values[slot], k) }
	if k != textKind {
		return node{eval: read, kind: k}
	}
	read = func(src *state.Object, _ *loopVars) (state.Value, error) { return text(&src.Values[slot]) }
	return node{eval: read, kind: k, plain: slot + 1}
}

// text is a directory's value as a text: [coerce] without its cost for what nearly all values are.
func text(v *state.Value) (state.Value, error) {
	switch v.Kind() {
	case state.NullValue:
		return state.Value{}, nil
	case state.StringValue:
		if s := v.Str(); state.Trimmed(s) {
			return textValue(s), nil
		}
	}
	return coerce(*v, textKind)
}
