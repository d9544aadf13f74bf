package entra_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dirform/dirform/providers/entra"
)

func TestHosts(t *testing.T) {
	none := environment(nil)
	other := environment(map[string]string{"AZURE_AUTHORITY_HOST": "https://Login.Example.COM./"})
	for want, cfg := range map[string]entra.Config{
		"graph.microsoft.com login.microsoftonline.com":                   {Getenv: none},
		"dod-graph.microsoft.us login.microsoftonline.us":                 {Environment: "dod", Getenv: none},
		"graph.example.com login.microsoftonline.com":                     {Endpoint: "https://graph.example.com:8443/v1.0", Getenv: none},
		"graph.example.com":                                               {Endpoint: "https://graph.example.com/v1.0", AccessToken: "x", Getenv: other},
		"graph.microsoft.com sts.example.com":                             {Authority: "https://sts.example.com/x", Getenv: other},
		"graph.microsoft.com login.microsoftonline.com login.example.com": {Getenv: other},
	} {
		hosts, err := cfg.Hosts()
		if err != nil || strings.Join(hosts, " ") != want {
			t.Errorf("%v, want %s: %v", hosts, want, err)
		}
	}
	if _, err := (entra.Config{Endpoint: "http://graph.example.com", Getenv: none}).Hosts(); err == nil {
		t.Error("an endpoint without encryption has hosts")
	}
}

func TestMicrosoft(t *testing.T) {
	for _, environment := range []string{"global", "usgovernment", "dod", "china"} {
		hosts, err := (entra.Config{Environment: environment, Getenv: func(string) string { return "" }}).Hosts()
		if err != nil || len(hosts) != 2 || !entra.Microsoft(strings.ToUpper(hosts[0])+".") || !entra.Microsoft(hosts[1]) {
			t.Errorf("%s: %v, %v", environment, hosts, err)
		}
	}
	for host, want := range map[string]bool{
		"login.partner.microsoftonline.cn": true, "westeurope.login.microsoft.com": true, "login.windows.net": true,
		"evil.example.com": false, "login.microsoftonline.com.evil.example": false, "evil-login.microsoftonline.com": false,
		"graph.microsoft.com.evil.example": false, "evil.graph.microsoft.com": false, "microsoft.com": false, "": false,
	} {
		if entra.Microsoft(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
}

// listener counts what reaches a host that must get nothing.
func listener(t *testing.T) (address string, reached *atomic.Int32) {
	reached = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(s.Close)
	return s.URL, reached
}

// TestRedirectsGetNoCredentials: neither a token request nor a request with a token follows a redirect to another
// server.
func TestRedirectsGetNoCredentials(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		other, reached := listener(t)
		away := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other+r.URL.Path, status) }
		issue := func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"token"}`)
		}
		for what, s := range map[string]*service{"token": tenant(t, away, nil), "graph": tenant(t, issue, away)} {
			r, err := entra.Open(t.Context(), s.config)
			if err == nil {
				_, err = r.Domains(t.Context())
			}
			if err == nil || strings.Contains(told(err), "very-secret") {
				t.Errorf("%d, %s: %v", status, what, err)
			}
		}
		if n := reached.Load(); n != 0 {
			t.Errorf("%d: %d requests went to the other server", status, n)
		}
	}
}

// TestAuthorityDocumentLeadsNowhereElse: the document that says where tokens are asked for is no permission to send
// secrets there.
func TestAuthorityDocumentLeadsNowhereElse(t *testing.T) {
	for _, elsewhere := range []string{"https://sts.evil.example", "http://login.microsoftonline.com", "https://127.0.0.1.evil.example"} {
		s := tenant(t, nil, nil)
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"issuer":"%s/tenant-id/v2.0","authorization_endpoint":"%s/authorize","token_endpoint":"%s/token"}`,
				s.URL, s.URL, elsewhere)
		})
		_, err := entra.Open(t.Context(), s.config)
		if err == nil || !strings.Contains(told(err), "gets no credentials") || strings.Contains(told(err), "very-secret") {
			t.Errorf("%s: %v", elsewhere, err)
		}
	}
}

// TestHiddenCertificate: the name of a certificate's file that comes from a secret is in no message.
func TestHiddenCertificate(t *testing.T) {
	for _, file := range []string{"/does/not/exist-s3cr3t.pem", t.TempDir() + "/s3cr3t", "hosts_test.go"} {
		s := tenant(t, nil, nil)
		s.config.ClientSecret, s.config.CertificateFile, s.config.CertificateHidden = "", file, true
		_, err := entra.Open(t.Context(), s.config)
		if err == nil || strings.Contains(told(err), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
