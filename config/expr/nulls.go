package expr

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// nullPolicy says what a function makes of null arguments.
type nullPolicy uint8

const (
	nullGivesNull  nullPolicy = iota
	nullGivesFalse            // predicates
	nullIsEmpty               // a null list is an empty list; any other null gives null
)

// tolerant is f with a rule for null arguments, which f itself refuses.
func tolerant(f function.Function, policy nullPolicy) function.Function {
	spec := &function.Spec{Description: f.Description()}
	for _, p := range f.Params() {
		spec.Params = append(spec.Params, nullable(p))
	}
	if p := f.VarParam(); p != nil {
		q := nullable(*p)
		spec.VarParam = &q
	}
	spec.Type = func(args []cty.Value) (cty.Type, error) {
		args, _ = stripNulls(args, policy)
		return f.ReturnTypeForValues(args)
	}
	spec.Impl = func(args []cty.Value, ret cty.Type) (cty.Value, error) {
		args, null := stripNulls(args, policy)
		switch {
		case !null:
			return f.Call(args)
		case policy == nullGivesFalse:
			return cty.False, nil
		}
		return cty.NullVal(ret), nil
	}
	return function.New(spec)
}

func nullable(p function.Parameter) function.Parameter {
	p.AllowNull = true
	return p
}

// stripNulls replaces null arguments by empty lists where the policy says so and by unknown values of their type otherwise,
// so that types can be computed; null reports whether any of the latter is left.
func stripNulls(args []cty.Value, policy nullPolicy) (out []cty.Value, null bool) {
	for i, a := range args {
		if !a.IsNull() {
			continue
		}
		if out == nil {
			out = append(out, args...)
		}
		switch t := a.Type(); {
		case policy == nullIsEmpty && t.IsListType():
			out[i] = cty.ListValEmpty(t.ElementType())
		case policy == nullIsEmpty && t.IsTupleType(): // what a for expression or [a, b] would have been
			out[i] = cty.EmptyTupleVal
		default:
			out[i], null = cty.UnknownVal(t), true
		}
	}
	if out == nil {
		return args, false
	}
	return out, null
}
