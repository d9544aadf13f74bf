// Package steps is the order in which a plan tells its changes, and apply carries them out.
package steps

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// stage is where an action stands in the order in which changes are carried out: part by part of the plan, within a
// part kind by kind, and of one kind by rank.
type stage struct{ part, rank uint8 }

// stages orders the actions. Records and accounts go away when everything else is done, whatever their kind.
var stages = map[state.Action]stage{
	state.ActionCreate: {1, 1}, state.ActionLink: {1, 2}, state.ActionRelink: {1, 3}, state.ActionRestore: {1,
		4}, state.ActionUpdate: {1, 5},
	state.ActionDisable: {1, 6}, state.ActionUnlink: {2, 1}, state.ActionDelete: {3, 1},
}

// Silent comes last: nothing is done, but there is something to say. Before Others stands what turns sign-in off, and what
// that waits for.
const Silent, Others = 4 << 12, 1 << 12

// Waiting is the rank of what waits for other changes, or has them wait for it, among what turns sign-in off.
const Waiting = 15

// PhaseOf is the place of a change among those of all kinds, as a number.
func PhaseOf(of *state.Descriptor, a state.Action) uint16 {
	s := stages[a]
	return uint16(s.part)<<12 | uint16(of.Phase)<<4 | uint16(s.rank)
}

// Step is a row that the plan has something to say about.
type Step struct {
	Phase   uint16
	Depth   int32 // how many changes come before it, for names that they give up
	Leaving bool
	Off     bool   // it turns sign-in off
	Row     int32  // source row, or link if Leaving
	Order   uint64 // the key's first bytes
	GUID    state.GUID
	Key     string // "" in large plans
}

// Sort brings steps into the order of their execution.
func Sort(steps []Step) {
	slices.SortFunc(steps, func(a, b Step) int {
		if c := cmp.Or(cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Depth, b.Depth)); c != 0 {
			return c
		}
		if a.Off != b.Off && a.Phase < Others {
			return map[bool]int{true: -1, false: 1}[a.Off]
		}
		if c := cmp.Compare(a.Order, b.Order); c != 0 {
			return c
		}
		if c := strings.Compare(a.Key, b.Key); c != 0 {
			return c
		}
		return slices.Compare(a.GUID[:], b.GUID[:])
	})
}
