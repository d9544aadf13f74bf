package entra_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/providers/entra"
)

// tenant plays the login host as well as Graph.
func tenant(t *testing.T, token func(w http.ResponseWriter, r *http.Request), graph http.HandlerFunc) *service {
	var s *service
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
			base := s.URL + "/tenant-id"
			fmt.Fprintf(w, `{"issuer":"%s/v2.0","authorization_endpoint":"%s/oauth2/v2.0/authorize","token_endpoint":"%s/oauth2/v2.0/token"}`, base, base, base)
		case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
			token(w, r)
		default:
			graph(w, r)
		}
	})
	s.config.AccessToken = ""
	s.config.Authority, s.config.TenantID, s.config.ClientID, s.config.ClientSecret = s.URL, "tenant-id", "client-id", "very-secret"
	s.config.Getenv = func(string) string { return "" }
	return s
}

func TestClientSecretAndRenewal(t *testing.T) {
	issued := 0
	s := tenant(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if r.Form.Get("client_secret") != "very-secret" || r.Form.Get("client_id") != "client-id" || !strings.Contains(r.Form.Get("scope"), "https://graph.microsoft.com/.default") {
			t.Errorf("token request %v", r.Form)
		}
		issued++
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, issued)
	}, func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Authorization") {
		case "Bearer token-1":
			reply(w, 401, graphError("InvalidAuthenticationToken", "Access token has expired or is not yet valid."))
		case "Bearer token-2":
			fmt.Fprint(w, `{"value":[{"id":"1"}]}`)
		default:
			t.Errorf("authorization %q", r.Header.Get("Authorization"))
		}
	})
	for range 2 {
		if n, err := readAll(t, s); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if issued != 2 {
			t.Errorf("%d tokens issued", issued)
		}
		issued = 0
	}
}

func TestRefusedTokenIsRenewedOnceOnly(t *testing.T) {
	issued := 0
	s := tenant(t, func(w http.ResponseWriter, r *http.Request) {
		issued++
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, issued)
	}, func(w http.ResponseWriter, r *http.Request) {
		reply(w, 401, graphError("InvalidAuthenticationToken", "no"))
	})
	_, err := readAll(t, s)
	if err == nil || !strings.Contains(told(err), "refused the access token") || issued != 2 {
		t.Errorf("%d tokens, %v", issued, err)
	}
}

func TestSignInErrorsTeachAndKeepSecrets(t *testing.T) {
	s := tenant(t, func(w http.ResponseWriter, r *http.Request) {
		reply(w, 401, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Trace ID: 1234 Correlation ID: 5678","error_codes":[7000215]}`)
	}, nil)
	_, err := entra.Open(t.Context(), s.config)
	if err == nil {
		t.Fatal("no error")
	}
	msg := told(err)
	if !strings.Contains(msg, "AADSTS7000215: Invalid client secret provided.") || !strings.Contains(msg, "client_secret") || !strings.Contains(msg, "az login") {
		t.Error(msg)
	}
	if strings.Contains(msg, "very-secret") || strings.Contains(msg, "Trace ID") || strings.Contains(msg, "RESPONSE") {
		t.Error(msg)
	}
}

func TestConfigsThatAreRefused(t *testing.T) {
	for want, cfg := range map[string]entra.Config{
		"not encrypted":                {Endpoint: "http://graph.example.com/v1.0", AccessToken: "secret-token"},
		"environment must be":          {Environment: "mars", AccessToken: "secret-token"},
		"must be an address":           {Endpoint: "graph.microsoft.com/v1.0", AccessToken: "secret-token"},
		"Set tenant_id and client_id":  {ClientSecret: "secret-token", Getenv: func(string) string { return "" }},
		"no certificate in PEM":        {CA: []byte("x"), AccessToken: "secret-token"},
		"certificate cannot be read":   {CertificateFile: "/does/not/exist.pem", TenantID: "t", ClientID: "c"},
		"without user name, query":     {Endpoint: "https://u:p@graph.microsoft.com/v1.0", AccessToken: "secret-token"},
		"must begin with https://, no": {Endpoint: "ldap://graph.microsoft.com/v1.0", AccessToken: "secret-token"},
	} {
		_, err := entra.Open(t.Context(), cfg)
		if err == nil || !strings.Contains(told(err), want) || strings.Contains(told(err), "secret-token") {
			t.Errorf("%q: %v", want, err)
		}
	}
	for _, endpoint := range []string{"http://127.0.0.1:1/v1.0", "http://localhost:1/v1.0", "http://[::1]:1", "https://graph.microsoft.us/v1.0/"} {
		if _, err := entra.Open(t.Context(), entra.Config{Endpoint: endpoint, AccessToken: "x"}); err != nil {
			t.Error(err)
		}
	}
}

// signsIn reads once and checks what the token request carried.
func signsIn(t *testing.T, configure func(s *service), check func(form url.Values)) {
	t.Helper()
	s := tenant(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		check(r.Form)
		fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"token"}`)
	}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oidc" {
			if r.URL.Query().Get("audience") != "api://AzureADTokenExchange" || r.URL.Query().Get("v") != "2" || r.Header.Get("Authorization") != "Bearer job" {
				t.Errorf("%s %v", r.URL, r.Header)
			}
			fmt.Fprint(w, `{"value":"identity-token"}`)
			return
		}
		fmt.Fprint(w, `{"value":[{"id":"1"}]}`)
	})
	s.config.ClientSecret = ""
	configure(s)
	if n, err := readAll(t, s); n != 1 || err != nil {
		t.Error(n, err)
	}
}

func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestOtherWaysToSignIn(t *testing.T) {
	dir := t.TempDir()
	signsIn(t, func(s *service) { s.config.CertificateFile = writeCertificate(t, dir) }, func(form url.Values) {
		if len(strings.Split(form.Get("client_assertion"), ".")) != 3 {
			t.Errorf("certificate: %v", form)
		}
	})
	signsIn(t, func(s *service) {
		s.config.TenantID, s.config.ClientID = "", ""
		s.config.Getenv = environment(map[string]string{"AZURE_TENANT_ID": "tenant-id", "AZURE_CLIENT_ID": "app", "AZURE_CLIENT_SECRET": "from-env"})
	}, func(form url.Values) {
		if form.Get("client_id") != "app" || form.Get("client_secret") != "from-env" {
			t.Errorf("environment: %v", form)
		}
	})
	file := filepath.Join(dir, "federated")
	if err := os.WriteFile(file, []byte("federated-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	signsIn(t, func(s *service) {
		s.config.Getenv = environment(map[string]string{"AZURE_FEDERATED_TOKEN_FILE": file})
	}, func(form url.Values) {
		if form.Get("client_id") != "client-id" || form.Get("client_assertion") != "federated-token" {
			t.Errorf("workload identity: %v", form)
		}
	})
	signsIn(t, func(s *service) {
		s.config.Getenv = environment(map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": s.URL + "/oidc?v=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job"})
	}, func(form url.Values) {
		if form.Get("client_assertion") != "identity-token" {
			t.Errorf("GitHub Actions: %v", form)
		}
	})
}

// writeCertificate makes a PEM file with a key and its certificate.
func writeCertificate(t *testing.T, dir string) string {
	t.Helper()
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	data = append(data, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(key))})...)
	file := filepath.Join(dir, "client.pem")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
