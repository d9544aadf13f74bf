package alike

import (
	"testing"

	"github.com/dirform/dirform/state"
)

// What is left of a reviewed change goes on, and nothing else does under its name.
func TestRest(t *testing.T) {
	named := func(before, after string, drift bool) state.AttributeChange {
		return state.AttributeChange{Name: "displayName", Before: state.String(before), After: state.String(after), Drift: drift}
	}
	change := func(a state.Action, rule, evidence string, attributes ...state.AttributeChange) *state.Change {
		return &state.Change{Kind: state.User, Action: a, Anchor: "AQ==", TargetID: "1", Attributes: attributes,
			Match: &state.Match{Rule: rule, Value: evidence}}
	}
	name, drifted := named("Edited", "Ann", false), named("Edited", "Ann", true)
	other := state.AttributeChange{Name: "department", Before: state.String("a"), After: state.String("b")}
	for what, c := range map[string]struct {
		reviewed, fresh *state.Change
		goesOn          bool
	}{
		"an update":                       {change(state.ActionUpdate, "recorded", "1", name), change(state.ActionUpdate, "recorded", "1", name), true},
		"an update by other evidence":     {change(state.ActionUpdate, "recorded", "", name), change(state.ActionUpdate, "recorded", "1", name), false},
		"an update of a pair just linked": {change(state.ActionLink, "primary_smtp", "a", name), change(state.ActionUpdate, "recorded", "1", name), true},
		"a drift that was reviewed":       {change(state.ActionRestore, "recorded", "1", drifted), change(state.ActionUpdate, "recorded", "1", drifted), true},
		"half of an update":               {change(state.ActionUpdate, "recorded", "1", drifted, other), change(state.ActionUpdate, "recorded", "1", drifted), false},
		"what was taken back since":       {change(state.ActionRestore, "recorded", "1", name), change(state.ActionUpdate, "recorded", "1", drifted), false},
		"another value than was reviewed": {change(state.ActionUpdate, "recorded", "1", named("Edited", "Anna", false)), change(state.ActionUpdate, "recorded", "1", name), false},
	} {
		if _, ok := Rest(c.reviewed, c.fresh, nil); ok != c.goesOn {
			t.Errorf("%s goes on: %v", what, ok)
		}
	}
}
