package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// event is a line of apply --json.
type event struct {
	Type, Status, Action, Reason string
	Applied, Failed, Skipped     int
	Unknown                      int
	Interrupted, Complete        bool
}

// eventsOf applies, and checks each line of what is printed: changes, then one summary, and then an error if one has
// ended it. Nothing else is on standard error but a log.
func eventsOf(t *testing.T, env cli.Environment, want int) (changes []event, summary event, failure string) {
	t.Helper()
	return eventsIn(t, env, want, new(strings.Builder))
}

// eventsIn is eventsOf that keeps the lines that are no error.
func eventsIn(t *testing.T, env cli.Environment, want int, kept *strings.Builder) (changes []event, summary event, failure string) {
	t.Helper()
	args := []string{"apply", "--auto-approve", "--json", "--log-format", "json"}
	status, stdout, stderr := runMain(t, env, args...)
	if status != want {
		t.Errorf("status %d, want %d\n%s\n%s", status, want, stdout, stderr)
	}
	onlyObjects(t, args, stderr)
	events, errors := closedSchema(t, "events"), closedSchema(t, "errors")
	for line := range strings.Lines(stdout) {
		var d map[string]any
		var e event
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if _, is := d["error"]; is {
			if err := errors.Validate(d); err != nil || failure != "" {
				t.Errorf("%v: %s", err, line)
			}
			failure = line
			continue
		}
		must(t, json.Unmarshal([]byte(line), &e))
		kept.WriteString(line)
		if err := events.Validate(d); err != nil || summary.Type != "" || failure != "" {
			t.Errorf("%v: %s", err, line)
		}
		if e.Type == "summary" {
			summary = e
		} else {
			changes = append(changes, e)
		}
	}
	return changes, summary, failure
}

// writing tells a request with a write from one that only reads, and leaves its body to be read again.
func writing(t *testing.T, r *http.Request) (requests []map[string]any) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	var batch struct{ Requests []map[string]any }
	if json.Unmarshal(b, &batch) != nil || !slices.ContainsFunc(batch.Requests, func(q map[string]any) bool { return q["method"] != "GET" }) {
		return nil
	}
	return batch.Requests
}

// refusing answers every write to a tenant with a refusal.
func refusing(t *testing.T) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		requests := writing(t, r)
		var replies []string
		for _, q := range requests {
			replies = append(replies, fmt.Sprintf(`{"id":%q,"status":400,"body":{"error":{"code":"Request_BadRequest","message":"::no [ \u202e"}}}`, q["id"]))
		}
		if requests != nil {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"responses":[%s]}`, strings.Join(replies, ","))
		}
		return requests != nil
	}
}

// interrupting sends a signal at the first write.
func interrupting(t *testing.T) (signals chan os.Signal, hook func(w http.ResponseWriter, r *http.Request) bool) {
	signals = make(chan os.Signal, 1)
	return signals, func(_ http.ResponseWriter, r *http.Request) bool {
		if writing(t, r) != nil {
			select {
			case signals <- os.Interrupt:
			default:
			}
		}
		return false
	}
}

// companyDocuments are documents of a company in which much is to do and not all of it is done, by section.
func companyDocuments(t *testing.T) map[string]string {
	t.Helper()
	var events strings.Builder
	env := behind(t, refusing(t))
	printed := map[string]string{
		"PLAN":    succeed(t, env, "plan", "--json"),
		"OBJECTS": succeed(t, env, "state", "list", "--json", "--synced", "--orphans"),
	}
	eventsIn(t, env, cli.ExitPartial, &events)
	printed["RUNS"] = succeed(t, env, "history", "--json")
	printed["STEPS"] = succeed(t, env, "history", "2", "--json")
	signals, hook := interrupting(t)
	env = behind(t, hook)
	env.Signals = signals
	eventsIn(t, env, cli.ExitInterrupted, &events)
	env.Signals = nil
	printed["RUNS"] += succeed(t, env, "history", "--json")
	printed["RUNS"] += failedRun(t)
	_, env = servedCompany(t)
	main, err := os.ReadFile(filepath.Join(env.Dir, "main.hcl"))
	must(t, err)
	write(t, env.Dir, "main.hcl", string(main)+encrypting)
	env.Environ = []string{"DIRFORM_SECRET_key=AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="}
	eventsIn(t, env, cli.ExitDone, &events)
	printed["STEPS"] += succeed(t, env, "history", "2", "--json", "--values", "--names")
	printed["EVENTS"] = events.String()
	return printed
}

// encrypting is what a configuration takes to be encrypted.
const encrypting = "variable \"key\" { sensitive = true }\ndirform {\n  encryption {\n    key = var.key\n  }\n}\n"

// failedRun is the history after a run that an error has ended: from its first write on the tenant knows the
// application no more.
func failedRun(t *testing.T) string {
	t.Helper()
	var gone, well atomic.Bool
	env := behind(t, func(w http.ResponseWriter, r *http.Request) bool {
		if gone.Load() && !well.Load() {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":{"code":"InvalidAuthenticationToken","message":"Access token validation failure."}}`)
			return true
		}
		if writing(t, r) != nil {
			gone.Store(true)
		}
		return false
	})
	if _, summary, failure := eventsOf(t, env, cli.ExitPartial); failure == "" || summary.Type == "" {
		t.Errorf("%+v, %s", summary, failure)
	}
	well.Store(true)
	return succeed(t, env, "history", "--json")
}

