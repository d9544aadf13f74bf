package ad

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

func TestConversion(t *testing.T) {
	const sid = "\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x02\x00\x00\xff\xff\xff\xff\x00\x00\x00\x80\xf4\x01\x00\x00"
	for _, tt := range []struct {
		name, wire string
		want       state.Value
	}{
		{"displayName", "Müller", state.String("Müller")},
		{"userAccountControl", "66048", state.Int(66048)},
		{"groupType", "-2147483646", state.Int(-2147483646)},
		{"accountExpires", "9223372036854775807", state.Int(9223372036854775807)},
		{"msExchHideFromAddressLists", "TRUE", state.Bool(true)},
		{"msExchHideFromAddressLists", "FALSE", state.Bool(false)},
		{"whenChanged", "20240229235959.0Z", state.String("2024-02-29T23:59:59Z")},
		{"whenChanged", "20240229235959Z", state.String("2024-02-29T23:59:59Z")},
		{"whenChanged", "20240229235959.25+0200", state.String("2024-02-29T21:59:59.25Z")},
		{"mS-DS-ConsistencyGuid", "\x00\xff\x10", state.String("AP8Q")},
		{"objectSid", sid, state.String("S-1-5-21-513-4294967295-2147483648-500")},
		{"objectSid", "\x01\x00\x01\x02\x03\x04\x05\x06", state.String("S-1-0x010203040506")},
		{"contosoBadge", "blue", state.String("blue")},
		{"contosoKey", "\xff\xfe", state.String("//4=")},
	} {
		conv := conversionOf(tt.name, providers.ADSchema(state.User).Lookup(tt.name))
		if strings.HasPrefix(tt.name, "group") {
			conv = conversionOf(tt.name, providers.ADSchema(state.Group).Lookup(tt.name))
		}
		got, err := conv.value(tt.wire)
		if err != nil || !got.Equal(tt.want) {
			t.Errorf("%s %q: %#v, %v; want %#v", tt.name, tt.wire, got, err, tt.want)
		}
	}
	for name, wire := range map[string]string{
		"userAccountControl": "0x200", "msExchHideFromAddressLists": "true", "whenCreated": "20241399", "whenChanged": "2024022923595x.0Z", "objectSid": "\x01\x05\x00",
	} {
		if got, err := conversionOf(name, providers.ADSchema(state.User).Lookup(name)).value(wire); err == nil {
			t.Errorf("%s %q: %#v, want an error", name, wire, got)
		}
	}
}

func TestWireValue(t *testing.T) {
	for _, tt := range []struct {
		conv conversion
		v    state.Value
		want string
	}{
		{asString, state.String("x"), "x"},
		{asString, state.Null(), ""},
		{asBase64, state.String("AP8Q"), "\x00\xff\x10"},
		{asBase64, state.Null(), ""},
		{asInt, state.Int(-5), "-5"},
		{asBool, state.Bool(true), "TRUE"},
		{asTime, state.String("2024-02-29T23:59:59Z"), "20240229235959.0Z"},
	} {
		if got, err := wireValue(tt.conv, tt.v); err != nil || got != tt.want {
			t.Errorf("%v: %q, %v", tt.v, got, err)
		}
	}
	for conv, v := range map[conversion]state.Value{asBase64: state.String("***"), asTime: state.String("today"), asString: state.List([]string{"a"})} {
		if got, err := wireValue(conv, v); err == nil {
			t.Errorf("%v: %q, want an error", v, got)
		}
	}
}

