package providers_test

import (
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

func TestTenantSchema(t *testing.T) {
	if providers.TenantSchema(state.UPNSuffix) != nil {
		t.Error("a suffix is not an object of the tenant")
	}
	for _, kind := range []state.Kind{state.User, state.Group, state.Contact} {
		s := providers.TenantSchema(kind)
		if s.Open || s.Kind != kind || s.Directory != "entra" {
			t.Errorf("%s: %+v", kind, s)
		}
		seen := map[string]bool{}
		for _, name := range s.Names() {
			a := s.Lookup(name)
			if seen[name] || a == nil || a.Name != name || a.Doc == "" {
				t.Errorf("%s.%s is there twice or lacks a description", kind, name)
			}
			seen[name] = true
			if kind == state.Contact && !a.ReadOnly {
				t.Errorf("contact.%s can't be written through Graph", name)
			}
			if len(a.Path) > 0 && a.Path[len(a.Path)-1] != name {
				t.Errorf("%s.%s stands at %v", kind, name, a.Path)
			}
		}
	}
}

func TestTenantSchemaLimits(t *testing.T) {
	s := providers.TenantSchema(state.User)
	for name, want := range map[string]state.Attribute{
		"userPrincipalName":     {Required: true, NotNull: true, MaxLen: 113, ASCII: true, Equality: state.EqualFold},
		"displayName":           {Required: true, NotNull: true, MaxLen: 256},
		"onPremisesImmutableId": {Equality: state.EqualExact},
		"proxyAddresses":        {Multi: true, ReadOnly: true, Reported: true, NotNull: true, MaxLen: 256, MaxCount: 300, ASCII: true, Equality: state.EqualProxy},
		"businessPhones":        {Multi: true, MaxCount: 1, Equality: state.EqualPhone},
		"otherMails":            {Multi: true, MaxLen: 250, MaxCount: 250, ASCII: true, Equality: state.EqualFold},
		"usageLocation":         {NotNull: true, MaxLen: 2, ASCII: true, Equality: state.EqualFold},
		"manager":               {Type: state.TypeReference},
		"passwordProfile":       {ReadOnly: true, Hidden: true},
		"extensionAttribute15":  {MaxLen: 1024},
		"employeeId":            {MaxLen: 16},
	} {
		a := s.Lookup(name)
		if a == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		if a.Type != want.Type || a.Multi != want.Multi || a.ReadOnly != want.ReadOnly || a.Reported != want.Reported || a.Required != want.Required || a.NotNull != want.NotNull ||
			a.MaxLen != want.MaxLen || a.MaxCount != want.MaxCount || a.ASCII != want.ASCII || a.Equality != want.Equality || a.Hidden != want.Hidden {
			t.Errorf("%s is %+v", name, *a)
		}
	}
}
