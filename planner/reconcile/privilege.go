package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Some accounts are off limits whatever a link policy allows: the one dirform is signed in with, the last administrators who can
// repair a tenant, and whoever could be taken over to become one.

// admins are the enabled users who hold Global Administrator, of whom a plan leaves at least one as it is.
type admins struct {
	enabled []int        // tenant rows, in the order of their ids
	lost    []lostAdmin  // what the survey has found to take one of them out of service
	kept    map[int]bool // those among them that are left alone, because all would be lost
}

// lostAdmin is a change that takes an administrator out of service.
type lostAdmin struct {
	row    int // tenant row
	source int // source row, or -1 for one that has left
}

// findAdmins finds the enabled Global Administrators among the tenant's users. Applications that hold the role do not count: nobody
// can sign in as one to repair the tenant.
func (p *plan) findAdmins() {
	byID := func(a, b providers.RoleHolder) int { return strings.Compare(a.ID, b.ID) }
	for _, r := range slices.SortedFunc(slices.Values(p.b.set.RoleHolders), byID) {
		if !slices.Contains(r.Templates, providers.GlobalAdministrator) {
			continue
		}
		t := p.tenID.First(p.h.Fingerprint(&refAttr, state.String(r.ID)))
		if t >= 0 && p.tenKind(t) == state.User && p.tenMeta(t).flags&tenEnabled != 0 {
			p.admins.enabled = append(p.admins.enabled, t)
		}
	}
}

// onlyAdmin reports whether tenant row t is the only enabled Global Administrator.
func (p *plan) onlyAdmin(t int) bool { return len(p.admins.enabled) == 1 && p.admins.enabled[0] == t }

// noteLoss notes a surveyed change that takes an administrator out of service.
func (p *plan) noteLoss(c *state.Change, row, source int) {
	if c != nil && takesOut(c.Action, c.Attributes) && slices.Contains(p.admins.enabled, row) {
		p.admins.lost = append(p.admins.lost, lostAdmin{row, source})
	}
}

// settleAdmins blocks the changes that take administrators out of service if they would leave none. All of them are blocked, since
// nothing says which one is to stay, and it reports true. It comes when every row is surveyed, before the order is settled.
func (p *plan) settleAdmins() bool {
	if len(p.admins.lost) == 0 {
		return false
	}
	lost := map[int]bool{}
	for _, l := range p.admins.lost {
		if l.source < 0 || p.verdicts[l.source].outcome == outChange {
			lost[l.row] = true
		}
	}
	if len(lost) < len(p.admins.enabled) {
		return false
	}
	p.admins.kept = lost
	for _, l := range p.admins.lost {
		if l.source >= 0 && lost[l.row] {
			p.verdicts[l.source].outcome = outBlocked
		}
	}
	return true
}

// grantsAdmin reports whether the holders of Global Administrator include the group with this id, and so its members.
func (p *plan) grantsAdmin(id string) bool {
	return slices.ContainsFunc(p.b.set.RoleHolders, func(r providers.RoleHolder) bool {
		return strings.EqualFold(r.ID, id) && slices.Contains(r.Templates, providers.GlobalAdministrator)
	})
}

// takesOut reports whether a change ends with an account that cannot sign in any more.
func takesOut(a state.Action, attrs []state.AttributeChange) bool {
	if a == state.ActionDisable || a == state.ActionDelete {
		return true
	}
	return slices.ContainsFunc(attrs, func(c state.AttributeChange) bool {
		return c.Name == "accountEnabled" && c.Before.Bool() && !c.After.Bool()
	})
}

// stamps reports whether a change gives its account an anchor.
func stamps(attrs []state.AttributeChange) bool {
	return slices.ContainsFunc(attrs, func(c state.AttributeChange) bool { return c.Name == "onPremisesImmutableId" && !isEmpty(c.After) })
}

// renames reports whether a change gives its account another user name.
func renames(attrs []state.AttributeChange) bool {
	return slices.ContainsFunc(attrs, func(c state.AttributeChange) bool { return c.Name == "userPrincipalName" })
}

// isSelf reports whether an object id is that of the account dirform is signed in with.
func (s *Settings) isSelf(id string) bool {
	return s.Identity.ID != "" && strings.EqualFold(id, s.Identity.ID)
}

// isOwnApplication reports whether a name that a person wrote is the application that dirform is signed in as. A service principal
// is never among the objects that match: a reader lists users, groups and contacts, and what is looked up is looked up among
// these. So only a name that somebody wrote down can mean one.
func (s *Settings) isOwnApplication(name string) bool {
	id := s.Identity
	return !id.User && name != "" && (strings.EqualFold(name, id.ID) || strings.EqualFold(name, id.AppID))
}

