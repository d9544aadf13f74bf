package ldapd_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

// TestOpenLDAPTools lets ldapmodify and ldapsearch talk to the server where they are installed.
func TestOpenLDAPTools(t *testing.T) {
	if _, err := exec.LookPath("ldapsearch"); err != nil {
		t.Skip("ldapsearch is not installed")
	}
	d := directory(t, crowd(1700))
	l := serve(t, d, ldapd.Limits{})
	run := func(stdin string, args ...string) string {
		t.Helper()
		args = append(args, "-x", "-H", "ldaps://"+l.ldaps, "-D", bindDN, "-w", password)
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdin = strings.NewReader(stdin)
		cmd.Env = append(os.Environ(), "LDAPTLS_CACERT="+caFile(t, l))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run("dn: CN=User 0001,OU=Staff,"+base+"\nchangetype: modify\nreplace: title\ntitle: Boss\n-\nadd: description\ndescription: x\n", "ldapmodify")
	got := run("", "ldapsearch", "-LLL", "-E", "pr=500/noprompt", "-b", base, "(objectClass=user)", "title")
	if n := strings.Count(got, "dn: CN=User"); n != 1700 || !strings.Contains(got, "title: Boss") {
		t.Errorf("%d entries", n)
	}
	run("dn: CN=New,OU=Staff,"+base+"\nchangetype: add\nobjectClass: user\n\ndn: CN=New,OU=Staff,"+base+"\nchangetype: modrdn\nnewrdn: CN=Newer\ndeleteoldrdn: 1\n\n"+
		"dn: CN=Newer,OU=Staff,"+base+"\nchangetype: delete\n", "ldapmodify")

	// What ldapsearch prints can be loaded again.
	dump := run("", "ldapsearch", "-LLL", "-E", "pr=500/noprompt", "-b", "OU=Staff,"+base, "(|(objectClass=user)(objectClass=organizationalUnit))", "*")
	again := ldapd.New("corp.contoso.com")
	if err := again.LoadLDIF(strings.NewReader(dump), "dump.ldif"); err == nil {
		if dn, ok := again.Find("u17"); !ok || dn != "CN=User 0017,OU=Staff,"+base {
			t.Errorf("Find: %s %v", dn, ok)
		}
	} else if !strings.Contains(err.Error(), "memberOf") { // the group is not in the dump, and the loader says so
		t.Error(err)
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
