package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config/declared"
)

// TestSambaErrors makes the mistakes that everybody makes once. Each gives one error on stderr that names the cause and the cure,
// and no password.
func TestSambaErrors(t *testing.T) {
	requireSamba(t)
	base := os.Getenv("AD_BASE_DN")
	users := fmt.Sprintf(sambaScope, "CN=Users,"+base)
	const wrong = "Wrong-Passw0rd"
	for _, c := range []struct {
		name     string
		from, to string // what is replaced in the good provider
		password string
		scope    string
		want     []string
	}{
		{name: "password", password: wrong, want: []string{os.Getenv("AD_SVC_DN"), "wrong account name or password", "Check bind_dn"}},
		{name: "account", from: "$AD_SVC_DN", to: declared.Quote("CN=nobody," + base),
			want: []string{"CN=nobody," + base, "wrong account name or password"}},
		{name: "no ca_file", from: "ca_file = $AD_CA_FILE", want: []string{"issued by", "Set ca_file to the domain's CA certificate"}},
		{name: "another CA", from: "$AD_CA_FILE", to: `"other.pem"`,
			want: []string{"issued by", "authorities in ca_file don't vouch for", "Set ca_file"}},
		{name: "no certificate in ca_file", from: "$AD_CA_FILE", to: `"main.hcl"`, want: []string{"ca_file", "certificate"}},
		{name: "ca_file missing", from: "$AD_CA_FILE", to: `"missing.pem"`,
			want: []string{"Cannot read the certificates in ca_file", "missing.pem", "PEM"}},
		{name: "another domain's base_dn", from: "ca_file", to: "base_dn = \"DC=fabrikam,DC=com\"\n  ca_file", scope: fmt.Sprintf(sambaScope, "OU=Staff,DC=fabrikam,DC=com"),
			want: []string{"base_dn", "DC=fabrikam,DC=com"}},
		{name: "OU outside of base_dn", from: "ca_file", to: "base_dn = \"DC=fabrikam,DC=com\"\n  ca_file",
			want: []string{"Container outside the directory", "main.hcl:", "DC=fabrikam,DC=com"}},
		{name: "OU", scope: fmt.Sprintf(sambaScope, "OU=Nowhere,"+base),
			want: []string{"Scope OU does not exist", "main.hcl:", "OU=Nowhere," + base, "Correct the distinguished name"}},
		{name: "nobody listens", from: "$AD_LDAPS_URL", to: declared.Quote("ldaps://" + closedPort(t)),
			want: []string{"can't be reached", "connection refused", "Check url"}},
		{name: "no such host", from: "$AD_LDAPS_URL", to: `"ldaps://dc1.dirform.invalid"`,
			want: []string{"can't be reached", "dc1.dirform.invalid", "Check url, name resolution"}},
		{name: "not encrypted", from: "$AD_LDAPS_URL", to: declared.Quote(os.Getenv("AD_LDAP_URL")),
			want: []string{"Connection without encryption", "main.hcl:", "start_tls = true"}},
		{name: "TLS to the plain port", from: "$AD_LDAPS_URL", to: declared.Quote(strings.Replace(os.Getenv("AD_LDAP_URL"), "ldap:", "ldaps:", 1)),
			want: []string{"TLS"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.from != "" && !strings.Contains(sambaService, c.from) {
				t.Fatalf("nothing is replaced by %s", c.to)
			}
			rest := users
			if c.scope != "" {
				rest = c.scope
			}
			env := sambaFolder(t, strings.Replace(sambaService, c.from, c.to, 1), rest)
			writeOtherCA(t, env.Dir)
			password := os.Getenv("AD_SVC_PASSWORD")
			if c.password != "" {
				password = c.password
			}
			env.Environ = []string{"DIRFORM_VAR_ad_password=" + password}
			for _, command := range []string{"plan", "apply"} {
				checkError(t, env, command, password, c.want)
			}
		})
	}
}

func checkError(t *testing.T, env cli.Environment, command, password string, want []string) {
	t.Helper()
	code, stdout, stderr := runMain(t, env, command)
	if code != cli.ExitFailure || stdout != "" || strings.Count(stderr, "Error: ") != 1 || strings.Contains(stderr, password) {
		t.Errorf("%s: status %d, stdout %q, stderr\n%s", command, code, stdout, stderr)
	}
	flat := strings.Join(strings.Fields(stderr), " ")
	for _, w := range want {
		if !strings.Contains(flat, w) {
			t.Errorf("%s: %q is not in\n%s", command, w, stderr)
		}
	}
}

// closedPort is a loopback address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// writeOtherCA writes the certificate of an authority that has nothing to do with the domain.
func writeOtherCA(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "other.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func TestSambaStartTLS(t *testing.T) {
	f := newForest(t)
	f.addPeople(f.staff(3, f.root))
	provider := strings.Replace(sambaService, "$AD_LDAPS_URL", "$AD_LDAP_URL\n  start_tls = true", 1)
	env := sambaFolder(t, provider, fmt.Sprintf(sambaScope, f.root))
	if p := planJSON(t, env); p.Summary["create"] != 3 {
		t.Errorf("summary %v", p.Summary)
	}
	env = sambaFolder(t, strings.Replace(provider, "ca_file = $AD_CA_FILE", "", 1), fmt.Sprintf(sambaScope, f.root))
	checkError(t, env, "plan", os.Getenv("AD_SVC_PASSWORD"), []string{"issued by", "Set ca_file"})
}
