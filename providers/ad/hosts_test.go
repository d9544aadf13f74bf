package ad_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/ad"
)

func TestHosts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "krb5.conf")
	krb5 := "[libdefaults]\n default_realm = A.EXAMPLE\n[realms]\n A.EXAMPLE = {\n  kdc = kdc.a.example:88\n  kdc = KDC2.a.example\n" +
		"  admin_server = admin.a.example\n }\n B.EXAMPLE = {\n  kdc = kdc.evil.example\n }\n"
	if err := os.WriteFile(file, []byte(krb5), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, cfg := range map[string]ad.Config{
		"dc1.corp.contoso.com": {URLs: []string{"ldaps://DC1.corp.contoso.com.:636"}},
		"dc1 dc2":              {URLs: []string{"ldaps://dc1", "ldap://dc2:3890", "ldaps://dc1:637"}, StartTLS: true},
		"::1":                  {URLs: []string{"ldaps://[::1]:636"}},
		"dc3":                  {URLs: []string{"ldaps://dc3"}, Kerberos: &ad.Kerberos{Keytab: "x"}},
		"dc4":                  {URLs: []string{"ldaps://dc4"}, Kerberos: &ad.Kerberos{Keytab: "x", Krb5Conf: file + ".none"}},
		"dc5 kdc.a.example kdc2.a.example kdc.evil.example": {URLs: []string{"ldaps://dc5"}, Kerberos: &ad.Kerberos{Keytab: "x", Krb5Conf: file}},
	} {
		hosts, err := cfg.Hosts()
		if err != nil || strings.Join(hosts, " ") != want {
			t.Errorf("%v, want %s: %v", hosts, want, err)
		}
	}
	if _, err := (ad.Config{URLs: []string{"http://dc1"}}).Hosts(); err == nil {
		t.Error("no error")
	}
}

// TestReferralsGetNoCredentials: a server that refers to another, at the logon or while reading, leads nowhere.
func TestReferralsGetNoCredentials(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	reached := make(chan struct{}, 1)
	go func() {
		if c, err := other.Accept(); err == nil {
			c.Close()
			reached <- struct{}{}
		}
	}()
	there := "ldap://" + other.Addr().String() + "/" + testOU
	refer := ldap.LDAPResultReferral

	f := (&fake{bind: func(w *wire, _ request) { w.result(ldap.ApplicationBindResponse, refer, there) }}).serve(t)
	if _, err := ad.Open(t.Context(), f.cfg()); err == nil {
		t.Error("a referred logon succeeded")
	}
	f = (&fake{search: func(w *wire, _ request) { w.reference(there); w.done(0, "") }}).serve(t)
	if _, err := drain(f.open().Read(t.Context(), staff(cnShape))); err == nil {
		t.Error("a referred read is complete")
	}
	f = (&fake{search: func(w *wire, _ request) { w.done(refer, there) }}).serve(t)
	if _, err := drain(f.open().Read(t.Context(), staff(cnShape))); err == nil {
		t.Error("a referred read is complete")
	}
	select {
	case <-reached:
		t.Error("the other server was spoken to")
	case <-time.After(50 * time.Millisecond):
	}
}

func TestHiddenKeytab(t *testing.T) {
	f := (&fake{}).serve(t)
	conf := filepath.Join(t.TempDir(), "krb5.conf")
	if err := os.WriteFile(conf, []byte("[libdefaults]\n default_realm = A.EXAMPLE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"/does/not/exist-s3cr3t", "hosts_test.go"} {
		cfg := f.cfg()
		cfg.Kerberos = &ad.Kerberos{Keytab: file, KeytabHidden: true, Principal: "svc@A.EXAMPLE", Krb5Conf: conf}
		_, err := ad.Open(t.Context(), cfg)
		if err == nil || strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