func TestParseRange(t *testing.T) {
	for in, want := range map[string][3]int{
		"range=0-1499": {0, 1500, 1}, "Range=1500-2999": {1500, 3000, 1}, "range=3000-*": {3000, 0, 1}, "binary;range=0-9": {0, 10, 1},
		"": {}, "binary": {}, "range=": {}, "range=5": {}, "range=5-4": {}, "range=-1-4": {}, "range=a-b": {},
	} {
		first, next, ok := parseRange(in)
		if got := [3]int{first, next, map[bool]int{true: 1}[ok]}; got != want {
			t.Errorf("parseRange(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestGUIDDN(t *testing.T) {
	g := state.GUID{0x28, 0xf5, 0xfc, 0x0e, 0x04, 0x72, 0xa5, 0x5c, 0xac, 0x20, 0xd4, 0xd2, 0x86, 0xb8, 0x9e, 0x52}
	if got, want := guidDN(g), "<GUID=28f5fc0e0472a55cac20d4d286b89e52>"; got != want {
		t.Errorf("guidDN is %s, want %s", got, want)
	}
}

// FuzzConversions reads what a server sends as a value. A point in time is one, told in UTC; a security identifier
// is read as it is told; and what can be written is read again as the same.
func FuzzConversions(f *testing.F) {
	for _, s := range []string{"20240131120000.0Z", "20240229235959.0Z", "20230229120000.0Z", "20241301000000.0Z",
		"20240028000000.0Z", "20240101240000.0Z",
		"20240101006000.0Z", "20240101000060.0Z", "00010101000000.0Z", "20240131120000Z", "20240131120000.5Z",
		"99991231235959-0100", "00000101000000+0100", "20240131120000.0+0100", "99999999999999.0Z",
		"2024013112000a.0Z", "20240131120000.0z", "16010101000000.0Z", "TRUE", "true", "FALSE", "0",
		"-9223372036854775808", "9223372036854775808", "+1", "\xff", "é", "",
		"\x01\x00\x00\x00\x00\x00\x00\x05", "\x01\x01\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00",
		"\x01\x01\x00\x01\x00\x00\x00\x05\x20\x00\x00\x80",
		"\x01\x01\x00\x00\xff\xff\xff\xff\x20\x00\x00\x80", "\x02\x00\x00\x00\x00\x00\x00\x05",
		"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00",
		"\x01\x01\x00\x00\x00\x00\x00\x05\x20\x00\x00",
		"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x01\x02\x03\x04"} {
		f.Add(s)
	}
	for at := range len("20240131120000.0Z") {
		f.Add("20240131120000.0Z"[:at] + "9" + "20240131120000.0Z"[at+1:])
	}
	f.Fuzz(func(t *testing.T, v string) {
		at, bad := time.Parse("20060102150405Z0700", v)
		text, err := timeText(v)
		there := bad == nil && at.UTC().Year() >= 0 && at.UTC().Year() <= 9999
		if read, e := time.Parse(time.RFC3339Nano, text); (err == nil) != there || err == nil && (e != nil ||
			!read.Equal(at) || !strings.HasSuffix(text, "Z")) {
			t.Errorf("%q is %q, %v, and is %v, %v", v, text, err, at, bad)
		}
		checkSID(t, v)
		for _, c := range []conversion{asString, asUnknown, asInt, asBool, asTime, asBase64} {
			value, err := c.value(v)
			if err != nil {
				if c == asString || c == asUnknown || c == asBase64 {
					t.Errorf("%q: %v", v, err)
				}
				continue
			}
			wire, err := wireValue(c, value)
			again, bad := c.value(wire)
			if c == asTime && !strings.HasSuffix(v, ".0Z") { // parts of seconds are not written
				continue
			}
			if err != nil || bad != nil || !again.Equal(value) || (c == asString || c == asBase64 || c == asBool) &&
				wire != v {
				t.Errorf("%q is %#v, written %q, read %#v, %v %v", v, value, wire, again, err, bad)
			}
			if n, e := strconv.ParseInt(v, 10, 64); c == asInt && (e != nil || value.Int() != n) || c == asBool &&
				value.Bool() != (v == "TRUE") {
				t.Errorf("%q is %#v", v, value)
			}
		}
	})
}

// checkSID compares a security identifier's text with one that is put together in another way (MS-DTYP 2.4.2.1).
func checkSID(t *testing.T, v string) {
	got, err := sidText(v)
	if whole := len(v) >= 8 && v[0] == 1 && len(v) == 8+4*int(v[1]); whole != (err == nil) {
		t.Errorf("%x is %q, %v", v, got, err)
	}
	if err != nil {
		return
	}
	want := "S-1-" + new(big.Int).SetBytes([]byte(v[2:8])).String()
	if v[2] != 0 || v[3] != 0 {
		want = fmt.Sprintf("S-1-0x%012X", v[2:8])
	}
	for at := 8; at < len(v); at += 4 {
		want += fmt.Sprintf("-%d", uint32(v[at])|uint32(v[at+1])<<8|uint32(v[at+2])<<16|uint32(v[at+3])<<24)
	}
	if got != want {
		t.Errorf("%x is %q and not %q", v, got, want)
	}
}
