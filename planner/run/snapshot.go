package run

import (
	"context"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/planner/snapshot"
	"github.com/dirform/dirform/state"
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

// wanted tells what the configuration wants of the accounts of anchors, over a snapshot. A configuration of which no plan can be made
// wants nothing.
func (r *Run) wanted(ctx context.Context, f *snapshot.File) (func(anchor string) (map[string]state.Value, error), func(), error) {
	nothing := func(string) (map[string]state.Value, error) { return nil, nil }
	reading, err := r.From(f).Look(ctx)
	if err != nil {
		return nothing, func() {}, context.Cause(ctx)
	}
	b, err := reading.Build(ctx)
	if err != nil {
		return nothing, func() {}, context.Cause(ctx)
	}
	view, err := b.View()
	if err != nil {
		b.Close()
		return nothing, func() {}, context.Cause(ctx)
	}
	return func(anchor string) (map[string]state.Value, error) {
		cases, err := view.Cases(reconcile.Clues{Name: anchor})
		values := map[string]state.Value{}
		for _, c := range cases {
			if c.Anchor != anchor {
				continue
			}
			for _, v := range c.Values {
				values[v.Mapping.Target.Name] = v.Desired
			}
		}
		return values, err
	}, func() { b.Close() }, nil
}
