package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// many makes n accounts and a change of each.
func (w *world) many(n int) []*state.Change {
	var changes []*state.Change
	for i := range n {
		id := w.linked(i, values("department", "Sales"))
		changes = append(changes, change(state.ActionUpdate, i, id, set("department", str("Sales"), str("Revenue"))))
	}
	return changes
}

// TestInterrupt asks the run to stop while the first batches are in flight: they end and are recorded, the rest is not sent.
func TestInterrupt(t *testing.T) {
	w := newWorld()
	w.in.Window, w.in.Workers = 100, 2
	changes := w.many(300)
	ctx, stop := context.WithCancel(t.Context())
	w.tenant.before = func(ctx context.Context, _ []providers.Write) {
		stop()
		if ctx.Err() != nil {
			t.Error("the first interrupt cut off a write in flight")
		}
	}
	out, err := w.try(ctx, changes...)
	if err != nil || !out.Interrupted || out.Complete() {
		t.Fatalf("%v %+v", err, out)
	}
	if n := len(w.tenant.sent); n == 0 || n > 60 || out.Applied != n || out.Applied+out.Skipped != 100 {
		t.Errorf("sent %d, %+v", n, out.Counts)
	}
	for seq, e := range w.journal.journal {
		if e.Status == state.StatusIntent {
			t.Errorf("step %d has no result", seq)
		}
	}
}

// TestAbort cuts the writes in flight off: what may have been written is recorded as unknown.
func TestAbort(t *testing.T) {
	w := newWorld()
	w.in.Workers = 1
	hard, abort := context.WithCancel(t.Context())
	soft, stop := context.WithCancel(t.Context())
	w.in.Hard = hard
	w.in.TenantWriter = writerFunc(func(ctx context.Context, writes []providers.Write) []providers.WriteResult {
		stop()
		abort()
		<-ctx.Done()
		r := make([]providers.WriteResult, len(writes))
		for i := range r {
			r[i].Err = fmt.Errorf("sending: %w", ctx.Err())
		}
		return r
	})
	out, err := w.try(soft, w.many(30)...)
	if err != nil || !out.Interrupted || out.Unknown != 20 || out.Skipped != 10 {
		t.Errorf("%v %+v", err, out.Counts)
	}
	if e := w.journal.entry(t, anchor(0), ""); e.Status != state.StatusUnknown {
		t.Errorf("%+v", e)
	}
}

type writerFunc func(context.Context, []providers.Write) []providers.WriteResult

func (f writerFunc) Write(ctx context.Context, w []providers.Write) []providers.WriteResult {
	return f(ctx, w)
}

// TestRecordFails stops at once when the record cannot be written, and says what was written without being recorded.
func TestRecordFails(t *testing.T) {
	for failAt := 1; failAt <= 4; failAt++ {
		w := newWorld()
		w.in.Window, w.in.Workers = 10, 1
		changes := w.many(40)
		w.journal.failAt = failAt
		out, err := w.try(t.Context(), changes...)
		if !errors.Is(err, errDiskFull) {
			t.Fatalf("call %d: %v", failAt, err)
		}
		// calls: intents, results, intents, results: ten changes each
		wantSent := (failAt / 2) * 10
		if len(w.tenant.sent) != wantSent || out.Applied != wantSent {
			t.Errorf("call %d: sent %d, want %d; %+v", failAt, len(w.tenant.sent), wantSent, out.Counts)
		}
		if named := strings.Contains(err.Error(), anchor(wantSent-1)); named != (failAt%2 == 0) {
			t.Errorf("call %d: %v", failAt, err)
		}
	}
}

