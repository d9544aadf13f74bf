package offlimits

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

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

// enabledAdmins finds the enabled Global Administrators among those who can sign in. Applications that hold the role do
// not count: nobody can sign in as one to repair the tenant.
func (l *Limits) enabledAdmins() (rows []int) {
	byID := func(a, b providers.RoleHolder) int { return strings.Compare(a.ID, b.ID) }
	tenant := &l.rows.Tenant
	for _, r := range slices.SortedFunc(slices.Values(l.holders), byID) {
		if !slices.Contains(r.Templates, providers.GlobalAdministrator) {
			continue
		}
		t := tenant.ByID.First(l.rows.Hash.ID(r.ID))
		if t >= 0 && tenant.Meta(t).Flags&table.TenantEnabled != 0 {
			rows = append(rows, t)
		}
	}
	return rows
}

// only reports whether tenant row t is the only enabled Global Administrator.
func (a *admins) only(t int) bool { return len(a.enabled) == 1 && a.enabled[0] == t }

// NoteLoss notes a surveyed change that takes an administrator out of service. row is the account's tenant row, source
// the source row or -1 for one that has left.
func (l *Limits) NoteLoss(c *state.Change, row, source int) {
	if c != nil && slices.Contains(l.admins.enabled, row) &&
		takesOut(l.rows.Tenant.Table(row).Layout.Of, c.Action, c.Attributes) {
		l.admins.lost = append(l.admins.lost, lostAdmin{row, source})
	}
}

// Settle keeps all administrators as they are if the changes that take one out of service would leave none: nothing
// says which one is to stay. changes tells whether a source row is going to be changed at all. It returns the source
// rows that are blocked by it, and comes when every row is surveyed, before the order is settled.
func (l *Limits) Settle(changes func(source int) bool) (blocked []int) {
	a := &l.admins
	lost := map[int]bool{}
	for _, x := range a.lost {
		if x.source < 0 || changes(x.source) {
			lost[x.row] = true
		}
	}
	if !a.all(lost) {
		return nil
	}
	a.kept = lost
	for _, x := range a.lost {
		if x.source >= 0 && lost[x.row] {
			blocked = append(blocked, x.source)
		}
	}
	return blocked
}

// all reports whether the lost ones are all administrators that there are.
func (a *admins) all(lost map[int]bool) bool { return len(lost) > 0 && len(lost) == len(a.enabled) }

// LeavesNone tells which of a plan's changes take the administrators out of service, if they do so with all of them; of those that the
// rules ask for [Limits.Settle] knows. row gives the tenant row of a change's account, -1 if it does not live.
func (l *Limits) LeavesNone(changes []*state.Change, row func(*state.Change) int) (those []*state.Change, f *planner.Finding) {
	lost := map[int]bool{}
	for _, c := range changes {
		t := row(c)
		if slices.Contains(l.admins.enabled, t) && takesOut(l.rows.Tenant.Table(t).Layout.Of, c.Action, c.Attributes) {
			lost[t], those = true, append(those, c)
		}
	}
	if !l.admins.all(lost) {
		return nil, nil
	}
	return those, words.NoAdminLeft(l.adminRefs(-1), len(l.admins.enabled))
}

// grantsAdmin reports whether the holders of Global Administrator include the group with this id, and so its members.
func (l *Limits) grantsAdmin(id string) bool {
	return slices.ContainsFunc(l.holders, func(r providers.RoleHolder) bool {
		return strings.EqualFold(r.ID, id) && slices.Contains(r.Templates, providers.GlobalAdministrator)
	})
}

// adminRefs names the enabled administrators, tenant row first in front, at most as many as a finding names.
func (l *Limits) adminRefs(first int) []planner.ObjectRef {
	var refs []planner.ObjectRef
	for _, t := range l.admins.enabled {
		o, err := l.rows.Tenant.Load(t)
		if err != nil {
			continue // what cannot be read back ends the plan elsewhere
		}
		if t == first {
			refs = slices.Insert(refs, 0, table.Ref(o))
		} else {
			refs = append(refs, table.Ref(o))
		}
	}
	return refs[:min(len(refs), words.NamedTogether)]
}

// takesOut reports whether a change of an object of a kind ends with an account that cannot sign in any more.
func takesOut(of *state.Descriptor, a state.Action, attrs []state.AttributeChange) bool {
	if a == state.ActionDisable || a == state.ActionDelete {
		return true
	}
	return slices.ContainsFunc(attrs, func(c state.AttributeChange) bool {
		return c.Name == of.SignIn && c.Before.Bool() && !c.After.Bool()
	})
}

// stamps reports whether the attempt gives the account an anchor.
func (a *Attempt) stamps() bool {
	return slices.ContainsFunc(a.Attrs, func(c state.AttributeChange) bool {
		return c.Name == a.Account.Of.Anchor &&
			!c.After.IsEmpty()
	})
}

// renames reports whether the attempt gives the account another user name.
func (a *Attempt) renames() bool {
	return slices.ContainsFunc(a.Attrs, func(c state.AttributeChange) bool { return c.Name == a.Account.Of.UserName })
}
