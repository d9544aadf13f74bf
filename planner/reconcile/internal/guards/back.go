package guards

import (
	"slices"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner/internal/counting"
	"github.com/dirform/dirform/state"
)

// TakenBack is what of a step's deeds is undone by a change, by the keys of [state.Deeds]: what would count if the
// change was made the other way round, as far as the step did count it. d describes the change's kind.
func TakenBack(d *state.Descriptor, c *state.Change, undoes *state.Entry) map[string]int {
	back := map[string]int{}
	if c.Action == state.ActionDelete { // with the account goes all that was done to it
		for k, n := range undoes.Deeds {
			if _, _, other := state.ParseTakenBack(k); !other {
				back[k] = n
			}
		}
		return back
	}
	inverse := *c
	inverse.Action, inverse.ReasonCode, inverse.Attributes = undoes.Action, "", slices.Clone(c.Attributes)
	for i := range inverse.Attributes {
		a := &inverse.Attributes[i]
		a.Before, a.After = a.After, a.Before
	}
	whole := undoes.Kept != nil && len(c.Attributes) >= len(undoes.Kept.Attributes)
	counting.Change(d, &inverse, func(limit, of string, n int) {
		k := key{limit, of}.String()
		if n = min(n, undoes.Deeds[k]); n > 0 && (whole || limit != limits.Updates && limit != limits.Renames) {
			back[k] = n // of an account several of whose values were replaced, one may still be
		}
	})
	return back
}