// checkPrivilege refuses accounts that are not to be touched for what they can do.
func (s *subject) checkPrivilege(action state.Action) {
	policy, ref := s.table.policy, tenantRef(s.live)
	if s.p.b.set.isSelf(s.live.ID) {
		s.find(ownAccount(s.live), ref)
	}
	roles := s.p.rolesOf(s.live)
	switch {
	case len(roles) > 0 && policy.Privileged != "allow":
		f := privileged(s.live, roles, policy)
		if s.takenOver() {
			f.Hint = takeRoleAway
		}
		s.find(f, ref)
	case len(roles) > 0 && s.takenOver():
		s.find(s.hardened(roles), ref)
	case s.p.admins.kept[s.liveRow]:
		f := s.p.noAdminLeft(s.liveRow)
		s.find(f, f.Objects...)
	case s.p.onlyAdmin(s.liveRow) && (s.v.link < 0 || renames(s.attrs) || takesOut(state.ActionUpdate, s.attrs)):
		s.find(onlyAdmin(s.live), ref)
	default:
		if f := s.p.higherRole(s.live, action, s.attrs, policy); f != nil {
			s.find(f, ref)
		}
	}
	if name, ok := s.protectedBy(); ok {
		s.find(s.p.protectedBy(s.live, name), ref)
	}
	if why := forbids(s.p.b.set.SyncFeatures, s.v.rule, s.v.link >= 0); why.name != "" && !s.pairedElsewhere() {
		s.find(switchedOff(s.live, s.v.rule, why, policy), ref)
	}
}

// pairedElsewhere reports whether another sync engine masters the account under the subject's anchor: it has made the pair, and the
// tenant's switches, which are about accounts of the cloud, do not stand against it.
func (s *subject) pairedElsewhere() bool { return s.hardMatched() && synced(s.live) }

// hardMatched reports whether nothing but an equal anchor says that the account is the subject's.
func (s *subject) hardMatched() bool { return s.v.link < 0 && s.v.rule == ruleImmutable }

// takenOver reports whether the account would be the subject's by its anchor alone, get an anchor, or be taken from another sync
// engine: none of it happens to a role holder.
func (s *subject) takenOver() bool { return s.hardMatched() || stamps(s.attrs) || s.claims() }

func (p *plan) rolesOf(o *state.Object) []string {
	return p.roles[p.h.Fingerprint(&refAttr, state.String(o.ID))]
}

// protectedBy is the name by which a guard protects the subject's account. Protect lists are resolved to living accounts; one in
// the recycle bin is compared by its names here.
func (s *subject) protectedBy() (string, bool) {
	if s.v.flags&vDeleted == 0 {
		name, ok := s.p.protected[s.liveRow]
		return name, ok
	}
	names := accountNames(s.live)
	for _, g := range s.p.b.set.Rules.Guards {
		for _, p := range g.Protect {
			if containsFold(names, p) {
				return p, true
			}
		}
	}
	return "", false
}

// inBin reports whether an account in the recycle bin has a name.
func (p *plan) inBin(name string) bool {
	for i := range p.ndel {
		o, err := p.loadDeleted(i)
		if err != nil {
			return false // what cannot be read back ends the plan elsewhere
		}
		if containsFold(accountNames(o), name) {
			return true
		}
	}
	return false
}

