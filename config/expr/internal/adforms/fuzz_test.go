package adforms

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
)

// FuzzForms: identifiers come out in their text form, which stays as it is, and text comes out as ASCII.
func FuzzForms(f *testing.F) {
	for _, s := range []string{"KPX8DgRypVysINTShrieUg==", "AQIAAAAAAAUgAAAAIAIAAA==", "S-1-5-32-544", "s-1-", "AQ==", "Jörg Großø", "\xff\u0300",
		"AQ8AAAAAAAU=", "{0efcf528-7204-5ca5-ac20-d4d286b89e52}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if g, err := GUID(s); err == nil {
			if again, err := GUID(g); err != nil || again != g {
				t.Errorf("%q is %q, and that is %q", s, g, again)
			}
			if raw, err := base64.StdEncoding.DecodeString(s); err == nil && len(raw) == 16 && g != state.GUID(raw).String() {
				t.Errorf("%q is %q", s, g)
			}
		}
		if id, err := SID(s); err == nil {
			if again, err := SID(id); err != nil || again != id || !strings.HasPrefix(id, "S-1-") {
				t.Errorf("%q is %q, and that is %q", s, id, again)
			}
			if raw, err := base64.StdEncoding.DecodeString(s); err == nil && strings.Count(id, "-") != 2+int(raw[1]) &&
				!strings.HasPrefix(strings.ToUpper(s), "S-1-") {
				t.Errorf("%q is %q", s, id)
			}
		}
		if a := ASCII(s); !isASCII(a) || ASCII(a) != a {
			t.Errorf("%q is %q", s, a)
		}
	})
}
