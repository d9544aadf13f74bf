package offlimits

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Limits knows which accounts must not be touched, and why. Nothing else decides that: whoever wants to touch an
// account asks [Limits.Against], and whoever tells about one asks [Limits.Standing].
type Limits struct {
	rows      *table.Rows
	guards    []*config.Guard
	identity  providers.Identity
	switches  providers.SyncFeatures
	holders   []providers.RoleHolder
	roles     map[uint64][]string // by TenantMeta.ID
	guarded   map[uint64]bool     // those of roles whose sensitive changes take a higher role, see higherRole
	mayAdmins bool                // dirform holds a higher role
	protected map[int]string      // tenant row to the name in the guard
	unknown   []*planner.Finding  // about protected names that nobody has
	admins    admins
}

// Settings is what the limits are drawn by.
type Settings struct {
	Guards       []*config.Guard
	RoleHolders  []providers.RoleHolder
	Identity     providers.Identity     // who dirform is signed in as
	SyncFeatures providers.SyncFeatures // what the tenant allows sync clients
}

// New works out who is off limits among the accounts in rows.
func New(rows *table.Rows, s Settings) *Limits {
	l := &Limits{rows: rows, guards: s.Guards, identity: s.Identity, switches: s.SyncFeatures, holders: s.RoleHolders,
		roles: map[uint64][]string{}, guarded: map[uint64]bool{}, protected: map[int]string{}}
	for _, r := range s.RoleHolders {
		id := rows.Hash.ID(r.ID)
		l.roles[id] = r.Roles
		l.guarded[id] = l.guarded[id] || guardedHolder(r)
	}
	l.mayAdmins = l.mayTouchAdministrators()
	l.admins.enabled = l.enabledAdmins()
	l.resolveProtected()
	return l
}

// Standing is what sets an account apart, whatever anybody wants to do to it.
type Standing struct {
	Own          bool     // dirform is signed in with it
	Mastered     bool     // another sync engine masters it
	OnceMastered bool     // one did so once, or does
	Guest        bool     // its owner belongs to another organisation, or was invited from one
	Roles        []string // directory roles that it holds
	Protected    string   // the name by which a guard protects it, or ""
}

// Standing is what is known about an account. row is its tenant row, or -1 for one in the recycle bin.
func (l *Limits) Standing(o *table.Account, row int) Standing {
	return Standing{Own: l.isSelf(o.ID), Mastered: Synced(o), OnceMastered: OnceSynced(o), Guest: o.Guest(),
		Roles:     l.roles[l.rows.Hash.ID(o.ID)],
		Protected: l.protectedAs(o, row)}
}

// Attempt is what somebody wants to do to an account.
type Attempt struct {
	Account  *table.Account
	Row      int // tenant row, or -1 for one in the recycle bin
	Policy   *config.LinkPolicy
	Action   state.Action
	Attrs    []state.AttributeChange
	Locked   []state.AttributeChange // differ too, but are not written
	Rule     pair.Rule               // by which the account is the object's
	Recorded string                  // the anchor under which the pair is recorded, or ""
	TakeOver bool                    // it is taken over from another sync engine
	Leaving  bool                    // its source object has left
	Undone   bool                    // it undoes a run, and so is none of the plan that the rules ask for
}

// hardMatched reports whether nothing but an equal anchor says whose the account is.
func (a *Attempt) hardMatched() bool { return a.Recorded == "" && a.Rule.Hard() }

// binds reports whether the account would be the object's by its anchor alone, get an anchor, or be taken from another
// sync engine: none of it happens to a role holder.
func (a *Attempt) binds() bool { return a.hardMatched() || a.stamps() || a.TakeOver }

// switchesOff reports whether sign-in is to be turned off.
func (a *Attempt) switchesOff() bool {
	return slices.ContainsFunc(a.Attrs, func(c state.AttributeChange) bool {
		return c.Name == a.Account.Of.SignIn && c.After.Kind() == state.BoolValue && !c.After.Bool()
	})
}

// foreign reports whether the account carries another anchor than the object's: then only another one would make it the object's,
// whether the link policy has that or not.
func (a *Attempt) foreign() bool {
	return !a.Leaving && a.Account.Anchor() != "" && a.Account.Anchor() != a.Recorded
}

// Reason is why an account is not to be touched. They are in order of weight: who tells of one only tells of the first.
type Reason uint8

