// Package drift says what becomes of what somebody else did to a linked account: whether a plan sets it right, leaves
// it as it is, or lets it stop the whole object.
package drift

import (
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"

	"github.com/dirform/dirform/planner"
)

// Fate is what becomes of an attribute in which a linked account differs from what is desired.
type Fate uint8

// The fates of attributes.
const (
	Write    Fate = iota // it is written
	Leave                // it was changed in the tenant, and stays so until the source's value changes
	LeaveOff             // sign-in is off in the tenant, and nothing says that dirform may turn it on
	StopsAll             // it was changed in the tenant, and that stops the whole object
	Dropped              // the service would take it and drop it again, see [pair.Case.DropsAddress]
)

// Of is the fate of a change to the account of a case, whose two sides differ by their fingerprints.
//
// Where the pair only comes about (link, relink, restore), everything is written as the source says. Afterwards sign-in
// is turned on only if the source has another value than was applied last: else somebody has blocked the account in the
// tenant, and who that was, and why, is not known.
func Of(c *pair.Case, ch *state.AttributeChange, p pair.Prints) Fate {
	if c.DropsAddress(ch) {
		return Dropped
	}
	if !kept(c) {
		return Write
	}
	policy := c.Table.Policy
	switch {
	case p.Drifted() && policy.OnDrift == config.BlockDrift:
		return StopsAll
	case opens(c, ch) && !p.Moved() && !policy.HealSignIn:
		return LeaveOff
	case policy.LeavesDrift(p.Last, p.Have, p.Want):
		return Leave
	}
	return Write
}

// kept reports whether the pair of a case is recorded and stays as it is.
func kept(c *pair.Case) bool {
	if !c.Linked() || c.Live == nil || c.InBin() || c.Table.Policy == nil {
		return false
	}
	live := c.Live.Anchor()
	return !c.Table.Anchored || live == "" || live == c.Anchor
}

// opens reports whether a change turns on the sign-in of an account that has it off.
func opens(c *pair.Case, ch *state.AttributeChange) bool {
	return ch.Name == c.Table.Of.SignIn && ch.Before.Kind() == state.BoolValue && !ch.Before.Bool() && ch.After.Bool()
}

// BlockedSignIn is the attribute with which somebody blocked the sign-in of an account in the tenant, if that is among what
// would be written to it, else "".
func BlockedSignIn(c *pair.Case, attrs []state.AttributeChange) string {
	for i := range attrs {
		if attrs[i].Drift && opens(c, &attrs[i]) {
			return attrs[i].Name
		}
	}
	return ""
}

// Left is a change that is not made, although the account differs from what is desired.
type Left struct {
	state.AttributeChange
	Fate Fate
}

// Finding tells of a change that is left out. signedIn says that whoever has the account stays signed in although the
// source has switched it off.
func (l *Left) Finding(p *config.LinkPolicy, signIn string) (f *planner.Finding, signedIn bool) {
	switch l.Fate {
	case LeaveOff:
		f = words.SignInBlocked(l.AttributeChange, p)
	case Dropped:
		f = words.MailboxAddress(l.AttributeChange)
	default:
		f = words.LeftAsChanged(l.AttributeChange, p)
		signedIn = l.Name == signIn && l.After.Kind() == state.BoolValue && !l.After.Bool()
	}
	f.Drift = l.Drift && l.Fate != Dropped
	f.Withheld = []planner.Withheld{{Name: l.Name, Before: l.Before, After: l.After}}
	if signedIn {
		words.StillSignedIn(f, words.SwitchedOffAtSource)
	}
	return f, signedIn
}
