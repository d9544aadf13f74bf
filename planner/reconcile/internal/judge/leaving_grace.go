package judge

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
func (x *leaver) afterGrace(c *state.Change) bool {
	if x.disable(c) {
		again := c.Attributes[0].Drift
		if c.GraceAnew = again && x.graceOver(); c.GraceAnew {
			again = false
			c.Reason += "; enabled again after its grace was over, which begins anew"
		}
		c.Reason += "; " + x.fate(again)
		return true
	}
	if !x.graceOver() {
		return false
	}
	if !x.seen() {
		x.noteUnseen()
		return false
	}
	c.Action, c.ReasonCode = state.ActionDelete, state.BecauseGraceOver
	c.Reason += "; " + words.GoneSince(x.of, x.policy, x.link) +
		", longer than its grace of " + words.GraceText(x.policy.Grace)
	if enabled := x.live.SignIn(); enabled.Kind() == state.BoolValue {
		// Apply looks at it again: an account that is enabled by then is not deleted.
		c.Attributes = append(c.Attributes, state.AttributeChange{Name: x.of.SignIn, Before: enabled})
	}
	return true
}

// deleteFrom is when the grace of an account ends. counted is false while no grace is being counted for it.
func (x *leaver) deleteFrom() (due time.Time, counted bool) {
	if x.policy.Grace == 0 || !x.link.Left || x.link.LeftAt == 0 || x.j.recordedEnabled(x.link, true) {
		return time.Time{}, false
	}
	return time.Unix(x.link.LeftAt, 0).Add(x.policy.Grace), true
}

// graceOver reports whether the time has come to delete the account. Without a clock that can be trusted it never
// comes.
func (x *leaver) graceOver() bool { return x.graceDue() && !x.j.set.HoldGraces }

// graceDue reports whether the grace has passed by the clock there is.
func (x *leaver) graceDue() bool {
	due, counted := x.deleteFrom()
	now := x.j.set.Now
	return counted && !now.IsZero() && !now.Before(due)
}

// fate tells what lies before a disabled account. again says that its grace goes on; otherwise it begins now.
func (x *leaver) fate(again bool) string {
	if due, counted := x.deleteFrom(); counted && again {
		return words.GoneSince(x.of, x.policy, x.link) + "; will be deleted from " + words.Day(x.policy, due) + " on"
	}
	return "will be deleted from " + words.Day(x.policy, x.j.set.Now.Add(x.policy.Grace)) + " on"
}

// text is what explain says about the account of an object that left and to which nothing is done.
func (x *leaver) text() string {
	text := "unchanged: its source object left scope " + x.link.Scope
	if x.policy.Scope == nil {
		return "unchanged: scope " + x.link.Scope + " is not declared any more, and the default leaving = \"disable\" asks " +
			"for nothing more"
	}
	if x.graceDue() && x.j.set.HoldGraces {
		return text + "; its grace would be over, but clocks differ, so it does not end"
	}
	if x.policy.DeletesLeaver(x.link.LeftAt, x.j.set.Now) && !x.seen() {
		return text + "; it is not deleted, because its source object was not found"
	}
	if _, counted := x.deleteFrom(); counted {
		return text + "; " + x.fate(true)
	}
	if x.policy.Grace > 0 {
		return text + "; its grace of " + words.GraceText(x.policy.Grace) + " begins with the next apply"
	}
	return fmt.Sprintf("%s, and leaving = %q asks for nothing more", text, x.policy.Leaving)
}

// DeleteFrom is when the grace of a leaver's account ends. counted is false while no grace is being counted for it.
func (j *Judge) DeleteFrom(link *state.Link) (due time.Time, counted bool) {
	return newLeaver(j, link).deleteFrom()
}

// LeaverText says what is the case with a leaver to whose account nothing is done.
func (j *Judge) LeaverText(link *state.Link) string {
	return newLeaver(j, link).text()
}
