package expr

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/dirform/dirform/state"
)

// kind is the type of a compiled expression's value, which may be null besides. A number is whole.
type kind uint8

const (
	anyKind kind = iota // the literal null
	textKind
	boolKind
	numberKind
	listKind // of strings
)

func (k kind) cty() cty.Type {
	return [...]cty.Type{cty.DynamicPseudoType, cty.String, cty.Bool, cty.Number, cty.List(cty.String)}[k]
}

// native is a function over plain values. Arguments are never null: nulls says what happens before the call if one is.
type native struct {
	in      []kind
	out     kind
	nonnull bool // with arguments that aren't null the result isn't
	fails   bool // may end in an error
	nulls   nullPolicy
	f1      func(a state.Value) (state.Value, error)
	f2      func(a, b state.Value) (state.Value, error)
	f3      func(a, b, c state.Value) (state.Value, error)
}

// function makes n callable from HCL.
func (n *native) function(params ...string) function.Function {
	spec := &function.Spec{Type: function.StaticReturnType(n.out.cty())}
	for i, k := range n.in {
		spec.Params = append(spec.Params, function.Parameter{Name: params[i], Type: k.cty()})
	}
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var in [3]state.Value
		for i, a := range args {
			v, err := fromCty(a, n.in[i])
			if err != nil {
				return cty.NilVal, function.NewArgError(i, err)
			}
			in[i] = v
		}
		out, err := n.call(in)
		if err != nil {
			return cty.NilVal, err
		}
		return toCty(out, n.out), nil
	}
	return tolerant(function.New(spec), n.nulls)
}

func (n *native) call(in [3]state.Value) (state.Value, error) {
	switch len(n.in) {
	case 1:
		return n.f1(in[0])
	case 2:
		return n.f2(in[0], in[1])
	}
	return n.f3(in[0], in[1], in[2])
}

// textValue is s in Unicode normalisation form C, as every string value is.
func textValue(s string) state.Value { return state.String(state.NFC(s)) }
