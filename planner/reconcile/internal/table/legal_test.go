package table

import (
	"strings"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/acceptable"
	"github.com/dirform/dirform/state/proxies"
)

func TestLegalName(t *testing.T) {
	a := providers.TenantSchema(state.User).Lookup("userPrincipalName")
	for in, want := range map[string]string{
		"jane.doe": "jane.doe", "Örs Nagy": "_rs_Nagy", "a@b": "a_b", ".jane.": "jane", "o'neil+x": "o'neil_x", "..": "",
		strings.Repeat("x", 63) + "..": strings.Repeat("x", 63),
	} {
		if got := legalName(a, in); got != want || got != "" && acceptable.Illegal(a, got) != "" {
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
		kind    proxies.Kind
		domain  AliasDomain
		refused bool
	}{
		{"SMTP:a@contoso.com", proxies.Primary, OwnDomain, false},
		{"smtp:a@CONTOSO.com", proxies.Further, OwnDomain, false},
		{"Smtp:a@contoso.com", proxies.Further, OwnDomain, false},
		{"a@contoso.com", proxies.Further, OwnDomain, false},
		{"smtp:a@sub.contoso.com", proxies.Further, ForeignDomain, false},
		{"smtp:a@contoso.onmicrosoft.com", proxies.Further, ServiceDomain, false},
		{"smtp:a@contoso.mail.onmicrosoft.com", proxies.Further, ServiceDomain, false},
		{"smtp:a@contoso.partner.onmschina.cn", proxies.Further, ServiceDomain, false},
		{"smtp:nobody", proxies.Further, OwnDomain, true},
		{"smtp:a@", proxies.Further, OwnDomain, true},
		{"smtp:a@b@contoso.com", proxies.Further, OwnDomain, true},
		{"smtp:a\n@contoso.com", proxies.Further, OwnDomain, true},
		{"SIP:a@contoso.com", proxies.Other, 0, false},
		{"X500:/o=Old/cn=a@b", proxies.Other, 0, false},
		{"smtp:", proxies.Other, 0, false},
	} {
		address, kind := proxies.Read(c.value)
		if kind != c.kind {
			t.Errorf("%q is of kind %d", c.value, kind)
		}
		if kind == proxies.Other {
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
