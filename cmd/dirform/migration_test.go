package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/labcmd"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/providers/lab"
)

const (
	oldDomain, newDomain = "DC=fabrikam,DC=local", "DC=corp,DC=contoso,DC=com"
	movedPolicy          = `
scope "staff" {
  ou = "OU=Staff,` + newDomain + `"
}

link_policy "staff" {
  scope          = scope.staff
  foreign_anchor = "relink"
}
`
)

// anchorIn is the anchor of person i in one of the two domains.
func anchorIn(domain string, i int) string {
	guid := [16]byte{0: 1, 14: byte(i >> 8), 15: byte(i)}
	if domain == newDomain {
		guid[0] = 2
	}
	return base64.StdEncoding.EncodeToString(guid[:])
}

// seedDomain writes the seed of a domain with n people into a folder below dir.
func seedDomain(t *testing.T, dir, folder, domain string, n int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\n\ndn: OU=Staff,%s\nobjectClass: organizationalUnit\n", domain)
	for i := range n {
		fmt.Fprintf(&b, "\ndn: CN=Person %d,OU=Staff,%s\nobjectClass: user\nobjectGUID:: %s\nsAMAccountName: p%d\nuserPrincipalName: p%d@contoso.com\nmail: p%d@contoso.com\n",
			i, domain, anchorIn(domain, i), i, i, i)
	}
	write(t, dir, filepath.Join(folder, "corp.ldif"), b.String())
}

// seedAccounts writes the seed of a tenant whose n accounts carry the anchors of the old domain. manners is the lab's, or {}.
func seedAccounts(t *testing.T, dir, folder, manners string, n int) {
	t.Helper()
	type account map[string]any
	doc := struct {
		Lab          json.RawMessage `json:"lab"`
		Organization account         `json:"organization"`
		Domains      []account       `json:"domains"`
		Users        []account       `json:"users"`
	}{Lab: json.RawMessage(manners), Organization: account{"id": "8d0f1b1e-5c0a-4f0e-9d27-6f3a2c1b0a99", "displayName": "Contoso"},
		Domains: []account{{"id": "contoso.onmicrosoft.com", "isInitial": true, "isVerified": true}, {"id": "contoso.com", "isDefault": true, "isVerified": true}}}
	for i := range n {
		upn := fmt.Sprintf("p%d@contoso.com", i)
		doc.Users = append(doc.Users, account{"id": fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "userPrincipalName": upn, "mail": upn,
			"displayName": fmt.Sprintf("Person %d", i), "mailNickname": fmt.Sprintf("p%d", i), "accountEnabled": true,
			"onPremisesImmutableId": anchorIn(oldDomain, i)})
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, filepath.Join(folder, "tenant.json"), string(text))
}

func labProviders(ad string) string {
	return fmt.Sprintf("provider \"ad\" \"ad\" {\n  lab = %q\n}\n\nprovider \"entra\" \"contoso\" {\n  lab = \"lab\"\n}\n", ad)
}

// TestRelinksGuard: the built-in limit lets three accounts be relinked, or a tenth of the linked ones, and 500 at most.
func TestRelinksGuard(t *testing.T) {
	for _, x := range []struct {
		people, linked int // linked of them from the old domain before
		want           string
	}{
		{3, 0, ""}, {4, 0, "relinks.percent"}, {3, 3, ""}, {11, 11, "relinks.percent"}, {501, 0, "relinks.countrelinks.percent"},
	} {
		t.Run(fmt.Sprintf("%d of %d linked", x.people, x.linked), func(t *testing.T) {
			t.Parallel()
			env := cli.Environment{Dir: t.TempDir()}
			seedDomain(t, env.Dir, "old", oldDomain, x.linked)
			seedDomain(t, env.Dir, "lab", newDomain, x.people)
			seedAccounts(t, env.Dir, "lab", "{}", x.people)
			if x.linked > 0 {
				write(t, env.Dir, "main.hcl", labProviders("old")+"scope \"legacy\" {\n  ou = \"OU=Staff,"+oldDomain+"\"\n}\n")
				succeed(t, env, "apply", "--auto-approve")
			}
			write(t, env.Dir, "main.hcl", labProviders("lab")+movedPolicy)
			status, out, _ := runMain(t, env, "plan", "--json")
			var p struct {
				Applicable bool
				Summary    map[string]int
				Guards     []struct {
					Limit   string
					Tripped bool
				}
			}
			if err := json.Unmarshal([]byte(out), &p); err != nil {
				t.Fatal(err)
			}
			tripped := ""
			for _, g := range p.Guards {
				if g.Tripped {
					tripped += g.Limit
				}
			}
			if tripped != x.want || p.Applicable != (x.want == "") || (status == cli.ExitDone) != (x.want == "") || p.Summary["relink"] != x.people {
				t.Fatalf("status %d, tripped %q, want %q, %v", status, tripped, x.want, p.Summary)
			}
			if x.want == "" {
				return
			}
			if status, out, _ := runMain(t, env, "plan", fmt.Sprintf("--allow=relinks=%d", x.people-1)); status != cli.ExitFailure || !strings.Contains(out, fmt.Sprintf("or the rest of a run that was cut off, run again with --allow relinks=%d", x.people)) {
				t.Errorf("one more than allowed: status %d\n%s", status, out)
			}
			succeed(t, env, "plan", fmt.Sprintf("--allow=relinks=%d", x.people))
		})
	}
}

