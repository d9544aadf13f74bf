package expr

import (
	"errors"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/dirform/dirform/state"
)

// listFunctions are Terraform's functions of lists and maps.
func listFunctions() []Function {
	return []Function{
		list("length", "length(list)", "How many elements a list has, or characters a string.", `length(["a", "b"]) = 2`, lengthFunc(), nativeLength()),
		list("join", "join(separator, list)", "The elements in one string.", `join(", ", ["a", "b"]) = "a, b"`, bounded(stdlib.JoinFunc, joined), nativeJoin()),
		list("concat", "concat(list, …)", "The lists one after the other.", `concat(["a"], ["b"]) = ["a", "b"]`, stdlib.ConcatFunc, nil),
		list("compact", "compact(list)", "Without empty and null elements.", `compact(["a", ""]) = ["a"]`, stdlib.CompactFunc, nil),
		list("distinct", "distinct(list)", "Every element once.", `distinct(["a", "a"]) = ["a"]`, stdlib.DistinctFunc, nil),
		list("sort", "sort(list)", "The strings in order.", `sort(["b", "a"]) = ["a", "b"]`, stdlib.SortFunc, nil),
		list("reverse", "reverse(list)", "Back to front.", `reverse(["a", "b"]) = ["b", "a"]`, stdlib.ReverseListFunc, nil),
		list("flatten", "flatten(list)", "Lists in lists made one list.", `flatten([["a"], ["b"]]) = ["a", "b"]`, stdlib.FlattenFunc, nil),
		list("slice", "slice(list, from, to)", "The elements from one index up to before another.", `slice(["a", "b"], 0, 1) = ["a"]`, stdlib.SliceFunc, nil),
		list("element", "element(list, index)", "One element; the index wraps around.", `element(["a", "b"], 2) = "a"`, stdlib.ElementFunc, nil),
		{Name: "contains", Signature: "contains(list, value)", Summary: "Whether the list has the value as an element.",
			Example: `contains(["a", "b"], "a") = true`, call: tolerant(stdlib.ContainsFunc, nullGivesFalse), native: nativeContains()},
		std("keys", "keys(map)", "The keys of a map, in order.", `keys({a = 1}) = ["a"]`, stdlib.KeysFunc, nil),
		std("values", "values(map)", "The values of a map, in the order of their keys.", `values({a = 1}) = [1]`, stdlib.ValuesFunc, nil),
		std("merge", "merge(map, …)", "The maps in one; later ones win.", `merge({a = 1}, {b = 2}) = {a = 1, b = 2}`, stdlib.MergeFunc, nil),
		{Name: "lookup", Signature: "lookup(map, key, default)", Summary: "The map's value for the key, or the default; a null key gives the default.",
			Example: `lookup({hu = "Hungary"}, "hu", "?") = "Hungary"`, call: lookupFunc()},
	}
}

func list(name, signature, summary, example string, f function.Function, n *native) Function {
	if n != nil {
		n.nulls = nullIsEmpty
	}
	return Function{Name: name, Signature: signature, Summary: summary, Example: example, call: tolerant(f, nullIsEmpty), native: n}
}

// lengthFunc counts elements or, as Terraform does, the characters of a string.
func lengthFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
		Type: func(args []cty.Value) (cty.Type, error) {
			t := args[0].Type()
			if t != cty.String && !t.IsTupleType() && !t.IsCollectionType() && !t.IsObjectType() {
				return cty.NilType, function.NewArgErrorf(0, "only lists, maps and strings have a length")
			}
			return cty.Number, nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			switch t := args[0].Type(); {
			case t == cty.String:
				return stdlib.Strlen(args[0])
			case t.IsObjectType():
				return cty.NumberIntVal(int64(len(t.AttributeTypes()))), nil
			}
			return args[0].Length(), nil
		},
	})
}

func nativeLength() *native {
	return &native{in: []kind{listKind}, out: numberKind, nonnull: true, f1: func(a state.Value) (state.Value, error) {
		return state.Int(int64(len(a.List()))), nil
	}}
}

func nativeJoin() *native {
	return &native{in: []kind{textKind, listKind}, out: textKind, fails: true, f2: func(sep, l state.Value) (state.Value, error) {
		if !fits(len(l.List()), len(sep.Str())) {
			return state.Null(), errTooLarge
		}
		return textValue(strings.Join(l.List(), sep.Str())), nil
	}}
}

func nativeContains() *native {
	return &native{in: []kind{listKind, textKind}, out: boolKind, nonnull: true, nulls: nullGivesFalse,
		f2: func(l, s state.Value) (state.Value, error) {
			return state.Bool(slices.Contains(l.List(), s.Str())), nil
		}}
}

// lookupFunc differs from go-cty's in its type, which depends on the map only and is therefore known before any object is read.
func lookupFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{
			{Name: "map", Type: cty.DynamicPseudoType},
			{Name: "key", Type: cty.String, AllowNull: true},
			{Name: "default", Type: cty.DynamicPseudoType, AllowNull: true, AllowDynamicType: true},
		},
		Type: func(args []cty.Value) (cty.Type, error) {
			m := args[0].Type()
			types := []cty.Type{args[2].Type()}
			switch {
			case m.IsMapType():
				types = append(types, m.ElementType())
			case m.IsObjectType():
				for _, t := range m.AttributeTypes() {
					types = append(types, t)
				}
			default:
				return cty.NilType, function.NewArgErrorf(0, "a map is needed, such as {hu = \"Hungary\"}")
			}
			t, _ := convert.UnifyUnsafe(types)
			if t == cty.NilType {
				return t, errors.New("the map's values and the default must have one type")
			}
			return t, nil
		},
		Impl: func(args []cty.Value, ret cty.Type) (cty.Value, error) {
			found := args[2]
			if key := args[1]; !key.IsNull() {
				m := args[0]
				switch {
				case m.Type().IsObjectType() && m.Type().HasAttribute(key.AsString()):
					found = m.GetAttr(key.AsString())
				case m.Type().IsMapType() && m.HasIndex(key).True():
					found = m.Index(key)
				}
			}
			return convert.Convert(found, ret)
		},
	})
}
