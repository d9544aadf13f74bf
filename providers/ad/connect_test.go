package ad_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/ad"
)

func TestConfigErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg  ad.Config
		want []string
	}{
		"no url":         {ad.Config{BindDN: "x", Password: "y"}, []string{"Set url"}},
		"no account":     {ad.Config{URLs: []string{"ldaps://dc1"}}, []string{"bind_dn"}},
		"empty password": {ad.Config{URLs: []string{"ldaps://dc1"}, BindDN: "CN=svc"}, []string{"password of CN=svc is empty"}},
		"plain":          {ad.Config{URLs: []string{"ldap://dc1:389"}, BindDN: "x", Password: "y"}, []string{"ldap://dc1:389", "not encrypted", "ldaps://", "start_tls = true"}},
		"scheme":         {ad.Config{URLs: []string{"https://dc1"}, BindDN: "x", Password: "y"}, []string{"https://dc1", "ldaps"}},
		"no host":        {ad.Config{URLs: []string{"dc1.corp"}, BindDN: "x", Password: "y"}, []string{"dc1.corp", "ldaps://dc1.corp.contoso.com"}},
		"base":           {ad.Config{URLs: []string{"ldaps://dc1"}, BindDN: "x", Password: "y", BaseDN: "contoso"}, []string{"base_dn", "contoso"}},
		"empty CA":       {ad.Config{URLs: []string{"ldaps://127.0.0.1:1"}, BindDN: "x", Password: "y", CA: []byte("\x30\x82")}, []string{"ca_file", "openssl"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ad.Open(t.Context(), tt.cfg)
			wantError(t, err, tt.want...)
		})
	}
}

func TestUnreachable(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "ldaps://" + ln.Addr().String()
	ln.Close()
	f := (&fake{}).serve(t)
	cfg := f.cfg()
	good := cfg.URLs[0]
	cfg.URLs = []string{closed, strings.Replace(good, "127.0.0.1", "localhost", 1)}
	_, err = ad.Open(t.Context(), cfg)
	wantError(t, err, closed, "refused", cfg.URLs[1], "another name", "no domain controller could be reached")
	cfg.URLs = []string{closed, good}
	r, err := ad.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("the second server was not used: %v", err)
	}
	r.Close()
}

// TestRefusedOnce makes sure that a wrong password is not tried at every domain controller.
func TestRefusedOnce(t *testing.T) {
	const text = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1"
	first := (&fake{bind: func(w *wire, _ request) { w.result(ldap.ApplicationBindResponse, 49, text) }}).serve(t)
	second := (&fake{config: first.config, ca: first.ca, bind: first.bind}).serve(t)
	cfg := first.cfg()
	cfg.URLs = append(cfg.URLs, second.cfg().URLs...)
	_, err := ad.Open(t.Context(), cfg)
	wantError(t, err, first.addr, "CN=svc,"+testBase, "wrong account name or password")
	if strings.Contains(err.Error(), cfg.Password) {
		t.Errorf("the password stands in %v", err)
	}
	if n := len(first.seen(isBind)) + len(second.seen(isBind)); n != 1 {
		t.Errorf("%d attempts to log on", n)
	}
}

func TestBindErrors(t *testing.T) {
	for _, tt := range []struct {
		code int
		text string
		want string
	}{
		{49, "error, data 532, v1db1", "password has expired"},
		{49, "error, data 533, v1db1", "disabled"},
		{49, "error, data 701, v1db1", "account has expired"},
		{49, "error, data 773, v1db1", "must change its password"},
		{49, "error, data 775, v1db1", "locked out"},
		{49, "error, data 525, v1db1", "no such account"},
		{49, "error, data 35B, v1db1", "channel bindings"},
		{49, "something new", "wrong account name or password"},
		{8, "BindSimple: Transport encryption required.", "encrypted connection"},
		{51, "", "Try again"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			f := (&fake{bind: func(w *wire, _ request) { w.result(ldap.ApplicationBindResponse, tt.code, tt.text) }}).serve(t)
			_, err := ad.Open(t.Context(), f.cfg())
			wantError(t, err, tt.want, f.addr)
		})
	}
}

func TestCertificates(t *testing.T) {
	negative := func(c *x509.Certificate) { c.SerialNumber = big.NewInt(-1) }
	expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }
	otherName := func(c *x509.Certificate) { c.IPAddresses = nil }
	_, otherCA := newCertificate(t, nil)
	for name, tt := range map[string]struct {
		leaf func(*x509.Certificate)
		cfg  func(*ad.Config)
		want []string // none: it works
	}{
		"good":            {},
		"system's CAs":    {cfg: func(c *ad.Config) { c.CA = nil }, want: []string{"Contoso Test CA", "the system's", "Set ca_file"}},
		"other CA":        {cfg: func(c *ad.Config) { c.CA = otherCA }, want: []string{"the authorities in ca_file", "Set ca_file"}},
		"name":            {leaf: otherName, want: []string{"another name", "server_name", "dc1.corp.contoso.com"}},
		"server_name":     {leaf: otherName, cfg: func(c *ad.Config) { c.ServerName = "dc1.corp.contoso.com" }},
		"expired":         {leaf: expired, want: []string{"expired"}},
		"skip verify":     {leaf: expired, cfg: func(c *ad.Config) { c.SkipVerify = true }},
		"negative serial": {leaf: negative, want: []string{"negative serial number", "GODEBUG=x509negativeserial=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{}
			f.config, f.ca = newCertificate(t, tt.leaf)
			f.serve(t)
			cfg := f.cfg()
			if tt.cfg != nil {
				tt.cfg(&cfg)
			}
			r, err := ad.Open(t.Context(), cfg)
			if tt.want != nil {
				wantError(t, err, append(tt.want, cfg.URLs[0])...)
			} else if err != nil {
				t.Fatal(err)
			}
			if r != nil {
				r.Close()
			}
		})
	}
}

