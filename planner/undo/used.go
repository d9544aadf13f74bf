package undo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// spared takes the deletions of accounts out of the changes that were used or changed since the run made them, or
// brought them back, and tells of them. What the tenant does not tell about the accounts that are left is told once.
func (u *undoing) spared() error {
	var ids []string
	for _, c := range u.changes {
		if c.Action == state.ActionDelete {
			ids = append(ids, c.TargetID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	usages, err := u.Usage(ids)
	if err != nil {
		return err
	}
	left := 0
	u.changes = slices.DeleteFunc(u.changes, func(c *state.Change) bool {
		if c.Action != state.ActionDelete {
			return false
		}
		seen := append(u.signs(u.steps[c].e, usages.Of[strings.ToLower(c.TargetID)]), u.steps[c].signs()...)
		if len(seen) == 0 {
			left++
			return false
		}
		u.steps[c].say(planner.UsedSinceCode, fmt.Sprintf("It is not deleted, because %s.", strings.Join(seen, "; ")))
		return true
	})
	for _, x := range usages.Unread {
		if left == 0 {
			break
		}
		u.findings = append(u.findings, planner.NewFinding(planner.UseUnknownCode, fmt.Sprintf(
			"Whether an account %s cannot be read, and the undoing of run %d deletes %s. Telling takes %s.",
			x.What, u.Run, accounts(left), x.Why), ""))
	}
	return nil
}

func accounts(n int) string {
	if n == 1 {
		return "one account"
	}
	return fmt.Sprintf("%d accounts", n)
}

// passwordSpan is how far apart creation and password of an account may lie that nobody has given another password: the
// service notes both when it makes the account.
const passwordSpan = time.Minute

// signs are those of use of an account that a step has made or brought back. One that was made had nothing: whatever it
// has now, somebody has given it. What one had that was brought back may have been there before.
func (u *undoing) signs(e *state.Entry, x providers.Usage) (seen []string) {
	add := func(is bool, format string, args ...any) {
		if is {
			seen = append(seen, fmt.Sprintf(format, args...))
		}
	}
	since := u.Started
	if e.Action == state.ActionCreate {
		since = time.Time{}
		add(x.Licences > 0, "it has licences (%d)", x.Licences)
		add(x.Mailbox, "it has a mailbox")
		add(x.Groups > 0, "it is a member of groups (%d)", x.Groups)
		add(x.Roles > 0, "it holds a directory role")
		add(!x.PasswordSet.IsZero() && !x.Created.IsZero() && x.PasswordSet.Sub(x.Created) > passwordSpan,
			"its password was set on %s", day(x.PasswordSet))
	} else {
		add(x.PasswordSet.After(since), "its password was set on %s", day(x.PasswordSet))
	}
	how := "somebody signed in"
	if x.Tried {
		how = "somebody signed in, or tried to,"
	}
	add(x.SignedIn.After(since), "%s on %s", how, day(x.SignedIn))
	return seen
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// signs are those that the record and today's plan know: a role, and values that are not those that runs have left.
func (s *single) signs() (seen []string) {
	if roles := s.held.Account.Standing.Roles; s.e.Action == state.ActionCreate && len(roles) > 0 {
		seen = append(seen, "it holds the role "+strings.Join(roles, ", "))
	}
	var changed []string
	for _, name := range s.link.Shape.Names() {
		if a := s.schema(name); !a.Hidden && s.changedLater(a, s.live.Get(name)) {
			changed = append(changed, name)
		}
	}
	if len(changed) > 0 {
		seen = append(seen, "somebody has changed it since: "+strings.Join(changed, ", "))
	}
	return seen
}
