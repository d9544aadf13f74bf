package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state/quick"
)

// firstRefused is a request that is among the last ones before the first write.
const firstRefused = 11

// next is how far it is to the next request from which everything is refused: in the short form not each is tried, but others every time.
func next() int32 {
	if quick.Long() {
		return 1
	}
	return 1 + rand.Int32N(5)
}

// TestErrorsAfterAWrite lets the tenant refuse everything from one request of an apply on, whichever that is: status 1 means that
// nothing was written to either directory, and once something was, the status is 3. What is written then is in the record.
func TestErrorsAfterAWrite(t *testing.T) {
	t.Parallel()
	l, env := servedCompany(t)
	_, before := l.WriteAttempts()
	succeed(t, env, "apply", "--auto-approve")
	_, after := l.WriteAttempts()
	statuses := map[int]int{}
	for at := int32(firstRefused); statuses[cli.ExitDone] == 0; at += next() {
		l, env := servedCompany(t)
		var requests atomic.Int32
		var writes int // until which nothing is made well again: what is only looked at afterwards is looked at for long
		requests.Store(-1 << 20)
		redirect(t, env, func(w http.ResponseWriter, r *http.Request) bool {
			if _, n := l.WriteAttempts(); requests.Add(1) < at || n == writes {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`)
			return true
		})
		args := []string{"apply", "--auto-approve"}
		switch at % 3 {
		case 1:
			succeed(t, env, "plan", "--out", "saved.dfplan")
			args = []string{"apply", "saved.dfplan"}
		case 2:
			args = append(args, "--json")
		}
		ad, tenant := l.WriteAttempts()
		writes = tenant + after - before
		requests.Store(0)
		status, out, stderr := runMain(t, env, args...)
		statuses[status]++
		adNow, tenantNow := l.WriteAttempts()
		wrote := adNow > ad || tenantNow > tenant
		switch failed := strings.Contains(stderr, "Error:"); {
		case status == cli.ExitFailure && (wrote || !failed), status == cli.ExitPartial && !wrote, status == cli.ExitDone && failed,
			status != cli.ExitFailure && status != cli.ExitPartial && status != cli.ExitDone:
			t.Errorf("%v, refused from request %d on: status %d with %d writes to Active Directory and %d to the tenant\n%s\n%s",
				args, at, status, adNow-ad, tenantNow-tenant, out, stderr)
		}
	}
	if quick.Long() && (statuses[cli.ExitFailure] < 2 || statuses[cli.ExitPartial] < 3) {
		t.Errorf("statuses %v: the test does not reach what it should", statuses)
	}
	t.Log(statuses)
}

// TestErrorsAfterASwitchOff is TestErrorsAfterAWrite for --switch-offs: with more people than one request holds, refused from each request
// on, and with more than are looked at in one go, refused once the first of them are switched off.
func TestErrorsAfterASwitchOff(t *testing.T) {
	t.Parallel()
	statuses := map[int]int{}
	for at := firstRefused - 4; statuses[cli.ExitDone] == 0 && at < 60; at += int(next()) {
		status, _ := refusedSwitchOffs(t, 30, func(request, written int) bool { return request >= at && written < 30 })
		statuses[status]++
	}
	if statuses[cli.ExitDone] != 1 || quick.Long() && (statuses[cli.ExitFailure] < 1 || statuses[cli.ExitPartial] < 1) {
		t.Errorf("statuses %v: the test does not reach what it should", statuses)
	}
	const window = 400
	status, stderr := refusedSwitchOffs(t, window+5, func(_, written int) bool { return written >= window })
	if status != cli.ExitPartial || !strings.Contains(stderr, "Error:") {
		t.Errorf("refused once %d were switched off: status %d\n%s", window, status, stderr)
	}
}

// refusedSwitchOffs switches people off, and has the tenant refuse requests by their number and by how many accounts have been written.
func refusedSwitchOffs(t *testing.T, people int, refuse func(request, written int) bool) (status int, stderr string) {
	t.Helper()
	var ldif strings.Builder
	ldif.WriteString(readOnlyLDIF)
	for i := range people {
		fmt.Fprintf(&ldif, "\ndn: CN=p%[1]d,OU=Staff,DC=corp,DC=contoso,DC=com\nobjectClass: user\nsAMAccountName: p%[1]d\n"+
			"userPrincipalName: p%[1]d@contoso.com\n", i)
	}
	l, env := servedCompanyOf(t, ldif.String())
	succeed(t, env, "apply", "--auto-approve")
	for i := range people {
		if err := l.SetAD(fmt.Sprint("p", i), "userAccountControl", []string{"514"}); err != nil {
			t.Fatal(err)
		}
	}
	var requests atomic.Int32
	_, before := l.WriteAttempts()
	redirect(t, env, func(w http.ResponseWriter, _ *http.Request) bool {
		_, now := l.WriteAttempts()
		if !refuse(int(requests.Add(1)), now-before) {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`)
		return true
	})
	status, out, stderr := runMain(t, env, "apply", "--switch-offs", "--auto-approve", "--allow", "disables=1000", "--allow", "updates=1000")
	_, after := l.WriteAttempts()
	switch wrote := after > before; {
	case status == cli.ExitFailure && wrote, status == cli.ExitPartial && !wrote && strings.Contains(stderr, "Error:"),
		status == cli.ExitDone && after != before+people, status != cli.ExitFailure && status != cli.ExitPartial && status != cli.ExitDone:
		t.Errorf("status %d with %d writes\n%s\n%s", status, after-before, out, stderr)
	}
	return status, stderr
}

// TestPlanFileIsAppliedAgain kills an apply of a plan file at a request, be it a write that does not arrive or the first one after a
// write that did. The same file, applied again, makes the rest: all of it is in place then, and the status is 0.
func TestPlanFileIsAppliedAgain(t *testing.T) {
	t.Parallel()
	for at := 1; at <= 4; at++ {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			t.Parallel()
			_, env := servedCompany(t)
			var victim atomic.Pointer[os.Process]
			points, wrote := 0, false
			var mu sync.Mutex
			redirect(t, env, func(w http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				writes := r.Method == http.MethodPost && hasWrites(r)
				if writes || wrote {
					points++
				}
				wrote = writes
				if p := victim.Load(); p != nil && points == at && (writes || at%2 == 0) {
					_ = p.Kill()
					return true
				}
				return false
			})
			succeed(t, env, "plan", "--out", "saved.dfplan")
			cmd := &exec.Cmd{Path: os.Args[0], Args: []string{"dirform", "apply", "saved.dfplan"}, Dir: env.Dir, Env: os.Environ()}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			victim.Store(cmd.Process)
			_ = cmd.Wait()
			victim.Store(nil)
			if cmd.ProcessState.Exited() {
				t.Fatalf("it was not killed: %v", cmd.ProcessState)
			}
			status, out, stderr := runMain(t, env, "apply", "saved.dfplan")
			if status != cli.ExitDone || !strings.Contains(out, "Apply complete: ") {
				t.Errorf("status %d\n%s\n%s", status, out, stderr)
			}
			if status, out, stderr := runMain(t, env, "plan", "--detailed-exitcode"); status != cli.ExitDone {
				t.Errorf("the next plan: status %d\n%s\n%s", status, out, stderr)
			}
			if status, out, stderr := runMain(t, env, "apply", "saved.dfplan"); status != cli.ExitDone {
				t.Errorf("once more: status %d\n%s\n%s", status, out, stderr)
			}
		})
	}
}

// hasWrites reports whether a $batch has a request that is no GET. The body can be read again.
func hasWrites(r *http.Request) bool {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && (bytes.Contains(body, []byte(`"PATCH"`)) || bytes.Contains(body, []byte(`"POST"`)) ||
		bytes.Contains(body, []byte(`"DELETE"`)) || bytes.Contains(body, []byte(`"PUT"`)))
}
