package guards

import (
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner/internal/counting"
	"github.com/dirform/dirform/state"
)

// key is a limit, and the attribute or group that it holds for by itself, "" for none.
type key struct{ limit, of string }

// String is the key as [state.Deeds] has it.
func (k key) String() string {
	if k.of == "" {
		return k.limit
	}
	return k.limit + ":" + k.of
}

// Tally counts what a plan holds, and knows what earlier runs did.
type Tally struct {
	kinds   func(state.Kind) *state.Descriptor
	recent  state.Recent
	planned map[key]int
	again   map[key]int // of planned, what earlier runs may have done already
}

// NewTally is a tally of nothing.
func NewTally(kinds func(state.Kind) *state.Descriptor, recent state.Recent) *Tally {
	return &Tally{kinds: kinds, recent: recent, planned: map[key]int{}, again: map[key]int{}}
}

// Change counts a change of the plan. What a run that was cut off may have deleted is given up by the next one without
// another write: that is no unlinking of its own.
func (t *Tally) Change(c *state.Change) {
	cut := t.recent.Uncertain[state.Step{Key: c.Anchor, Action: c.Action}]
	deleted := c.ReasonCode == state.BecauseAccountGone && t.MayHaveDeleted(c.Anchor)
	counting.Change(t.kinds(c.Kind), c, func(limit, of string, n int) {
		if deleted && limit == limits.Unlinks {
			return
		}
		t.planned[key{limit, of}] += n
		if cut {
			t.again[key{limit, of}] += n
		}
	})
}

// MayHaveDeleted reports whether a recent run was cut off while it deleted the account of an anchor.
func (t *Tally) MayHaveDeleted(anchor string) bool {
	return t.recent.Uncertain[state.Step{Key: anchor, Action: state.ActionDelete}]
}

// Add counts n more toward a limit that is about something else than changes.
func (t *Tally) Add(limit string, n int) { t.planned[key{limit: limit}] += n }

// With is a tally of other changes under the same circumstances: the limits that look at one plan alone count what t
// does.
func (t *Tally) With() *Tally {
	other := NewTally(t.kinds, t.recent)
	for _, l := range limits.All {
		if n := t.planned[key{limit: l.Name}]; l.Alone && n > 0 {
			other.Add(l.Name, n)
		}
	}
	return other
}

// each are the attributes or groups that the plan has something for under a limit, sorted.
func (t *Tally) each(limit string) (of []string) {
	for k, n := range t.planned {
		if k.limit == limit && n > 0 {
			of = append(of, k.of)
		}
	}
	slices.Sort(of)
	return of
}

// sum is what the plan has under a limit, over all attributes or groups.
func (t *Tally) sum(limit string) (n int) {
	for k, m := range t.planned {
		if k.limit == limit {
			n += m
		}
	}
	return n
}

// earlier is what the recent runs did under a limit, for one attribute or group, or for all if of is nil. A step that
// was cut off counts as done unless the plan makes it again.
func (t *Tally) earlier(limit string, of *string) (n int) {
	open := 0
	for _, run := range t.recent.Runs {
		if limit == limits.Creates && run.First && t.recent.Ended {
			continue // that limit did not hold yet
		}
		n += total(run.Did, limit, of)
		open += total(run.Open, limit, of)
	}
	for k, m := range t.again {
		if k.limit == limit && (of == nil || k.of == *of) {
			open -= m
		}
	}
	return n + max(0, open)
}

// total sums up deeds under a limit.
func total(deeds map[string]int, limit string, of *string) (n int) {
	if of != nil {
		return deeds[key{limit, *of}.String()]
	}
	for k, m := range maps.All(deeds) {
		if name, _, _ := strings.Cut(k, ":"); name == limit {
			n += m
		}
	}
	return n
}

// links is how many links were recorded before the recent runs; now is how many there are. What the first run of all
// has done, and those before it that were cut off, counts as having been there.
func (t *Tally) links(now int) int {
	for _, run := range t.recent.Runs {
		if !run.First {
			return run.Links + t.since(made)
		}
	}
	return now
}

// since sums up what the runs after the first one did.
func (t *Tally) since(what string) (n int) {
	for _, run := range t.recent.Runs {
		if !run.First {
			n += run.Did[what]
		}
	}
	return n
}
