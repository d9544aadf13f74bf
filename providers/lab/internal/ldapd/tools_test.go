package ldapd_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

// tools are OpenLDAP's command line clients, talking to a server.
type tools struct {
	t  *testing.T
	l  *lab
	ca string
}

// openLDAP finds the tools, or skips the test; DIRFORM_REQUIRE_CLIENTS=1 says that they must be there.
func openLDAP(t *testing.T, ldif string) *tools {
	t.Helper()
	for _, name := range []string{"ldapsearch", "ldapmodify", "ldapadd", "ldapdelete", "ldapmodrdn", "ldapcompare", "ldapwhoami"} {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("DIRFORM_REQUIRE_CLIENTS") == "1" {
			t.Fatalf("%s is not installed (Debian's ldap-utils), and DIRFORM_REQUIRE_CLIENTS=1 requires it", name)
		}
		t.Skipf("%s is not installed", name)
	}
	l := serve(t, directory(t, ldif))
	return &tools{t, l, caFile(t, l)}
}

// run runs a tool with these arguments and nothing else, and returns its output and exit status: the LDAP result code, mostly.
func (x *tools) run(stdin string, args ...string) (string, int) {
	x.t.Helper()
	cmd := exec.CommandContext(x.t.Context(), args[0], args[1:]...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "LDAPTLS_CACERT="+x.ca, "LDAPTLS_REQCERT=demand")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		x.t.Fatalf("%v: %v", args, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// ldaps is run over LDAPS with a simple bind; status is the exit status it must end with.
func (x *tools) ldaps(status int, stdin string, args ...string) string {
	x.t.Helper()
	options := []string{args[0], "-x", "-H", "ldaps://" + x.l.ldaps, "-D", bindDN, "-w", password}
	out, got := x.run(stdin, append(options, args[1:]...)...)
	if got != status {
		x.t.Errorf("%v: status %d, want %d\n%s", args, got, status, out)
	}
	return out
}

// TestOpenLDAPTools pages through many entries, changes some, and loads what ldapsearch prints.
func TestOpenLDAPTools(t *testing.T) {
	x := openLDAP(t, crowd(1700))
	x.ldaps(0, "dn: CN=User 0001,OU=Staff,"+base+"\nchangetype: modify\nreplace: title\ntitle: Boss\n-\nadd: description\ndescription: x\n", "ldapmodify")
	got := x.ldaps(0, "", "ldapsearch", "-LLL", "-E", "pr=500/noprompt", "-b", base, "(objectClass=user)", "title")
	if n := strings.Count(got, "dn: CN=User"); n != 1700 || !strings.Contains(got, "title: Boss") {
		t.Errorf("%d entries", n)
	}
	if got := x.ldaps(4, "", "ldapsearch", "-LLL", "-b", base, "(objectClass=user)", "1.1"); strings.Count(got, "dn: CN=User") != 1000 {
		t.Errorf("%d entries without paging", strings.Count(got, "dn: CN=User"))
	}
	if got := x.ldaps(4, "", "ldapsearch", "-LLL", "-z", "5", "-b", base, "(objectClass=user)", "1.1"); strings.Count(got, "dn: CN=User") != 5 {
		t.Errorf("a limit of 5 gave %s", got)
	}

	// What ldapsearch prints can be loaded again.
	dump := x.ldaps(0, "", "ldapsearch", "-LLL", "-E", "pr=500/noprompt", "-b", "OU=Staff,"+base, "(|(objectClass=user)(objectClass=organizationalUnit))", "*")
	again := ldapd.New("corp.contoso.com")
	if err := again.LoadLDIF(strings.NewReader(dump), "dump.ldif"); err == nil {
		if dn, ok := again.Find("u17"); !ok || dn != "CN=User 0017,OU=Staff,"+base {
			t.Errorf("Find: %s %v", dn, ok)
		}
	} else if !strings.Contains(err.Error(), "memberOf") { // the group is not in the dump, and the loader says so
		t.Error(err)
	}
}

// TestOpenLDAPReads uses every kind of search: scopes, matching rules, range retrieval, operational attributes, the rootDSE.
func TestOpenLDAPReads(t *testing.T) {
	x := openLDAP(t, seed+"\n"+strings.ReplaceAll(crowd(1600), "OU=Staff", "OU=Crowd"))
	search := func(args ...string) string {
		return x.ldaps(0, "", append([]string{"ldapsearch", "-LLL", "-o", "ldif-wrap=no"}, args...)...)
	}
	for _, tt := range []struct {
		name string
		args []string
		want []string // parts of the output
		dns  int
	}{
		{"base", []string{"-s", "base", "-b", "CN=Jane Doe,OU=Staff," + base, "(objectClass=*)", "mail", "objectGUID"},
			[]string{"mail: Jane.Doe@contoso.com", "objectGUID:: KPX8DgRypVysINTShrieUg=="}, 1},
		{"one level", []string{"-s", "one", "-b", "OU=Staff," + base, "(objectClass=user)", "cn"}, []string{`dn: CN=Bob\, the boss,OU=Staff,` + base}, 2},
		{"GUID as base", []string{"-s", "base", "-b", "<GUID=28f5fc0e0472a55cac20d4d286b89e52>", "(objectClass=*)", "cn"}, []string{"cn: Jane Doe"}, 1},
		{"disabled accounts", []string{"-b", "OU=Staff," + base, "(userAccountControl:1.2.840.113556.1.4.803:=2)", "cn"}, []string{"cn: Bob, the boss"}, 1},
		{"nested membership", []string{"-b", "OU=Staff," + base, "(memberOf:1.2.840.113556.1.4.1941:=CN=Everyone,OU=Groups," + base + ")", "cn"},
			[]string{"cn: Jane Doe"}, 1},
		{"substrings, not, or", []string{"-b", "OU=Staff," + base, "(&(objectClass=user)(!(givenName=*))(|(sn=M\\c3\\bcl*r)(cn=x*y)))", "sn"},
			[]string{"sn:: TcO8bGxlcg=="}, 1},
		{"ordered", []string{"-b", "OU=Staff," + base, "(&(userAccountControl>=514)(objectClass=user))", "cn"}, []string{"Bob"}, 1},
		{"range", []string{"-b", "CN=All,OU=Crowd," + base, "-s", "base", "(objectClass=*)", "member;range=1500-*"}, []string{"member;range=1500-*: CN=User 1599"}, 1},
		{"default range", []string{"-b", "CN=All,OU=Crowd," + base, "-s", "base", "(objectClass=*)", "member"}, []string{"member;range=0-1499: CN=User 0000"}, 1},
		{"operational", []string{"-b", "CN=Jane Doe,OU=Staff," + base, "-s", "base", "(objectClass=*)", "uSNChanged", "whenChanged", "canonicalName"},
			[]string{"canonicalName: corp.contoso.com/Staff/Jane Doe", "uSNChanged: ", "whenChanged: "}, 1},
		{"suffixes", []string{"-b", "CN=Partitions,CN=Configuration," + base, "-s", "base", "(objectClass=*)", "uPNSuffixes"}, []string{"uPNSuffixes: contoso.com"}, 1},
	} {
		got := search(tt.args...)
		if n := strings.Count(got, "dn:"); n != tt.dns {
			t.Errorf("%s: %d entries\n%s", tt.name, n, got)
		}
		for _, part := range tt.want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: no %q in\n%s", tt.name, part, got)
			}
		}
	}
	out, status := x.run("", "ldapsearch", "-x", "-LLL", "-H", "ldap://"+x.l.plain, "-s", "base", "-b", "", "(objectClass=*)", "defaultNamingContext", "supportedControl")
	if status != 0 || !strings.Contains(out, "defaultNamingContext: "+base) || !strings.Contains(out, "supportedControl: 1.2.840.113556.1.4.319") {
		t.Errorf("rootDSE without a bind: %d\n%s", status, out)
	}
	if _, status := x.run("", "ldapsearch", "-x", "-H", "ldap://"+x.l.plain, "-b", base); status != 1 {
		t.Errorf("a search without a bind ends with %d, want 1 (operationsError)", status)
	}
}