// accountNames are the names by which a person may mean an account: id, user name and addresses.
func accountNames(o *state.Object) []string {
	names := []string{o.ID}
	for _, attribute := range [...]string{"userPrincipalName", "mail"} {
		if i := o.Shape.Index(attribute); i >= 0 && o.Values[i].Str() != "" {
			names = append(names, o.Values[i].Str())
		}
	}
	if i := o.Shape.Index("proxyAddresses"); i >= 0 {
		for _, a := range o.Values[i].List() {
			if address, ok := smtpAddress(a); ok {
				names = append(names, address)
			}
		}
	}
	return names
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

// adminRefs names the enabled administrators, tenant row first in front, at most as many as a finding names.
func (p *plan) adminRefs(first int) []planner.ObjectRef {
	var refs []planner.ObjectRef
	for _, t := range p.admins.enabled {
		o, err := p.loadTenant(t)
		if err != nil {
			continue // what cannot be read back ends the plan elsewhere
		}
		if t == first {
			refs = slices.Insert(refs, 0, tenantRef(o))
		} else {
			refs = append(refs, tenantRef(o))
		}
	}
	return refs[:min(len(refs), namedTogether)]
}

// noAdminLeft is about the administrator in tenant row t and all others, of whom the plan would leave none.
func (p *plan) noAdminLeft(t int) *planner.Finding {
	refs := p.adminRefs(t)
	var names []string
	for _, ref := range refs {
		names = append(names, ref.Name)
	}
	slices.Sort(names)
	if n := len(p.admins.enabled) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	detail := "Account " + strings.Join(names, ", ") + " is the only enabled user that holds Global Administrator; the plan would leave the tenant without one."
	if len(p.admins.enabled) > 1 {
		all := fmt.Sprintf("all %d", len(p.admins.enabled))
		if len(p.admins.enabled) == 2 {
			all = "both"
		}
		detail = fmt.Sprintf("The plan would take %s enabled users that hold Global Administrator out of service: %s.", all, strings.Join(names, ", "))
	}
	f := planner.NewFinding("DF407", detail, "")
	f.Objects = refs
	return f
}

func onlyAdmin(live *state.Object) *planner.Finding {
	return planner.NewFinding("DF407", fmt.Sprintf("Account %s is the only enabled user that holds Global Administrator; it is neither renamed nor taken over.", tenantRef(live).Name), "")
}

func adminGroup(live *state.Object) *planner.Finding {
	return planner.NewFinding("DF407", fmt.Sprintf("Users hold Global Administrator through group %s; deleting it would take the role from all of them.", tenantRef(live).Name), "")
}

func ownAccount(live *state.Object) *planner.Finding {
	return planner.NewFinding("DF408", fmt.Sprintf("dirform is signed in as %s; changing it could end the run in the middle.", tenantRef(live).Name), "")
}

func ownApplication(l *config.Link) *planner.Finding {
	return about(planner.NewFinding("DF408", fmt.Sprintf("Link %q names %s: that is the application dirform is signed in as, not an account of a person.", l.Name, l.Tenant),
		"Name a user of the tenant, or remove the link block."), "", l.Tenant, l.DeclaredAt)
}

// hardened is about the service's own rule, which is honoured here although Graph would not enforce it: since June 2026 a sync
// client's hard match onto a holder of any Entra role ends with InvalidHardMatch (message center MC1262584, known from copies
// only). Whoever can write an anchor could otherwise become an administrator.
//
// To take one over from another sync engine would do the same by another way.
func (s *subject) hardened(roles []string) *planner.Finding {
	why := "is not taken over by an anchor, not even with privileged = \"allow\"; the service answers sync clients with InvalidHardMatch."
	if s.claims() && !s.hardMatched() {
		why = "is not taken over from another sync engine, not even with privileged = \"allow\"."
	}
	return about(planner.NewFinding("DF218", fmt.Sprintf("Account %s holds %s. An account with a role %s", tenantRef(s.live).Name, strings.Join(roles, ", "), why), takeRoleAway),
		"", "", s.table.policy.DeclaredAt)
}

const takeRoleAway = "Take the role away, apply, and give it back. From then on privileged = \"allow\" lets dirform manage the account."

// tenantSwitch is a setting of the tenant that stands against a match: its name, and that it is on or off. The zero value is none.
type tenantSwitch struct {
	name string
	on   bool
}

func (w tenantSwitch) String() string { return fmt.Sprintf("%s = %t", w.name, w.on) }

// forbids is the switch that stands against a new pair made by a rule, or none. What is recorded, or decided by a person with a
// link block, is no match.
func forbids(f providers.SyncFeatures, r rule, recorded bool) tenantSwitch {
	switch {
	case !f.Known || recorded:
	case r == ruleImmutable && f.BlockHardMatch:
		return tenantSwitch{"blockCloudObjectTakeoverThroughHardMatchEnabled", true}
	case soft(r) && f.BlockSoftMatch:
		return tenantSwitch{"blockSoftMatchEnabled", true}
	case r == ruleUPN && !f.SoftMatchOnUPN:
		return tenantSwitch{"softMatchOnUpnEnabled", false}
	}
	return tenantSwitch{}
}

func switchedOff(live *state.Object, r rule, why tenantSwitch, policy *config.LinkPolicy) *planner.Finding {
	return about(planner.NewFinding("DF218", fmt.Sprintf("The tenant has %s, so account %s is not paired by %s.", why, tenantRef(live).Name, r),
		fmt.Sprintf("Set %s to %t for the time of the migration (PATCH /directory/onPremisesSynchronization), or decide the pair with a link block.", why.name, !why.on)),
		"", why.name, policy.DeclaredAt)
}
