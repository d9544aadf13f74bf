package run

import (
	"context"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/snapshot"
)

// TakeSnapshot reads both directories and the record into the file path, sealed if the configuration has keys.
func (r *Run) TakeSnapshot(ctx context.Context, path string) (*snapshot.File, error) {
	return snapshot.Take(ctx, r.recorded(), path, r.Config.Encryption)
}

// recorded is what a snapshot is taken of.
func (r *Run) recorded() snapshot.Input {
	return snapshot.Input{Config: r.Config, Record: r.Record, Directories: r.Directories, Now: r.Now, Version: r.Version, NewKey: r.NewKey,
		Wanted: r.wanted}
}

// From is the run over a snapshot instead of the record and the directories. Its time is that of the snapshot.
func (r *Run) From(f *snapshot.File) *Run {
	over := *r
	over.Record, over.Directories, over.Now, over.Made, over.Snapshot = f, f, f.Taken, r.made, f.ID(r.made())
	return &over
}

// wanted is what the configuration wants, over a snapshot; nil if no plan can be made of it.
func (r *Run) wanted(ctx context.Context, f *snapshot.File) (*reconcile.View, func(), error) {
	reading, err := r.From(f).Look(ctx)
	if err != nil {
		return nil, func() {}, context.Cause(ctx)
	}
	b, err := reading.Build(ctx)
	if err != nil {
		return nil, func() {}, context.Cause(ctx)
	}
	view, err := b.View()
	if err != nil {
		view, err = nil, context.Cause(ctx)
	}
	return view, func() { b.Close() }, err
}
