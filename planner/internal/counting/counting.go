// Package counting says what a change counts as: the one judgement that guards hold plans against, and that readers are
// shown plans by.
package counting

import (
	"strings"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Paired counts accounts that are linked, relinked or restored: no limit, but part of a base.
const Paired = "paired"

// ofAction are the limits that count an action by its name.
var ofAction = map[state.Action]string{state.ActionDelete: limits.Deletes, state.ActionUnlink: limits.Unlinks,
	state.ActionRelink: limits.Relinks, state.ActionCreate: limits.Creates}

// pairs are the actions that tie an account to a source object.
var pairs = map[state.Action]bool{state.ActionLink: true, state.ActionRelink: true, state.ActionRestore: true}

// Change tells add what a change counts as: a limit, the attribute or group where the limit holds for each by itself,
// and how often. d describes the change's kind. Of a resource of the configuration it tells nothing.
func Change(d *state.Descriptor, c *state.Change, add func(limit, of string, n int)) {
	if d == nil || d.Declared {
		return
	}
	if name := ofAction[c.Action]; name != "" {
		add(name, "", 1)
	}
	if pairs[c.Action] {
		add(Paired, "", 1)
	}
	if c.Members != nil && len(c.Members.Remove) > 0 {
		add(limits.MemberRemovals, c.Anchor, len(c.Members.Remove))
	}
	switch {
	case c.Action == state.ActionUnlink && c.ReasonCode == state.BecauseUndone: // which gives the account back what it was
	case c.Action == state.ActionCreate, c.Action == state.ActionUnlink, c.Action == state.ActionDelete:
		return // their attributes are those of an account that has just been made, or is given up
	}
	countAttributes(c, d, add)
}

// countAttributes is [Change] for the attributes of an account that exists.
func countAttributes(c *state.Change, d *state.Descriptor, add func(limit, of string, n int)) {
	renamed, replaced := false, false
	for i := range c.Attributes {
		a := &c.Attributes[i]
		loses := !a.Before.IsEmpty() && a.After.IsEmpty()
		switch {
		case a.Name == providers.CloudManaged:
			if a.After.Bool() {
				add(limits.Takeovers, "", 1)
			}
			continue
		case a.Name == d.Anchor:
			if c.Action == state.ActionRestore && !a.Before.IsEmpty() {
				add(limits.Relinks, "", 1) // it takes the account from another object, as a relink does
			}
			continue
		case a.Name == d.SignIn && c.Action == state.ActionRestore && c.ReasonCode == state.BecauseUndone: // nobody is signed in
		case a.Name == d.SignIn:
			countSignIn(a, add)
		case loses:
			add(limits.Clears, a.Name, 1)
		case (a.Name == d.UserName || a.Name == d.Mail) && !a.Before.IsEmpty():
			renamed = renamed || !strings.EqualFold(a.Before.Str(), a.After.Str())
		}
		replaced = replaced || !a.Before.IsEmpty()
	}
	if renamed {
		add(limits.Renames, "", 1)
	}
	if replaced && recorded(c) {
		add(limits.Updates, "", 1)
	}
}

// countSignIn counts what a change of an account's sign-in does. An account of which it is not known may well be signed
// in.
func countSignIn(a *state.AttributeChange, add func(limit, of string, n int)) {
	on := a.After.Kind() == state.BoolValue && a.After.Bool()
	was := a.Before.Kind() != state.BoolValue || a.Before.Bool()
	switch {
	case on && (!was || a.Before.IsNull()):
		add(limits.Enables, "", 1)
	case !on && was:
		add(limits.Disables, "", 1)
	}
}

// recorded reports whether a change writes to an account that the record had, other than because its object left.
func recorded(c *state.Change) bool {
	switch c.Action {
	case state.ActionUpdate, state.ActionUnlink:
		return true
	case state.ActionRelink, state.ActionRestore:
		return c.Match != nil && c.Match.Rule == "recorded"
	}
	return false
}
