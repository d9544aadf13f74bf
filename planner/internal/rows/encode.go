package rows

import (
	"encoding/binary"
	"errors"

	"github.com/dirform/dirform/state"
)

// AppendObject encodes an object's name (a DN or an id) and its values.
func AppendObject(b []byte, name string, values []state.Value) []byte {
	b = appendString(b, name)
	for _, v := range values {
		b = append(b, byte(v.Kind()))
		switch v.Kind() {
		case state.StringValue:
			b = appendString(b, v.Str())
		case state.BoolValue, state.IntValue:
			b = binary.AppendVarint(b, v.Int())
		case state.ListValue:
			b = binary.AppendUvarint(b, uint64(len(v.List())))
			for _, s := range v.List() {
				b = appendString(b, s)
			}
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errCorrupt = errors.New("a spooled object is damaged")

// decoder walks a record; its strings share one copy of it.
type decoder struct {
	s   string
	bad bool
}

func (d *decoder) uvarint() uint64 {
	var x uint64
	for i := 0; i < len(d.s) && i < binary.MaxVarintLen64; i++ {
		c := d.s[i]
		x |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.s = d.s[i+1:]
			return x
		}
	}
	d.bad, d.s = true, ""
	return 0
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.s)) {
		d.bad, d.s = true, ""
		return ""
	}
	s := d.s[:n]
	d.s = d.s[n:]
	return s
}

func (d *decoder) value() state.Value {
	if d.s == "" {
		d.bad = true
		return state.Null()
	}
	kind := state.ValueKind(d.s[0])
	d.s = d.s[1:]
	switch kind {
	case state.StringValue:
		return state.String(d.string())
	case state.BoolValue, state.IntValue:
		u := d.uvarint()
		n := int64(u>>1) ^ -int64(u&1)
		if kind == state.BoolValue {
			return state.Bool(n != 0)
		}
		return state.Int(n)
	case state.ListValue:
		n := d.uvarint()
		if n > uint64(len(d.s)) {
			d.bad = true
			return state.Null()
		}
		list := make([]string, n)
		for i := range list {
			list[i] = d.string()
		}
		return state.List(list)
	}
	return state.Null()
}

// DecodeObject is the inverse of [AppendObject] for a known number of values.
func DecodeObject(record []byte, values []state.Value) (name string, err error) {
	d := decoder{s: string(record)}
	name = d.string()
	for i := range values {
		values[i] = d.value()
	}
	if d.bad || d.s != "" {
		return "", errCorrupt
	}
	return name, nil
}
