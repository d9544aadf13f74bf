package providertest_test

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/providers/ad"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/providers/providertest"
)

// The records to expect: what Samba 4.17.12 (Debian 12) gave, and the entries in which the lab differs on purpose. With
// UPDATE_RECORDS=1 the tests write them; read the difference before committing it.
const (
	sambaRecord = "testdata/samba.txt"
	labRecord   = "testdata/lab.txt"
)

func TestSambaSource(t *testing.T) {
	switch {
	case os.Getenv("AD_LDAPS_URL") != "":
	case os.Getenv("DIRFORM_REQUIRE_SAMBA") != "":
		t.Fatal("AD_LDAPS_URL is not set, and DIRFORM_REQUIRE_SAMBA says that a domain controller has to be there")
	default:
		t.Skip("samba is not installed: AD_LDAPS_URL is not set")
	}
	got := examine(t, ad.Config{URLs: []string{os.Getenv("AD_LDAPS_URL")}, CA: read(t, os.Getenv("AD_CA_FILE")), ServerName: os.Getenv("AD_HOST"),
		BaseDN: os.Getenv("AD_BASE_DN"), BindDN: os.Getenv("AD_BIND_DN"), Password: os.Getenv("AD_BIND_PASSWORD")}, os.Getenv("AD_LDAP_URL"))
	if os.Getenv("UPDATE_RECORDS") != "" {
		write(t, sambaRecord, got.String())
	}
	want := providertest.ParseRecord(string(read(t, sambaRecord)))
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("this domain controller is not like the recorded one (-recorded +this):\n%s", diff)
	}
}

// The lab gives what Samba gives, entry by entry, except where differences says why not.
func TestLabSource(t *testing.T) {
	got := examineLab(t)
	samba := texts(providertest.ParseRecord(string(read(t, sambaRecord))))
	if os.Getenv("UPDATE_RECORDS") != "" {
		var differ providertest.Record
		for _, e := range got {
			if e.Text != samba[e.Name] {
				differ = append(differ, e)
			}
		}
		write(t, labRecord, differ.String())
	}
	own := texts(providertest.ParseRecord(string(read(t, labRecord))))
	used := make([]bool, len(differences))
	for _, e := range got {
		want, differs := own[e.Name]
		if !differs {
			want = samba[e.Name]
		}
		if e.Text != want {
			t.Errorf("%s (-want +got):\n%s", e.Name, gocmp.Diff(want, e.Text))
		}
		if differs && e.Text == samba[e.Name] {
			t.Errorf("%s is what Samba gives: %s need not list it", e.Name, labRecord)
		}
		if differs && !explained(e.Name, used) {
			t.Errorf("%s differs from Samba, and the list of differences does not say why", e.Name)
		}
	}
	if len(got) != len(samba) {
		t.Errorf("%d entries, Samba's record has %d", len(got), len(samba))
	}
	for i, d := range differences {
		if !used[i] {
			t.Errorf("no entry needs this reason (any more): %s", d.why)
		}
	}
}

// explained marks the reason for a difference as used.
func explained(name string, used []bool) bool {
	for i, d := range differences {
		for _, start := range d.entries {
			if strings.HasPrefix(name, start) {
				used[i] = true
				return true
			}
		}
	}
	return false
}

func texts(r providertest.Record) map[string]string {
	m := map[string]string{}
	for _, e := range r {
		m[e.Name] = e.Text
	}
	return m
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// examineLab runs the suite against an empty lab.
func examineLab(t *testing.T) providertest.Record {
	t.Helper()
	seed := t.TempDir()
	write(t, filepath.Join(seed, lab.ADSeed), "dn: CN=svc-dirform,CN=Users,DC=corp,DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: svc-dirform\n")
	l, err := lab.Open(lab.Options{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	at, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := l.ServeADPlain()
	if err != nil {
		t.Fatal(err)
	}
	return examine(t, ad.Config{URLs: []string{at.URL}, CA: read(t, at.CAFile), BaseDN: at.BaseDN, BindDN: at.BindDN, Password: at.Password}, plain)
}

// examine runs the suite against the server that cfg says how to reach; plain is its address without TLS.
func examine(t *testing.T, cfg ad.Config, plain string) providertest.Record {
	t.Helper()
	r, err := ad.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	w, err := ad.OpenWriter(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	at, err := url.Parse(cfg.URLs[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cfg.CA)
	trust := &tls.Config{RootCAs: pool, ServerName: cmp.Or(cfg.ServerName, at.Hostname())}
	dial := func(url string) func(*testing.T) *ldap.Conn {
		return func(t *testing.T) *ldap.Conn {
			t.Helper()
			c, err := ldap.DialURL(url, ldap.DialWithTLSConfig(trust))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
	}
	return providertest.Source(t, providertest.Server{
		BaseDN: cfg.BaseDN, BindDN: cfg.BindDN, Password: cfg.Password, Reader: r, Writer: w, Dial: dial(cfg.URLs[0]), DialPlain: dial(plain),
		StartTLS: func(c *ldap.Conn) error { return c.StartTLS(trust) },
	})
}
