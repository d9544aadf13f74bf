package leaving

import (
	"strings"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/stopped"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// Leaver is a recorded pair whose source object is in no scope any more, with everything that its policy goes by.
type Leaver struct {
	Link   *state.Link
	Live   *table.Account    // nil where only [Leaver.Text] and [Leaver.DeleteFrom] are asked
	Of     *state.Descriptor // of the account's kind; never nil
	Policy *config.LinkPolicy
	Where  state.ReasonCode // where the source object is, as far as somebody has looked for it; never ""
	// Spared is why the account is disabled where the policy would have it deleted, but for that its source object may not have been
	// found.
	Spared words.Reprieve
	Now    time.Time // graces are counted up to it; the zero time lets none of them end
	// HoldGraces lets no grace end, because some clock is wrong.
	HoldGraces bool
	// Enabled reports whether the account was enabled (or was not) when the link was last applied, as far as the record
	// knows.
	Enabled func(enabled bool) bool
	// Unseen is set by CarryOut where the account would be deleted if its source object had been found anywhere.
	Unseen bool
}

// Sought reports whether it matters where the source object of link l is by now, which no scope has: it has left since the last apply,
// its account is to be deleted now, or is claimed by others; or whether the source has switched it off: the policy leaves the account
// on, and people can sign in with it.
func Sought(p *pair.Pairs, l int, link *state.Link, policy *config.LinkPolicy, now time.Time) (bool, error) {
	t := p.LinkTarget(l)
	if !link.Left || p.Claimant(t) >= 0 || policy.DeletesLeaver(link.LeftAt, now) {
		return true, nil
	}
	if policy.Leaving != "keep" && policy.Leaving != "unlink" || t < 0 {
		return false, nil
	}
	account, err := p.Tenant.Load(t)
	return stopped.CanSignIn(account, true), err
}

// policies are what can be done to the account of an object that left, by the word for it in the language; the kind's
// descriptor says which of them its policies may have. Each fills in a change; false means that nothing has to be
// written.
var policies = map[string]struct {
	do, withGrace func(x *Leaver, c *state.Change) bool
}{
	"keep":    {(*Leaver).keep, (*Leaver).keep},
	"disable": {(*Leaver).disable, (*Leaver).afterGrace},
	"unlink":  {(*Leaver).unlink, (*Leaver).unlink},
	"delete":  {(*Leaver).delete, (*Leaver).afterGrace},
}

// CarryOut fills in what the leaving policy does to the account; false means nothing has to be written.
func (x *Leaver) CarryOut(c *state.Change) bool {
	l, known := policies[x.Policy.Leaving]
	switch {
	case !known:
		return false
	case x.Policy.Grace > 0:
		return l.withGrace(x, c)
	}
	return l.do(x, c)
}

func (x *Leaver) keep(*state.Change) bool { return false }

// delete fills in that the account is deleted, if its source object was seen where it is now, and nothing spares it.
// Otherwise it is disabled: that an object was not found may say more about who looks than about the object.
func (x *Leaver) delete(c *state.Change) bool {
	why := x.Spared.Instead()
	switch {
	case x.Spared.Holds():
	case x.seen():
		c.Action = state.ActionDelete
		return true
	default:
		x.Unseen, why = true, words.NotSeen
		c.Reason = strings.TrimSuffix(c.Reason, words.NotFound)
	}
	if !x.disable(c) {
		return false
	}
	c.Reason += "; " + why
	return true
}

// seen reports whether there is positive evidence that the source object left: it lives outside of its scope, or it was
// deleted.
func (x *Leaver) seen() bool { return x.Where != state.BecauseNotFound }

// unlink fills in that the account loses its anchor.
func (x *Leaver) unlink(c *state.Change) bool {
	c.Action = state.ActionUnlink
	if anchor := x.Live.Get(x.Of.Anchor); !anchor.IsEmpty() {
		c.Attributes = append(c.Attributes, state.AttributeChange{Name: x.Of.Anchor, Before: anchor})
	}
	return true
}

// disable fills in that sign-in is blocked, where it is allowed. That is the correction of drift if an earlier apply
// did so already.
func (x *Leaver) disable(c *state.Change) bool {
	before := x.Live.SignIn()
	if !before.Bool() {
		return false
	}
	c.Action = state.ActionDisable
	c.Attributes = append(c.Attributes, state.AttributeChange{Name: x.Of.SignIn, Before: before, After: state.Bool(false),
		Drift: x.Link.Left && x.Enabled(false)})
	return true
}
