// Package risk says what could hurt about a change, so that readers of a plan meet it first. What counts as what is
// asked of the guards' own judgement.
package risk

import (
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner/internal/counting"
	"github.com/dirform/dirform/state"
)

// Risk is what could hurt about a change; of several things the gravest. A graver one is smaller.
type Risk int

// The risks, gravest first.
const (
	Takeover Risk = iota // the account is taken from another sync engine, for good
	Rename               // people sign in, or get mail, by another name
	SwitchOff
	Delete
	Unlink
	Relink
	SwitchOn
	Clear
	None
)

// limited are the risks by the limits that count them.
var limited = map[string]Risk{limits.Takeovers: Takeover, limits.Renames: Rename, limits.Disables: SwitchOff,
	limits.Deletes: Delete,
	limits.Unlinks: Unlink, limits.Relinks: Relink, limits.Enables: SwitchOn, limits.Clears: Clear}

// Of is the gravest risk of a change.
func Of(c *state.Change) Risk {
	r := None
	counting.Change(state.Describe(nil)(c.Kind), c, func(limit, _ string, _ int) {
		if x, ok := limited[limit]; ok && x < r {
			r = x
		}
	})
	return r
}

// Title is a heading for the changes of a risk, "" for those without one.
func (r Risk) Title() string {
	return [...]string{"Take-overs from another sync engine", "User names and addresses that change",
		"Sign-ins that are switched off",
		"Deletions", "Links that are given up", "Accounts that get another anchor", "Sign-ins that are switched on",
		"Values that are taken away", ""}[r]
}

// Word is the risk in one or two words, "" for none.
func (r Risk) Word() string {
	return [...]string{"take-over", "rename", "switch-off", "delete", "unlink", "relink", "switch-on", "clear", ""}[r]
}
