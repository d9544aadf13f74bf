package lab_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/lab"
)

const (
	ldifSeed = `dn: OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: OU=Leavers,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: CN=Ann Ames,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
userPrincipalName: ann@contoso.com
title: Clerk
`
	tenantSeed = `{"users":[{"userPrincipalName":"ann@contoso.com","displayName":"Ann Ames"},{"userPrincipalName":"bob@contoso.com","displayName":"Bob Bly"}]}`
)

func seedFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, lab.ADSeed), ldifSeed)
	write(t, filepath.Join(dir, lab.TenantSeed), tenantSeed)
	return dir
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, o lab.Options) *lab.Lab {
	t.Helper()
	o.Record = os.Getenv("DIRFORM_LAB_RECORD")
	l, err := lab.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// trust is a TLS configuration that trusts the lab's CA and nothing else.
func trust(t testing.TB, caFile string) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in ca_file")
	}
	return &tls.Config{RootCAs: pool}
}

func dial(t *testing.T, l *lab.Lab) *ldap.Conn {
	t.Helper()
	a, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := ldap.DialURL(a.URL, ldap.DialWithTLSConfig(trust(t, a.CAFile)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Bind(a.BindDN, a.Password); err != nil {
		t.Fatal(err)
	}
	return conn
}

// graph sends a request and returns status and body.
func graph(t *testing.T, l *lab.Lab, method, path, body string) (int, string) {
	t.Helper()
	a, err := l.ServeEntra()
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest(method, a.Endpoint+path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+a.AccessToken)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust(t, a.CAFile)}}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func titleOf(t *testing.T, conn *ldap.Conn, dn string) string {
	t.Helper()
	res, err := conn.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"title"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	return res.Entries[0].GetAttributeValue("title")
}

func TestBothServers(t *testing.T) {
	l := open(t, lab.Options{Seed: seedFolder(t)})
	ad, _ := l.ServeAD()
	entra, _ := l.ServeEntra()
	if again, _ := l.ServeAD(); again != ad {
		t.Error("ServeAD twice gave two servers")
	}
	if !strings.HasPrefix(ad.URL, "ldaps://127.0.0.1:") || ad.BaseDN != "DC=corp,DC=contoso,DC=com" || !strings.HasSuffix(entra.Endpoint, "/v1.0") || len(entra.TenantID) != 36 {
		t.Errorf("%+v %+v", ad, entra)
	}
	if got := titleOf(t, dial(t, l), "CN=Ann Ames,OU=Staff,DC=corp,DC=contoso,DC=com"); got != "Clerk" {
		t.Error(got)
	}
	if status, body := graph(t, l, "GET", "/users/bob@contoso.com?$select=displayName", ""); status != 200 || !strings.Contains(body, "Bob Bly") {
		t.Error(status, body)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(ad.CAFile); !os.IsNotExist(err) {
		t.Error("the temporary certificates are still there")
	}
}

// TestNoSessionTickets looks whether a second connection takes up the session of the first: the tickets for that stall clients of
// Samba 4.17.
func TestNoSessionTickets(t *testing.T) {
	l := open(t, lab.Options{Seed: seedFolder(t)})
	at, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(at.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := &tls.Config{RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	for range 2 {
		c, err := ldap.DialURL(at.URL, ldap.DialWithTLSConfig(config))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Bind(at.BindDN, at.Password); err != nil {
			t.Fatal(err)
		}
		if state, ok := c.TLSConnectionState(); !ok || state.DidResume {
			t.Error("the session was taken up again")
		}
		c.Close()
	}
}

// TestGzip finds long replies compressed where that is asked for, short ones not, and none otherwise.
func TestGzip(t *testing.T) {
	for _, on := range []bool{true, false} {
		l := open(t, lab.Options{People: &lab.People{Users: 100, GenerateOptions: lab.GenerateOptions{Linked: true}}, Gzip: on})
		at, err := l.ServeEntra()
		if err != nil {
			t.Fatal(err)
		}
		pem, err := os.ReadFile(at.CAFile)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
		for path, compressed := range map[string]bool{"/users?$top=50": on, "/users/$count": false} {
			req, _ := http.NewRequest("GET", at.Endpoint+path, nil)
			req.Header.Set("Authorization", "Bearer "+at.AccessToken)
			req.Header.Set("ConsistencyLevel", "eventual")
			res, err := client.Do(req) // whose transport asks for gzip by itself, and hides that it got it
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != 200 || err != nil || len(body) == 0 || res.Uncompressed != compressed {
				t.Errorf("gzip %v, %s: %d, %d bytes, compressed %v, %v", on, path, res.StatusCode, len(body), res.Uncompressed, err)
			}
		}
	}
}

// TestPersistence writes on both sides, as clients and as an administrator, and finds it again after a lab that was not closed.
func TestPersistence(t *testing.T) {
	seed, data := seedFolder(t), t.TempDir()
	l := open(t, lab.Options{Seed: seed, Data: data})
	conn := dial(t, l)
	mod := ldap.NewModifyRequest("CN=Ann Ames,OU=Staff,DC=corp,DC=contoso,DC=com", nil)
	mod.Replace("title", []string{"Head"})
	if err := conn.Modify(mod); err != nil {
		t.Fatal(err)
	}
	if err := l.Move("ann@contoso.com", "OU=Leavers,DC=corp,DC=contoso,DC=com"); err != nil {
		t.Fatal(err)
	}
	if status, body := graph(t, l, "PATCH", "/users/bob@contoso.com", `{"jobTitle":"Boss"}`); status != 204 {
		t.Fatal(status, body)
	}
	if err := l.SetTenant("Bob Bly", "accountEnabled", false); err != nil {
		t.Fatal(err)
	}
	if err := l.RemoveTenant("ann@contoso.com", false); err != nil {
		t.Fatal(err)
	}
	before, _ := l.ServeEntra()

	// What a killed process leaves: the files as they are now, and a line that was not written to its end.
	killed := t.TempDir()
	for _, name := range []string{"corp.journal", "tenant.journal", "credentials.json", "ca.pem", "server.pem"} {
		b, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if info, _ := os.Stat(filepath.Join(data, name)); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		if strings.HasSuffix(name, ".journal") {
			b = append(b, `{"op":"put","kind":"users","object":{"displayName":"`+strings.Repeat("x", 10_000)...)
		}
		write(t, filepath.Join(killed, name), string(b))
	}
	again := open(t, lab.Options{Seed: seed, Data: killed})
	if got := titleOf(t, dial(t, again), "CN=Ann Ames,OU=Leavers,DC=corp,DC=contoso,DC=com"); got != "Head" {
		t.Error(got)
	}
	if _, body := graph(t, again, "GET", "/users/bob@contoso.com?$select=jobTitle,accountEnabled", ""); !strings.Contains(body, `"jobTitle":"Boss","accountEnabled":false`) {
		t.Error(body)
	}
	if _, body := graph(t, again, "GET", "/directory/deletedItems/microsoft.graph.user", ""); !strings.Contains(body, "Ann Ames") {
		t.Error(body)
	}
	if after, _ := again.ServeEntra(); after.ClientSecret != before.ClientSecret || after.TenantID != before.TenantID {
		t.Error("credentials or tenant id changed")
	}
	// Writing goes on behind the cut.
	if err := again.SetTenant("bob@contoso.com", "city", "Budapest"); err != nil {
		t.Fatal(err)
	}
	if err := again.SetAD("CN=Ann Ames,OU=Leavers,DC=corp,DC=contoso,DC=com", "title", nil); err != nil {
		t.Fatal(err)
	}
	again.Close()
	third := open(t, lab.Options{Seed: seed, Data: killed})
	if _, body := graph(t, third, "GET", "/users/bob@contoso.com?$select=city", ""); !strings.Contains(body, "Budapest") {
		t.Error(body)
	}
	if got := titleOf(t, dial(t, third), "CN=Ann Ames,OU=Leavers,DC=corp,DC=contoso,DC=com"); got != "" {
		t.Error(got)
	}
}

func TestDamagedJournal(t *testing.T) {
	seed, data := seedFolder(t), t.TempDir()
	write(t, filepath.Join(data, "tenant.journal"), "{\"op\":\n")
	_, err := lab.Open(lab.Options{Seed: seed, Data: data})
	if err == nil || !strings.Contains(err.Error(), "tenant.journal:1") || !strings.Contains(err.Error(), "Delete the lab's data folder") {
		t.Error(err)
	}
	write(t, filepath.Join(data, "tenant.journal"), "") // the failed Open let go of the lock
	open(t, lab.Options{Seed: seed, Data: data})
}

func TestLock(t *testing.T) {
	seed, data := seedFolder(t), t.TempDir()
	l := open(t, lab.Options{Seed: seed, Data: data})
	_, err := lab.Open(lab.Options{Seed: seed, Data: data})
	if want := fmt.Sprintf("in use by dirform (pid %d)", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	l.Close()
	open(t, lab.Options{Seed: seed, Data: data})
}

func TestSeedFolders(t *testing.T) {
	if _, err := lab.Open(lab.Options{Seed: filepath.Join(t.TempDir(), "none")}); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Error(err)
	}
	dir := t.TempDir()
	if _, err := lab.Open(lab.Options{Seed: dir}); err == nil || !strings.Contains(err.Error(), "neither corp.ldif nor tenant.json") {
		t.Error(err)
	}
	write(t, filepath.Join(dir, lab.TenantSeed), tenantSeed)
	l := open(t, lab.Options{Seed: dir})
	if l.Tenant().Len() != 2 || l.AD().BaseDN() != "DC=corp,DC=contoso,DC=com" {
		t.Error(l.Tenant().Len(), l.AD().BaseDN())
	}
	write(t, filepath.Join(dir, lab.TenantSeed), `{"users":[{"userPrincipalName":7}]}`)
	if _, err := lab.Open(lab.Options{Seed: dir}); err == nil || !strings.Contains(err.Error(), "tenant.json:1") {
		t.Error(err)
	}
}

func TestLoopbackOnly(t *testing.T) {
	l := open(t, lab.Options{Seed: seedFolder(t), EntraAddr: "0.0.0.0:0"})
	if _, err := l.ServeEntra(); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Error(err)
	}
}

func TestEdits(t *testing.T) {
	l := open(t, lab.Options{Seed: seedFolder(t)})
	conn := dial(t, l)
	if err := l.SetAD("ann@contoso.com", "mS-DS-ConsistencyGuid", []string{"base64:AAECAwQFBgcICQoLDA0ODw=="}); err != nil {
		t.Fatal(err)
	}
	if err := l.Move("ann@contoso.com", "CN=Ann Bly,OU=Staff,DC=corp,DC=contoso,DC=com"); err != nil {
		t.Fatal(err)
	}
	if got := titleOf(t, conn, "CN=Ann Bly,OU=Staff,DC=corp,DC=contoso,DC=com"); got != "Clerk" {
		t.Error(got)
	}
	if err := l.RemoveAD("ann@contoso.com"); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"gone":    l.RemoveAD("ann@contoso.com"),
		"nobody":  l.SetAD("nobody", "title", []string{"x"}),
		"base64":  l.SetAD("OU=Staff,DC=corp,DC=contoso,DC=com", "description", []string{"base64:%"}),
		"no tree": l.Move("OU=Staff,DC=corp,DC=contoso,DC=com", "OU=None,DC=nowhere"),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := l.SetTenant("bob@contoso.com", "manager", "ann@contoso.com"); err != nil {
		t.Error(err)
	}
	if err := l.SetTenant("bob@contoso.com", "jobTitle", nil); err != nil {
		t.Error(err)
	}
}

func TestFaultsOnBothSides(t *testing.T) {
	l := open(t, lab.Options{Seed: seedFolder(t)})
	conn := dial(t, l)
	l.SetReadOnly(true)
	mod := ldap.NewModifyRequest("OU=Staff,DC=corp,DC=contoso,DC=com", nil)
	mod.Replace("description", []string{"x"})
	err := conn.Modify(mod)
	if ad, tenant := l.WriteAttempts(); err == nil || ad != 1 || tenant != 0 {
		t.Errorf("err %v, %d attempts in AD, %d in the tenant", err, ad, tenant)
	}
	l.SetReadOnly(false)
	if err := conn.Modify(mod); err != nil {
		t.Error(err)
	}
	l.SetFaults(lab.Faults{ReadOnly: true})
	if status, _ := graph(t, l, "DELETE", "/users/bob@contoso.com", ""); status != 403 || l.Stats().WritesRefused != 1 {
		t.Errorf("status %d, %+v", status, l.Stats())
	}
	l.SetFaults(lab.Faults{})
	l.ResetStats()
	if status, _ := graph(t, l, "DELETE", "/users/bob@contoso.com", ""); status != 204 || l.Stats().Writes != 1 {
		t.Errorf("status %d, %+v", status, l.Stats())
	}
}

func TestAccessJSON(t *testing.T) {
	l := open(t, lab.Options{Seed: seedFolder(t)})
	ad, _ := l.ServeAD()
	entra, _ := l.ServeEntra()
	for _, tt := range []struct {
		v    any
		keys string
	}{{ad, "url base_dn bind_dn password ca_file"}, {entra, "endpoint authority tenant_id client_id client_secret access_token ca_file"}} {
		b, _ := json.Marshal(tt.v)
		var m map[string]string
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		for key := range strings.SplitSeq(tt.keys, " ") {
			if m[key] == "" {
				t.Errorf("%s is missing in %s", key, b)
			}
			delete(m, key)
		}
		if len(m) > 0 {
			t.Errorf("extra keys %v", m)
		}
	}
}
