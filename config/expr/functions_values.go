package expr

import (
	"errors"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/dirform/dirform/state"
)

// valueFunctions are Terraform's functions of numbers, types and encodings.
func valueFunctions() []Function {
	return []Function{
		{Name: "coalesce", Signature: "coalesce(value, …)", Summary: `The first value that is neither null nor blank, or null.`,
			Example: `coalesce(null, "", "x") = "x"`, call: coalesceFunc()},
		{Name: "try", Signature: "try(expression, …)", Summary: "The first expression that has no error.",
			Example: `try(["a"][1], "none") = "none"`, call: tryfunc.TryFunc},
		{Name: "can", Signature: "can(expression)", Summary: "Whether the expression has no error.",
			Example: `can(["a"][1]) = false`, call: tryfunc.CanFunc},
		std("min", "min(number, …)", "The smallest number.", `min(2, 1) = 1`, stdlib.MinFunc, nil),
		std("max", "max(number, …)", "The greatest number.", `max(2, 1) = 2`, stdlib.MaxFunc, nil),
		std("abs", "abs(number)", "Without the sign.", `abs(-1) = 1`, stdlib.AbsoluteFunc, nil),
		std("ceil", "ceil(number)", "Rounded up.", `ceil(1.2) = 2`, stdlib.CeilFunc, nil),
		std("floor", "floor(number)", "Rounded down.", `floor(1.8) = 1`, stdlib.FloorFunc, nil),
		std("parseint", "parseint(string, base)", "The number that the digits mean.", `parseint("ff", 16) = 255`, stdlib.ParseIntFunc, nil),
		conversion("tostring", "The value as a string.", `tostring(7) = "7"`, cty.String),
		conversion("tonumber", "The value as a number; an error if it isn't one.", `tonumber("7") = 7`, cty.Number),
		conversion("tobool", "The value as a boolean; an error if it is neither true nor false.", `tobool("true") = true`, cty.Bool),
		conversion("tolist", "The value as a list.", `tolist(["a"]) = ["a"]`, cty.List(cty.DynamicPseudoType)),
		{Name: "jsonencode", Signature: "jsonencode(value)", Summary: "The value as JSON.", Example: `jsonencode(["a"]) = "[\"a\"]"`, call: stdlib.JSONEncodeFunc},
		std("jsondecode", "jsondecode(string)", "The value that the JSON means.", `jsondecode("[\"a\"]") = ["a"]`, stdlib.JSONDecodeFunc, nil),
	}
}

func conversion(name, summary, example string, to cty.Type) Function {
	return Function{Name: name, Signature: name + "(value)", Summary: summary, Example: example, call: stdlib.MakeToFunc(to)}
}

// coalesceFunc is Terraform's coalesce, except that it gives null if there is no value, and takes a text of blanks for none: in a
// directory both are ordinary.
func coalesceFunc() function.Function {
	return function.New(&function.Spec{
		VarParam: &function.Parameter{Name: "values", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowNull: true},
		Type: func(args []cty.Value) (cty.Type, error) {
			if len(args) == 0 {
				return cty.NilType, errors.New("at least one value is needed")
			}
			types := make([]cty.Type, len(args))
			for i, a := range args {
				types[i] = a.Type()
			}
			t, _ := convert.UnifyUnsafe(types)
			if t == cty.NilType {
				return t, errors.New("all values must have one type")
			}
			return t, nil
		},
		Impl: func(args []cty.Value, ret cty.Type) (cty.Value, error) {
			for _, a := range args {
				v, err := convert.Convert(a, ret)
				if err != nil {
					return cty.NilVal, err
				}
				if v.IsNull() || v.Type() == cty.String && state.Blank(v.AsString()) {
					continue
				}
				return v, nil
			}
			return cty.NullVal(ret), nil
		},
	})
}
