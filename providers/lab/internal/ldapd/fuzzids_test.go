package ldapd

import (
	"strings"
	"testing"
)

// FuzzIdentifiers reads anything as a GUID and as a security identifier, as a seed or a client writes them. What is
// read is told and read again as the same.
func FuzzIdentifiers(f *testing.F) {
	for _, s := range []string{"0efcf528-7204-5ca5-ac20-d4d286b89e52", "{0EFCF528-7204-5CA5-AC20-D4D286B89E52}",
		"28f5fc0e0472a55cac20d4d286b89e52", "0123456789abcdef", "",
		"0efcf528-7204-5ca5-ac20-d4d286b89e5", "0efcf5287204-5ca5-ac20-d4d286b89e52-",
		"28f5fc0e-0472a55c-ac20-d4d2-86b89e52", "0efcf52-87204-5ca5-ac20-d4d286b89e52",
		"0efcf528-720-45ca5-ac20-d4d286b89e52", "0efcf528-7204-5ca-5ac20-d4d286b89e52",
		"0efcf528-7204-5ca5-ac2-0d4d286b89e52", "0efcf528-7204-5ca5-ac20d-4d286b89e52", "S-1-5-32-544", "s-1-5-21-1-2-3-1000", "S-1-5", "S-1-",
		"S-2-5-32", "S-1-281474976710656-1", "S-1-281474976710655-1", "S-1-5-4294967295", "S-1-5-4294967296",
		"S-1-5--1", "S-1-5-+1", "S-1-5-01", "S-1-0x5-1", "S-", "S",
		"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00",
		"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00", "\x01\x00\x00\x00\x00\x00\x00\x05",
		"\x02\x00\x00\x00\x00\x00\x00\x05", "S-1-5" + strings.Repeat("-1", 15), "S-1-5" + strings.Repeat("-1", 16),
		"\x01\x0f\x00\x00\x00\x00\x00\x05" + strings.Repeat("\x00", 60),
		"\x01\x10\x00\x00\x00\x00\x00\x05" + strings.Repeat("\x00", 64)} {
		f.Add(s, uint32(1000))
	}
	f.Fuzz(func(t *testing.T, s string, rid uint32) {
		if g, ok := parseGUID(s); ok {
			text := guidText(g)
			for _, form := range []string{text, "{" + strings.ToUpper(text) + "}", string(g[:])} {
				if again, ok := parseGUID(form); !ok || again != g {
					t.Errorf("%q is %q, and %q is %q", s, text, form, guidText(again))
				}
			}
			if bare := strings.Trim(s, "{}"); len(s) > 16 && strings.Count(bare, "-") == 4 && !strings.EqualFold(bare,
				text) {
				t.Errorf("%q is %q", s, text)
			}
		}
		sid, ok := parseSID(s)
		if !ok {
			return
		}
		text := sidText(sid)
		if again, ok := parseSID(text); len(sid) > 8 && (!ok || again != sid) || !strings.HasPrefix(text, "S-1-") ||
			strings.Count(text, "-") != 2+int(sid[1]) {
			t.Errorf("%q is %q, %x, and that is %x", s, text, sid, again)
		}
		if len(s) > 1 && s[1] == '-' && strings.TrimLeft(s[2:], "0123456789-") == "" && !strings.Contains(s, "-0") &&
			!strings.EqualFold(s, text) {
			t.Errorf("%q is %q", s, text)
		}
		domain, last, whole := splitSID(sid)
		if whole != (len(sid) >= 12) || whole && withRID(domain, last) != sid {
			t.Errorf("%q is of domain %x and has number %d, %v", s, domain, last, whole)
		}
		if sid[1] < 15 {
			if d, n, ok := splitSID(withRID(sid, rid)); !ok || d != sid || n != rid {
				t.Errorf("%q with number %d is of %x and %d", s, rid, d, n)
			}
		}
	})
}
