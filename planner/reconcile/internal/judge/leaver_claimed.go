package judge

import (
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/stopped"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
)

// claimed is about an account that other source objects claim: nothing is done to it as a leaver's. Where none of them
// gets it in this plan, because findings stop them, whoever has left may stay signed in, which a finding tells.
func (x *leaver) claimed(l int) (Decision, error) {
	j, none := x.j, Decision{Outcome: Ignored}
	owner := j.Owner(x.row)
	if !j.settled || owner >= 0 && j.states[owner].outcome != Blocked || x.others(l) {
		return none, nil
	}
	var err error
	if x.Live, err = j.Tenant.Load(x.row); err != nil {
		return none, err
	}
	would := x.decide()
	if !would.SignedIn && !(stopped.Ends(x.Of, would.Change) && stopped.CanSignIn(x.Live, true)) {
		return none, nil
	}
	ref := table.Ref(x.Live)
	ref.Anchor = x.Link.Anchor
	f := words.LeaverClaimed(x.Live, x.Link.Scope, x.Policy)
	f.Objects = []planner.ObjectRef{ref}
	why := words.LeftItsScope
	if would.Outcome != Blocked && !stopped.Ends(x.Of, would.Change) {
		why = words.SwitchedOffAtSource
	}
	words.StillSignedIn(f, why)
	if owner >= 0 {
		other, err := j.Case(owner)
		if err != nil {
			return none, err
		}
		f.Objects = append(f.Objects, other.Ref())
	}
	return Decision{Outcome: Ignored, Key: would.Key, Findings: []*planner.Finding{f}, SignedIn: true}, nil
}

// others reports whether the account is that of another object than the leaver of link l, one in scope, by its anchor. Whoever has
// another account, whatever this one wears, does not look after it.
func (x *leaver) others(l int) bool {
	anchor := x.j.Tenant.Meta(x.row).Anchor
	if x.Of.Anchor == "" || anchor == 0 || anchor == x.j.Links.Meta(l).Anchor {
		return false
	}
	s := x.j.SourceAnchored(anchor)
	return s >= 0 && x.j.Has(s, x.row)
}