// TestOpenLDAPWrites adds, changes, renames, moves, compares and deletes, and is refused what Active Directory refuses.
func TestOpenLDAPWrites(t *testing.T) {
	x := openLDAP(t, seed)
	staff := ",OU=Staff," + base
	x.ldaps(0, "dn: CN=New"+staff+"\nobjectClass: user\nsAMAccountName: new\nuserPrincipalName: new@contoso.com\n", "ldapadd")
	x.ldaps(68, "dn: CN=New"+staff+"\nobjectClass: user\n", "ldapadd")
	x.ldaps(0, "", "ldapmodrdn", "-r", "CN=New"+staff, "CN=Newer")
	x.ldaps(0, "", "ldapmodrdn", "-r", "-s", "OU=Groups,"+base, "CN=Newer"+staff, "CN=Newest")
	newest := "CN=Newest,OU=Groups," + base
	x.ldaps(0, "dn: "+newest+"\nchangetype: modify\nadd: proxyAddresses\nproxyAddresses: SMTP:new@contoso.com\nproxyAddresses: smtp:n@contoso.com\n-\n"+
		"replace: title\ntitle: Boss\n-\n", "ldapmodify")
	x.ldaps(0, "dn: "+newest+"\nchangetype: modify\ndelete: proxyAddresses\nproxyAddresses: smtp:n@contoso.com\n-\n", "ldapmodify")
	x.ldaps(16, "dn: "+newest+"\nchangetype: modify\ndelete: proxyAddresses\nproxyAddresses: smtp:n@contoso.com\n-\n", "ldapmodify")
	x.ldaps(0, "dn: CN=Inner,OU=Groups,"+base+"\nchangetype: modify\nadd: member\nmember: "+newest+"\n-\n", "ldapmodify")
	got := x.ldaps(0, "", "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", newest, "(objectClass=*)", "proxyAddresses", "title", "memberOf")
	if !strings.Contains(got, "proxyAddresses: SMTP:new@contoso.com\n") || strings.Contains(got, "smtp:n@") || !strings.Contains(got, "title: Boss") ||
		!strings.Contains(got, "memberOf: CN=Inner,OU=Groups,"+base) {
		t.Error(got)
	}
	x.ldaps(6, "", "ldapcompare", newest, "title:boss") // 6 is TRUE
	x.ldaps(5, "", "ldapcompare", newest, "title:clerk")
	x.ldaps(32, "", "ldapcompare", "CN=Nobody"+staff, "title:x")
	x.ldaps(0, "", "ldapdelete", newest)
	x.ldaps(32, "", "ldapdelete", newest)
	x.ldaps(66, "", "ldapdelete", "OU=Staff,"+base) // it has children
	x.ldaps(19, "dn: CN=Jane Doe"+staff+"\nchangetype: modify\nreplace: objectGUID\nobjectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\n-\n", "ldapmodify")
}

