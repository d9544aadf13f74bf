package view

import (
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Action is how often something is done, and the limits on it.
type Action struct {
	Action state.Action
	Count  int
	Limits []Limit
}

// Limit is how near a plan gets to a limit, or beyond it.
type Limit struct {
	planner.GuardResult
	Name    string // "deletes"
	Percent bool   // Planned and Allowed are percentages
}

// limited are the actions that have a limit of their own.
var limited = map[string]state.Action{
	"creates": state.ActionCreate, "relinks": state.ActionRelink, "updates": state.ActionUpdate, "disables": state.ActionDisable,
	"unlinks": state.ActionUnlink, "deletes": state.ActionDelete, "blocked": state.ActionBlocked,
}

// byRisk are the actions in the order in which readers want to know of them: what takes something away first.
var byRisk = []state.Action{state.ActionDelete, state.ActionDisable, state.ActionUnlink, state.ActionRelink,
	state.ActionRestore,
	state.ActionCreate, state.ActionLink, state.ActionUpdate}

// fewActions is how many of an action are too few to speak of percentages.
const fewActions = 5

// Actions are the actions that occur in a plan, with the limits on each, and the other limits: those that the plan gets
// near or, if all is set, those that it counts towards at all.
func Actions(t planner.Totals, all bool) (list []Action, others []Limit) {
	limits := map[state.Action][]Limit{}
	for _, l := range counted(t.Guards) {
		a, ok := limited[l.Name]
		n := Count(t.Summary, a)
		switch {
		case !all && !l.Tripped && (5*l.Planned < l.Allowed || l.Percent && ok && n <= fewActions):
		case ok && n > 0:
			limits[a] = append(limits[a], l)
		default:
			others = append(others, l)
		}
	}
	for _, a := range append(byRisk[:len(byRisk):len(byRisk)], state.ActionBlocked) {
		if n := Count(t.Summary, a); n > 0 {
			list = append(list, Action{a, n, limits[a]})
		}
	}
	return list, others
}

// counted are the limits that a plan counts towards: of each the count, and the percentage where it is passed or there
// is no count.
func counted(guards []planner.GuardResult) (list []Limit) {
	counts := map[string]bool{}
	for _, g := range guards {
		if name, unit, _ := strings.Cut(g.Limit, "."); unit == "count" {
			counts[name+" "+g.Of] = true
		}
	}
	for _, g := range guards {
		name, unit, _ := strings.Cut(g.Limit, ".")
		l := Limit{g, name, unit == "percent"}
		// A percentage that is passed without tripping lies below the floor, where it does not count.
		if g.Tripped || g.Planned > 0 && (!l.Percent || !counts[name+" "+g.Of] && g.Planned <= g.Allowed) {
			list = append(list, l)
		}
	}
	return list
}

// Count is how often a summary counts an action.
func Count(s planner.Summary, a state.Action) int {
	switch a {
	case state.ActionCreate:
		return s.Create
	case state.ActionLink:
		return s.Link
	case state.ActionRelink:
		return s.Relink
	case state.ActionRestore:
		return s.Restore
	case state.ActionUpdate:
		return s.Update
	case state.ActionDisable:
		return s.Disable
	case state.ActionUnlink:
		return s.Unlink
	case state.ActionDelete:
		return s.Delete
	case state.ActionUnchanged:
		return s.Unchanged
	case state.ActionBlocked:
		return s.Blocked
	}
	return 0
}
