package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// behind is a served company whose tenant is reached through another server, which answers some requests itself.
func behind(t *testing.T, answers func(w http.ResponseWriter, r *http.Request) bool) cli.Environment {
	_, env := servedCompany(t)
	redirect(t, env, answers)
	return env
}

// redirect has a company's tenant reached through another server, which answers some requests itself.
func redirect(t *testing.T, env cli.Environment, answers func(w http.ResponseWriter, r *http.Request) bool) {
	t.Helper()
	file := filepath.Join(env.Dir, "main.hcl")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	endpoint := regexp.MustCompile(`endpoint\s*= "([^"]*)"`).FindStringSubmatch(string(src))[1]
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host}) },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the lab's own certificate
		ErrorLog:  log.New(io.Discard, "", 0),                                              // a plan that ends early breaks its other requests off
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answers(w, r) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	write(t, env.Dir, "main.hcl", strings.Replace(string(src), endpoint, s.URL+target.Path, 1))
}

// A plan can be made without the permission to read contacts; it says that conflicts with them cannot be foreseen.
func TestPlanWithoutContacts(t *testing.T) {
	env := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/contacts") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		w.Write([]byte(`{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`))
		return true
	})
	code, out, stderr := runMain(t, env, "plan")
	if code != 0 || !strings.Contains(out, "DF501 Part of the tenant cannot be read") || !strings.Contains(out, "OrgContact.Read.All") {
		t.Errorf("status %d\n%s\n%s", code, out, stderr)
	}
}

// A user list that is much shorter than the service's own count is an incomplete read: whoever is missing would look as if
// somebody had deleted the account. A few less are the count's own slowness.
func TestPlanWithShortUserList(t *testing.T) {
	more := 0
	env := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/users/$count") {
			return false
		}
		fmt.Fprint(w, more)
		return true
	})
	if code, out, stderr := runMain(t, env, "plan"); code != 0 {
		t.Fatalf("status %d\n%s\n%s", code, out, stderr)
	}
	more = 1000
	code, out, stderr := runMain(t, env, "plan")
	if code != 1 || out != "" || !strings.Contains(stderr, "The read of the tenant is incomplete") ||
		!strings.Contains(stderr, "counts 1000 objects") {
		t.Errorf("status %d\n%s\n%s", code, out, stderr)
	}
}
