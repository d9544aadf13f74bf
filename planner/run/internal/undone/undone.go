// Package undone is what planning and recording a run takes besides that undoes another one: whom today's plan leaves
// signed in, and what its steps say of the other run.
package undone

import (
	"context"
	"maps"
	"slices"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/state"
)

// Back is what a change takes back of the deeds of the run that it undoes, once it is made as a whole.
type Back struct {
	Deeds      map[string]int
	Attributes int // that the change writes
}

// Recorder records a run that undoes another one: its steps say which, and what of that one's deeds they take back.
type Recorder struct {
	apply.Recorder
	Run  int64 // that is undone
	Back map[state.Step]Back
}

// Intents journals steps that are about to be written.
func (u Recorder) Intents(ctx context.Context, entries []state.Entry) error {
	entries = slices.Clone(entries)
	for i := range entries {
		u.mark(&entries[i])
	}
	return u.Recorder.Intents(ctx, entries)
}

// Results journals what became of steps.
func (u Recorder) Results(ctx context.Context, results []state.Result) error {
	results = slices.Clone(results)
	for i := range results {
		u.mark(&results[i].Entry)
	}
	return u.Recorder.Results(ctx, results)
}

func (u Recorder) mark(e *state.Entry) {
	k := &state.Kept{}
	if e.Kept != nil {
		*k = *e.Kept
	}
	back := u.Back[state.Step{Key: e.Key, Action: e.Action}]
	if e.Status == state.StatusDone && e.Attribute == "" && (e.Action == state.ActionRestore || len(k.Attributes) == back.Attributes) {
		e.Deeds = maps.Clone(e.Deeds)
		for key, n := range back.Deeds {
			if e.Deeds == nil {
				e.Deeds = map[string]int{}
			}
			e.Deeds[state.TakenBack(u.Run, key)] = n
		}
	}
	k.Undoes, e.Kept = u.Run, k
}
