package run

import (
	"context"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// positioned is a record that knows which domain controllers the last apply read.
type positioned interface {
	Positions(ctx context.Context) (map[string]store.Position, error)
}

// checkFresh asks the domain controllers of providers that have several how far they have come. One that is behind what the last
// apply saw shows old values as if somebody had set them again; a plan from it is refused. Where it cannot be told, the plan says
// so.
func (r *Reading) checkFresh(ctx context.Context) error {
	var recorded map[string]store.Position
	if p, ok := r.run.Record.(positioned); ok {
		var err error
		if recorded, err = p.Positions(ctx); err != nil {
			return err
		}
	}
	for _, p := range r.Config.AD {
		if len(p.URLs) < 2 {
			continue
		}
		src, err := r.run.Directories.Source(ctx, p)
		if err != nil {
			return err
		}
		inspector := providers.InspectorOf(src)
		if inspector == nil {
			continue
		}
		before, known := recorded[p.Name]
		now, err := inspector.Position(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			r.run.log().Warn("how far the domain controller has come cannot be told", "provider", p.Name, "error", err)
			if known {
				r.Settings.Findings = append(r.Settings.Findings, reconcile.ControllerUnknown(p, err.Error()))
			}
			continue
		}
		if r.positions == nil {
			r.positions = map[string]store.Position{}
		}
		r.positions[p.Name] = store.Position{Invocation: now.Invocation.String(), USN: now.USN}
		if known {
			r.compare(before, now, func(behind bool) {
				f := reconcile.ControllerUnknown(p, "it shows no replUpToDateVector, or the controller of the last apply is not in it")
				if behind {
					f = reconcile.ControllerBehind(p)
				}
				r.Settings.Findings = append(r.Settings.Findings, f)
			})
		}
	}
	return nil
}

// compare holds a domain controller's position against that of the one that the last apply read. report is told unless it has
// come as far: behind says that it certainly has not.
func (r *Reading) compare(before store.Position, now providers.Position, report func(behind bool)) {
	id, ok := state.ParseGUID(before.Invocation)
	seen, listed := now.Seen[id]
	if ok && id == now.Invocation {
		seen, listed = now.USN, true
	}
	if !listed || seen < before.USN {
		report(listed)
	}
}
