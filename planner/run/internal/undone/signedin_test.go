package undone

import (
	"testing"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// TestSignedInBesides: whom an undoing deletes or switches off is signed in no more, whatever findings of today's plan
// say; everybody else is, and each account counts once.
func TestSignedInBesides(t *testing.T) {
	var s SignedIn
	for _, id := range []string{"A", "A", "B", "C"} {
		if err := s.Finding(&planner.Finding{SignedIn: true, Objects: []planner.ObjectRef{{Anchor: "x"}, {TargetID: id}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Finding(&planner.Finding{Objects: []planner.ObjectRef{{TargetID: "D"}}}); err != nil {
		t.Fatal(err)
	}
	off := state.AttributeChange{Name: "accountEnabled", Before: state.Bool(true), After: state.Bool(false)}
	still, ended := s.Besides([]*state.Change{{Kind: state.User, Action: state.ActionDelete, TargetID: "a"},
		{Kind: state.User, Action: state.ActionUpdate, TargetID: "b"},
		{Kind: state.User, Action: state.ActionUpdate, TargetID: "c", Attributes: []state.AttributeChange{off}}})
	if len(still) != 1 || still[0].Objects[1].TargetID != "B" || ended != 2 {
		t.Errorf("%d still, %d ended", len(still), ended)
	}
}
