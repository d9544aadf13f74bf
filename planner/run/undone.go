package run

import (
	"context"
	"maps"
	"slices"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/undo"
	"github.com/dirform/dirform/state"
)

// takenBack is what a change takes back of the deeds of the run that it undoes, once it is made as a whole.
type takenBack struct {
	deeds      map[string]int
	attributes int // that the change writes
}

// noteBack notes what the changes of a plan take back.
func (u *undoing) noteBack(b *reconcile.Builder, p *undo.Plan) {
	u.back = map[state.Step]takenBack{}
	for _, c := range p.Changes {
		u.back[state.Step{Key: c.Anchor, Action: c.Action}] = takenBack{b.TakenBack(c, p.Steps[c]), len(c.Attributes)}
	}
}

// undone records a run that undoes another one: its steps say which, and what of that one's deeds they take back.
type undone struct {
	apply.Recorder
	*undoing
}

// journal is w as a run writes to it that undoes another one, or none if u is nil.
func (u *undoing) journal(w apply.Recorder) apply.Recorder {
	if u == nil {
		return w
	}
	return undone{w, u}
}

// Intents journals steps that are about to be written.
func (u undone) Intents(ctx context.Context, entries []state.Entry) error {
	entries = slices.Clone(entries)
	for i := range entries {
		u.mark(&entries[i])
	}
	return u.Recorder.Intents(ctx, entries)
}

// Results journals what became of steps.
func (u undone) Results(ctx context.Context, results []state.Result) error {
	results = slices.Clone(results)
	for i := range results {
		u.mark(&results[i].Entry)
	}
	return u.Recorder.Results(ctx, results)
}

func (u undone) mark(e *state.Entry) {
	k := &state.Kept{}
	if e.Kept != nil {
		*k = *e.Kept
	}
	back := u.back[state.Step{Key: e.Key, Action: e.Action}]
	if e.Status == state.StatusDone && e.Attribute == "" && (e.Action == state.ActionRestore || len(k.Attributes) == back.attributes) {
		e.Deeds = maps.Clone(e.Deeds)
		for key, n := range back.deeds {
			if e.Deeds == nil {
				e.Deeds = map[string]int{}
			}
			e.Deeds[state.TakenBack(u.id, key)] = n
		}
	}
	k.Undoes, e.Kept = u.id, k
}
