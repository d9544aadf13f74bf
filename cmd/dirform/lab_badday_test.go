package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// A tenant with every bad manner at once only costs runs: applying again and again converges, and nobody is created twice.
func TestApplyConvergesOnABadDay(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a slow tenant")
	}
	t.Parallel() // it mostly waits
	dir := t.TempDir()
	env := cli.Environment{Dir: dir}
	succeed(t, env, "lab", "generate", "--users=25", "--matched=0.3")
	edit := func(name, old, new string) {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(b), old) {
			t.Fatalf("%s: no %q (%v)", name, old, err)
		}
		write(t, dir, name, strings.Replace(string(b), old, new, 1))
	}
	edit("lab/tenant.json", "{", `{"lab":{"latency":"1ms","visibility_delay":"100ms","throttle":"S","unavailable":0.03,"gateway_timeout":0.02,
"drop_before":0.1,"drop_after":0.1,"late_timeout":0.1,"token_life":"500ms","seed":5},`)
	succeed(t, env, "init", "--lab", "lab")
	edit("main.hcl", `unmatched = "skip"`, `unmatched = "create"`)

	for attempt := 1; ; attempt++ {
		status, _, stderr := runMain(t, env, "apply", "--auto-approve")
		if status != cli.ExitDone && status != cli.ExitPartial {
			t.Fatalf("apply: status %d\n%s", status, stderr)
		}
		status, stdout, stderr := runMain(t, env, "plan", "--detailed-exitcode")
		if status == cli.ExitDone {
			break
		}
		if status != cli.ExitPending || attempt == 8 {
			t.Fatalf("after %d runs: status %d\n%s%s", attempt, status, stdout, stderr)
		}
	}
	var shown struct {
		AD, Tenant struct{ Counts map[string]int }
	}
	if err := json.Unmarshal([]byte(succeed(t, env, "lab", "show", "--json")), &shown); err != nil {
		t.Fatal(err)
	}
	if ad, tenant := shown.AD.Counts["users"], shown.Tenant.Counts["users"]; ad != 25 || tenant != 26 { // one is the administrator
		t.Errorf("%d users at the source, %d in the tenant", ad, tenant)
	}
}
