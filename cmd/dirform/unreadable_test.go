package main

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A plan can be made without the permission to read contacts; it says that conflicts with them cannot be foreseen.
func TestPlanWithoutContacts(t *testing.T) {
	_, env := servedCompany(t)
	file := filepath.Join(env.Dir, "main.hcl")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := regexp.MustCompile(`endpoint\s*= "([^"]*)"`).FindStringSubmatch(string(src))[1]
	proxy := withoutContacts(t, endpoint)
	text := strings.Replace(string(src), endpoint, proxy, 1)
	write(t, env.Dir, "main.hcl", text)
	code, out, stderr := runMain(t, env, "plan")
	if code != 0 || !strings.Contains(out, "DF501 Part of the tenant cannot be read") || !strings.Contains(out, "OrgContact.Read.All") {
		t.Errorf("status %d\n%s\n%s", code, out, stderr)
	}
}

// withoutContacts is a tenant that forbids to read contacts, in front of another.
func withoutContacts(t *testing.T, endpoint string) string {
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host}) },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the lab's own certificate
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/contacts") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			w.Write([]byte(`{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`))
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + target.Path
}