// The reasons.
const (
	OwnAccount   Reason = iota + 1 // dirform is signed in with it
	ProtectedBy                    // a guard's protect list names it
	HoldsRole                      // it holds a role, and the link policy does not allow that
	RoleAndBound                   // it holds a role, and is to be bound to an object anew
	Elsewhere                      // another sync engine masters it
	AdminsGone                     // the plan would leave no administrator
	OnlyAdmin                      // it is the last administrator, and to be renamed, taken over or blocked
	AdminGroup                     // users are administrators through it, and it is to be deleted
	HigherRole                     // such a change takes a role that dirform does not have
	SwitchedOff                    // a switch of the tenant stands against the match
	GuestAccount                   // it is a guest's, and the link policy does not allow that
)

// Objection is what stands against an attempt.
type Objection struct {
	Reason   Reason
	Standing Standing
	what     []string // of the change, for HigherRole
	by       words.Switch
}

// Against is what stands against an attempt, in the order in which it is told.
func (l *Limits) Against(a Attempt) (list []Objection) {
	st := l.Standing(a.Account, a.Row)
	add := func(reason Reason) { list = append(list, Objection{Reason: reason, Standing: st}) }
	if st.Mastered && !a.TakeOver {
		add(Elsewhere)
	}
	if st.Own {
		add(OwnAccount)
	}
	if reason := l.roleReason(&a, &st); reason != 0 {
		add(reason)
		if reason == HigherRole {
			list[len(list)-1].what = l.sensitive(&a)
		}
	}
	if st.Protected != "" {
		add(ProtectedBy)
	}
	// Where another engine masters the account under the object's anchor, it has made the pair, and the tenant's switches,
	// which are about accounts of the cloud, do not stand against it.
	if by, forbidden := l.forbids(a.Rule, a.Recorded != ""); forbidden && !(a.hardMatched() && st.Mastered) {
		add(SwitchedOff)
		list[len(list)-1].by = by
	}
	if st.Guest && a.Policy.Guests != "allow" && !a.Leaving && !a.ends() {
		add(GuestAccount)
	}
	return list
}

// Weightiest is the first of several objections by weight.
func Weightiest(list []Objection) Objection {
	return slices.MinFunc(list, func(a, b Objection) int { return cmp.Compare(a.Reason, b.Reason) })
}

// roleReason is what stands against an attempt because of what the account's owner can do, 0 if nothing does.
func (l *Limits) roleReason(a *Attempt, st *Standing) Reason {
	switch {
	case len(st.Roles) > 0 && a.Policy.Privileged != "allow":
		return HoldsRole
	case len(st.Roles) > 0 && a.binds():
		return RoleAndBound
	case a.Undone && l.admins.only(a.Row) && takesOut(a.Account.Of, a.Action, a.Attrs):
		return AdminsGone
	case !a.Undone && l.admins.kept[a.Row]:
		return AdminsGone
	case l.admins.only(a.Row) && (a.Recorded == "" || a.renames() || !a.Leaving &&
		takesOut(a.Account.Of, state.ActionUpdate, a.Attrs)):
		return OnlyAdmin
	case len(a.Account.Of.Sets) > 0 && a.Action == state.ActionDelete && l.grantsAdmin(a.Account.ID):
		return AdminGroup
	case len(l.sensitive(a)) > 0:
		return HigherRole
	}
	return 0
}

// Finding puts an objection into words.
func (l *Limits) Finding(x Objection, a Attempt) *planner.Finding {
	switch st := x.Standing; x.Reason {
	case OwnAccount:
		return words.OwnAccount(a.Account)
	case ProtectedBy:
		return words.Protected(a.Account, st.Protected, l.guardOf(st.Protected))
	case HoldsRole:
		f := words.Privileged(a.Account, st.Roles, a.Policy)
		if a.binds() || a.foreign() {
			f.Hint = words.TakeRoleAway
		}
		if a.switchesOff() {
			f.Hint = words.TakeRoleOff
		}
		return f
	case RoleAndBound:
		return words.Hardened(a.Account, st.Roles, a.TakeOver && !a.hardMatched(), a.Policy)
	case Elsewhere:
		return a.masteredFinding()
	case AdminsGone:
		return words.NoAdminLeft(l.adminRefs(a.Row), len(l.admins.enabled))
	case OnlyAdmin:
		return words.OnlyAdmin(a.Account)
	case AdminGroup:
		return words.AdminGroup(a.Account)
	case HigherRole:
		attribute := ""
		if len(x.what) == 1 && slices.Contains(a.Account.Of.Sensitive, x.what[0]) {
			attribute = x.what[0]
		}
		return words.HigherRole(a.Account, st.Roles, x.what, attribute, l.identity, a.Policy)
	case GuestAccount:
		return words.Guest(a.Account, a.Policy)
	default:
		return words.SwitchedOff(a.Account, a.Rule, x.by, a.Policy)
	}
}

