package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnotherDomainController: with several urls the record knows how far the domain controller had come that the last apply
// read. One that is behind heals nothing: its plan is refused. One that does not tell is planned from, with a warning.
func TestAnotherDomainController(t *testing.T) {
	_, env := servedCompany(t)
	main, err := os.ReadFile(filepath.Join(env.Dir, "main.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(main), `url      = "`)
	url, rest, _ := strings.Cut(rest, `"`)
	write(t, env.Dir, "main.hcl", fmt.Sprintf("%surls = [%q, %q]%s", before, url, url, rest))
	succeed(t, env, "apply", "--auto-approve")
	out := succeed(t, env, "plan")
	if strings.Contains(out, "DF418") || strings.Contains(out, "DF419") {
		t.Errorf("the same domain controller\n%s", out)
	}

	db, err := sql.Open("sqlite", filepath.Join(env.Dir, "dirform.dfstate"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var text string
	if err := db.QueryRow("SELECT value FROM meta WHERE name = 'positions'").Scan(&text); err != nil {
		t.Fatal(err)
	}
	set := func(to string) {
		t.Helper()
		if _, err := db.Exec("UPDATE meta SET value = ? WHERE name = 'positions'", to); err != nil {
			t.Fatal(err)
		}
	}
	set(text[:strings.LastIndex(text, ":")+1] + "999999999}}")
	if code, out, _ := runMain(t, env, "plan"); code != 1 || !strings.Contains(out, "DF418 Domain controller is behind") {
		t.Errorf("one that was set back: status %d\n%s", code, out)
	}
	if code, _, _ := runMain(t, env, "apply", "--auto-approve"); code != 1 {
		t.Errorf("it is applied from: status %d", code)
	}
	set(fmt.Sprintf(`{"corp":{"invocation":%q,"usn":5}}`, "11111111-2222-3333-4444-555555555555"))
	if code, out, _ := runMain(t, env, "plan"); code != 0 || !strings.Contains(out, "DF419 Domain controller may be behind") {
		t.Errorf("another one that does not tell: status %d\n%s", code, out)
	}
}