// TestNegativeSerialSetting proves the cure that the error names.
func TestNegativeSerialSetting(t *testing.T) {
	t.Setenv("GODEBUG", "x509negativeserial=1")
	f := &fake{}
	f.config, f.ca = newCertificate(t, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(-1) })
	f.serve(t).open()
}

func TestNegativeSerialOfCA(t *testing.T) {
	config, _ := newCertificate(t, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(-1) })
	f := (&fake{}).serve(t)
	cfg := f.cfg()
	cfg.CA = append(cfg.CA, pemCertificate(config.Certificates[0].Certificate[0])...)
	_, err := ad.Open(t.Context(), cfg)
	wantError(t, err, "ca_file: certificate 2", "negative serial number", "GODEBUG=x509negativeserial=1")
}

func TestNoTLS(t *testing.T) {
	f := (&fake{accept: func(c net.Conn, _ *tls.Config) net.Conn {
		(&wire{Conn: c}).done(0, "")
		return nil
	}}).serve(t)
	_, err := ad.Open(t.Context(), f.cfg())
	wantError(t, err, "doesn't speak TLS", "start_tls = true", f.addr)
}

func TestOldTLS(t *testing.T) {
	config, ca := newCertificate(t, nil)
	config.MaxVersion = tls.VersionTLS11
	config.MinVersion = tls.VersionTLS10
	f := (&fake{config: config, ca: ca}).serve(t)
	_, err := ad.Open(t.Context(), f.cfg())
	wantError(t, err, "protocol version", f.addr)
}

func TestStartTLS(t *testing.T) {
	for code, want := range map[int]string{0: "", 52: "the server refused StartTLS"} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			f := (&fake{accept: plainUntilStartTLS(code)}).serve(t)
			cfg := f.cfg()
			cfg.URLs, cfg.StartTLS = []string{"ldap://" + f.addr}, true
			r, err := ad.Open(t.Context(), cfg)
			if want != "" {
				wantError(t, err, want, cfg.URLs[0])
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
		})
	}
}

func TestConnectTimeout(t *testing.T) {
	f := (&fake{accept: func(c net.Conn, _ *tls.Config) net.Conn {
		_, _ = io.Copy(io.Discard, c)
		return nil
	}}).serve(t)
	cfg := f.cfg()
	cfg.Timeout = 100 * time.Millisecond
	_, err := ad.Open(t.Context(), cfg)
	wantError(t, err, "no answer within 100ms", f.addr)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = ad.Open(ctx, f.cfg()); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: %v", err)
	}
}

// TestReconnect loses the connections while they are idle.
func TestReconnect(t *testing.T) {
	f := &fake{}
	f.search = func(w *wire, _ request) {
		w.entry(testBase, "objectSid", []string{"\x01\x01\x00\x00\x00\x00\x00\x05\x12\x00\x00\x00"})
		w.done(0, "")
	}
	r := f.serve(t).open()
	for range 2 {
		d, err := r.Domain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d.SID != "S-1-5-18" || d.Name != "corp.contoso.com" || d.BaseDN != testBase {
			t.Errorf("domain is %+v", d)
		}
		f.hangUp()
		time.Sleep(20 * time.Millisecond) // the client notices
	}
	if n := len(f.seen(isBind)); n != 2 {
		t.Errorf("%d logons, want 2", n)
	}
}

func TestUPNSuffixes(t *testing.T) {
	f := &fake{}
	f.search = func(w *wire, r request) {
		if r.scope == ldap.ScopeBaseObject {
			w.entry(r.base, "uPNSuffixes", []string{"contoso.com", "Fabrikam.com"})
		} else {
			w.entry("CN=CORP,"+r.base, "dnsRoot", []string{"corp.contoso.com"})
			w.entry("CN=EU,"+r.base, "dnsRoot", []string{"eu.corp.contoso.com"})
		}
		w.done(0, "")
	}
	got, err := f.serve(t).open().UPNSuffixes(t.Context())
	if want := []string{"contoso.com", "corp.contoso.com", "eu.corp.contoso.com", "Fabrikam.com"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// A domain controller's certificate that is about to end is told while it still works.
func TestCertificateEnds(t *testing.T) {
	for days, want := range map[int]bool{10: true, 29: true, 31: false} {
		f := &fake{}
		f.config, f.ca = newCertificate(t, func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, days) })
		f.serve(t)
		told := ""
		cfg := f.cfg()
		cfg.Warn = func(s string) { told = s }
		r, err := ad.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		end := time.Now().AddDate(0, 0, days).UTC().Format(time.DateOnly)
		if strings.Contains(told, "ends on "+end) != want || (told != "") != want {
			t.Errorf("%d days: %q", days, told)
		}
	}
}
