package run

import (
	"context"
	"slices"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile"
)

// clockTolerance is how far this computer's clock may be from those of the servers: as far as Kerberos lets it (RFC
// 4120, section 8.2, and Active Directory's default).
const clockTolerance = 5 * time.Minute

// compareClocks holds this computer's clock against those of the servers and of the last run. Where it differs from
// one of them, no grace ends, and one that begins does so at the latest of these times: whoever is to wait for thirty
// days must not wait for less because some clock was wrong.
func (r *Reading) compareClocks(ctx context.Context) error {
	var clocks []reconcile.Clock
	for _, p := range r.Config.AD {
		src, err := r.run.Directories.Source(ctx, p)
		if err != nil {
			return err
		}
		clocks = append(clocks, reconcile.Clock{Whose: "the domain controller of provider.ad." + p.Name, Shows: src.Clock()})
	}
	tenant, err := r.run.Directories.Tenant(ctx, r.Config.Entra)
	if err != nil {
		return err
	}
	clocks = append(clocks, reconcile.Clock{Whose: "the tenant", Shows: tenant.Clock()})
	last, err := r.run.Record.LastRun(ctx)
	if err != nil {
		return err
	}
	now := r.run.Now()
	var off []reconcile.Clock
	for _, c := range clocks {
		if !c.Shows.IsZero() && now.Sub(c.Shows).Abs() > clockTolerance {
			off = append(off, c)
		}
	}
	if last.Sub(now) > clockTolerance {
		off = append(off, reconcile.Clock{Whose: "the last run", Shows: last})
	}
	if len(off) > 0 {
		r.holdGraces(now, off)
	}
	return nil
}

// holdGraces lets no grace end, and none begin before the latest of the clocks.
func (r *Reading) holdGraces(now time.Time, off []reconcile.Clock) {
	r.Settings.HoldGraces, r.Settings.Now = true, now
	for _, c := range off {
		if c.Shows.After(r.Settings.Now) {
			r.Settings.Now = c.Shows
		}
	}
	if slices.ContainsFunc(r.Config.Policies, func(p *config.LinkPolicy) bool { return p.Grace > 0 }) {
		r.Settings.Findings = append(r.Settings.Findings, reconcile.ClocksDiffer(now, off))
	}
}

// since is when an object that leaves now is recorded to have left.
func (r *Reading) since() time.Time {
	if r.Settings.HoldGraces {
		return r.Settings.Now
	}
	return r.run.Now()
}
