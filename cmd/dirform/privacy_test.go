package main

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

const privacyConfig = `
provider "ad" "corp" { lab = "lab" }
provider "entra" "contoso" { lab = "lab" }
scope "staff" { ou = "OU=Staff,DC=corp,DC=contoso,DC=com" }
mapping "staff" {
  scope = scope.staff
  attributes {
    userPrincipalName = ad.userPrincipalName
    displayName       = ad.displayName
    mailNickname      = ad.sAMAccountName
    department        = ad.department
    accountEnabled    = true
  }
}
`

// knownDepartments are what somebody who has found a record tries.
var knownDepartments = []string{"Sales", "Finance", "Legal", "Research", "Works Council"}

// fewDepartments makes a configuration over a lab with n people in these departments.
func fewDepartments(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var ldif strings.Builder
	ldif.WriteString("version: 1\n\ndn: OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: organizationalUnit\n\n")
	for i := range n {
		fmt.Fprintf(&ldif, "dn: CN=Person %[1]d,OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: p%[1]d\n"+
			"userPrincipalName: p%[1]d@contoso.com\ndisplayName: Person %[1]d\ndepartment: %[2]s\n\n",
			i, knownDepartments[i%len(knownDepartments)])
	}
	if err := os.Mkdir(filepath.Join(dir, "lab"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "main.hcl", privacyConfig)
	write(t, filepath.Join(dir, "lab"), "corp.ldif", ldif.String())
	write(t, filepath.Join(dir, "lab"), "tenant.json", `{"organization": {"id": "8d0f1b1e-5c0a-4f0e-9d27-6f3a2c1b0a99"},
  "domains": [{"id": "contoso.onmicrosoft.com", "isInitial": true, "isVerified": true},
    {"id": "contoso.com", "isVerified": true}]}`)
	return dir
}

// ends runs a command that has to end with a status, and gives all that it printed.
func ends(t *testing.T, dir string, status int, args ...string) string {
	t.Helper()
	code, stdout, stderr := runMain(t, cli.Environment{Dir: dir}, args...)
	if code != status {
		t.Fatalf("%v: status %d, want %d\n%s%s", args, code, status, stdout, stderr)
	}
	return stdout + stderr
}

func metaOf(t *testing.T, dir string) store.Meta {
	t.Helper()
	s, err := sqlite.OpenReadOnly(t.Context(), filepath.Join(dir, "dirform.dfstate"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Meta()
}

// lineageKey is the key that versions before layout 3 had, which everybody can work out.
func lineageKey(lineage string) (k state.Key) {
	sum := sha256.Sum256([]byte("dirform fingerprint key\x00" + lineage))
	copy(k[:16], sum[:])
	return k
}

// guessed counts how many fingerprints in text or bytes can be guessed back under a key.
func guessed(content []byte, key state.Key) (hits int) {
	h, department := state.NewHasher(key), providers.TenantSchema(state.User).Lookup("department")
	for _, d := range knownDepartments {
		fp := h.Fingerprint(department, state.String(d))
		hits += bytes.Count(content, binary.LittleEndian.AppendUint64(nil, fp))
		hits += bytes.Count(content, fmt.Appendf(nil, "%016x", fp))
	}
	return hits
}

// TestTheRecordTellsNothing applies for a company and looks for values, names and guesses in the record, and for the
// key and for fingerprints in everything else.
func TestTheRecordTellsNothing(t *testing.T) {
	dir := fewDepartments(t, 200)
	var printed strings.Builder
	run := func(args ...string) { printed.WriteString(ends(t, dir, 0, args...)) }
	run("plan", "--out", "first.dfplan", "--log-level", "debug")
	run("apply", "first.dfplan", "--log-level", "debug")
	run("lab", "set", "tenant", "p7@contoso.com", "displayName=Portal")
	run("plan", "--out", "second.dfplan", "--log-level", "debug")
	for _, args := range [][]string{{"plan", "--json"}, {"show", "--json", "second.dfplan"}, {"show", "--json"},
		{"state", "list", "--json"}, {"history", "--json"}, {"explain", "--json", "p7@contoso.com"}, {"apply", "--auto-approve", "--json", "--log-level", "debug"}} {
		run(args...)
	}
	m := metaOf(t, dir)
	record, err := os.ReadFile(filepath.Join(dir, "dirform.dfstate"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range append([]string{"contoso.com", "Person 1", "p7@"}, knownDepartments...) {
		if at := bytes.Index(record, []byte(word)); at >= 0 && word != "contoso.com" {
			t.Errorf("the record holds %q", word)
		}
	}
	for what, key := range map[string]state.Key{
		"lineage": lineageKey(m.Lineage), "its own key, in the clear": m.Key, "none": {},
	} {
		if n := guessed(record, key); n > 0 {
			t.Errorf("%d fingerprints of the record can be guessed by %s", n, what)
		}
	}
	for _, name := range []string{"first.dfplan", "second.dfplan"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		printed.Write(b)
		for _, member := range []string{`"fingerprints"`, `"seen"`} {
			if bytes.Contains(b, []byte(member)) {
				t.Errorf("%s has %s", name, member)
			}
		}
	}
	if n := guessed([]byte(printed.String()), m.Key); n > 0 {
		t.Errorf("%d fingerprints are in plans, JSON or logs", n)
	}
	for _, half := range [][]byte{m.Key[:16], m.Key[16:]} {
		text := base64.StdEncoding.EncodeToString(half)[:20]
		for _, shown := range []string{string(half), hex.EncodeToString(half), text, fmt.Sprint(half)} {
			if strings.Contains(printed.String(), shown) {
				t.Errorf("the key is shown: %q", shown)
			}
		}
	}
}

// TestAnOldRecordIsSealed: the version that seals fingerprints sees the drift that the one before has left to be
// seen, and afterwards nothing in the file can be guessed any more.
func TestAnOldRecordIsSealed(t *testing.T) {
	dir := fewDepartments(t, 50)
	path := filepath.Join(dir, "dirform.dfstate")
	ends(t, dir, 0, "apply", "--auto-approve")
	lineage := metaOf(t, dir).Lineage
	asLayout2(t, path, lineage)
	content, err := os.ReadFile(path)
	if err != nil || guessed(content, lineageKey(lineage)) < 50 {
		t.Fatal(guessed(content, lineageKey(lineage)), err)
	}
	ends(t, dir, 0, "lab", "set", "tenant", "p7@contoso.com", "department=Portal")
	if out := ends(t, dir, 2, "drift"); !strings.Contains(out, `department: "Portal" in the tenant, "Legal" declared`) {
		t.Error(out)
	}
	if out := ends(t, dir, 0, "plan"); !strings.Contains(out, "changed outside dirform") {
		t.Error(out)
	}
	ends(t, dir, 0, "apply", "--auto-approve")
	if content, err = os.ReadFile(path); err != nil || guessed(content, lineageKey(lineage)) > 0 {
		t.Errorf("%d fingerprints can be guessed: %v", guessed(content, lineageKey(lineage)), err)
	}
	ends(t, dir, 0, "drift")
	ends(t, dir, 0, "lab", "set", "tenant", "p8@contoso.com", "department=Portal") // whom that apply did not touch
	ends(t, dir, 2, "drift")
}

// asLayout2 makes a record one of layout 2: what it knows of departments and nothing else, in the clear under the
// lineage's key.
func asLayout2(t *testing.T, path, lineage string) {
	t.Helper()
	s, err := sqlite.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	h, names := state.NewHasher(s.Meta().Key), map[uint64]string{}
	department := providers.TenantSchema(state.User).Lookup("department")
	for _, d := range knownDepartments {
		names[h.Fingerprint(department, state.String(d))] = d
	}
	old, clear := state.NewHasher(lineageKey(lineage)), map[string][]byte{}
	for l, err := range s.Links(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		var b []byte
		for i, name := range l.Shape.Names() {
			fp := uint64(0)
			if name == "department" {
				fp = old.Fingerprint(department, state.String(names[l.Fingerprints[i]]))
			}
			b = binary.LittleEndian.AppendUint64(b, fp)
		}
		clear[l.Anchor] = b
	}
	s.Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	execute := func(q string, args ...any) {
		if _, err := db.Exec(q, args...); err != nil {
			t.Fatal(err)
		}
	}
	for anchor, b := range clear {
		execute("UPDATE links SET fingerprints = ? WHERE anchor = ?", b, anchor)
	}
	execute("DELETE FROM meta WHERE name = 'key'")
	execute("DROP INDEX journal_unsure; DROP INDEX runs_active")
	for _, column := range [...]string{"journal DROP COLUMN deeds", "runs DROP COLUMN active", "runs DROP COLUMN links",
		"runs DROP COLUMN did", "runs DROP COLUMN writes", "runs DROP COLUMN ran_by", "runs DROP COLUMN ref",
		"journal DROP COLUMN source_writes", "journal DROP COLUMN tenant_writes", "journal DROP COLUMN kept"} {
		execute("ALTER TABLE " + column)
	}
	execute("UPDATE schema SET version = 2")
	execute("PRAGMA wal_checkpoint(TRUNCATE)")
}
