package judge

import (
	"slices"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/drift"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/stopped"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// stopped is the draft, as far as what becomes of it depends on it if findings stop it.
func (d *draft) stopped() *stopped.Object {
	// Where several objects claim an account that none has, any of them may be right.
	foreign := d.Verdict.Is(pair.Contested) && !d.j.Verdict(int(d.Verdict.Rival)).Is(pair.Contested)
	return &stopped.Object{Case: &d.Case, Limits: d.j.limits, Findings: d.findings, Attrs: d.attrs, Foreign: foreign,
		Kept: slices.Contains(d.drifted, d.Table.Of.SignIn)}
}

// stop is a draft that error findings stop.
type stop struct{ *draft }

// decide fills in what becomes of the draft.
func (d stop) decide(x *Decision) error {
	x.Outcome, x.Change = Blocked, nil
	// stopped before the two sides were compared
	if d.attrs == nil && d.Live != nil && (d.Linked() || d.stopped().SignedIn()) {
		d.compareAll()
		if d.err != nil {
			return d.err
		}
		if d.Linked() && d.stopped().SignedIn() { // what else stands against turning sign-in off is worth to be known
			d.checkTarget(state.ActionUpdate)
		}
		d.locate()
	}
	o := d.stopped()
	if err := d.findTwin(o); err != nil {
		return err
	}
	off, passes := o.SwitchOff()
	x.Findings, x.Record = d.findings, d.refreshStopped(passes)
	x.SignedIn = o.Tell(passes)
	if f := d.driftWhileBlocked(passes); f != nil {
		x.Findings = append(x.Findings, f)
	}
	if !passes {
		return nil
	}
	x.off = true
	var err error
	x.Change, err = d.switchOff(off)
	return err
}

// findTwin finds the account that is recorded for the object, where another object with the same anchor has it now.
func (d stop) findTwin(o *stopped.Object) (err error) {
	if !d.Verdict.Is(pair.SameAnchor) || d.Live != nil {
		return nil
	}
	if l := d.j.LinkFor(d.Object.GUID); l >= 0 && d.j.LinkTarget(l) >= 0 {
		o.Twin, err = d.j.Tenant.Load(d.j.LinkTarget(l))
	}
	return err
}

// switchOff is the change that turns sign-in off and nothing else.
func (d stop) switchOff(off state.AttributeChange) (*state.Change, error) {
	part := *d.draft
	part.attrs, part.prints = []state.AttributeChange{off}, nil
	why := because{state.BecauseSourceChanged, "switched off at the source; a finding stops the rest"}
	if off.Drift {
		why = because{state.BecauseDrift, "switched off at the source and on again outside dirform; a finding stops the rest"}
	}
	c, err := part.change(state.ActionUpdate, why, d.signInAt())
	if err != nil {
		return nil, err
	}
	c.Partial, c.Needs, c.Replaces = true, nil, nil
	return c, nil
}

// signInAt is where the mapping says who may sign in.
func (d stop) signInAt() string {
	for _, c := range d.Table.Columns {
		if c.Mapping.Target.Name == d.Table.Of.SignIn {
			return d.Table.DeclaredAt(c.Mapping)
		}
	}
	return d.Table.Policy.DeclaredAt
}

// driftWhileBlocked tells what somebody else changed about an account that is left alone for another reason. passes
// says that sign-in is none of it, because it is set right.
func (d stop) driftWhileBlocked(passes bool) *planner.Finding {
	var names []string
	for _, a := range d.attrs {
		if a.Drift && !(passes && a.Name == d.Table.Of.SignIn) && !slices.Contains(d.drifted, a.Name) {
			names = append(names, a.Name)
		}
	}
	if d.Link != nil && d.Live != nil && d.Verdict.Flags == 0 && !d.stuck() {
		if d.Table.Anchored && d.Live.Anchor() != d.Link.Anchor {
			names = append(names, d.Table.Of.Anchor)
		}
		if offlimits.Synced(d.Live) {
			names = append(names, d.Table.Of.Master) // when it was linked, no other engine mastered it
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	f := words.BlockedDrift(d.Table.Of, slices.Compact(names))
	f.Objects = []planner.ObjectRef{d.Ref()}
	return f
}

// compareAll fills in what is to be written to an account that is there, and tells of what somebody else changed.
func (d *draft) compareAll() {
	d.begin()
	for i, c := range d.Table.Columns {
		d.compare(i, c, false)
	}
	for i := range d.left {
		f, signedIn := d.left[i].Finding(d.Table.Policy, d.Table.Of.SignIn)
		d.signedIn = d.signedIn || signedIn
		d.report(f)
	}
	if len(d.drifted) > 0 {
		slices.Sort(d.drifted)
		f := words.StoppedByDrift(d.drifted, drift.BlockedSignIn(&d.Case, d.attrs), d.Table.Policy)
		f.Drift = true
		d.report(f)
	}
}

// leave leaves an attribute as somebody else has changed it. The record keeps what was applied last.
func (d *draft) leave(l drift.Left) {
	d.left = append(d.left, l)
	if l.Fate == drift.Dropped {
		delete(d.prints, l.Name)
		return
	}
	d.keepPrint(l.Name)
}

// keepPrint has the record keep what it has of an attribute that is not written.
func (d *draft) keepPrint(name string) {
	if d.prints == nil {
		return
	}
	delete(d.prints, name)
	if last := d.Applied(name); last != 0 {
		d.prints[name] = hexFP(last)
	}
}
