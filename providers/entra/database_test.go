package entra_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dirform/dirform/providers/entra"
)

// TestDatabaseTokens: Azure's databases get a token of their own audience, as the environment signs in, and others
// none.
func TestDatabaseTokens(t *testing.T) {
	var asked atomic.Int64
	resource := ""
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		resource = r.URL.Query().Get("resource")
		if r.Header.Get("X-Identity-Header") != "h" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token": "token-%d", "expires_on": "%d", "resource": %q, "token_type": "Bearer"}`,
			asked.Load(), time.Now().Add(time.Hour).Unix(), resource)
	}))
	defer service.Close()
	t.Setenv("IDENTITY_ENDPOINT", service.URL)
	t.Setenv("IDENTITY_HEADER", "h")
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_AUTHORITY_HOST"} {
		t.Setenv(name, "")
	}
	for host, want := range map[string]string{
		"db.postgres.database.azure.com":         "https://ossrdbms-aad.database.windows.net",
		"db.postgres.database.usgovcloudapi.net": "https://ossrdbms-aad.database.usgovcloudapi.net",
		"db.postgres.database.chinacloudapi.cn":  "https://ossrdbms-aad.database.chinacloudapi.cn",
	} {
		get, ok, err := entra.DatabaseTokens([]string{host}, nil)
		if err != nil || !ok {
			t.Fatal(host, ok, err)
		}
		first, err := get(t.Context())
		if err != nil || resource != want {
			t.Errorf("%s: a token for %q: %v", host, resource, err)
		}
		if again, err := get(t.Context()); err != nil || again != first {
			t.Errorf("%s: it is asked for each time: %q %q %v", host, first, again, err)
		}
	}
	for _, hosts := range [][]string{nil, {"db.contoso.com"}, {"db.postgres.database.azure.com.evil.example"},
		{"postgres.database.azure.com"}, {"db.postgres.database.azure.com", "evil.example"},
		{"a.postgres.database.azure.com", "b.postgres.database.chinacloudapi.cn"}} {
		if _, ok, err := entra.DatabaseTokens(hosts, nil); ok || err != nil {
			t.Errorf("%v get a token: %v", hosts, err)
		}
	}
}
