package tables

import (
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/kept"
)

// TestKeptOpensForItsStepAlone: a step of which anything has been changed that says what it did to what does not open. One whose run has
// died does, as a step of unknown outcome.
func TestKeptOpensForItsStepAlone(t *testing.T) {
	s, err := kept.New(state.Key{1, 31: 2})
	if err != nil {
		t.Fatal(err)
	}
	e := state.Entry{Seq: 3, Key: "a", Kind: state.User, Action: state.ActionUpdate, Status: state.StatusIntent, TargetID: "1",
		Kept: &state.Kept{Values: true, Attributes: []state.KeptAttribute{{Name: "department", Before: state.String("Sales")}}}}
	values, err := EntryValues(7, &e, s)
	if err != nil {
		t.Fatal(err)
	}
	text := values[len(values)-1].(string)
	for what, x := range map[string]struct {
		run   int64
		edit  func(*state.Entry)
		opens bool
	}{
		"nothing":         {7, func(*state.Entry) {}, true},
		"its run died":    {7, func(e *state.Entry) { e.Status, e.Code = state.StatusUnknown, "died" }, true},
		"another run":     {8, func(*state.Entry) {}, false},
		"another place":   {7, func(e *state.Entry) { e.Seq = 4 }, false},
		"another anchor":  {7, func(e *state.Entry) { e.Key = "b" }, false},
		"another kind":    {7, func(e *state.Entry) { e.Kind = state.Group }, false},
		"another action":  {7, func(e *state.Entry) { e.Action = state.ActionDisable }, false},
		"another account": {7, func(e *state.Entry) { e.TargetID = "2" }, false},
		"another status":  {7, func(e *state.Entry) { e.Status = state.StatusDone }, false},
	} {
		one := e
		x.edit(&one)
		if _, err := s.Open(text, keptOf(x.run, &one)); (err == nil) != x.opens {
			t.Errorf("%s: %v", what, err)
		}
	}
}
