package judge

import (
	"fmt"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/stopped"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// unanchored is about the recorded account of link l that does not carry its leaver's anchor any more. Without any anchor it still is
// the recorded one, and the policy goes on. With a foreign one it may be another's by now, which a person has to decide,
// unless an object in scope has both the anchor and the account. Where sign-in is off already the pair is forgotten, unless dirform
// has turned it off.
func (x *leaver) unanchored(l int) (d Decision, err error) {
	if x.Live, err = x.j.Tenant.Load(x.row); err != nil {
		return Decision{}, err
	}
	anchor, forgotten := x.Live.Anchor(), x.forget(because{state.BecauseAccountTaken, fmt.Sprintf("the source object has "+
		"left, and account %s does not carry its anchor any more", x.Link.TargetID)})
	if on := stopped.CanSignIn(x.Live, true); !on && (anchor != "" || !x.Link.Left || !x.Enabled(false)) ||
		x.others(l) {
		return forgotten, nil
	}
	would := x.decide()
	switch {
	case would.Outcome == Ignored || would.Outcome == Blocked:
		return would, nil
	case !would.SignedIn && !stopped.Ends(x.Of, would.Change) && anchor != "":
		return forgotten, nil
	case anchor == "" && would.Change != nil && !stopped.Ends(x.Of, would.Change):
		forgotten.Findings, forgotten.SignedIn = would.Findings, would.SignedIn // there is no anchor to take off
		return forgotten, nil
	case anchor == "":
		return would, nil
	}
	var other *pair.Case // the object in scope whose anchor it is
	if s := x.j.SourceAnchored(x.j.Tenant.Meta(x.row).Anchor); s >= 0 {
		if other, err = x.j.Case(s); err != nil {
			return Decision{}, err
		}
	}
	f, ref := words.LeaverReanchored(x.Live, x.Link, other, x.Policy), table.Ref(x.Live)
	ref.Address, ref.Anchor = pair.Address(x.Link.Kind, x.Link.Scope, would.Key), x.Link.Anchor
	f.Objects = []planner.ObjectRef{ref}
	if other != nil {
		f.Objects = append(f.Objects, other.Ref())
	}
	return x.tellLeftOn(ref.Address, Decision{Outcome: Blocked, Key: would.Key, Findings: []*planner.Finding{f},
		SignedIn: stopped.TellLeaver(f, x.Live, would.Change)}), nil
}
