package run

import (
	"context"

	"github.com/dirform/dirform/planner/against"
	"github.com/dirform/dirform/planner/snapshot"
	"github.com/dirform/dirform/state/fault"
)

// planAgainst makes two plans of one reading, the other configuration's first, and holds the run's own against it.
func (r *Run) planAgainst(ctx context.Context, o Options, lineage string) (*planned, error) {
	other, err := against.Config(r.Config, o.Against)
	if err != nil {
		return nil, err
	}
	over := *r
	if _, ok := r.Record.(*snapshot.File); !ok {
		in := r.recorded()
		in.Also = o.Against
		f, err := snapshot.TakeTemp(ctx, in, r.TempDir)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		over.Record, over.Directories = f, f
	}
	base := over
	base.Config, base.lenient = other, true
	theirs, err := base.plan(ctx, Options{Targets: o.Targets, Excludes: o.Excludes, Allow: o.Allow, Allowed: o.Allowed}, lineage)
	if err != nil {
		return nil, &fault.Error{Summary: "The configuration to plan against cannot be planned", Err: err}
	}
	defer theirs.close()
	o.Against, over.base = nil, theirs.file
	return over.plan(ctx, o, lineage)
}
