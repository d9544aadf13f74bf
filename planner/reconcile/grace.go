package reconcile

import (
	"fmt"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// afterGrace fills in what a policy with a grace does to the account of an object that left: it is disabled at once and deleted
// once the grace has passed. An enabled account is never deleted: somebody wants it, or it has never been disabled. It is disabled
// first. If its grace is over by then, that begins anew: whoever enabled it is to see that it is disabled before it is gone.
func (p *plan) afterGrace(c *state.Change, policy *config.LinkPolicy, live *state.Object, link *state.Link) bool {
	if live.Get("accountEnabled").Bool() {
		p.disable(c, live, link)
		again := c.Attributes[0].Drift
		if c.GraceAnew = again && p.graceOver(policy, link); c.GraceAnew {
			again = false
			c.Reason += "; enabled again after its grace was over, which begins anew"
		}
		c.Reason += "; " + p.fate(policy, link, again)
		return true
	}
	if !p.graceOver(policy, link) {
		return false
	}
	c.Action = state.ActionDelete
	c.Reason += "; " + goneSince(policy, link) + ", longer than its grace of " + graceText(policy.Grace)
	if enabled := live.Get("accountEnabled"); enabled.Kind() == state.BoolValue {
		// Apply looks at it again: an account that is enabled by then is not deleted.
		c.Attributes = append(c.Attributes, state.AttributeChange{Name: "accountEnabled", Before: enabled})
	}
	return true
}

// deleteFrom is when the grace of an account ends. counted is false while no grace is being counted for it.
func (p *plan) deleteFrom(policy *config.LinkPolicy, link *state.Link) (due time.Time, counted bool) {
	if policy.Grace == 0 || !link.Left || link.LeftAt == 0 || p.recorded(link, true) {
		return time.Time{}, false
	}
	return time.Unix(link.LeftAt, 0).Add(policy.Grace), true
}

// graceOver reports whether the time has come to delete the account. Without a clock it never comes.
func (p *plan) graceOver(policy *config.LinkPolicy, link *state.Link) bool {
	due, counted := p.deleteFrom(policy, link)
	return counted && !p.b.set.Now.IsZero() && !p.b.set.Now.Before(due)
}

// fate tells what lies before a disabled account. again says that its grace goes on; otherwise it begins now.
func (p *plan) fate(policy *config.LinkPolicy, link *state.Link, again bool) string {
	if due, counted := p.deleteFrom(policy, link); counted && again {
		return goneSince(policy, link) + "; will be deleted from " + day(policy, due) + " on"
	}
	return "will be deleted from " + day(policy, p.b.set.Now.Add(policy.Grace)) + " on"
}

// goneSince tells when an object left. Only users can be disabled.
func goneSince(policy *config.LinkPolicy, link *state.Link) string {
	since := day(policy, time.Unix(link.LeftAt, 0))
	if link.Kind != state.User {
		return "gone since " + since
	}
	return "disabled since " + since
}

// day writes a time as precisely as the policy's grace counts.
func day(policy *config.LinkPolicy, t time.Time) string {
	if policy.Grace%(24*time.Hour) == 0 {
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// graceText writes a grace as people do.
func graceText(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	return fmt.Sprintf("%dh", d/time.Hour)
}

// disable fills in that sign-in is blocked. That is the correction of drift if an earlier apply did so already.
func (p *plan) disable(c *state.Change, live *state.Object, link *state.Link) {
	c.Action = state.ActionDisable
	c.Attributes = append(c.Attributes, state.AttributeChange{Name: "accountEnabled", Before: live.Get("accountEnabled"),
		After: state.Bool(false), Drift: link.Left && p.recorded(link, false)})
}

// recorded reports whether the account was enabled (or was not) when the link was last applied, as far as the record knows.
func (p *plan) recorded(link *state.Link, enabled bool) bool {
	if link.Shape == nil {
		return false
	}
	a, i := p.b.set.Schema(link.Kind).Lookup("accountEnabled"), link.Shape.Index("accountEnabled")
	return a != nil && i >= 0 && link.Fingerprints[i] == p.h.Fingerprint(a, state.Bool(enabled))
}

// noteLeft is what the record has to learn about an object that left and to whose account nothing is written, or nil.
func (p *plan) noteLeft(policy *config.LinkPolicy, link *state.Link) *planner.Record {
	r := &planner.Record{Anchor: link.Anchor, Scope: link.Scope, Left: true}
	switch {
	case !link.Left:
		return r
	case policy.Grace == 0:
		return nil
	case link.LeftAt == 0: // noted by an earlier version, which knew no time: the grace begins now
		return r
	case !p.recorded(link, true):
		return nil
	}
	// The policy of its time had left the account enabled, and somebody else has disabled it since: its grace begins now.
	r.Fingerprints = map[string]string{}
	for i, name := range link.Shape.Names() {
		if fp := link.Fingerprints[i]; fp != 0 {
			r.Fingerprints[name] = hexFP(fp)
		}
	}
	r.Fingerprints["accountEnabled"] = hexFP(p.h.Fingerprint(p.b.set.Schema(link.Kind).Lookup("accountEnabled"), state.Bool(false)))
	return r
}

// leftText is what explain says about the account of an object that left and to which nothing is done.
func (p *plan) leftText(policy *config.LinkPolicy, link *state.Link) string {
	text := "unchanged: its source object left scope " + link.Scope
	if policy.Scope == nil {
		return "unchanged: scope " + link.Scope + " is not declared any more, and the default leaving = \"disable\" asks for nothing more"
	}
	if _, counted := p.deleteFrom(policy, link); counted {
		return text + "; " + p.fate(policy, link, true)
	}
	if policy.Grace > 0 {
		return text + "; its grace of " + graceText(policy.Grace) + " begins with the next apply"
	}
	return fmt.Sprintf("%s, and leaving = %q asks for nothing more", text, policy.Leaving)
}

// enableAgain adds that sign-in is allowed again, for somebody who came back and whom dirform had disabled. Where accountEnabled
// is mapped, the mapping says so.
func (s *subject) enableAgain() {
	enabled := s.live.Get("accountEnabled")
	if s.link == nil || !s.link.Left || s.table.enables || enabled.Kind() != state.BoolValue || enabled.Bool() || !s.p.recorded(s.link, false) {
		return
	}
	s.why = append(s.why, s.table.policy.DeclaredAt)
	s.attrs = append(s.attrs, state.AttributeChange{Name: "accountEnabled", Before: enabled, After: state.Bool(true)})
}