// servedMigration serves both directories, slowly, for other processes, and writes a configuration that reads them.
func servedMigration(t *testing.T, n int) (env cli.Environment, stop func()) {
	t.Helper()
	env = cli.Environment{Dir: t.TempDir()}
	seedDomain(t, env.Dir, "lab", newDomain, n)
	seedAccounts(t, env.Dir, "lab", `{"latency":"100ms"}`, n)
	at := open.LabAt(env.Dir, "lab")
	at.Record = os.Getenv("DIRFORM_LAB_RECORD")
	l, err := lab.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { l.Close() })
	t.Cleanup(stop)
	source, err := l.ServeAD()
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := l.ServeEntra()
	if err != nil {
		t.Fatal(err)
	}
	write(t, env.Dir, "main.hcl", string(labcmd.ProviderBlocks(labcmd.Access{AD: &source, Entra: &tenant}))+movedPolicy)
	return env, stop
}

// applyCutOff starts an apply in a process of its own and sends it a signal once it has told of the first that is done. It returns
// the exit status, -1 for killed.
func applyCutOff(t *testing.T, env cli.Environment, signal os.Signal) int {
	t.Helper()
	cmd := exec.Command("dirform", "apply", "--auto-approve", "--json", "--allow=relinks=1000")
	cmd.Dir = env.Dir
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines := bufio.NewScanner(r)
		for sent := false; lines.Scan(); {
			if !sent && strings.Contains(lines.Text(), `"action":"relink"`) && strings.Contains(lines.Text(), `"status":"done"`) {
				cmd.Process.Signal(signal)
				sent = true
			}
		}
	}()
	err := cmd.Wait()
	w.Close()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("the apply was not cut off: %v", err)
	}
	return exit.ExitCode()
}

// TestMigrationCutOff moves 300 people to another domain in a process that is killed, or asked to stop, twice on the way.
// Each plan finds what is left: nobody twice, nobody lost, nobody disabled.
func TestMigrationCutOff(t *testing.T) {
	const n = 300
	for name, x := range map[string]struct {
		signal os.Signal
		status int
	}{"killed": {os.Kill, -1}, "interrupted": {os.Interrupt, cli.ExitInterrupted}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, stop := servedMigration(t, n)
			before := n
			for range 2 {
				if status := applyCutOff(t, env, x.signal); status != x.status {
					t.Fatalf("status %d", status)
				}
				s := planJSON(t, env, "--allow=relinks=1000").Summary
				t.Logf("after the cut: %v", s)
				if s["relink"]+s["link"]+s["unchanged"] != n || s["disable"]+s["unlink"]+s["create"]+s["blocked"] > 0 {
					t.Fatalf("the next plan is another: %v", s)
				}
				if s["relink"] >= before || before == n && s["relink"] == 0 {
					t.Errorf("%d left of %d: the cut was not in the middle", s["relink"], before)
				}
				before = s["relink"]
			}
			start := time.Now()
			succeed(t, env, "apply", "--auto-approve", "--allow=relinks=1000")
			t.Logf("the rest of %d took %v", before, time.Since(start))
			wantNothing(t, env)
			stop()
			checkMoved(t, env, n)
		})
	}
}

// checkMoved holds the record and the tenant against what a finished migration of n people looks like.
func checkMoved(t *testing.T, env cli.Environment, n int) {
	t.Helper()
	list := succeed(t, env, "state", "list")
	if lines := strings.Count(list, "\n"); lines != n {
		t.Errorf("%d links for %d people", lines, n)
	}
	accounts := map[string]bool{}
	for _, line := range tenantUsersOf(t, env.Dir, "lab", "mail", "accountEnabled", "onPremisesImmutableId") {
		accounts[strings.TrimPrefix(line, "|")] = true
	}
	if len(accounts) != n {
		t.Errorf("%d accounts for %d people", len(accounts), n)
	}
	for i := range n {
		anchor := anchorIn(newDomain, i)
		if !strings.Contains(list, anchor) {
			t.Errorf("person %d is not linked by the new anchor", i)
		}
		if want := fmt.Sprintf("p%d@contoso.com|true|%s", i, anchor); !accounts[want] {
			t.Errorf("no account %s", want)
		}
	}
}
