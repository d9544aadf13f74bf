package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

func about(f *planner.Finding, attribute, value, declaredAt string) *planner.Finding {
	f.Attribute, f.Value, f.DeclaredAt = attribute, value, declaredAt
	return f
}

func noValue(m *config.AttributeMapping, err error, o *state.Object) *planner.Finding {
	return about(planner.NewFinding("DF103", fmt.Sprintf("%s = %s: %v.%s", m.Target.Name, m.Expr.Source(), err, inputs(m.Expr.Attributes(), o)), ""), m.Target.Name, "", "")
}

// inputs is a sentence about the source attributes that go into an expression.
func inputs(attributes []string, o *state.Object) string {
	var list []string
	for _, name := range attributes {
		v, err := o.Get(name).MarshalJSON()
		if err == nil {
			list = append(list, fmt.Sprintf("ad.%s is %s", name, v))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " Here " + strings.Join(list, ", ") + "."
}

func noWhere(s *config.Scope, err error, o *state.Object) *planner.Finding {
	why := "it gives no boolean"
	if err != nil {
		why = err.Error()
	}
	return about(planner.NewFinding("DF103", fmt.Sprintf("Scope %s cannot tell whether the object is in it: where = %s: %s.%s", s.Name, s.Where.Source(), why, inputs(s.Where.Attributes(), o)),
		"Correct the expression, for example by comparing with coalesce(ad.attribute, \"\")."), "", "", s.Where.DeclaredAt())
}

func tooLong(a *state.Attribute, v string, n int) *planner.Finding {
	return about(planner.NewFinding("DF104", fmt.Sprintf("%s has %d characters; at most %d are accepted.", a.Name, n, a.MaxLen),
		fmt.Sprintf("Shorten it at the source, or with substr(…, 0, %d) in the mapping.", a.MaxLen)), a.Name, v, "")
}

func tooMany(a *state.Attribute, values []string) *planner.Finding {
	return about(planner.NewFinding("DF106", fmt.Sprintf("%s has %d values; the most that is accepted is %d.", a.Name, len(values), a.MaxCount),
		fmt.Sprintf("Map fewer values, for example the first ones with slice(…, 0, %d).", a.MaxCount)),
		a.Name, strings.Join(values[:min(len(values), namedTogether)], ", "), "")
}

func badValue(a *state.Attribute, v, why string) *planner.Finding {
	return about(planner.NewFinding("DF105", fmt.Sprintf("%s cannot be %q: %s.", a.Name, v, why), ""), a.Name, v, "")
}

func unverified(upn, domain, verified string, p *config.LinkPolicy) *planner.Finding {
	detail := fmt.Sprintf("The domain %s is not verified in the tenant; the service would refuse the user name.", domain)
	hint := fmt.Sprintf("Verify %s in the tenant, map userPrincipalName to a verified domain (%s), or set on_unverified_suffix = \"initial_domain\" in the link policy.", domain, verified)
	if p.OnUnverifiedSuffix == "initial_domain" {
		detail += " The link policy wants a name under the initial domain then, but none can be made: the tenant names no initial domain, or nothing legal is left of the name."
		hint = fmt.Sprintf("Verify %s in the tenant, or map userPrincipalName to a verified domain (%s).", domain, verified)
	}
	return about(planner.NewFinding("DF101", detail, hint), "userPrincipalName", upn, "")
}

// fallbackName is about an account that gets a user name under the tenant's initial domain: used, or once if that is not empty,
// and then no later plan changes it.
func fallbackName(wanted, used, once string, p *config.LinkPolicy) *planner.Finding {
	_, domain, _ := strings.Cut(wanted, "@")
	hint := fmt.Sprintf("Verify %s in the tenant; the next plan then gives the account the name it wants.", domain)
	if once != "" {
		used, hint = once, fmt.Sprintf("Verify %s in the tenant before the account is created: its mapping gives the name once and for all.", domain)
	}
	return about(planner.NewFinding("DF107", fmt.Sprintf("The domain %s is not verified in the tenant, so the account gets the user name %s instead of %s.", domain, used, wanted), hint),
		"userPrincipalName", wanted, p.DeclaredAt)
}

func missing(a *state.Attribute, expression string) *planner.Finding {
	detail := fmt.Sprintf("A new account needs %s", a.Name)
	if expression != "" {
		detail += fmt.Sprintf(", and %s gives none for this object.", expression)
	} else {
		detail += ", and no mapping sets it."
	}
	return about(planner.NewFinding("DF102", detail, ""), a.Name, "", "")
}

func sameAnchor(anchor string) *planner.Finding {
	return about(planner.NewFinding("DF201", "Both source objects have the anchor "+anchor+", so an account could not tell whose it is.", ""),
		config.AnchorConsistencyGUID, anchor, "")
}

func anchorChanged(recorded, now string) *planner.Finding {
	return about(planner.NewFinding("DF205", fmt.Sprintf("The link was recorded with anchor %s; the object now has %s.", recorded, now),
		fmt.Sprintf("Restore the old value in mS-DS-ConsistencyGuid, or remove the record with `dirform state rm %s` to match anew.", recorded)),
		config.AnchorConsistencyGUID, now, "")
}

func vanished(id, anchor string) *planner.Finding {
	return about(planner.NewFinding(planner.VanishedCode, fmt.Sprintf("Account %s is recorded for this object, but the tenant has it neither among its users nor in the recycle bin.", id),
		fmt.Sprintf("If it is gone for good, remove the record with `dirform state rm %s`; the next plan matches or creates anew.", anchor)), "", id, "")
}

func claimedTwice(r rule, value string, live *state.Object, other string) *planner.Finding {
	return about(planner.NewFinding("DF204", fmt.Sprintf("This object matches account %s by %s %s, but %s.", tenantRef(live).Name, r, value, other), ""), "", value, "")
}

func ambiguous(r rule, value string) *planner.Finding {
	return about(planner.NewFinding("DF203", fmt.Sprintf("Rule %s finds more than one account for %s.", r, value), ""), "", value, "")
}

func inRecycleBin(live *state.Object) *planner.Finding {
	return planner.NewFinding("DF212", fmt.Sprintf("Account %s (%s) was deleted in the tenant.", tenantRef(live).Name, live.ID), "")
}

func privileged(live *state.Object, roles []string, p *config.LinkPolicy) *planner.Finding {
	return about(planner.NewFinding("DF206", fmt.Sprintf("Account %s holds %s.", tenantRef(live).Name, strings.Join(roles, ", ")), ""), "", "", p.DeclaredAt)
}

func (p *plan) protectedBy(live *state.Object, name string) *planner.Finding {
	f := about(planner.NewFinding("DF405", fmt.Sprintf("Account %s is protected by %q.", tenantRef(live).Name, name), ""), "", name, "")
	for _, g := range p.b.set.Rules.Guards {
		if slices.Contains(g.Protect, name) {
			f.Detail = fmt.Sprintf("Account %s is protected by %q in guard %q.", tenantRef(live).Name, name, g.Name)
			f.DeclaredAt = g.DeclaredAt
			return f
		}
	}
	return f
}

// OURenamed is the finding about a scope's OU, or one excluded from it, that was found under another name by its recorded GUID.
func OURenamed(s *config.Scope, declared, now string, exclude bool) *planner.Finding {
	argument := "ou"
	if exclude {
		argument = "exclude"
	}
	return about(planner.NewFinding("DF403", fmt.Sprintf("Scope %s declares %s; that OU is now %s.", s.Name, declared, now),
		fmt.Sprintf("In the scope's %s, write %q instead of %q.", argument, now, declared)), "", declared, s.DeclaredAt)
}

// OUReplaced is the finding about a scope's OU whose name belongs to another OU now. It makes a plan inapplicable.
func OUReplaced(s *config.Scope, declared, now string) *planner.Finding {
	return about(planner.NewFinding("DF404", fmt.Sprintf("Scope %s was applied with the OU that is now %s; another one stands at %s.", s.Name, now, declared),
		fmt.Sprintf("Write ou = %q to go on with the same people, or rename the scope to start with the new OU.", now)), "", declared, s.DeclaredAt)
}

// Unreadable is the finding about a kind of tenant object that may not be read.
func Unreadable(kind state.Kind, err error) *planner.Finding {
	return about(planner.NewFinding("DF501", fmt.Sprintf("Reading %ss is refused: %v.", kind, err), fault.Hint(err)), "", string(kind), "")
}

// UnreadableRoles is the finding that nobody knows who holds a role, where no link policy asks for it.
func UnreadableRoles(err error) *planner.Finding {
	return about(planner.NewFinding("DF501", fmt.Sprintf("Reading who holds a directory role is refused, so the last Global Administrator "+
		"cannot be told from others: %v.", err), fault.Hint(err)), "", "roles", "")
}

func protectsNobody(g *config.Guard, name string) *planner.Finding {
	return about(planner.NewFinding("DF406", fmt.Sprintf("Guard %q protects %q, and nothing in the tenant has this name, address or id.", g.Name, name), ""),
		"", name, g.DeclaredAt)
}

func badLink(l *config.Link, source bool) *planner.Finding {
	f := planner.NewFinding("DF214", fmt.Sprintf("Link %q: the tenant has no account %q.", l.Name, l.Tenant), "Correct the link block's tenant, or remove the block to let the rules decide.")
	value := l.Tenant
	if source {
		f.Detail, value = fmt.Sprintf("Link %q: no object in scope is %q.", l.Name, l.Source), l.Source
		f.Hint = "Correct the link block's source, or remove the block."
	}
	return about(f, "", value, l.DeclaredAt)
}

// manyNamed is about a link block whose source several objects are called.
func manyNamed(l *config.Link) *planner.Finding {
	return about(planner.NewFinding("DF214", fmt.Sprintf("Link %q: several objects in scope are called %q, so which one is meant is not known.", l.Name, l.Source),
		"Name the one that is meant by its distinguished name or objectGUID."), "", l.Source, l.DeclaredAt)
}

func blockedDrift(names []string) *planner.Finding {
	return planner.NewFinding("DF215", "Not as last applied: "+strings.Join(names, ", ")+".", "")
}
