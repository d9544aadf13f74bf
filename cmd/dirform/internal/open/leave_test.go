package open

import (
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers/trusted"
	"github.com/dirform/dirform/state/fault"
)

func TestParseHosts(t *testing.T) {
	for list, want := range map[string]string{
		"": "", " , ": "", "dc1": "dc1", "DC1.Corp.example., dc2.corp.example": "dc1.corp.example dc2.corp.example",
		"[::1],2001:DB8::1, 10.0.0.1": "::1 2001:db8::1 10.0.0.1", "bücher.example": "bücher.example",
	} {
		if hosts, err := trusted.Parse(list); err != nil || strings.Join(hosts, " ") != want {
			t.Errorf("%q: %q, %v", list, hosts, err)
		}
	}
	for _, list := range []string{"dc1:636", "https://dc1", "*.example.com", "a b", "user@dc1", "dc1/x"} {
		if hosts, err := trusted.Parse(list); err == nil {
			t.Errorf("%q: %q", list, hosts)
		}
	}
}

// TestNothingOpensWithoutLeave: even what does not ask beforehand, as init and writers, sends no credentials to a host
// without leave.
func TestNothingOpensWithoutLeave(t *testing.T) {
	d := NewDirectories(&cli.App{}, t.TempDir())
	defer d.Close()
	source := &config.ADProvider{Name: "corp", URLs: []string{"ldaps://dc.evil.example"}, BindDN: "CN=x", Password: "y"}
	tenant := &config.EntraProvider{Name: "contoso", Endpoint: "https://graph.evil.example", AccessToken: "x"}
	_, read := d.Source(t.Context(), source)
	_, write := openSourceWriter(t.Context(), d, source)
	_, readTenant := d.Tenant(t.Context(), tenant)
	_, writeTenant := openTenantWriter(t.Context(), d, tenant)
	for _, err := range []error{read, write, readTenant, writeTenant} {
		if err == nil || !strings.Contains(fault.Describe(err).Summary, "Credentials may not be sent to") {
			t.Error(err)
		}
	}
}
