package table

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
		if got := legalName(a, in); got != want || got != "" && Illegal(a, got) != "" {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// A name falls back only if that helps: not when it is malformed, nor under a verified domain in any spelling.
func TestFallbackLeavesNamesAlone(t *testing.T) {
	a := providers.TenantSchema(state.User).Lookup("userPrincipalName")
	f := &fallback{initial: "contoso.onmicrosoft.com", verified: Verified([]providers.TenantDomain{{Name: "Contoso.com", Verified: true}, {Name: "fabrikam.com"}})}
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

// What is an address, whose domain it is in, and what Exchange refuses.
func TestProxyAddresses(t *testing.T) {
	a := accepted{verified: map[string]bool{"contoso.com": true, "contoso.onmicrosoft.com": true}}
	attr := &state.Attribute{Name: "proxyAddresses", ASCII: true, MaxLen: 256, Deny: " <>();,[]\""}
	for _, c := range []struct {
		value   string
		kind    AddressKind
		domain  AliasDomain
		refused bool
	}{
		{"SMTP:a@contoso.com", PrimaryAddress, OwnDomain, false},
		{"smtp:a@CONTOSO.com", FurtherAddress, OwnDomain, false},
		{"Smtp:a@contoso.com", FurtherAddress, OwnDomain, false},
		{"a@contoso.com", FurtherAddress, OwnDomain, false},
		{"smtp:a@sub.contoso.com", FurtherAddress, ForeignDomain, false},
		{"smtp:a@contoso.onmicrosoft.com", FurtherAddress, ServiceDomain, false},
		{"smtp:a@contoso.mail.onmicrosoft.com", FurtherAddress, ServiceDomain, false},
		{"smtp:a@contoso.partner.onmschina.cn", FurtherAddress, ServiceDomain, false},
		{"smtp:nobody", FurtherAddress, OwnDomain, true},
		{"smtp:a@", FurtherAddress, OwnDomain, true},
		{"smtp:a@b@contoso.com", FurtherAddress, OwnDomain, true},
		{"smtp:a\n@contoso.com", FurtherAddress, OwnDomain, true},
		{"SIP:a@contoso.com", OtherAddress, 0, false},
		{"X500:/o=Old/cn=a@b", OtherAddress, 0, false},
		{"smtp:", OtherAddress, 0, false},
	} {
		address, kind := ProxyAddress(c.value)
		if kind != c.kind {
			t.Errorf("%q is of kind %d", c.value, kind)
		}
		if kind == OtherAddress {
			continue
		}
		if d := a.of(address); d != c.domain {
			t.Errorf("%q is in a domain of kind %d", c.value, d)
		}
		if why := RefusedAddress(attr, address); (why != "") != c.refused {
			t.Errorf("%q: %q", c.value, why)
		}
	}
}
