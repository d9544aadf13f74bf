package words

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Privileged is about an account that holds roles, which the link policy does not allow.
func Privileged(live *table.Account, roles []string, p *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("Account %s holds %s.", table.Ref(live).Name, strings.Join(roles, ", "))
	hint := "Set privileged = \"allow\" in the link policy, or take the role away. For user names, sign-in and phones of administrators " +
		"the application needs the role Privileged Authentication Administrator as well (DF222)."
	return About(planner.NewFinding("DF206", detail, hint), "", "", p.DeclaredAt)
}

// Protected is about an account that a guard protects by a name.
func Protected(live *table.Account, name string, guard *config.Guard) *planner.Finding {
	detail := fmt.Sprintf("Account %s is protected by %q in guard %q.", table.Ref(live).Name, name, guard.Name)
	return About(planner.NewFinding("DF405", detail, ""), "", name, guard.DeclaredAt)
}

// ProtectsNobody is about a name on a protect list that nobody has.
func ProtectsNobody(g *config.Guard, name string) *planner.Finding {
	detail := fmt.Sprintf("Guard %q protects %q, and nothing in the tenant has this name, address or id.", g.Name, name)
	return About(planner.NewFinding("DF406", detail, ""), "", name, g.DeclaredAt)
}

// NoAdminLeft is about all of n enabled administrators, of whom the plan would leave none; refs are the first of them.
func NoAdminLeft(refs []planner.ObjectRef, n int) *planner.Finding {
	var names []string
	for _, ref := range refs {
		names = append(names, ref.Name)
	}
	slices.Sort(names)
	if more := n - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	detail := "Account " + strings.Join(names, ", ") + " is the only enabled user that holds Global Administrator; the " +
		"plan would leave the tenant without one."
	if n > 1 {
		all := fmt.Sprintf("all %d", n)
		if n == 2 {
			all = "both"
		}
		detail = fmt.Sprintf("The plan would take %s enabled users that hold Global Administrator out of service: %s.", all,
			strings.Join(names, ", "))
	}
	f := planner.NewFinding("DF407", detail, "")
	f.Objects = refs
	return f
}

// OnlyAdmin is about the last administrator, who would be renamed or taken over.
func OnlyAdmin(live *table.Account) *planner.Finding {
	detail := fmt.Sprintf("Account %s is the only enabled user that holds Global Administrator; it is neither renamed "+
		"nor taken over.", table.Ref(live).Name)
	return planner.NewFinding("DF407", detail, "")
}

// AdminGroup is about a group through which users are administrators.
func AdminGroup(live *table.Account) *planner.Finding {
	detail := fmt.Sprintf("Users hold Global Administrator through %s %s; deleting it would take the role from all of "+
		"them.", live.Of.Noun, table.Ref(live).Name)
	return planner.NewFinding("DF407", detail, "")
}

// OwnAccount is about the account that dirform is signed in with.
func OwnAccount(live *table.Account) *planner.Finding {
	detail := fmt.Sprintf("dirform is signed in as %s; changing it could end the run in the middle.", table.Ref(live).Name)
	return planner.NewFinding("DF408", detail, "")
}

// OwnApplication is about a link block that names the application that dirform is signed in as.
func OwnApplication(l *config.Link) *planner.Finding {
	detail := fmt.Sprintf("Link %q names %s: that is the application dirform is signed in as, not an account of a person.",
		l.Name, l.Tenant)
	hint := "Name a user of the tenant, or remove the link block."
	return About(planner.NewFinding("DF408", detail, hint), "", l.Tenant, l.DeclaredAt)
}

// Hardened is about the service's own rule, which is honoured here although Graph would not enforce it: since June 2026
// a sync client's hard match onto a holder of any Entra role ends with InvalidHardMatch (message center MC1262584,
// known from copies only). Whoever can write an anchor could otherwise become an administrator.
//
// To take one over from another sync engine, which byTakeOver stands for, would do the same by another way.
func Hardened(live *table.Account, roles []string, byTakeOver bool, policy *config.LinkPolicy) *planner.Finding {
	why := "is not taken over by an anchor, not even with privileged = \"allow\"; the service answers sync clients with " +
		"InvalidHardMatch."
	if byTakeOver {
		why = "is not taken over from another sync engine, not even with privileged = \"allow\"."
	}
	detail := fmt.Sprintf("Account %s holds %s. An account with a role %s", table.Ref(live).Name,
		strings.Join(roles, ", "), why)
	return About(planner.NewFinding("DF218", detail, TakeRoleAway), "", "", policy.DeclaredAt)
}

// TakeRoleAway is the way out for a role holder's account that is to be bound to an object.
const TakeRoleAway = "Take the role away, apply, and give it back. From then on privileged = \"allow\" lets dirform " +
	"manage the account."

// TakeRoleOff is the way out for a role holder's account that is to be switched off, which needs no role any more.
const TakeRoleOff = "Take the role away, and apply; or set privileged = \"allow\" in the link policy, if the account is linked already."

// Switch is a setting of the tenant that stands against a match.
type Switch struct {
	Name string
	On   bool // it is on
}

// SwitchedOff is about a match by a rule that a switch of the tenant stands against.
func SwitchedOff(live *table.Account, r pair.Rule, w Switch, policy *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("The tenant has %s = %t, so account %s is not paired by %s.", w.Name, w.On, table.Ref(live).Name,
		r)
	hint := fmt.Sprintf("Set %s to %t for the time of the migration (PATCH /directory/onPremisesSynchronization), or "+
		"decide the pair with a link block.", w.Name, !w.On)
	return About(planner.NewFinding("DF218", detail, hint), "", w.Name, policy.DeclaredAt)
}

