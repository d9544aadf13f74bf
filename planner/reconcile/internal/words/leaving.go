package words

import (
	"fmt"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// GoneSince tells when an object of a kind left. Only where people sign in, its account has been disabled since.
func GoneSince(of *state.Descriptor, policy *config.LinkPolicy, link *state.Link) string {
	since := Day(policy, time.Unix(link.LeftAt, 0))
	if of.SignIn == "" {
		return "gone since " + since
	}
	return "disabled since " + since
}

// Whereabouts are where an object is that left its scope, as far as somebody has looked for it.
type Whereabouts struct {
	Code state.ReasonCode // one of the reasons that begin with left_scope; "" if nobody has looked
	DN   string           // of one that is found alive
	By   string           // what leaves it out, or may do so, where it lies: "where"
	At   string           // file:line of the scope that does
	// Off says that the source has it switched off; not where that cannot be told
	Off bool
	// In is the provider whose domain has it, be it deleted; nil if it was not found
	In *config.ADProvider
}

// Left tells that an object is in its scope no more, and where it is.
func Left(scope string, w Whereabouts) string {
	text := "no longer in scope " + scope
	switch {
	case w.Code == state.BecauseMoved && w.By != "":
		return fmt.Sprintf("%s: moved to %s, or left out there by %s (%s)", text, dn.Parent(w.DN), w.By, w.At)
	case w.Code == state.BecauseMoved && w.DN != "":
		return text + ": moved to " + dn.Parent(w.DN)
	case w.Code == state.BecauseGone:
		return text + ": deleted in Active Directory"
	case w.Code == state.BecauseFiltered && w.DN != "":
		return fmt.Sprintf("%s: %s is filtered out by %s at %s", text, w.DN, w.By, w.At)
	case w.Code == state.BecauseNotFound && w.DN != "":
		return fmt.Sprintf("%s: %s was not among what was read", text, w.DN)
	case w.Code == state.BecauseNotFound:
		return text + NotFound
	}
	return text
}

// NotFound ends what [Left] tells of an object that is nowhere to be found; NotSeen says more.
const NotFound = ": not found in Active Directory"

// NotSeen tells why somebody is disabled whom the policy wants deleted.
const NotSeen = "not found in Active Directory, neither elsewhere nor among its deleted objects, so it is disabled " +
	"instead of deleted"

// Reprieve is what keeps an account from being deleted, although its policy would have that done; the zero value for nothing.
type Reprieve struct{ why, while string }

// AnchorLost holds the account of somebody who left that carries no anchor any more.
func AnchorLost(of *state.Descriptor) Reprieve {
	return Reprieve{"the account has lost its anchor in the tenant (" + of.Anchor + " is empty)",
		"it has no anchor in the tenant (" + of.Anchor + " is empty)"}
}

// Claimed holds the account of somebody who left that the source object dn claims.
func Claimed(dn string) Reprieve {
	return Reprieve{dn + " claims the account, and does not get it before that is decided", dn + " claims the account"}
}

// Holds reports whether anything does.
func (r Reprieve) Holds() bool { return r.why != "" }

// Instead tells why somebody is disabled whom the policy wants deleted now.
func (r Reprieve) Instead() string { return r.why + ", so it is disabled instead of deleted" }

// Until adds to text, which says when the account will be deleted, what would keep it from that.
func (r Reprieve) Until(text string) string {
	if !r.Holds() {
		return text
	}
	return text + ", but not while " + r.while
}

// Overdue tells that an account is there still although its grace is over.
func (r Reprieve) Overdue() string {
	return "its grace is over, but it is not deleted while " + r.while
}

// LeaverReanchored is about the account of somebody who has left, which carries a foreign anchor by now: that of another object
// in scope which does not have the account, or, where other is nil, one that no object in scope has.
func LeaverReanchored(a *table.Account, link *state.Link, other *pair.Case, p *config.LinkPolicy) *planner.Finding {
	whose := "which no source object in scope has"
	if other != nil {
		whose = fmt.Sprintf("which is that of %s in scope %s", other.Object.DN, other.Table.Scope.Name)
	}
	detail := fmt.Sprintf("Account %s is recorded for an object that has left scope %s, but carries anchor %s instead of that "+
		"one's, %s. It may be somebody else's by now, so nothing is done about it.",
		table.Ref(a).Name, link.Scope, a.Anchor(), whose)
	hint := fmt.Sprintf("If it still is the account of whoever has left, set %s back to %s; leaving = %q then goes on. If it "+
		"is not, forget the pair with `dirform state rm %s`.", a.Of.Anchor, link.Anchor, p.Leaving, link.Anchor)
	return About(planner.NewFinding("DF207", detail, hint), a.Of.Anchor, a.Anchor(), p.DeclaredAt)
}

// LeaverLeftOn is about the account of somebody whom the source has switched off and who has left, which a policy leaves switched on.
func LeaverLeftOn(a *table.Account, scope string, p *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("%s has left scope %s, with leaving = %q, which does not turn sign-in off.", table.Ref(a).Name, scope, p.Leaving)
	return About(planner.NewFinding("DF234", detail, ""), a.Of.SignIn, "true", p.DeclaredAt)
}

// LeaversUnseen is about n accounts that are not deleted because their source objects were not found.
func LeaversUnseen(n int) *planner.Finding {
	detail := fmt.Sprintf("%d accounts are not deleted, because their source objects were not found: they live nowhere, "+
		"are no deleted objects, and nothing is known to leave them out of their scopes.", n)
	if n == 1 {
		detail = "One account is not deleted, because its source object was not found: it lives nowhere, is no deleted " +
			"object, and nothing is known to leave it out of its scope."
	}
	return sampled(n, "DF414", detail, "")
}

// Day writes a time as precisely as the policy's grace counts.
func Day(policy *config.LinkPolicy, t time.Time) string {
	if policy.Grace%(24*time.Hour) == 0 {
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// GraceText writes a grace as people do.
func GraceText(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	return fmt.Sprintf("%dh", d/time.Hour)
}

// Undeclared tells why somebody is disabled whose scope block was taken out, whatever the policy of that scope had
// said, and how to let accounts go untouched.
func Undeclared(scope string) string {
	return "scope " + scope + " is not declared any more, so the default leaving = \"disable\" applies; to let its " +
		"accounts go untouched, keep the scope with leaving = \"keep\", or take them out of the record first (dirform " +
		"state rm)"
}
