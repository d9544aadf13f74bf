package ldapd_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

const (
	base     = "DC=corp,DC=contoso,DC=com"
	bindDN   = "CN=svc-dirform,CN=Users," + base
	password = "correct horse"
)

const seed = `version: 1

# people write this much and no more
dn: OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: CN=svc-dirform,CN=Users,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: svc-dirform
userPrincipalName: dirform@contoso.com

dn: CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: jdoe
userPrincipalName: jane.doe@contoso.com
mail: Jane.Doe@contoso.com
givenName: Jane
sn: Doe
displayName: Jane Doe
proxyAddresses: SMTP:jane.doe@contoso.com
proxyAddresses: smtp:jd@contoso.com
manager: CN=Bob\, the boss,OU=Staff,DC=corp,DC=contoso,DC=com
objectGUID:: KPX8DgRypVysINTShrieUg==

dn: CN=Bob\, the boss,OU=Staff,DC=corp,DC=contoso,DC=com
objectClass: user
sAMAccountName: bob
userAccountControl: 514
sn:: TcO8bGxlcg==
description: a long line that
  is folded

dn: OU=Groups,DC=corp,DC=contoso,DC=com
objectClass: organizationalUnit

dn: CN=Everyone,OU=Groups,DC=corp,DC=contoso,DC=com
objectClass: group
member: CN=Inner,OU=Groups,DC=corp,DC=contoso,DC=com

dn: CN=Inner,OU=Groups,DC=corp,DC=contoso,DC=com
objectClass: group
member: CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com

dn: CN=Partitions,CN=Configuration,DC=corp,DC=contoso,DC=com
uPNSuffixes: contoso.com
`

func directory(t testing.TB, ldif string) *ldapd.Directory {
	t.Helper()
	d := ldapd.New("corp.contoso.com")
	if err := d.LoadLDIF(strings.NewReader(ldif), "corp.ldif"); err != nil {
		t.Fatal(err)
	}
	return d
}

// lab is a running server with both kinds of listener.
type lab struct {
	srv   *ldapd.Server
	ldaps string // host:port
	plain string
	pool  *x509.CertPool
}

func serve(t testing.TB, d *ldapd.Directory) *lab {
	t.Helper()
	cert, pool := certificate(t)
	l := &lab{pool: pool, srv: &ldapd.Server{Dir: d, BindDN: bindDN, Password: password,
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}}}}
	for _, implicit := range []bool{true, false} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if implicit {
			l.ldaps = ln.Addr().String()
		} else {
			l.plain = ln.Addr().String()
		}
		done := make(chan error, 1)
		go func() { done <- l.srv.Serve(ln, implicit) }()
		t.Cleanup(func() {
			l.srv.Close()
			if err := <-done; err != nil {
				t.Errorf("Serve: %v", err)
			}
		})
	}
	return l
}

func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dc1"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}

func (l *lab) tlsConfig() *tls.Config { return &tls.Config{RootCAs: l.pool, ServerName: "127.0.0.1"} }

// dial connects over LDAPS without binding.
func (l *lab) dial(t testing.TB) *ldap.Conn {
	t.Helper()
	c, err := ldap.DialURL("ldaps://"+l.ldaps, ldap.DialWithTLSConfig(l.tlsConfig()))
	if err != nil {
		t.Fatal(err)
	}
	c.SetTimeout(10 * time.Second)
	t.Cleanup(func() { c.Close() })
	return c
}

func (l *lab) bound(t testing.TB) *ldap.Conn {
	t.Helper()
	c := l.dial(t)
	if err := c.Bind(bindDN, password); err != nil {
		t.Fatal(err)
	}
	return c
}

// start is a bound connection to a server with the seed.
func start(t testing.TB) (*ldapd.Directory, *lab, *ldap.Conn) {
	t.Helper()
	d := directory(t, seed)
	l := serve(t, d)
	return d, l, l.bound(t)
}

func request(dn string, scope int, filter string, attributes ...string) *ldap.SearchRequest {
	return ldap.NewSearchRequest(dn, scope, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil)
}

func search(t testing.TB, c *ldap.Conn, dn string, scope int, filter string, attributes ...string) []*ldap.Entry {
	t.Helper()
	r, err := c.Search(request(dn, scope, filter, attributes...))
	if err != nil {
		t.Fatalf("search %s %s: %v", dn, filter, err)
	}
	return r.Entries
}

func one(t testing.TB, c *ldap.Conn, dn string, attributes ...string) *ldap.Entry {
	t.Helper()
	found := search(t, c, dn, ldap.ScopeBaseObject, "(objectClass=*)", attributes...)
	if len(found) != 1 {
		t.Fatalf("%s: %d entries", dn, len(found))
	}
	return found[0]
}

func names(entries []*ldap.Entry) string {
	var out []string
	for _, e := range entries {
		first, _, _ := strings.Cut(e.DN, ",OU=")
		out = append(out, strings.TrimPrefix(first, "CN="))
	}
	return strings.Join(out, "|")
}

func wantCode(t testing.TB, err error, code uint16) {
	t.Helper()
	got, ok := err.(*ldap.Error)
	if code == 0 && err == nil {
		return
	}
	if !ok || got.ResultCode != code {
		t.Errorf("got %v, want code %d", err, code)
	}
}
