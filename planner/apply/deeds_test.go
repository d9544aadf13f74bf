package apply_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// TestWhatStepsCountAs: a step's intent says what it will count as, and its result what of it was written: all of one
// that was done, nothing of one that was refused, left alone or in place before the run, and of one that was refused
// after its account was taken over only that.
func TestWhatStepsCountAs(t *testing.T) {
	w := newWorld()
	w.in.Deeds = func(c *state.Change) map[string]int {
		deeds := map[string]int{}
		for _, a := range c.Attributes {
			deeds[a.Name]++
		}
		return deeds
	}
	done, refusedOne, stale, taken := w.linked(1, values("displayName", "old")), w.linked(2, values("displayName", "old")),
		w.linked(3, values("displayName", "edited")), w.mastered(4, "old")
	w.tenant.fault = func(x providers.Write) fault {
		return map[bool]fault{true: refused}[x.Op == providers.OpPatch && (x.ID == refusedOne || x.ID == taken)]
	}
	rename := set("displayName", str("old"), str("new"))
	out := w.run(t, change(state.ActionUpdate, 1, done, rename), change(state.ActionUpdate, 2, refusedOne, rename),
		change(state.ActionUpdate, 3, stale, rename), link(4, taken, claim(), rename))
	wantCounts(t, out, state.Counts{Applied: 1, Failed: 2, Skipped: 1})
	got := map[string][]string{}
	for _, e := range w.journal.order {
		got[e.Key] = append(got[e.Key], fmt.Sprint(e.Status, " ", e.Deeds))
	}
	whole, both := "map[displayName:1]", fmt.Sprintf("map[displayName:1 %s:1]", providers.CloudManaged)
	want := map[string][]string{
		anchor(1): {"intent " + whole, "done " + whole},
		anchor(2): {"intent " + whole, "failed map[]"},
		anchor(3): {"skipped map[]"},
		anchor(4): {"intent " + both, fmt.Sprintf("failed map[%s:1]", providers.CloudManaged)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
