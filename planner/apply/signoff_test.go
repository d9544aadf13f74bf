package apply_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// offAndOthers is a plan that turns the sign-in of some people off, whole or in part, and then does other things.
func offAndOthers(w *world) (changes []*state.Change, off map[string]bool) {
	off = map[string]bool{}
	for i := range 9 {
		id := w.linked(i, values("department", "Sales"))
		w.tenant.accounts[id].attrs["accountEnabled"] = state.Bool(true)
		switchOff := set("accountEnabled", state.Bool(true), state.Bool(false))
		c := change(state.ActionUpdate, i, id, switchOff, set("department", str("Sales"), str("Left")))
		switch i % 3 {
		case 1:
			c = change(state.ActionDisable, i, id, switchOff)
		case 2:
			c = change(state.ActionUpdate, i, id, switchOff)
			c.Partial = true
		}
		changes, off[id] = append(changes, c), true
	}
	for i := 9; i < 20; i++ {
		id := w.linked(i, values("department", "Sales"))
		changes = append(changes, change(state.ActionUpdate, i, id, set("department", str("Sales"), str("Revenue"))))
	}
	return append(changes, create(20, set("department", state.Null(), str("Revenue")))), off
}

// TestSwitchOffsBeforeEverythingElse ends a run at every boundary: as long as somebody is signed in who ought not to be, nothing else
// has been written, also where batches travel together.
func TestSwitchOffsBeforeEverythingElse(t *testing.T) {
	boundaries := 1
	for at := 0; at <= boundaries; at++ {
		for _, workers := range []int{1, 4} {
			w := newWorld()
			changes, off := offAndOthers(w)
			path := filepath.Join(t.TempDir(), "a")
			seed(t, path, w.journal.links)
			k := &killer{at: at}
			s := open(t, path)
			w.in.Workers, w.in.Window = workers, 100
			w.in.Journal, w.in.TenantWriter = mortalRecord{begin(t, s), k}, mortalTenant{w.tenant, k}
			killed(t, func() error { _, err := w.try(context.Background(), changes...); return err })
			checkOffFirst(t, fmt.Sprintf("boundary %d, %d workers", at, workers), w, off)
			if at == 0 {
				boundaries = int(k.count.Load())
			}
		}
	}
	if boundaries < 10 {
		t.Fatalf("only %d boundaries: the test does not reach what it should", boundaries)
	}
}

// killed runs f until a killer strikes.
func killed(t *testing.T, f func() error) {
	defer func() {
		if e := recover(); e != nil && e != errKilled {
			panic(e)
		}
	}()
	if err := f(); err != nil {
		t.Error(err)
	}
}

// checkOffFirst checks that nothing else was written before all of off were switched off.
func checkOffFirst(t *testing.T, when string, w *world, off map[string]bool) {
	t.Helper()
	signedIn := len(off)
	for _, x := range w.tenant.effects {
		switch {
		case x.Op == providers.OpPatch && off[x.ID]:
			signedIn--
		case signedIn > 0:
			t.Errorf("%s: %v %s was written while %d were still signed in", when, x.Op, x.ID, signedIn)
		}
	}
}

// TestSwitchOffsAreInterruptedLast asks a run to stop while its first batch is in flight: the switch-offs in it are done, and nothing
// else is begun.
func TestSwitchOffsAreInterruptedLast(t *testing.T) {
	w := newWorld()
	changes, off := offAndOthers(w)
	ctx, stop := context.WithCancel(t.Context())
	w.tenant.before = func(context.Context, []providers.Write) { stop() }
	out, err := w.try(ctx, changes...)
	if err != nil || !out.Interrupted || out.Applied != len(off) {
		t.Errorf("%v %+v", err, out.Counts)
	}
	checkOffFirst(t, "interrupted", w, off)
}

// TestSwitchOffWithoutItsNeed has a change refused that a switch-off waits for: sign-in is turned off all the same, nothing else of the
// change is written, and who waits for that waits in vain.
func TestSwitchOffWithoutItsNeed(t *testing.T) {
	w := newWorld()
	a := w.linked(1, values("mail", "info@x"))
	b := w.linked(2, values("mail", "b@x"))
	c := w.linked(3, values("mail", "c@x"))
	w.tenant.accounts[b].attrs["accountEnabled"] = state.Bool(true)
	give := change(state.ActionUpdate, 1, a, set("mail", str("info@x"), str("a@x")))
	take := change(state.ActionUpdate, 2, b, set("accountEnabled", state.Bool(true), state.Bool(false)), set("mail", str("b@x"), str("info@x")))
	take.Needs = []string{anchor(1)}
	third := change(state.ActionUpdate, 3, c, set("mail", str("c@x"), str("b@x")))
	third.Needs = []string{anchor(2)}
	w.tenant.fault = func(wr providers.Write) fault { return map[bool]fault{true: refused}[wr.ID == a] }
	out := w.run(t, give, take, third)
	wantCounts(t, out, state.Counts{Failed: 1, Skipped: 2})
	if now := w.tenant.accounts[b].attrs; now["accountEnabled"].Bool() || now["mail"].Str() != "b@x" {
		t.Errorf("%v", now)
	}
	if l := w.journal.links[anchor(2)]; fpOf(l, "accountEnabled") != fp("accountEnabled", state.Bool(false)) || fpOf(l, "mail") != 0 {
		t.Errorf("the record says %v %x", l.Shape.Names(), l.Fingerprints)
	}
}

// fpOf is what a link says was applied last, 0 if it does not know.
func fpOf(l *state.Link, name string) uint64 {
	if i := l.Shape.Index(name); i >= 0 {
		return l.Fingerprints[i]
	}
	return 0
}
