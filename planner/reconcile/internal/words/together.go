package words

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// FallbackNames is about n accounts with a user name, in an attribute, under the tenant's initial domain, and domains
// that are not verified.
func FallbackNames(attribute string, n int, domains []string, declaredAt string) *planner.Finding {
	names := strings.Join(domains, ", ")
	who, theirs := fmt.Sprintf("%d objects have", n), "theirs are"
	if n == 1 {
		who, theirs = "One object has", "its own is"
	}
	under, such := "domains that are", ""
	if len(domains) == 1 {
		under = "a domain that is"
	}
	if n > NamedTogether {
		such = "such as "
	}
	detail := fmt.Sprintf("%s a user name under the tenant's initial domain, because %s under %s not verified: %s%s.", who,
		theirs, under, such, names)
	hint := fmt.Sprintf("Verify %s in the tenant; the next plan then gives the accounts the names they want.", names)
	if n == 1 {
		hint = fmt.Sprintf("Verify %s in the tenant; the next plan then gives the account the name it wants.", names)
	}
	return About(sampled(n, "DF107", detail, hint), attribute, names, declaredAt)
}

// NamedTogether is how many objects a finding about many names.
const NamedTogether = 10

// sampled is a finding about n objects that is to name the first of them.
func sampled(n int, code, detail, hint string) *planner.Finding {
	f := planner.NewFinding(code, detail, hint)
	f.More = max(0, n-NamedTogether)
	return f
}

// NameFirst has a finding name the first of its objects. Fewer than it may name are all of them.
func NameFirst(f *planner.Finding, first []*pair.Case) {
	for _, c := range first {
		f.Objects = append(f.Objects, c.Ref())
	}
	if len(first) < NamedTogether {
		f.More = 0
	}
}

// Crowd is a finding about n objects in the words for one or for many.
func Crowd(n int, code, one, many string) *planner.Finding {
	if n > 1 {
		one = fmt.Sprintf(many, n)
	}
	return sampled(n, code, one, "")
}

// InTwoScopes is about n objects that the first of two scopes has and the later one lists too.
func InTwoScopes(later, first *table.Source, n int) *planner.Finding {
	what, them := fmt.Sprintf("%d %ss of scope %s are", n, later.Kind, later.Scope.Name), "them"
	if n == 1 {
		what, them = fmt.Sprintf("One %s of scope %s is", later.Kind, later.Scope.Name), "it"
	}
	detail := fmt.Sprintf("%s in scope %s (%s) too, which is declared earlier and has %s.", what, first.Scope.Name,
		first.Scope.DeclaredAt, them)
	hint := fmt.Sprintf("Tell the scopes apart with exclude, filter or where. To give %s to scope %s, declare it before "+
		"%s.", them, later.Scope.Name, first.Scope.Name)
	return About(sampled(n, "DF210", detail, hint), "", later.Scope.Name, later.Scope.DeclaredAt)
}

// ReferredOutside is about n objects that refer, by an attribute such as manager, to others without an account, and the
// first of those.
func ReferredOutside(attribute string, n int, others []string) *planner.Finding {
	detail := fmt.Sprintf("One object has a %s without a synchronised account: ", attribute)
	if n > 1 {
		detail = fmt.Sprintf("%d objects have a %s without a synchronised account: ", n, attribute)
	}
	value, verb := "", "is"
	if len(others) == 1 {
		value = others[0]
	} else {
		verb = "are"
	}
	if n > NamedTogether {
		detail += "among others "
	}
	detail += strings.Join(others, "; ") + " " + verb + " in no scope."
	return About(sampled(n, "DF211", detail, ""), attribute, value, "")
}

// ReferredToItself is about n objects that refer to themselves by an attribute such as manager.
func ReferredToItself(attribute string, n int) *planner.Finding {
	detail := fmt.Sprintf("One object has itself as %s at the source, which the tenant does not accept.", attribute)
	if n > 1 {
		detail = fmt.Sprintf("%d objects have themselves as %s at the source, which the tenant does not accept.", n,
			attribute)
	}
	return sampled(n, "DF211", detail, "")
}

// UnverifiedSuffix is about a declared suffix that the tenant has not verified.
func UnverifiedSuffix(u *config.UPNSuffix, addr, verified string) *planner.Finding {
	detail := fmt.Sprintf("The tenant has not verified %s, so no account could use the suffix. Verified are: %s.", u.Name,
		verified)
	hint := fmt.Sprintf("Add %s to the tenant's domains and verify it.", u.Name)
	f := planner.NewFinding("DF101", detail, hint)
	f.Objects = []planner.ObjectRef{{Address: addr, Kind: state.UPNSuffix, Name: u.Name}}
	return About(f, state.SignInNames.Attribute(), u.Name, u.DeclaredAt)
}

