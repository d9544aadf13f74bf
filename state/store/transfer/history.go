package transfer

import (
	"context"
	"crypto/sha256"
	"reflect"

	"github.com/dirform/dirform/state/store"
)

// knows reports whether a record's history has all runs of another one's: it is a later moment of the same record, or the same.
func knows(ctx context.Context, later, earlier store.Record) (bool, error) {
	all, err := later.Past(ctx)
	if err != nil {
		return false, err
	}
	its, err := earlier.Past(ctx)
	if err != nil {
		return false, err
	}
	known := make(map[int64]*store.Run, len(all))
	for i := range all {
		known[all[i].ID] = &all[i].Run
	}
	for i := range its {
		if run := known[its[i].ID]; run == nil || !sameRun(run, &its[i].Run) {
			return false, nil
		}
	}
	if len(its) == 0 {
		return true, nil
	}
	last := its[len(its)-1]
	if last.Outcome == "" || all[len(all)-1].ID-last.ID >= store.KeepJournals { // its steps change yet, or are dropped
		return true, nil
	}
	return sameSteps(ctx, later, earlier, last.ID)
}

// sameRun compares what a record says of a run with what one said before, which may have been while it ran.
func sameRun(a, before *store.Run) bool {
	if a.Command != before.Command || !a.Started.Equal(before.Started) || a.PlanDigest != before.PlanDigest {
		return false
	}
	if before.Outcome == "" {
		return true
	}
	return a.Outcome == before.Outcome && a.Serial == before.Serial && a.Finished.Equal(before.Finished) &&
		(a.Outcome == store.OutcomeDied || reflect.DeepEqual(a.Counts, before.Counts)) // of one that died they are counted, while there is a journal
}

// sameSteps compares the journals of a run.
func sameSteps(ctx context.Context, a, b store.Record, run int64) (bool, error) {
	var sums [2][]byte
	for i, r := range []store.Record{a, b} {
		h := sha256.New()
		for e, err := range r.Journal(ctx, run) {
			if err != nil {
				return false, err
			}
			step := *e
			step.Kept = nil // a place may take no values, and they are dropped in time
			if err := put(h, step); err != nil {
				return false, err
			}
		}
		sums[i] = h.Sum(nil)
	}
	return string(sums[0]) == string(sums[1]), nil
}