// TestOpenLDAPSecurity uses StartTLS and LDAPS, and binds with the wrong password.
func TestOpenLDAPSecurity(t *testing.T) {
	x := openLDAP(t, seed)
	ldaps, plain := "ldaps://"+x.l.ldaps, "ldap://"+x.l.plain
	for _, args := range [][]string{{"-H", ldaps}, {"-ZZ", "-H", plain}} {
		out, status := x.run("", append([]string{"ldapwhoami", "-x", "-D", bindDN, "-w", password}, args...)...)
		if status != 0 || !strings.Contains(out, "u:CORP\\svc-dirform") {
			t.Errorf("%v: %d %s", args, status, out)
		}
	}
	out, status := x.run("", "ldapsearch", "-x", "-ZZ", "-H", plain, "-D", bindDN, "-w", password, "-LLL", "-E", "pr=2/noprompt", "-b", "OU=Staff,"+base, "(objectClass=user)", "cn")
	if status != 0 || strings.Count(out, "dn:") != 2 {
		t.Errorf("after StartTLS: %d %s", status, out)
	}
	out, status = x.run("", "ldapwhoami", "-x", "-H", ldaps, "-D", bindDN, "-w", "wrong")
	if status != 49 || !strings.Contains(out, "AcceptSecurityContext error, data 52e") {
		t.Errorf("a wrong password: %d %s", status, out)
	}
	x.ca = os.DevNull
	if out, status := x.run("", "ldapwhoami", "-x", "-H", ldaps, "-D", bindDN, "-w", password); status == 0 {
		t.Errorf("the certificate is not checked: %s", out)
	}
}

func caFile(t *testing.T, l *lab) string {
	t.Helper()
	leaf, err := x509.ParseCertificate(l.srv.TLS.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
