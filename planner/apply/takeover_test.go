package apply_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

func claim() state.AttributeChange {
	return set(providers.CloudManaged, state.Bool(false), state.Bool(true))
}

// mastered adds an account that another engine masters, without a link.
func (w *world) mastered(n int, name string) string {
	id := w.linked(n, values("displayName", name))
	delete(w.journal.links, anchor(n))
	w.tenant.accounts[id].attrs[providers.SyncEnabled] = state.Bool(true)
	return id
}

func link(n int, target string, attrs ...state.AttributeChange) *state.Change {
	c := change(state.ActionLink, n, target, attrs...)
	c.Match = &state.Match{Rule: "immutable_id"}
	return c
}

// requests are what the tenant was sent, as "operation id".
func (w *world) requests() (all []string) {
	names := map[providers.Op]string{providers.OpTakeOver: "take", providers.OpPatch: "patch", providers.OpSetReference: "ref", providers.OpRestore: "restore"}
	for _, x := range w.tenant.sent {
		all = append(all, names[x.Op]+" "+x.ID)
	}
	return all
}

func wantRequests(t *testing.T, w *world, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, w.requests()); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
}

func TestTakeOverComesFirst(t *testing.T) {
	w := newWorld()
	w.in.Workers = 1
	one, two, boss := w.mastered(1, "old"), w.mastered(2, "same"), w.linked(3, values("displayName", "boss"))
	bin := w.tenant.add("bin", map[string]state.Value{providers.SyncEnabled: state.Bool(true)})
	bin.deleted = true
	back := change(state.ActionRestore, 4, "bin", claim(), set("displayName", state.Null(), str("back")))
	out := w.run(t, link(1, one, claim(), set("displayName", str("old"), str("new")), set("manager", state.Null(), str(boss))), link(2, two, claim()), back)
	wantCounts(t, out, state.Counts{Applied: 3})
	wantRequests(t, w, "restore bin", "take "+one, "take "+two, "take bin", "patch "+one, "patch bin", "ref "+one)
	if out.Warnings > 0 || w.journal.links[anchor(1)] == nil || w.journal.links[anchor(2)] == nil {
		t.Errorf("%+v %v", w.events, w.journal.links)
	}
	if n := w.tenant.accounts[one].attrs["displayName"].Str(); n != "new" {
		t.Errorf("displayName %q", n)
	}
}

// Right before it is written an account may be nobody else's any more, or not be as it was.
func TestTakeOverLooksAgain(t *testing.T) {
	w := newWorld()
	converted, idle, changed := w.mastered(1, "old"), w.mastered(2, "same"), w.mastered(3, "edited")
	delete(w.tenant.accounts[converted].attrs, providers.SyncEnabled)
	delete(w.tenant.accounts[idle].attrs, providers.SyncEnabled)
	rename := set("displayName", str("old"), str("new"))
	out := w.run(t, link(1, converted, claim(), rename), link(2, idle, claim()), link(3, changed, claim(), rename))
	wantCounts(t, out, state.Counts{Applied: 2, Skipped: 1})
	wantRequests(t, w, "patch "+converted)
	if w.journal.links[anchor(2)] == nil {
		t.Error("what is as it should be was not recorded")
	}
}

func TestTakeOverWhoseReplyIsLost(t *testing.T) {
	for _, f := range []fault{lostAfter, lostBefore} {
		w := newWorld()
		w.tenant.fault = func(x providers.Write) fault {
			if x.Op == providers.OpTakeOver {
				return f
			}
			return fine
		}
		id, only := w.mastered(1, "old"), w.mastered(2, "same")
		out := w.run(t, link(1, id, claim(), set("displayName", str("old"), str("new"))), link(2, only, claim()))
		if f == lostAfter {
			wantCounts(t, out, state.Counts{Applied: 2})
			wantRequests(t, w, "take "+id, "take "+only, "patch "+id)
			continue
		}
		wantCounts(t, out, state.Counts{Unknown: 2})
		wantRequests(t, w, "take "+id, "take "+only)
		if len(w.journal.links) > 0 || w.journal.entry(t, anchor(1), "").Status != state.StatusUnknown {
			t.Errorf("recorded: %v", w.journal.links)
		}
	}
}

// Whoever is refused either half is not linked, others are.
func TestTakeOverRefused(t *testing.T) {
	for half, want := range map[providers.Op]string{providers.OpTakeOver: "is taken", providers.OpPatch: "taken over from the other sync engine, but could not be changed"} {
		w := newWorld()
		bad, good := w.mastered(1, "old"), w.mastered(2, "old")
		w.tenant.fault = func(x providers.Write) fault {
			if x.Op == half && x.ID == bad {
				return refused
			}
			return fine
		}
		rename := set("displayName", str("old"), str("new"))
		out := w.run(t, link(1, bad, claim(), rename), link(2, good, claim(), rename))
		wantCounts(t, out, state.Counts{Applied: 1, Failed: 1})
		if len(out.Failures) != 1 || !strings.Contains(out.Failures[0].Reason, want) || w.journal.links[anchor(1)] != nil || w.journal.links[anchor(2)] == nil {
			t.Errorf("%+v %v", out.Failures, w.journal.links)
		}
	}
}

// A run that is stopped between the halves says so of each account.
func TestTakeOverStopped(t *testing.T) {
	w := newWorld()
	id := w.mastered(1, "old")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.tenant.before = func(context.Context, []providers.Write) { cancel() }
	out, err := w.try(ctx, link(1, id, claim(), set("displayName", str("old"), str("new"))))
	if err != nil || !out.Interrupted || out.Failed != 1 || !strings.Contains(fmt.Sprint(out.Failures), "taken over from the other sync engine, but the run was stopped") {
		t.Errorf("%+v %v", out, err)
	}
	w.tenant.before = nil
	wantCounts(t, w.run(t, link(1, id, set("displayName", str("old"), str("new")))), state.Counts{Applied: 1}) // what the next plan holds
}

// The cost that a plan shows is the number of requests that apply sends.
func TestTakeOverCost(t *testing.T) {
	alone := func(name string) bool { return name == providers.CloudManaged || name == "manager" }
	for want, c := range map[int]*state.Change{
		1: link(1, "x", claim()),
		2: link(1, "x", claim(), set("displayName", str("old"), str("new"))),
		3: change(state.ActionRestore, 1, "x", claim(), set("displayName", str("old"), str("new"))),
	} {
		if n := c.Writes(alone); n != want {
			t.Errorf("%d writes, not %d", n, want)
		}
	}
}

// People who swap their names are taken over once each, whatever the way to their names.
func TestTakeOverInACircleOfNames(t *testing.T) {
	for _, window := range []int{1, 400} {
		w := newWorld()
		w.in.Window = window
		changes := circle(w, 2)
		for i, c := range changes {
			w.tenant.accounts[c.TargetID].attrs[providers.SyncEnabled] = state.Bool(true)
			changes[i].Attributes = append([]state.AttributeChange{claim()}, c.Attributes...)
		}
		wantCounts(t, w.run(t, changes...), state.Counts{Applied: 2})
		takes := 0
		for _, x := range w.tenant.sent {
			if x.Op == providers.OpTakeOver {
				takes++
			}
		}
		if got := w.called(2); got != "n1@x n0@x" || takes != 2 || len(w.tenant.sent) != 5 {
			t.Errorf("window %d: names are %s after %v", window, got, w.requests())
		}
	}
}
