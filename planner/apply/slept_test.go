package apply_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// lease is a context that tells, when it is asked, that the time of the record's lock is over: no timer has run, and
// nobody who waits for its end hears of it.
type lease struct {
	context.Context
	over *atomic.Bool
}

func (l lease) Err() error {
	if l.over.Load() {
		return context.Canceled
	}
	return nil
}

// sleeping is a record at which the machine falls asleep once intents are durable; when it wakes up the lock has
// expired.
type sleeping struct {
	apply.Recorder
	at, calls int
	over      *atomic.Bool
}

func (s *sleeping) Intents(ctx context.Context, entries []state.Entry) error {
	err := s.Recorder.Intents(ctx, entries)
	if s.calls++; s.calls == s.at {
		s.over.Store(true)
	}
	return err
}

// TestSlept: a machine that sleeps between an intent and the write that it announces writes nothing when it wakes up
// under a lock that has expired, to neither directory; what was not sent is no failure, and not unknown.
func TestSlept(t *testing.T) {
	for at := 1; at <= 2; at++ {
		w := newWorld()
		var over atomic.Bool
		w.in.Window, w.in.Workers, w.in.Hard = 40, 1, lease{context.Background(), &over}
		w.in.Journal = &sleeping{Recorder: w.journal, at: at, over: &over}
		changes := w.many(100)
		out, err := w.try(lease{t.Context(), &over}, changes...)
		sent := (at - 1) * 40
		counts := out.Applied == sent && out.Skipped == 40 && out.Unknown == 0 && out.Interrupted
		if len(w.tenant.sent) != sent || !counts || err != nil {
			t.Errorf("asleep after %d: %d were sent; %+v, %v", at, len(w.tenant.sent), out, err)
		}
		if e := w.journal.entry(t, anchor(sent), ""); e.Status != state.StatusSkipped || e.Code != "interrupted" {
			t.Errorf("asleep after %d: %+v", at, e)
		}
	}
	w := newWorld()
	var over atomic.Bool
	w.in.Hard = lease{context.Background(), &over}
	w.in.Journal = &sleeping{Recorder: w.journal, at: 1, over: &over}
	guid := state.GUID{1}
	w.source.objects[guid] = map[string]state.Value{}
	stamp := create(1)
	stamp.SourceGUID = guid.String()
	stamp.SourceAttributes = []state.AttributeChange{set("mS-DS-ConsistencyGuid", state.Null(), str("a"))}
	out, err := w.try(lease{t.Context(), &over}, stamp)
	if len(w.source.objects[guid]) > 0 || len(w.tenant.sent) > 0 || out.Skipped != 1 || !out.Interrupted || err != nil {
		t.Errorf("at the source: %v, in the tenant: %d; %+v, %v", w.source.objects[guid], len(w.tenant.sent), out, err)
	}
}

// TestSleptWhileWaiting: a directory's writer that waits before it sends, for a share of the quota or a second try, is
// told as well if it asks. Then it may have sent something, as far as anybody knows.
func TestSleptWhileWaiting(t *testing.T) {
	w := newWorld()
	var over atomic.Bool
	w.in.Hard = lease{context.Background(), &over}
	w.in.TenantWriter = writerFunc(func(ctx context.Context, writes []providers.Write) []providers.WriteResult {
		over.Store(true)
		if ctx.Err() == nil {
			t.Error("nobody tells the writer that the lock has expired")
		}
		return slices.Repeat([]providers.WriteResult{{Err: ctx.Err()}}, len(writes))
	})
	if out, err := w.try(lease{t.Context(), &over}, create(1)); out.Unknown != 1 || err != nil {
		t.Errorf("%+v, %v", out, err)
	}
}
