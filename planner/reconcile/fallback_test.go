package reconcile

import (
	"strings"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

func TestLegalName(t *testing.T) {
	a := providers.TenantSchema(state.User).Lookup("userPrincipalName")
	for in, want := range map[string]string{
		"jane.doe": "jane.doe", "Örs Nagy": "_rs_Nagy", "a@b": "a_b", ".jane.": "jane", "o'neil+x": "o'neil_x", "..": "",
		strings.Repeat("x", 63) + "..": strings.Repeat("x", 63),
	} {
		if got := legalName(a, in); got != want || got != "" && illegal(a, got) != "" {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// A name falls back only if that helps: not when it is malformed, nor under a verified domain in any spelling.
func TestFallbackLeavesNamesAlone(t *testing.T) {
	a := providers.TenantSchema(state.User).Lookup("userPrincipalName")
	f := &fallback{initial: "contoso.onmicrosoft.com", verified: verifiedDomains([]providers.TenantDomain{{Name: "Contoso.com", Verified: true}, {Name: "fabrikam.com"}})}
	for in, want := range map[string]string{
		"jane@contoso.com": "", "jane@CONTOSO.com": "", "jane": "", "@fabrikam.com": "", "jane@": "", "a@b@fabrikam.com": "", ".@fabrikam.com": "",
		"jane@fabrikam.com": "jane@contoso.onmicrosoft.com", "Örs@nowhere.example": "_rs@contoso.onmicrosoft.com",
	} {
		got, ok := f.replace(a, state.String(in), &state.Object{})
		if ok != (want != "") || ok && got.Str() != want || !ok && got.Str() != in {
			t.Errorf("%q becomes %q (%v), want %q", in, got.Str(), ok, want)
		}
	}
}
