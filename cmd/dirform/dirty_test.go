package main

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state/quick"
)

const dirtyConfig = `provider "ad" "corp" {
  lab = "lab"
}

provider "entra" "contoso" {
  lab = "lab"
}

scope "staff" {
  ou = "OU=Staff,DC=corp,DC=contoso,DC=com"
}

link_policy "staff" {
  scope  = scope.staff
  anchor = "ms-DS-ConsistencyGuid"
}
`

// dirtyFolder runs commands in a folder with a configuration.
type dirtyFolder struct {
	*testing.T
	dir string
}

func newDirtyFolder(t *testing.T) *dirtyFolder {
	d := &dirtyFolder{t, t.TempDir()}
	write(t, d.dir, "main.hcl", dirtyConfig)
	return d
}

func (d *dirtyFolder) ends(want int, args ...string) (stdout string) {
	d.Helper()
	code, stdout, stderr := runMain(d.T, cli.Environment{Dir: d.dir}, args...)
	if code != want {
		d.Fatalf("%q: status %d, want %d\n%.3000s\n%.3000s", args, code, want, stdout, stderr)
	}
	return stdout
}

// appliesAsPlanned applies, and fails for each change that the service refuses: what it refuses is to be a finding,
// which keeps the change out of the plan. At least some changes are made, and the next plan has none.
func (d *dirtyFolder) appliesAsPlanned(atLeast int) {
	d.Helper()
	code, stdout, stderr := runMain(d.T, cli.Environment{Dir: d.dir}, "apply", "--auto-approve", "--json")
	var last struct{ Applied, Failed int }
	for line := range strings.Lines(stdout) {
		var x struct{ Type, Status, Address, Reason string }
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			d.Fatalf("%v: %s", err, line)
		}
		switch {
		case x.Type == "summary":
			json.Unmarshal([]byte(line), &last)
		case x.Type == "change" && x.Status != "done":
			d.Errorf("no finding foresaw this: %s is %s, %s", x.Address, x.Status, x.Reason)
		}
	}
	if code != 0 || last.Applied < atLeast || last.Failed > 0 {
		d.Errorf("apply: status %d, %+v, at least %d changes wanted\n%.2000s", code, last, atLeast, stderr)
	}
	d.ends(0, "plan", "--detailed-exitcode")
}

// TestDirtyDirectory has a directory with every defect there is: lint names everybody who has one, and the service
// refuses nothing that plan has not found before.
func TestDirtyDirectory(t *testing.T) {
	users := 1000
	if quick.Long() {
		users = 10_000
	}
	d := newDirtyFolder(t)
	generate := []string{"lab", "generate", "lab", "--dirty", "--matched", "0.5", "--users", strconv.Itoa(users)}
	d.ends(0, generate...)
	d.ends(0, "lint", "--csv", "findings.csv")
	named := map[string]bool{}
	for _, row := range d.rows("findings.csv") {
		named[row["source_dn"]] = true
	}
	defects := map[string]bool{}
	dirty := d.rows("lab/dirty.csv")
	for _, row := range dirty {
		if defects[row["defect"]] = true; !named[row["source_dn"]] {
			t.Errorf("lint does not name %s: %s", row["source_dn"], row["defect"])
		}
	}
	if len(dirty) < users*9/20 || len(defects) < 70 {
		t.Errorf("%d users with %d defects are too few", len(dirty), len(defects))
	}
	d.appliesAsPlanned(users / 2)

	again := newDirtyFolder(t)
	again.ends(0, generate...)
	for _, name := range []string{"corp.ldif", "tenant.json", "dirty.csv"} {
		a, err := os.ReadFile(filepath.Join(d.dir, "lab", name))
		b, err2 := os.ReadFile(filepath.Join(again.dir, "lab", name))
		if err != nil || err2 != nil || string(a) != string(b) {
			t.Errorf("%s is another one the second time", name)
		}
	}
	again.ends(1, generate...) // which does not overwrite
}

// rows are the rows of a CSV file, by its header.
func (d *dirtyFolder) rows(name string) (rows []map[string]string) {
	d.Helper()
	f, err := os.Open(filepath.Join(d.dir, name))
	if err != nil {
		d.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil || len(all) < 2 {
		d.Fatalf("%s: %d rows, %v", name, len(all), err)
	}
	for _, values := range all[1:] {
		row := map[string]string{}
		for i, v := range values {
			row[all[0][i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// TestEveryCharacter has every printable character, and some others, at the beginning, in the middle and at the end
// of what has rules for its characters. Whatever the service refuses is a finding.
func TestEveryCharacter(t *testing.T) {
	var b strings.Builder
	b.WriteString("dn: OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: organizationalUnit\n\n")
	n := 0
	add := func(attribute, value string) {
		n++
		values := map[string]string{"userPrincipalName": fmt.Sprintf("u%d@contoso.com", n),
			"mail":         fmt.Sprintf("m%d@contoso.com", n),
			"mailNickname": fmt.Sprintf("n%d", n), "displayName": fmt.Sprintf("U %d", n)}
		values[attribute] = value
		fmt.Fprintf(&b, "dn: CN=U%d,OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: u%d\n", n, n)
		for name, v := range values {
			fmt.Fprintf(&b, "%s:: %s\n", name, base64.StdEncoding.EncodeToString([]byte(v)))
		}
		b.WriteByte('\n')
	}
	characters := "äßıΩ中\u00ad\u200b\u200d\ufeff\u3000😀\u0301\x7f\x01\t\n"
	for c := ' '; c < 0x7f; c++ {
		characters += string(c)
	}
	for _, c := range characters {
		for at := range 3 {
			with := func(s string) string {
				i := []int{0, 1, len(s)}[at]
				return s[:i] + string(c) + s[i:]
			}
			add("userPrincipalName", with(fmt.Sprintf("a%d", n))+"@contoso.com")
			add("mail", with(fmt.Sprintf("b%d", n))+"@contoso.com")
			add("mailNickname", with(fmt.Sprintf("c%d", n)))
			add("mail", fmt.Sprintf("d%d@%s.com", n, with("contoso")))
			add("displayName", with(fmt.Sprintf("e%d", n)))
			add("department", with("Sales"))
			add("telephoneNumber", with("+36 1"))
		}
	}
	for _, v := range []string{"a..b@contoso.com", "a@@contoso.com", "a@contoso.com.", "a@.contoso.com", "a@contoso..com",
		"@contoso.com", "a@", "a@b@c",
		strings.Repeat("a", 64) + "@contoso.com", strings.Repeat("b", 65) + "@contoso.com",
		"a@" + strings.Repeat("b", 49) + ".com",
		strings.Repeat("c", 300) + "@contoso.com", ".a@contoso.com", "a.@contoso.com", "a@[1.2.3.4]",
		`"a b"@contoso.com`, "a@contoso"} {
		add("userPrincipalName", v)
		add("mail", "x"+v)
		add("mailNickname", v)
	}
	add("telephoneNumber", strings.Repeat("1", 65))
	d := newDirtyFolder(t)
	if err := os.Mkdir(filepath.Join(d.dir, "lab"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, d.dir, "lab/corp.ldif", b.String())
	write(t, d.dir, "lab/tenant.json", `{"domains":[{"id":"contoso.com","isDefault":true},
 {"id":"contoso.onmicrosoft.com","isInitial":true}]}`)
	d.appliesAsPlanned(n / 2)
}