// SyncSwitchedOn is about the switch of a whole tenant that is turned on.
func SyncSwitchedOn(org providers.Organization) *planner.Finding {
	detail := fmt.Sprintf("Directory synchronisation of the whole tenant %s is switched on: Entra Connect or Cloud Sync "+
		"may then write to it and take accounts over. dirform itself never needs it. The service refuses it within 72 "+
		"hours of being switched off.", org.DisplayName)
	return planner.NewFinding("DF306", detail, "")
}

// ForeignAliases is about n objects with aliases, in an attribute, that the tenant cannot have, and the domains of the
// first of them.
func ForeignAliases(attribute string, n int, domains []string) *planner.Finding {
	names := strings.Join(domains, ", ")
	detail := fmt.Sprintf("%d objects have further addresses in domains that the tenant has not verified, such as %s.", n,
		names)
	if n == 1 {
		detail = fmt.Sprintf("One object has a further address in a domain that the tenant has not verified: %s.", names)
	}
	return About(sampled(n, "DF307", detail, ""), attribute, names, "")
}

// KeptAttribute is about n objects without a value for an attribute that the tenant does not let be empty.
func KeptAttribute(n int, name string) *planner.Finding {
	detail := fmt.Sprintf("%d objects have no value for %s at the source; their accounts keep theirs.", n, name)
	if n == 1 {
		detail = "One object has no value for " + name + " at the source; its account keeps its own."
	}
	return About(sampled(n, "DF301", detail, ""), name, "", "")
}

// Count is how many objects of a kind there are.
type Count struct {
	Of *state.Descriptor
	N  int
}

func (c Count) text() string {
	if c.N == 1 {
		return "1 " + c.Of.Noun
	}
	return fmt.Sprintf("%d %ss", c.N, c.Of.Noun)
}

// SyncSwitchedOff is about what cannot be undone: "Turn off directory synchronization for Microsoft 365" names the 72
// hours and the attributes that are cleared. mastered are those that a sync engine masters, as far as they were
// counted.
func SyncSwitchedOff(org providers.Organization, mastered []Count) *planner.Finding {
	who, today := "Every user, group and contact that a sync engine masters", []string{}
	for _, c := range mastered {
		today = append(today, c.text())
	}
	if len(today) > 0 {
		who += ", " + strings.Join(today, " and ") + " today,"
	}
	detail := fmt.Sprintf("Directory synchronisation of the whole tenant %s is switched off, and cannot be switched on "+
		"again for 72 hours. %s becomes cloud-managed. The tenant loses what it holds in DnsDomainName, NetBiosName, "+
		"onPremisesDistinguishedName, onPremisesSamAccountName and onPremisesUserPrincipalName of each of them.",
		org.DisplayName, who)
	return planner.NewFinding("DF305", detail, "")
}

// AnchoredBefore is about n accounts that carry the anchors of objects in scope although there is no record.
func AnchoredBefore(n int) *planner.Finding {
	detail := fmt.Sprintf("There is no state, and %d accounts carry the anchors of objects in scope already: somebody "+
		"has linked them before.", n)
	if n == 1 {
		detail = "There is no state, and one account carries the anchor of an object in scope already: somebody has linked " +
			"it before."
	}
	return sampled(n, "DF410", detail, "")
}

// StrayAnchors is about n accounts, some of which can sign in, with anchors that neither the record nor any scope has.
func StrayAnchors(n, enabled int) *planner.Finding {
	detail := fmt.Sprintf("%d accounts carry anchors that neither the state nor any scope has; %d of them can sign in.", n,
		enabled)
	switch {
	case n == 1 && enabled == 1:
		detail = "One account carries an anchor that neither the state nor any scope has, and can sign in."
	case n == 1:
		detail = "One account carries an anchor that neither the state nor any scope has; it cannot sign in."
	}
	return sampled(n, "DF411", detail, "")
}

// LooksLikeServices is about n accounts that dirform does not manage yet and that look like those of services.
func LooksLikeServices(n int) *planner.Finding {
	detail := fmt.Sprintf("%d accounts that come into scope have names of services, or a password that never expires and no given name.", n)
	if n == 1 {
		detail = "An account that comes into scope has names of services, or a password that never expires and no given name."
	}
	return sampled(n, "DF227", detail, "")
}

// LinkedMailboxes is about n disabled accounts that hold other accounts' mailboxes.
func LinkedMailboxes(n int, declaredAt string) *planner.Finding {
	detail := fmt.Sprintf("%d disabled accounts hold the mailboxes of people who have accounts elsewhere. They get none of their own.", n)
	if n == 1 {
		detail = "A disabled account holds the mailbox of somebody who has an account elsewhere. It gets none of its own."
	}
	return About(sampled(n, "DF228", detail, ""), "", "", declaredAt)
}
