package words

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// OffAllTheSame ends the detail of a finding that stops everything about an account but that sign-in is turned off.
const OffAllTheSame = " The source has switched the account off, and that passes: sign-in is turned off all the same."

// Why an account ought not to be able to sign in.
const (
	SwitchedOffAtSource = "The source has switched the account off"
	LeftItsScope        = "Its object has left its scope"
)

// StillSignedIn makes a finding say that it keeps an account able to sign in, although for a reason, such as
// [LeftItsScope], it ought not to be.
func StillSignedIn(f *planner.Finding, why string) {
	f.SignedIn = true
	f.Detail += " " + why + ", but whoever has it is still signed in."
}

// SignInBlocked is about an account whose sign-in a change would turn on, if it were known who blocked it. The change is
// drift if it was on when it was applied last; else the record does not know.
func SignInBlocked(a state.AttributeChange, p *config.LinkPolicy) *planner.Finding {
	detail := "It was on when it was applied last, so somebody else has blocked it since. Who, and why, is not known, so it " +
		"is left off."
	if !a.Drift {
		detail = "The record does not know whether it ever was on, nor who blocked it and why, so it is left off."
	}
	detail = "The source has the account switched on, and in the tenant sign-in is blocked. " + detail
	return About(planner.NewFinding("DF230", detail, signInAgain(a.Name, p)), a.Name, a.Before.Text(), p.DeclaredAt)
}

// signInAgain says how sign-in that somebody blocked, by its attribute, is turned on.
func signInAgain(attribute string, p *config.LinkPolicy) string {
	heal := "set heal_sign_in = true"
	if p.OnDrift != config.HealDrift {
		heal = fmt.Sprintf("set heal_sign_in = true, with on_drift = %q,", config.HealDrift)
	}
	return fmt.Sprintf("If the person may sign in, turn %s on in the tenant; or switch the account off and on at the "+
		"source, with an apply in between; or %s in link_policy %q (%s), which turns on everybody whom "+
		"somebody blocked.", attribute, heal, p.Name, p.DeclaredAt)
}

// LeftAsChanged is about an attribute that somebody changed in the tenant, and that a policy leaves so.
func LeftAsChanged(a state.AttributeChange, p *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("Somebody changed %s in the tenant after it was applied. on_drift = %q leaves it so until the "+
		"source's value changes.", a.Name, p.OnDrift)
	return About(planner.NewFinding("DF231", detail, ""), a.Name, a.Before.Text(), p.DeclaredAt)
}

// MailboxAddress is about an address that is not given to a mailbox, because the service would drop it.
func MailboxAddress(a state.AttributeChange) *planner.Finding {
	domain := a.After.Str()[strings.LastIndexByte(a.After.Str(), '@')+1:]
	detail := fmt.Sprintf("The account has a mailbox, and the tenant has not verified domain %s: the service would take %s = %q "+
		"and drop it again. So it is left as it is.", domain, a.Name, a.After.Str())
	return About(planner.NewFinding("DF308", detail, ""), a.Name, a.After.Str(), "")
}

// StoppedByDrift is about an object that is stopped because somebody changed attributes in the tenant. signIn is the one
// among them with which somebody blocked its sign-in, or "": to set right what others change is not to turn that on.
func StoppedByDrift(names []string, signIn string, p *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("Not as last applied: %s. With on_drift = %q nothing is written to the account meanwhile.",
		strings.Join(names, ", "), p.OnDrift)
	f := planner.NewFinding("DF232", detail, "")
	switch {
	case signIn != "" && len(names) == 1:
		f.Hint = signInAgain(signIn, p)
	case signIn != "":
		f.Hint += " " + signInAgain(signIn, p)
	}
	return About(f, "", "", p.DeclaredAt)
}

// LeaverClaimed is about the account of somebody who has left, which other source objects claim and none gets.
func LeaverClaimed(o *table.Account, scope string, p *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("%s has left scope %s, with leaving = %q, but another source object claims the account, and "+
		"findings keep that one from having it.", table.Ref(o).Name, scope, p.Leaving)
	return About(planner.NewFinding("DF233", detail, ""), "", "", p.DeclaredAt)
}