// TestRunsThatEndWithAnErrorSayWhetherTheyWrote: whatever the record or a directory fails at, and however little was written until
// then, be it only half of a change.
func TestRunsThatEndWithAnErrorSayWhetherTheyWrote(t *testing.T) {
	plan := func(w *world) []*state.Change {
		g := state.GUID{1}
		w.source.objects[g] = map[string]state.Value{}
		stamp := create(1)
		stamp.SourceGUID, stamp.SourceAttributes = g.String(), []state.AttributeChange{set("mS-DS-ConsistencyGuid", state.Null(), str("a"))}
		w.tenant.add("bin", values("department", "Sales")).deleted = true
		back := change(state.ActionRestore, 2, "bin", set("department", str("Sales"), str("Legal")))
		taken := change(state.ActionUpdate, 3, w.linked(3, values("department", "Sales")), claim(), set("department", str("Sales"), str("Legal")))
		w.tenant.accounts[taken.TargetID].attrs[providers.SyncEnabled] = state.Bool(true)
		refers := change(state.ActionUpdate, 4, w.linked(4, values("department", "Sales")), set("manager", state.Null(), str("boss")))
		return []*state.Change{stamp, back, taken, refers}
	}
	ends := map[string]func(w *world, at int){
		"the record":  func(w *world, at int) { w.journal.failAt = at },
		"the tenant":  func(w *world, at int) { w.tenant.failFrom = at },
		"the sources": func(w *world, at int) { w.source.failFrom = at },
		"the outcomes": func(w *world, at int) {
			w.journal.failAt = at
			w.tenant.fault = func(providers.Write) fault { return lostAfter }
		},
	}
	halves := 0
	for name, end := range ends {
		for only := range 5 { // one change alone, or all
			for at := 1; ; at++ {
				w := newWorld()
				w.in.Window, w.in.NoVerify = 1, true
				changes := plan(w)
				if only < 4 {
					changes = changes[only : only+1]
				}
				end(w, at)
				out, err := w.try(t.Context(), changes...)
				if err == nil {
					break
				}
				wrote := len(w.tenant.effects)+w.source.sets > 0
				if out.Wrote != wrote {
					t.Errorf("%s fails at %d, change %d: something was written is %v, told of was %v; %v", name, at, only, wrote, out.Wrote, err)
				}
				if wrote && out.Applied == 0 {
					halves++
				}
			}
		}
	}
	if halves == 0 {
		t.Error("no run ended in the middle of its first change")
	}
}

// TestBatches checks that writes travel in full batches, several at a time.
func TestBatches(t *testing.T) {
	w := newWorld()
	w.in.Workers = 3
	var flying, most, batches atomic.Int32
	gate := make(chan struct{})
	w.tenant.before = func(_ context.Context, writes []providers.Write) {
		batches.Add(1)
		n := flying.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if batches.Load() <= 3 { // the first three wait for each other: they must be in flight together
			if n == 3 {
				close(gate)
			}
			<-gate
		}
		flying.Add(-1)
	}
	out := w.run(t, w.many(400)...)
	if out.Applied != 400 || batches.Load() != 20 || most.Load() != 3 {
		t.Errorf("applied %d in %d batches, %d at a time", out.Applied, batches.Load(), most.Load())
	}
	if w.tenant.lookups != 2 {
		t.Errorf("%d look-ups for one window, want one before and one after writing", w.tenant.lookups)
	}
}

// TestReferencesCountAtAnInterrupt: whoever interrupts a run after the last account was made, and before the managers were, reads
// that they are missing, and the journal has them.
func TestReferencesCountAtAnInterrupt(t *testing.T) {
	w := newWorld()
	const n = 30
	boss := w.linked(n, values("department", "Sales"))
	var changes []*state.Change
	for i := range n {
		id := w.linked(i, values("department", "Sales"))
		changes = append(changes, change(state.ActionUpdate, i, id, set("department", str("Sales"), str("Revenue")),
			set("manager", state.Null(), str(boss))))
	}
	ctx, stop := context.WithCancel(t.Context())
	var batches atomic.Int32
	w.tenant.before = func(context.Context, []providers.Write) {
		if batches.Add(1) == 2 { // the last batch of the accounts themselves
			stop()
		}
	}
	out, err := w.try(ctx, changes...)
	if err != nil || !out.Interrupted || out.Applied != n {
		t.Fatalf("%v %+v", err, out.Counts)
	}
	written := 0
	for i := range n {
		switch e := w.journal.entry(t, anchor(i), "manager"); e.Status {
		case state.StatusDone:
			written++
		case state.StatusSkipped:
		default:
			t.Errorf("manager of %d: %+v", i, e)
		}
	}
	if out.References == 0 || out.References != n-written {
		t.Errorf("%d references are missing, %d are told", n-written, out.References)
	}
}
