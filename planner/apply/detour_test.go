package apply_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

const upn = "userPrincipalName"

// circle makes accounts called n0@x, n1@x, … each of which is to have the next one's name; the first takes a detour. The tenant
// refuses names that are taken.
func circle(w *world, size int) []*state.Change {
	name := func(n int) string { return fmt.Sprintf("n%d@x", n%size) }
	var changes []*state.Change
	for n := range size {
		id := w.linked(n, values(upn, name(n)))
		c := change(state.ActionUpdate, n, id, set(upn, str(name(n)), str(name(n+1))))
		c.Needs = []string{anchor((n + 1) % size)}
		changes = append(changes, c)
	}
	changes[0].Attributes[0].Via = str("between@x")
	w.tenant.fault = w.taken
	return changes
}

func (w *world) taken(wr providers.Write) fault {
	for _, a := range wr.Attributes {
		for id, other := range w.tenant.accounts {
			if a.Name == upn && id != wr.ID && other.attrs[upn].Equal(a.After) {
				return refused
			}
		}
	}
	return fine
}

// called are the names of n accounts.
func (w *world) called(n int) string {
	var names []string
	for i := range n {
		names = append(names, w.tenant.accounts[fmt.Sprintf("id-%04d", i)].attrs[upn].Str())
	}
	return strings.Join(names, " ")
}

func TestCircleOfNames(t *testing.T) {
	for _, window := range []int{1, 2, 400} {
		w := newWorld()
		w.in.Window = window
		out := w.run(t, circle(w, 3)...)
		wantCounts(t, out, state.Counts{Applied: 3})
		if got := w.called(3); got != "n1@x n2@x n0@x" || len(w.tenant.sent) != 4 {
			t.Errorf("window %d: names are %s after %d writes", window, got, len(w.tenant.sent))
		}
		for n := range 3 {
			if l := w.journal.links[anchor(n)]; l.Shape.Index(upn) < 0 || w.journal.entry(t, anchor(n), "").Status != state.StatusDone {
				t.Errorf("%+v", l)
			}
		}
	}
}

// TestCircleThatBreaks: whoever gave up a name for others who do not come gets it back.
func TestCircleThatBreaks(t *testing.T) {
	tests := map[string]struct {
		refuse string // writes of this name
		called string
		want   state.Counts
		reason string
	}{
		"who follows fails":       {"n0@x", "n0@x n1@x n2@x", state.Counts{Failed: 2, Skipped: 1}, "it has its old name again"},
		"the detour fails":        {"between@x", "n0@x n1@x n2@x", state.Counts{Failed: 1, Skipped: 2}, "is taken"},
		"the second write fails":  {"n1@x", "between@x n2@x n0@x", state.Counts{Failed: 1, Applied: 2}, "userPrincipalName is between@x for now"},
		"neither forth, nor back": {"n0@x,n0@x", "between@x n1@x n2@x", state.Counts{Failed: 2, Skipped: 1}, "userPrincipalName is between@x for now"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			changes := circle(w, 3)
			left := strings.Count(tt.refuse, ",") + 1
			w.tenant.fault = func(wr providers.Write) fault {
				if wr.Attributes[0].After.Str() == strings.Split(tt.refuse, ",")[0] && left > 0 {
					left--
					return refused
				}
				return w.taken(wr)
			}
			out := w.run(t, changes...)
			wantCounts(t, out, tt.want)
			if got := w.called(3); got != tt.called {
				t.Errorf("names are %s, want %s", got, tt.called)
			}
			e := w.journal.entry(t, anchor(0), "")
			if e.Status != state.StatusFailed || !strings.Contains(reasonOf(out, 0), tt.reason) {
				t.Errorf("%+v %s", e, reasonOf(out, 0))
			}
		})
	}
}

func reasonOf(out apply.Outcome, n int) string {
	for _, f := range out.Failures {
		if f.Address == fmt.Sprintf("user.staff[%q]", fmt.Sprintf("p%d", n)) {
			return f.Reason
		}
	}
	return ""
}

// TestCircleInterrupted: a stop after the first write leaves nobody with a temporary name; only a hard one does, and says so.
func TestCircleInterrupted(t *testing.T) {
	for _, hardToo := range []bool{false, true} {
		w := newWorld()
		changes := circle(w, 3)
		soft, stop := context.WithCancel(t.Context())
		hard, abort := context.WithCancel(t.Context())
		w.in.Hard = hard
		w.tenant.before = func(ctx context.Context, _ []providers.Write) {
			stop()
			if hardToo {
				abort()
				<-ctx.Done()
			}
		}
		out, err := w.try(soft, changes...)
		if err != nil || !out.Interrupted || out.Applied != 0 {
			t.Fatalf("%v %+v", err, out)
		}
		e := w.journal.entry(t, anchor(0), "")
		if e.Status != state.StatusFailed {
			t.Errorf("%+v", e)
		}
		want := "n0@x n1@x n2@x"
		if hardToo {
			want = "between@x n1@x n2@x"
			if !strings.Contains(reasonOf(out, 0), "userPrincipalName is between@x for now") {
				t.Error(reasonOf(out, 0))
			}
		}
		if got := w.called(3); got != want {
			t.Errorf("hard %v: names are %s, want %s", hardToo, got, want)
		}
	}
}

func TestDetourWhoseReplyIsLost(t *testing.T) {
	for f, want := range map[fault]state.Counts{lostAfter: {Applied: 3}, lostBefore: {Unknown: 1, Skipped: 2}} {
		w := newWorld()
		changes := circle(w, 3)
		times := 0
		w.tenant.fault = func(wr providers.Write) fault {
			if times++; times == 1 {
				return f
			}
			return w.taken(wr)
		}
		out := w.run(t, changes...)
		if d := cmp.Diff(want, withoutActions(t, out.Counts)); d != "" {
			t.Errorf("fault %d: %s", f, d)
		}
	}
}

// TestDetourMadeBefore: a plan that is carried out again after it broke off goes on where it was.
func TestDetourMadeBefore(t *testing.T) {
	w := newWorld()
	changes := circle(w, 2)
	w.tenant.accounts["id-0000"].attrs[upn] = str("between@x")
	wantCounts(t, w.run(t, changes...), state.Counts{Applied: 2})
	if got := w.called(2); got != "n1@x n0@x" || len(w.tenant.sent) != 2 {
		t.Errorf("names are %s after %d writes", got, len(w.tenant.sent))
	}
}
