package leaving

import (
	"fmt"
	"time"

	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// afterGrace fills in what a policy with a grace does to the account of an object that left: it is disabled at once and
// deleted once the grace has passed. An enabled account is never deleted: somebody wants it, or it has never been
// disabled. It is disabled first. If its grace is over by then, that begins anew: whoever enabled it is to see that it
// is disabled before it is gone.
func (x *Leaver) afterGrace(c *state.Change) bool {
	if x.disable(c) {
		again := c.Attributes[0].Drift
		if c.GraceAnew = again && x.graceOver(); c.GraceAnew {
			again = false
			c.Reason += "; enabled again after its grace was over, which begins anew"
		}
		c.Reason += "; " + x.fate(again)
		return true
	}
	if !x.graceOver() || x.Spared.Holds() {
		return false
	}
	if !x.seen() {
		x.Unseen = true
		return false
	}
	c.Action, c.ReasonCode = state.ActionDelete, state.BecauseGraceOver
	c.Reason += "; " + words.GoneSince(x.Of, x.Policy, x.Link) +
		", longer than its grace of " + words.GraceText(x.Policy.Grace)
	if enabled := x.Live.SignIn(); enabled.Kind() == state.BoolValue {
		// Apply looks at it again: an account that is enabled by then is not deleted.
		c.Attributes = append(c.Attributes, state.AttributeChange{Name: x.Of.SignIn, Before: enabled})
	}
	return true
}

// DeleteFrom is when the grace of an account ends. counted is false while no grace is being counted for it.
func (x *Leaver) DeleteFrom() (due time.Time, counted bool) {
	if x.Policy.Grace == 0 || !x.Link.Left || x.Link.LeftAt == 0 || x.Enabled(true) {
		return time.Time{}, false
	}
	return time.Unix(x.Link.LeftAt, 0).Add(x.Policy.Grace), true
}

// graceOver reports whether the time has come to delete the account. Without a clock that can be trusted it never
// comes.
func (x *Leaver) graceOver() bool { return x.graceDue() && !x.HoldGraces }

// graceDue reports whether the grace has passed by the clock there is.
func (x *Leaver) graceDue() bool {
	due, counted := x.DeleteFrom()
	now := x.Now
	return counted && !now.IsZero() && !now.Before(due)
}

// fate tells what lies before a disabled account. again says that its grace goes on; otherwise it begins now.
func (x *Leaver) fate(again bool) string {
	if due, counted := x.DeleteFrom(); counted && again {
		return x.Spared.Until(words.GoneSince(x.Of, x.Policy, x.Link) + "; will be deleted from " + words.Day(x.Policy, due) + " on")
	}
	return x.Spared.Until("will be deleted from " + words.Day(x.Policy, x.Now.Add(x.Policy.Grace)) + " on")
}

// Text is what explain says about the account of an object that left and to which nothing is done.
func (x *Leaver) Text() string {
	text := "unchanged: its source object left scope " + x.Link.Scope
	if x.Policy.Scope == nil {
		return "unchanged: scope " + x.Link.Scope + " is not declared any more, and the default leaving = \"disable\" asks " +
			"for nothing more"
	}
	if x.graceDue() && x.HoldGraces {
		return text + "; its grace would be over, but clocks differ, so it does not end"
	}
	switch {
	case !x.Spared.Holds():
	case x.Policy.Grace == 0 && x.Policy.Leaving == "delete":
		return text + "; " + x.Spared.Instead()
	case x.graceDue():
		return text + "; " + x.Spared.Overdue()
	}
	if x.Policy.DeletesLeaver(x.Link.LeftAt, x.Now) && !x.seen() {
		return text + "; it is not deleted, because its source object was not found"
	}
	if _, counted := x.DeleteFrom(); counted {
		return text + "; " + x.fate(true)
	}
	if x.Policy.Grace > 0 {
		return text + "; its grace of " + words.GraceText(x.Policy.Grace) + " begins with the next apply"
	}
	return fmt.Sprintf("%s, and leaving = %q asks for nothing more", text, x.Policy.Leaving)
}
