package apply_test

import (
	"context"
	"slices"
	"testing"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// switchSync is the change of a directory_sync block; the tenant shows the organisation under its id.
func switchSync(w *world, live, after bool) *state.Change {
	w.tenant.add("org", map[string]state.Value{"onPremisesSyncEnabled": state.Bool(live)})
	return &state.Change{Address: `directory_sync["contoso"]`, Kind: state.DirectorySync, Action: state.ActionUpdate, TargetID: "org",
		Attributes: []state.AttributeChange{set("onPremisesSyncEnabled", state.Bool(!after), state.Bool(after))}}
}

// TestTenantSwitchGoesAlone: what is switched for the whole tenant is done before, or after, everything else, never beside it.
func TestTenantSwitchGoesAlone(t *testing.T) {
	for _, on := range []bool{true, false} {
		w := newWorld()
		var batches [][]string
		w.tenant.before = func(_ context.Context, writes []providers.Write) {
			var ids []string
			for _, x := range writes {
				ids = append(ids, x.ID)
			}
			w.tenant.mu.Lock()
			defer w.tenant.mu.Unlock()
			batches = append(batches, ids)
		}
		changes := []*state.Change{create(1), create(2), create(3)}
		c := switchSync(w, !on, on)
		at := len(changes)
		if on {
			at = 0
		}
		out := w.run(t, slices.Insert(changes, at, c)...)
		wantCounts(t, out, state.Counts{Applied: 4})
		want := [][]string{{"", "", ""}, {"org"}}
		if on {
			slices.Reverse(want)
		}
		if !slices.EqualFunc(want, batches, slices.Equal) {
			t.Errorf("on %v: batches %q, want %q", on, batches, want)
		}
		if got := w.tenant.accounts["org"].attrs["onPremisesSyncEnabled"]; got.Bool() != on {
			t.Errorf("on %v: the tenant has %v", on, got)
		}
		if e := w.journal.entry(t, `directory_sync["contoso"]`, ""); e.Status != state.StatusDone || e.Kind != state.DirectorySync {
			t.Errorf("%+v", e)
		}
	}
}

// TestTenantSwitchIsLookedAtAgain: one that is thrown already takes no write, and a lost reply is looked up.
func TestTenantSwitchIsLookedAtAgain(t *testing.T) {
	w := newWorld()
	out := w.run(t, switchSync(w, false, false))
	wantCounts(t, out, state.Counts{Applied: 1})
	if len(w.tenant.sent) != 0 {
		t.Errorf("sent %+v", w.tenant.sent)
	}
	for _, f := range []fault{lostBefore, lostAfter} {
		w := newWorld()
		w.tenant.fault = func(providers.Write) fault { return f }
		out := w.run(t, switchSync(w, true, false))
		want := state.Counts{Applied: 1}
		if f == lostBefore {
			want = state.Counts{Unknown: 1}
		}
		wantCounts(t, out, want)
		if len(w.tenant.sent) != 1 {
			t.Errorf("sent %+v", w.tenant.sent)
		}
	}
}
