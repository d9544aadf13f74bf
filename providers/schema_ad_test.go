package providers_test

import (
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

func TestADSchema(t *testing.T) {
	for _, tt := range []struct {
		kind  state.Kind
		name  string
		typ   state.AttrType
		multi bool
	}{
		{state.User, "samaccountname", state.TypeString, false},
		{state.User, "proxyAddresses", state.TypeString, true},
		{state.User, "manager", state.TypeReference, false},
		{state.User, "accountExpires", state.TypeInt, false},
		{state.User, "whenChanged", state.TypeTime, false},
		{state.User, "objectSid", state.TypeString, false},
		{state.User, "ms-ds-consistencyguid", state.TypeBinary, false},
		{state.User, "userCertificate", state.TypeBinary, true},
		{state.User, "extensionAttribute15", state.TypeString, false},
		{state.User, "msDS-cloudExtensionAttribute20", state.TypeString, false},
		{state.User, "msExchHideFromAddressLists", state.TypeBool, false},
		{state.Group, "member", state.TypeReference, true},
		{state.Group, "groupType", state.TypeInt, false},
		{state.Contact, "targetAddress", state.TypeString, false},
	} {
		a := providers.ADSchema(tt.kind).Lookup(tt.name)
		if a == nil || a.Type != tt.typ || a.Multi != tt.multi {
			t.Errorf("%s.%s = %+v, want type %v, multi-valued %v", tt.kind, tt.name, a, tt.typ, tt.multi)
		}
	}
	if a := providers.ADSchema(state.Contact).Lookup("userAccountControl"); a != nil {
		t.Errorf("contacts have no userAccountControl, got %+v", a)
	}
	if s := providers.ADSchema(state.UPNSuffix); s != nil {
		t.Errorf("a UPN suffix has no schema, got %+v", s)
	}
}

// TestADSchemaNames finds attributes listed twice, which NewSchema would silently merge.
func TestADSchemaNames(t *testing.T) {
	for _, kind := range []state.Kind{state.User, state.Group, state.Contact} {
		s := providers.ADSchema(kind)
		if !s.Open || s.Directory != "ad" || s.Kind != kind {
			t.Errorf("schema of %s: open %v, directory %q, kind %q", kind, s.Open, s.Directory, s.Kind)
		}
		for i, n := range s.Names() {
			if i > 0 && s.Names()[i-1] == n {
				t.Errorf("%s.%s is listed twice", kind, n)
			}
			if s.Lookup(n).Doc == "" {
				t.Errorf("%s.%s has no description", kind, n)
			}
		}
	}
}
