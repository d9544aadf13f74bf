package telling_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/apply/telling"
	"github.com/dirform/dirform/state"
)

func TestTeller(t *testing.T) {
	const stopped = "the run was stopped before it was sent; plan again"
	told := telling.New(51)
	var lines []string
	tell := func(e apply.Event) {
		if line := told.Line(e); line != "" {
			lines = append(lines, line)
		}
	}
	tell(apply.Event{Status: state.StatusDone, Address: "a", Action: state.ActionLink})
	for i := range 78 {
		tell(apply.Event{Status: state.StatusSkipped, Address: fmt.Sprint(i), Action: state.ActionCreate, Attribute: "manager", Reason: stopped})
	}
	for i := range 12 {
		reason := fmt.Sprintf("the reply was lost (%v)", errors.Join(errors.New("no reply"), fmt.Errorf("PATCH /users/%d", i)))
		tell(apply.Event{Status: state.StatusUnknown, Address: "b", Action: state.ActionLink, Reason: reason})
	}
	tell(apply.Event{Status: state.StatusSkipped, Address: "c", Action: state.ActionLink, Reason: stopped})
	want := []string{"0: manager not set: " + stopped, "b: link unknown: the reply was lost (no reply; PATCH /users/0)", "c: link skipped: " + stopped}
	if got := []string{lines[0], lines[10], lines[20]}; len(lines) != 21 || !slices.Equal(got, want) {
		t.Errorf("%d lines, among them %q, want %q", len(lines), got, want)
	}
	rest := []string{"… and 68 more: manager not set: " + stopped, "… and 2 more: link unknown: the reply was lost"}
	if got := told.Rest(); !slices.Equal(got, rest) {
		t.Errorf("%q, want %q", got, rest)
	}
	few := telling.New(50)
	for want, e := range map[string]apply.Event{
		"a: link done":                {Status: state.StatusDone, Address: "a", Action: state.ActionLink},
		"a: link done: as it was":     {Status: state.StatusDone, Address: "a", Action: state.ActionLink, Reason: "as it was"},
		"a manager: update done":      {Status: state.StatusDone, Address: "a", Action: state.ActionUpdate, Attribute: "manager"},
		"a: manager failed: no right": {Status: state.StatusFailed, Address: "a", Action: state.ActionUpdate, Attribute: "manager", Reason: "no right"},
	} {
		if got := few.Line(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
