package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// ValueKind says what a [Value] holds.
type ValueKind uint8

// The kinds of values a directory attribute can hold. Binary values and timestamps travel as strings (base64 and RFC 3339).
const (
	NullValue ValueKind = iota
	StringValue
	BoolValue
	IntValue
	ListValue
)

// Value is one attribute's value: null, a string, a boolean, an integer or a list of strings. The zero Value is null.
// Values are immutable; the strings of a value read from a stream may share memory with the page they came from.
type Value struct {
	kind ValueKind
	num  int64
	str  string
	list []string
}

// Null is the absent value. In a desired object it means "clear the attribute".
func Null() Value { return Value{} }

// String makes a string value.
func String(s string) Value { return Value{kind: StringValue, str: s} }

// Int makes an integer value.
func Int(n int64) Value { return Value{kind: IntValue, num: n} }

// Bool makes a boolean value.
func Bool(b bool) Value {
	v := Value{kind: BoolValue}
	if b {
		v.num = 1
	}
	return v
}

// List makes a multi-valued attribute's value. The slice is kept, not copied. An empty list is not null.
func List(values []string) Value { return Value{kind: ListValue, list: values} }

// Kind says what v holds.
func (v Value) Kind() ValueKind { return v.kind }

// IsNull reports whether v is absent.
func (v Value) IsNull() bool { return v.kind == NullValue }

// IsEmpty reports whether v is what neither directory keeps: null, "", or a list without a string that is not empty.
func (v Value) IsEmpty() bool {
	switch v.kind {
	case NullValue:
		return true
	case StringValue:
		return v.str == ""
	case ListValue:
		for _, s := range v.list {
			if s != "" {
				return false
			}
		}
		return true
	}
	return false
}

// Str is the string v holds, or "" for any other kind.
func (v Value) Str() string { return v.str }

// Int is the integer v holds, or 0 for any other kind than [IntValue] and [BoolValue].
func (v Value) Int() int64 { return v.num }

// Bool is the boolean v holds, or false for any other kind.
func (v Value) Bool() bool { return v.kind == BoolValue && v.num != 0 }

// List is the list v holds, or nil for any other kind.
func (v Value) List() []string { return v.list }

// Equal reports whether v and w are exactly the same; how an attribute compares its values is its [Equality], not this.
func (v Value) Equal(w Value) bool {
	return v.kind == w.kind && v.num == w.num && v.str == w.str && slices.Equal(v.list, w.list)
}

// Text renders v for people: strings bare, lists separated by ", ", null as "".
func (v Value) Text() string {
	switch v.kind {
	case StringValue:
		return v.str
	case BoolValue:
		return strconv.FormatBool(v.num != 0)
	case IntValue:
		return strconv.FormatInt(v.num, 10)
	case ListValue:
		var b []byte
		for i, s := range v.list {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(b, s...)
		}
		return string(b)
	}
	return ""
}

// MarshalJSON renders v as null, a string, true or false, an integer, or an array of strings.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.kind {
	case StringValue:
		return marshalPlain(v.str)
	case BoolValue:
		return strconv.AppendBool(nil, v.num != 0), nil
	case IntValue:
		return strconv.AppendInt(nil, v.num, 10), nil
	case ListValue:
		if v.list == nil {
			return []byte("[]"), nil
		}
		return marshalPlain(v.list)
	}
	return []byte("null"), nil
}

// marshalPlain is json.Marshal without the HTML escapes, which would make names such as "R&D" unreadable in plans.
func marshalPlain(x any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(x); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// UnmarshalJSON is the inverse of [Value.MarshalJSON].
func (v *Value) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return fmt.Errorf("empty attribute value")
	}
	switch data[0] {
	case 'n':
		*v = Null()
		return nil
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*v = String(s)
		return nil
	case 't', 'f':
		var b bool
		if err := json.Unmarshal(data, &b); err != nil {
			return err
		}
		*v = Bool(b)
		return nil
	case '[':
		var l []string
		if err := json.Unmarshal(data, &l); err != nil {
			return err
		}
		*v = List(l)
		return nil
	}
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return fmt.Errorf("attribute value %q is neither null, a string, a boolean, an integer nor a list of strings", data)
	}
	*v = Int(n)
	return nil
}
