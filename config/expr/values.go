package expr

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/dirform/dirform/state"
)

// kindOf is the kind of a source attribute's value: times, binary values and references are strings.
func kindOf(t state.AttrType, multi bool) kind {
	switch {
	case multi:
		return listKind
	case t == state.TypeBool:
		return boolKind
	case t == state.TypeInt:
		return numberKind
	}
	return textKind
}

// coerce is a directory's value as the kind that the schema promises, tidied as [state.Tidy] has it: both evaluators read source
// attributes through it and through [text]. Attributes that the schema doesn't know may arrive as something else, and names beyond
// Unicode's form C have to be normalised.
func coerce(v state.Value, k kind) (state.Value, error) {
	switch v = state.Tidy(v); v.Kind() {
	case state.NullValue:
		return v, nil
	case state.ListValue:
		return coerceList(v, k)
	case state.StringValue:
		switch k {
		case textKind:
			return textValue(v.Str()), nil
		case listKind:
			return state.List([]string{state.NFC(v.Str())}), nil
		case boolKind:
			return state.Bool(strings.EqualFold(v.Str(), "true")), nil
		}
		n, err := strconv.ParseInt(v.Str(), 10, 64)
		if err != nil {
			return state.Null(), errors.New("the directory gave a text where its schema promises a number")
		}
		return state.Int(n), nil
	}
	switch k {
	case textKind:
		return state.String(v.Text()), nil
	case listKind:
		return state.List([]string{v.Text()}), nil
	case boolKind:
		return state.Bool(v.Int() != 0), nil
	}
	return state.Int(v.Int()), nil
}

func coerceList(v state.Value, k kind) (state.Value, error) {
	list := v.List()
	if k != listKind {
		switch len(list) {
		case 0:
			return state.Null(), nil
		case 1:
			return coerce(state.String(list[0]), k)
		}
		return state.Null(), fmt.Errorf("the attribute has %d values where one was expected", len(list))
	}
	for i, s := range list {
		if n := state.NFC(s); n != s {
			clean := append([]string(nil), list...)
			for j := i; j < len(clean); j++ {
				clean[j] = state.NFC(clean[j])
			}
			return state.List(clean), nil
		}
	}
	return v, nil
}

// toCty is v, which is of kind k or null, for HCL.
func toCty(v state.Value, k kind) cty.Value {
	switch v.Kind() {
	case state.StringValue:
		return cty.StringVal(v.Str())
	case state.BoolValue:
		return cty.BoolVal(v.Bool())
	case state.IntValue:
		return cty.NumberIntVal(v.Int())
	case state.ListValue:
		if len(v.List()) == 0 {
			return cty.ListValEmpty(cty.String)
		}
		list := make([]cty.Value, len(v.List()))
		for i, s := range v.List() {
			list[i] = cty.StringVal(s)
		}
		return cty.ListVal(list)
	}
	return cty.NullVal(k.cty())
}

// fromCty is HCL's value v as kind k. Null elements of lists are left out.
func fromCty(v cty.Value, k kind) (state.Value, error) {
	v, err := convert.Convert(v, k.cty())
	switch {
	case err != nil:
		return state.Null(), err
	case !v.IsWhollyKnown():
		return state.Null(), errors.New("its value can't be known")
	case v.IsNull():
		return state.Null(), nil
	}
	switch k {
	case textKind:
		return state.String(v.AsString()), nil
	case boolKind:
		return state.Bool(v.True()), nil
	case numberKind:
		n, accuracy := v.AsBigFloat().Int64()
		if accuracy != big.Exact {
			return state.Null(), errors.New("a whole number is needed, no larger than 64 bits hold")
		}
		return state.Int(n), nil
	case listKind:
		list := make([]string, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			if _, e := it.Element(); !e.IsNull() {
				list = append(list, e.AsString())
			}
		}
		return state.List(list), nil
	}
	return state.Null(), fmt.Errorf("an attribute can't hold %s", v.Type().FriendlyName())
}
