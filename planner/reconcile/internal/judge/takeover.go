package judge

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// takesOver reports whether the account is taken over from another sync engine.
func (d *draft) takesOver() bool {
	return d.Table.TakesOver && d.Live != nil && offlimits.Synced(d.Live)
}

// attempt is what the draft would do to the account.
func (d *draft) attempt(action state.Action) offlimits.Attempt {
	a := offlimits.Attempt{Account: d.Live, Row: d.LiveRow, Policy: d.Table.Policy, Action: action, Attrs: d.attrs,
		Locked: d.locked,
		Rule:   d.Verdict.Rule, TakeOver: d.takesOver()}
	if d.Linked() {
		a.Recorded = d.Link.Anchor
	}
	return a
}

// checkTarget refuses accounts that must not be touched.
func (d *draft) checkTarget(action state.Action) { d.reportObjections(d.attempt(action), 0) }

// checkMaster refuses an account that another sync engine masters and that is not taken over.
func (d *draft) checkMaster() { d.reportObjections(d.attempt(state.ActionUpdate), offlimits.Elsewhere) }

// reportObjections reports what stands against an attempt: all of it, or one reason if that is not 0.
func (d *draft) reportObjections(a offlimits.Attempt, only offlimits.Reason) {
	for _, x := range d.j.limits.Against(a) {
		if only != 0 && x.Reason != only {
			continue
		}
		f := d.j.limits.Finding(x, a)
		refs := f.Objects
		if len(refs) == 0 {
			refs = append(refs, table.Ref(d.Live))
		}
		d.report(f, refs...)
	}
}

// takeOver adds the write by which the account is taken over from another sync engine. An account that was linked
// already has been taken back by the other engine since, which is drift.
func (d *draft) takeOver() {
	if d.takesOver() {
		d.attrs = append(d.attrs, state.AttributeChange{Name: providers.CloudManaged, Before: state.Bool(false),
			After: state.Bool(true),
			Drift: d.Linked()})
	}
}

// reportLocked warns of the attributes that stay as they are because the service refuses to change them.
func (d *draft) reportLocked() {
	slices.SortFunc(d.locked, func(a, b state.AttributeChange) int { return strings.Compare(a.Name, b.Name) })
	for _, a := range d.locked {
		d.report(words.Locked(d.Live, a), table.Ref(d.Live))
	}
	if len(d.kept) > 0 {
		d.report(words.GuestKeeps(d.Live, d.kept, d.Table.Policy), table.Ref(d.Live))
	}
}
