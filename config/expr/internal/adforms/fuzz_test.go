package adforms

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/dirform/dirform/state"
)

// FuzzForms: identifiers come out in their text form, which stays as it is, and text comes out as ASCII.
func FuzzForms(f *testing.F) {
	for _, s := range []string{"KPX8DgRypVysINTShrieUg==", "AQIAAAAAAAUgAAAAIAIAAA==", "S-1-5-32-544", "s-1-", "AQ==", "Jörg Großø", "\xff\u0300",
		"AQ8AAAAAAAU=", "{0efcf528-7204-5ca5-ac20-d4d286b89e52}", "", "AAAAAAAAAAA=", "AQEAAQAAAAAHAAAA",
		"AQEBAAAAAAAHAAAA",
		"KPX8DgRypVysINTShrieUgA=", "KPX8DgRypVysINTShrie", "\u2003\u1680\u0085\u2028\u00a0 x", "ØÞŒẞÅ", "ﬁ①ｅ"} {
		f.Add(s)
	}
	for r := rune(0xc0); r < 0x180; r += 16 { // Latin letters beyond ASCII
		f.Add(string([]rune{r, r + 1, r + 2, r + 3, r + 4, r + 5, r + 6, r + 7, r + 8, r + 9, r + 10, r + 11, r + 12,
			r + 13, r + 14, r + 15}))
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw, notBase64 := base64.StdEncoding.DecodeString(s)
		if g, err := GUID(s); err == nil {
			if again, err := GUID(g); err != nil || again != g {
				t.Errorf("%q is %q, and that is %q", s, g, again)
			}
			if _, text := state.ParseGUID(s); !text && (notBase64 != nil || len(raw) != 16 ||
				g != state.GUID(raw).String()) {
				t.Errorf("%q is %q", s, g)
			}
		} else if notBase64 == nil && len(raw) == 16 {
			t.Errorf("%q, 16 bytes, is %v", s, err)
		}
		if id, err := SID(s); err == nil {
			if again, err := SID(id); err != nil || again != id || !strings.HasPrefix(id, "S-1-") {
				t.Errorf("%q is %q, and that is %q", s, id, again)
			}
			if !strings.HasPrefix(strings.ToUpper(s), "S-1-") && id != plainSID(raw) {
				t.Errorf("%q is %q and not %q", s, id, plainSID(raw))
			}
		}
		checkASCII(t, s)
	})
}

// plainSID is a security identifier's text (MS-DTYP 2.4.2.1), put together by other means; "" for bytes that are none.
func plainSID(raw []byte) string {
	if len(raw) < 8 || raw[0] != 1 || len(raw) != 8+4*int(raw[1]) {
		return ""
	}
	authority := new(big.Int).SetBytes(raw[2:8])
	text := "S-1-" + authority.String()
	if authority.BitLen() > 32 {
		text = fmt.Sprintf("S-1-0x%012X", authority)
	}
	for at := 8; at < len(raw); at += 4 {
		part := []byte{raw[at+3], raw[at+2], raw[at+1], raw[at]}
		text += "-" + new(big.Int).SetBytes(part).String()
	}
	return text
}

// checkASCII: the result is ASCII, of each character by itself; one with accents keeps its letter and its case, and a
// blank of any kind is a blank.
func checkASCII(t *testing.T, s string) {
	a := ASCII(s)
	if !isASCII(a) || ASCII(a) != a {
		t.Errorf("%q is %q", s, a)
	}
	if !utf8.ValidString(s) {
		return
	}
	var single strings.Builder
	for _, r := range s {
		one := ASCII(string(r))
		single.WriteString(one)
		first, accents := rune(0), ""
		for i, d := range norm.NFKD.String(string(r)) {
			if i == 0 {
				first = d
			} else {
				accents += string(d)
			}
		}
		switch {
		case unicode.IsSpace(r) && strings.TrimSpace(one) == one,
			first <= unicode.MaxASCII && strings.Trim(accents, "\u0300\u0301\u0302\u0303\u0308") == "" &&
				one != string(first),
			unicode.In(r, unicode.Latin) && unicode.IsUpper(r) && one != "" && !unicode.IsUpper(rune(one[0])),
			unicode.In(r, unicode.Latin) && unicode.IsLower(r) && one != "" && !unicode.IsLower(rune(one[0])):
			t.Errorf("%q is %q", r, one)
		}
	}
	if a != single.String() {
		t.Errorf("%q is %q, and its characters are %q", s, a, single.String())
	}
}

// FuzzFileTime: a Windows time is the point in time that lies so many steps behind the beginning of 1601.
func FuzzFileTime(f *testing.F) {
	for _, n := range []int64{0, 1, -1, 133485408000000000, 133485408000000001, filetimeEpoch, filetimeEpoch - 1,
		math.MaxInt64, math.MaxInt64 - 1, math.MinInt64,
		2650467743999999999, 2650467744000000000} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		text, ok := FileTime(n)
		days, rest := n/864e9, n%864e9
		want := time.Date(1601, 1, 1+int(days), 0, 0, 0, 0, time.UTC).Add(time.Duration(rest) * 100)
		if there := n > 0 && n != math.MaxInt64 && want.Year() <= 9999; ok != there {
			t.Errorf("%d is %q, %v", n, text, ok)
		}
		if !ok {
			return
		}
		if at, err := time.Parse(time.RFC3339Nano, text); err != nil || !at.Equal(want) || text[len(text)-1] != 'Z' {
			t.Errorf("%d is %q and not %v", n, text, want)
		}
	})
}
