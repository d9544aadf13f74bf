package state_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
)

// FuzzValue: what is read as a value is written and read again as the same one, and any other JSON is an error.
func FuzzValue(f *testing.F) {
	for _, s := range []string{"null", `"a"`, "true", "false", "0", "-9223372036854775808", "1e3", "0.5", `[]`, `["a","b"]`, `[null]`, `[1]`, "{}", " 7 ",
		`"\u2028\ud800"`, "nil", "truee"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var v, again state.Value
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		b, err := json.Marshal(v)
		if err != nil || json.Unmarshal(b, &again) != nil || !again.Equal(v) || again.Kind() != v.Kind() {
			t.Errorf("%q is %#v, written %s, read %#v (%v)", text, v, b, again, err)
		}
		if trimmed := strings.TrimSpace(text); v.IsNull() != (trimmed == "null") {
			t.Errorf("%q is null: %v", text, v.IsNull())
		}
		var plain any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&plain); err != nil || !means(v, plain) {
			t.Errorf("%q is %#v, and means %v", text, v, plain)
		}
	})
}

// means reports whether a value is what JSON itself makes of its text.
func means(v state.Value, plain any) bool {
	switch x := plain.(type) {
	case bool:
		return v.Kind() == state.BoolValue && v.Bool() == x
	case string:
		return v.Kind() == state.StringValue && v.Str() == x
	case json.Number:
		n, err := x.Int64()
		return v.Kind() == state.IntValue && err == nil && v.Int() == n
	case []any:
		return v.Kind() == state.ListValue && len(v.List()) == len(x)
	}
	return v.IsNull() && plain == nil
}

// FuzzGUID: a GUID's text is read as it was written, in either case and with braces or without.
func FuzzGUID(f *testing.F) {
	for _, s := range []string{"0efcf528-7204-5ca5-ac20-d4d286b89e52", "{0EFCF528-7204-5CA5-AC20-D4D286B89E52}", "0efcf528", "{", "{}",
		"0efcf528-7204-5ca5-ac20-d4d286b89e5g", "0efcf52--7204-5ca5-ac20-d4d286b89e52",
		"0efcf528x7204-5ca5-ac20-d4d286b89e52",
		"0efcf528-7204x5ca5-ac20-d4d286b89e52", "0efcf528-7204-5ca5xac20-d4d286b89e52",
		"0efcf528-7204-5ca5-ac20xd4d286b89e52", "{0efcf528-7204-5ca5-ac20-d4d286b89e52",
		"0123456789abcdef", "{{0efcf528-7204-5ca5-ac20-d4d286b89e52}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, ok := state.ParseGUID(s)
		if bare := strings.Trim(s, "{}"); ok && !strings.EqualFold(g.String(), bare) || !ok && g != (state.GUID{}) {
			t.Errorf("%q is %s (%v)", s, g, ok)
		}
		if len(s) >= 16 {
			g := state.GUID([]byte(s[:16]))
			if again, ok := state.ParseGUID(g.String()); !ok || again != g {
				t.Errorf("%s is read as %s", g, again)
			}
			// MS-DTYP 2.3.4: three fields of which the lowest byte comes first, and eight bytes as they come
			want := fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(g[:4]),
				binary.LittleEndian.Uint16(g[4:6]),
				binary.LittleEndian.Uint16(g[6:8]), g[8:10], g[10:])
			if g.String() != want {
				t.Errorf("%x is %s and not %s", g[:], g, want)
			}
		}
	})
}