// HigherRole is about changes of an administrator's account, what, that take a role which the one who is signed in does
// not have.
func HigherRole(live *table.Account, roles, what []string, attribute string, signedIn providers.Identity,
	policy *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("Account %s holds %s. For an administrator this takes the role Privileged Authentication "+
		"Administrator: %s. %s",
		table.Ref(live).Name, strings.Join(roles, ", "), strings.Join(what, ", "), whoIsSignedIn(signedIn))
	return About(planner.NewFinding("DF222", detail, ""), attribute, "", policy.DeclaredAt)
}

// whoIsSignedIn says about the one that dirform is signed in as that the role is missing.
func whoIsSignedIn(id providers.Identity) string {
	switch {
	case id.ID == "":
		return "Who dirform is signed in as is not known, so neither is whether it has it."
	case id.User:
		return "User " + id.ID + ", with whom dirform is signed in, has neither it nor Global Administrator."
	default:
		return "Service principal " + id.ID + ", which dirform is signed in as, has neither it nor Global Administrator."
	}
}

// Locked warns of an attribute that stays as it is because the service refuses to change it.
func Locked(live *table.Account, a state.AttributeChange) *planner.Finding {
	detail := fmt.Sprintf("%s of account %s is %s and should be %s.", a.Name, table.Ref(live).Name, quoted(a.Before),
		quoted(a.After))
	f := About(planner.NewFinding("DF303", detail, ""), a.Name, a.After.Text(), "")
	if n, ok := strings.CutPrefix(a.Name, "extensionAttribute"); ok {
		f.Hint = fmt.Sprintf("In Exchange Online: Set-Mailbox (or Set-MailUser) -Identity %s -CustomAttribute%s %s. Or "+
			"take it out of the mapping.",
			live.ID, n, powerShellValue(a.After))
	}
	return f
}

func quoted(v state.Value) string {
	if v.IsEmpty() {
		return "empty"
	}
	return fmt.Sprintf("%q", v.Text())
}

// powerShellValue is a value as an argument of a PowerShell command.
func powerShellValue(v state.Value) string {
	if v.IsEmpty() {
		return "$null"
	}
	return powerShell(v.Text())
}

// Mastered refuses an account that another sync engine masters, and says what taking it over would change.
func Mastered(live *table.Account, p *config.LinkPolicy, attrs, locked []state.AttributeChange) *planner.Finding {
	detail := fmt.Sprintf("Account %s has %s = true.", table.Ref(live).Name, live.Of.Master)
	if len(attrs) > 0 {
		detail += " Not as declared: " + attributeNames(attrs) + "."
	}
	if len(locked) > 0 {
		detail += " Locked for good, and not as declared: " + attributeNames(locked) + "."
	}
	return About(planner.NewFinding("DF208", detail, ""), live.Of.Master, "true", p.DeclaredAt)
}

// LeaveToEngine is the way out for an account in scope that another engine has taken back.
func LeaveToEngine(anchor string) string {
	return fmt.Sprintf("To leave the account to the other engine, remove the record with `dirform state rm %s` and "+
		"exclude the object from dirform's scope; "+
		"to have it back, set synced_elsewhere = \"take_over\" in the link policy. %s", anchor, staysInItsScope)
}

// LeaverToEngine is the way out for the account of an object that has left.
func LeaverToEngine(anchor string) string {
	return fmt.Sprintf("Remove the record with `dirform state rm %s` to leave the account to the other engine; it is "+
		"taken over only for an object that is in a scope of dirform's. %s", anchor, staysInItsScope)
}

// staysInItsScope warns of the cure that comes to mind first.
const staysInItsScope = "Do not take the object out of the other engine's scope as long as that masters the account: " +
	"Entra Connect and Cloud Sync delete accounts whose objects leave it."

func attributeNames(attrs []state.AttributeChange) string {
	var names []string
	for _, a := range attrs {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Guest is about an account whose owner belongs to another organisation.
func Guest(live *table.Account, p *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("Account %s is a guest's, or belongs to somebody who was invited.", table.Ref(live).Name)
	return About(planner.NewFinding("DF223", detail, ""), "", "", p.DeclaredAt)
}

// PerhapsGuest is about a guest who has an address of an object that gets an account of its own.
func PerhapsGuest(guest *table.Account) *planner.Finding {
	detail := fmt.Sprintf("Guest %s has an address of this object in %s: most likely the same person, who gets a second account here.",
		table.Ref(guest).Name, guest.Of.Guests.Addresses)
	hint := "If it is the same person, delete the guest's account once the person has what it has access to, or convert it to an " +
		"internal user and name the pair in a link block with guests = \"allow\". If it is not, nothing needs to be done."
	f := planner.NewFinding("DF223", detail, hint)
	f.Severity = planner.Warning
	return f
}

// GuestKeeps is about names that the account of somebody who was invited keeps.
func GuestKeeps(live *table.Account, names []string, p *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("Account %s was invited, and the service lets nobody change its %s: left as they are.", table.Ref(live).Name,
		strings.Join(names, " and "))
	hint := "Nothing, if that is right. To give the account the organisation's own name, convert it to an internal user first."
	f := About(planner.NewFinding("DF223", detail, hint), "", "", p.DeclaredAt)
	f.Severity = planner.Warning
	return f
}
