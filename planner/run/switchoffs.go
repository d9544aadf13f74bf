package run

import (
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/run/internal/parts"
	"github.com/dirform/dirform/state"
)

// switchOffs makes t what of its plan turns sign-in off. The other changes stay undone, whatever limits are exceeded:
// of those that t is held against, only the one on switch-offs is left.
func (t *todo) switchOffs(p *planned) error {
	t.changes = offs(p.file.Changes())
	t.Changes = 0
	for c, err := range p.file.Changes() {
		if err != nil {
			return err
		}
		off := parts.SwitchesOff(c) != ""
		if off {
			t.Changes++
		}
		if !off || !isSwitchOff(c) {
			t.Undone++
		}
	}
	t.writes, t.partly = t.Changes, t.Undone > 0 || !t.Totals.Applicable
	guards, _, err := p.builder.Judge(t.changes)
	t.guards = slices.DeleteFunc(guards, func(g planner.GuardResult) bool { return !onDisables(g) })
	return err
}

// onDisables reports whether a result is of the limit on switch-offs.
func onDisables(g planner.GuardResult) bool { return strings.HasPrefix(g.Limit, limits.Disables+".") }

// offs are those changes that turn sign-in off, each without what else it does.
func offs(changes iter.Seq2[*state.Change, error]) iter.Seq2[*state.Change, error] {
	return func(yield func(*state.Change, error) bool) {
		for c, err := range changes {
			switch {
			case err != nil:
			case parts.SwitchesOff(c) == "":
				continue
			case !isSwitchOff(c):
				c = c.Kind.Descriptor().OnlySwitchOff(c)
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// isSwitchOff reports whether a change that turns sign-in off does nothing else.
func isSwitchOff(c *state.Change) bool {
	signIn := c.Kind.Descriptor().SignIn
	other := func(a state.AttributeChange) bool { return a.Name != signIn && !a.Before.Equal(a.After) }
	recorded := c.Partial || c.Action == state.ActionDisable || c.Action == state.ActionUpdate
	return recorded && c.Members == nil && len(c.SourceAttributes) == 0 && !slices.ContainsFunc(c.Attributes, other)
}

// freeOffs is how many changes of the plan turn sign-in off, if leaving out the rest is all it takes to make them.
func (t *todo) freeOffs(p *planned) (n int) {
	if slices.ContainsFunc(tripped(slices.Concat(t.guards, t.Totals.Guards)), onDisables) {
		return 0
	}
	for _, err := range offs(p.file.Changes()) {
		if err != nil {
			return 0 // a plan that cannot be read is refused for that
		}
		n++
	}
	return n
}
