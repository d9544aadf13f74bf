package guards

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
)

// TestTakenBack: what of a step's deeds is taken back by the change that undoes it, or a part of it.
func TestTakenBack(t *testing.T) {
	kept := func(names ...string) *state.Kept {
		k := &state.Kept{}
		for _, n := range names {
			k.Attributes = append(k.Attributes, state.KeptAttribute{Name: n})
		}
		return k
	}
	step := func(a state.Action, deeds map[string]int, names ...string) *state.Entry {
		return &state.Entry{Action: a, Deeds: deeds, Kept: kept(names...)}
	}
	changed := map[string]int{"disables": 1, "updates": 1, "renames": 1, "clears:fax": 1}
	names := []string{"accountEnabled", "mail", "fax"}
	for name, x := range map[string]struct {
		c    *state.Change
		of   *state.Entry
		want map[string]int
	}{
		"all of it": {undone(state.ActionUpdate, signIn(false, true), from("mail", "b@x", "a@x"), from("fax", "", "1")),
			step(state.ActionUpdate, changed, names...), changed},
		"a part":              {undone(state.ActionUpdate, from("mail", "b@x", "a@x")), step(state.ActionUpdate, changed, names...), map[string]int{}},
		"sign-in alone":       {undone(state.ActionUpdate, signIn(false, true)), step(state.ActionUpdate, changed, names...), map[string]int{"disables": 1}},
		"what was allowed":    {undone(state.ActionUpdate, signIn(false, true)), step(state.ActionDisable, nil, "accountEnabled"), map[string]int{}},
		"a leaver":            {undone(state.ActionUpdate, signIn(false, true)), step(state.ActionDisable, map[string]int{"disables": 1}, "accountEnabled"), map[string]int{"disables": 1}},
		"a deletion":          {undone(state.ActionRestore, signIn(true, false)), step(state.ActionDelete, map[string]int{"deletes": 1}), map[string]int{"deletes": 1}},
		"an account let go":   {undone(state.ActionLink), step(state.ActionUnlink, map[string]int{"unlinks": 1}), map[string]int{"unlinks": 1}},
		"an account made":     {undone(state.ActionDelete), step(state.ActionCreate, map[string]int{"creates": 1, state.TakenBack(3, "deletes"): 1}), map[string]int{"creates": 1}},
		"one brought back":    {undone(state.ActionDelete), step(state.ActionRestore, map[string]int{"paired": 1, "enables": 1}), map[string]int{"paired": 1, "enables": 1}},
		"what nothing counts": {undone(state.ActionUpdate, from("city", "", "x")), step(state.ActionUpdate, nil, "city"), map[string]int{}},
	} {
		if d := cmp.Diff(x.want, TakenBack(state.User.Descriptor(), x.c, x.of)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
