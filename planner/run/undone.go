package run

import (
	"context"
	"slices"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/state"
)

// undone records a run that undoes another one: its steps say which.
type undone struct {
	apply.Recorder
	run int64
}

// journal is w as a run writes to it that undoes another one, or none if that is 0.
func journal(w apply.Recorder, undoes int64) apply.Recorder {
	if undoes == 0 {
		return w
	}
	return undone{w, undoes}
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
	k.Undoes, e.Kept = u.run, k
}