func (a *Attempt) masteredFinding() *planner.Finding {
	if a.Leaving {
		f := words.Mastered(a.Account, a.Policy, nil, nil)
		f.Hint = words.LeaverToEngine(a.Recorded)
		return f
	}
	f := words.Mastered(a.Account, a.Policy, a.Attrs, a.Locked)
	if a.Recorded != "" {
		f.Hint = words.LeaveToEngine(a.Recorded)
	}
	return f
}

// isSelf reports whether an object id is that of the account dirform is signed in with.
func (l *Limits) isSelf(id string) bool {
	return l.identity.ID != "" && strings.EqualFold(id, l.identity.ID)
}

// IsOwnApplication reports whether a name that a person wrote is the application that dirform is signed in as. A
// service principal is never among the objects that match: a reader lists users, groups and contacts, and what is
// looked up is looked up among these. So only a name that somebody wrote down can mean one.
func (l *Limits) IsOwnApplication(name string) bool {
	id := l.identity
	return !id.User && name != "" && (strings.EqualFold(name, id.ID) || strings.EqualFold(name, id.AppID))
}

// Unknown are findings about names on protect lists that nobody has.
func (l *Limits) Unknown() []*planner.Finding { return l.unknown }

// resolveProtected finds the accounts that the guards' protect lists name. A name that nobody has protects nobody,
// which must not go unnoticed.
func (l *Limits) resolveProtected() {
	for _, g := range l.guards {
		for _, name := range g.Protect {
			known := len(l.protected)
			if t := l.rows.Tenant.Find(l.rows.Hash, name); t >= 0 {
				l.protected[t] = name
			}
			address := l.rows.Hash.Address(state.String(name))
			l.rows.Tenant.ByAddress.Each(address, func(i int) { l.protected[l.rows.Tenant.AddressRow(i)] = name })
			if l.isSelf(name) || l.IsOwnApplication(name) {
				continue // protected anyway, and an application is not among the accounts
			}
			if len(l.protected) == known && !slices.Contains(slices.Collect(maps.Values(l.protected)), name) &&
				!l.isDeleted(name) {
				l.unknown = append(l.unknown, words.ProtectsNobody(g, name))
			}
		}
	}
}

// protectedAs is the name by which a guard protects an account, or "". Protect lists are resolved to living accounts;
// one in the recycle bin is compared by its names here.
func (l *Limits) protectedAs(o *table.Account, row int) string {
	if row >= 0 {
		return l.protected[row]
	}
	names := table.AccountNames(o)
	for _, g := range l.guards {
		for _, name := range g.Protect {
			if table.ContainsFold(names, name) {
				return name
			}
		}
	}
	return ""
}

// guardOf is the first guard that protects a name.
func (l *Limits) guardOf(name string) *config.Guard {
	i := slices.IndexFunc(l.guards, func(g *config.Guard) bool { return slices.Contains(g.Protect, name) })
	return l.guards[i]
}

// isDeleted reports whether an account in the recycle bin has a name.
func (l *Limits) isDeleted(name string) bool {
	for i := range l.rows.Bin.Len() {
		o, err := l.rows.Bin.Load(i)
		if err != nil {
			return false // what cannot be read back ends the plan elsewhere
		}
		if table.ContainsFold(table.AccountNames(o), name) {
			return true
		}
	}
	return false
}

// forbids is the switch that stands against a new pair made by a rule. What is recorded, or decided by a person with a
// link block, is no match.
func (l *Limits) forbids(r pair.Rule, recorded bool) (by words.Switch, forbidden bool) {
	switch f := l.switches; {
	case !f.Known || recorded:
	case r.Hard() && f.BlockHardMatch:
		return words.Switch{Name: "blockCloudObjectTakeoverThroughHardMatchEnabled", On: true}, true
	case r.Soft() && f.BlockSoftMatch:
		return words.Switch{Name: "blockSoftMatchEnabled", On: true}, true
	case r.Soft() && r.Space() == state.SignInNames && !f.SoftMatchOnUPN:
		return words.Switch{Name: "softMatchOnUpnEnabled"}, true
	}
	return words.Switch{}, false
}

// Locks reports whether the service refuses changes of an attribute because of what another sync engine has left on the
// account.
func (s Standing) Locks(a *state.Attribute) bool { return a.Lockable && s.OnceMastered }