// TestEventsInJSON holds what apply --json prints to the schema, whatever becomes of the changes.
func TestEventsInJSON(t *testing.T) {
	t.Parallel()
	_, env := servedCompany(t)
	changes, summary, failure := eventsOf(t, env, cli.ExitDone)
	if !summary.Complete || summary.Applied != len(whatIsLeft) || len(changes) != len(whatIsLeft) || failure != "" {
		t.Errorf("%+v, %+v, %s", changes, summary, failure)
	}
	for _, action := range []string{"create", "link", "restore", "update", "disable"} {
		if !slices.ContainsFunc(changes, func(e event) bool { return e.Action == action && e.Status == "done" && e.Type == "change" }) {
			t.Errorf("no %s in %+v", action, changes)
		}
	}

	// every write is refused
	env = behind(t, refusing(t))
	changes, summary, failure = eventsOf(t, env, cli.ExitPartial)
	if summary.Failed == 0 || summary.Complete || failure != "" || summary.Failed+summary.Applied+summary.Skipped+summary.Unknown != len(whatIsLeft) ||
		!slices.ContainsFunc(changes, func(e event) bool { return e.Status == "failed" && e.Reason != "" }) {
		t.Errorf("%+v, %+v, %s", changes, summary, failure)
	}

	// interrupted at the first write
	signals, hook := interrupting(t)
	env = behind(t, hook)
	env.Signals = signals
	if changes, summary, failure = eventsOf(t, env, cli.ExitInterrupted); !summary.Interrupted || failure != "" {
		t.Errorf("%+v, %+v, %s", changes, summary, failure)
	}
}

// lostLockInJSON has the lock of a record in a database freed while a run writes, so that it loses it: events, the
// summary, an error.
func lostLockInJSON(t *testing.T, address string) {
	var env cli.Environment
	freed := sync.OnceFunc(func() {
		_, _, held := runMain(t, env, "force-unlock")
		id := regexp.MustCompile(`force-unlock ([0-9a-f]+)`).FindStringSubmatch(held)
		if id == nil {
			t.Errorf("no id in %s", held)
			return
		}
		if status, _, stderr := runMain(t, env, "force-unlock", id[1]); status != cli.ExitDone {
			t.Error(stderr)
		}
	})
	env = behind(t, func(_ http.ResponseWriter, r *http.Request) bool {
		if writing(t, r) != nil {
			freed()
		}
		return false
	})
	main, err := os.ReadFile(filepath.Join(env.Dir, "main.hcl"))
	must(t, err)
	write(t, env.Dir, "main.hcl", string(main)+fmt.Sprintf("dirform {\n  state \"postgres\" {\n    url = %q\n    name = \"contoso\"\n  }\n}\n", address))
	changes, summary, failure := eventsOf(t, env, cli.ExitPartial)
	if summary.Type == "" || summary.Complete || !strings.HasPrefix(failure, `{"error":{"summary":"The lock of the state was lost",`) {
		t.Errorf("%+v, %+v, %s", changes, summary, failure)
	}
}
