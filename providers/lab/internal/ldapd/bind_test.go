package ldapd_test

import (
	"bufio"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

func TestBindNames(t *testing.T) {
	_, l, _ := start(t)
	for _, name := range []string{bindDN, strings.ToLower(bindDN), "svc-dirform@corp.contoso.com", "SVC-dirform@CORP",
		`CORP\svc-dirform`, "dirform@contoso.com"} {
		c := l.dial(t)
		if err := c.Bind(name, password); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != `u:CORP\svc-dirform` {
			t.Errorf("who am I: %v %v", who, err)
		}
	}
	for _, name := range []string{"svc-dirform", "CORP/svc-dirform", jane, "jdoe@corp.contoso.com"} {
		c := l.dial(t)
		err := c.Bind(name, password)
		wantCode(t, err, 49)
		if err != nil && !strings.Contains(err.Error(), "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1") {
			t.Errorf("%s: %v", name, err)
		}
		_, err = c.Search(request(base, ldap.ScopeBaseObject, "(objectClass=*)"))
		wantCode(t, err, 1)
	}
	wantCode(t, l.dial(t).Bind(bindDN, "wrong"), 49)
	wantCode(t, l.dial(t).UnauthenticatedBind(bindDN), 49)
}

func TestStartTLS(t *testing.T) {
	_, l, _ := start(t)
	c, err := ldap.DialURL("ldap://" + l.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Bind(bindDN, password)
	wantCode(t, err, 8)
	if err := c.StartTLS(l.tlsConfig()); err != nil {
		t.Fatal(err)
	}
	if err := c.Bind(bindDN, password); err != nil {
		t.Fatal(err)
	}
	r, err := c.Search(request(base, ldap.ScopeWholeSubtree, "(sn=Doe)"))
	if err != nil || len(r.Entries) != 1 || r.Referrals[0][:7] != "ldap://" {
		t.Errorf("%v %v", r, err)
	}
}

func TestAnonymousSees(t *testing.T) {
	_, l, _ := start(t)
	c, err := ldap.DialURL("ldap://" + l.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	root := one(t, c, "")
	for _, name := range []string{"defaultNamingContext", "configurationNamingContext", "schemaNamingContext", "dsServiceName",
		"highestCommittedUSN", "supportedControl", "dnsHostName", "ldapServiceName", "currentTime"} {
		if root.GetAttributeValue(name) == "" {
			t.Errorf("rootDSE has no %s", name)
		}
	}
	wantCode(t, c.Del(ldap.NewDelRequest(jane, nil)), 1)
}

// TestGarbage sends what no client should. The server must close the connection or answer, and live on.
func TestGarbage(t *testing.T) {
	_, l, c := start(t)
	for _, in := range []string{
		"GET / HTTP/1.1\r\n\r\n", "\x30\x84\xff\xff\xff\xff", "\x30\x80\x00\x00", "\x30\x05\x02\x01\x01\x42\x00",
		"\x30\x0c\x02\x01\x01\x63\x07\x04\x00\x0a\x01\x00\x0a\x01", "\x30", "\x30\x84\x00\xff\xff\xff\x02\x01",
		"\x30\x03\x02\x01\x01", "\x30\x06\x02\x01\x01\x7f\x01\x00",
	} {
		raw, err := net.Dial("tcp", l.plain)
		if err != nil {
			t.Fatal(err)
		}
		raw.Write([]byte(in))
		raw.(*net.TCPConn).CloseWrite()
		raw.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := bufio.NewReader(raw).ReadByte(); err == nil {
			t.Logf("%q was answered", in)
		} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("%q: the connection stays open", in)
		}
		raw.Close()
	}
	one(t, c, jane)
}

// TestHugeLength claims a request of more than 16 MiB: the server hangs up instead of waiting for it.
func TestHugeLength(t *testing.T) {
	_, l, _ := start(t)
	raw, err := net.Dial("tcp", l.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.Write([]byte("\x30\x84\x01\x10\x00\x00\x02\x01\x01"))
	raw.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err = raw.Read(make([]byte, 1))
	if ne, ok := err.(net.Error); err == nil || ok && ne.Timeout() {
		t.Errorf("the connection stays open: %v", err)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	cert := serve(t, directory(t, seed))
	c := cert.bound(t)
	half, err := net.Dial("tcp", cert.ldaps) // never begins TLS
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	if err := cert.srv.Close(); err != nil {
		t.Fatal(err)
	}
	c.Close()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func TestServeNeedsCertificate(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := (&ldapd.Server{Dir: ldapd.New("x.test")}).Serve(ln, true); err == nil {
		t.Error("LDAPS without a certificate")
	}
}
