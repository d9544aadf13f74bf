package reconcile

import (
	"strings"

	"github.com/dirform/dirform/state"
)

// Wants lists the tenant objects of a kind that have to be seen as they are now to review some changes, and their attributes. It
// lists none where what is known already will do.
func (v *Reviewer) Wants(kind state.Kind, changes []*state.Change) (ids []string, attributes *state.Shape) {
	named, admin := v.protectsByName(), false
	for _, c := range changes {
		if c.Kind != kind || c.TargetID == "" {
			continue
		}
		if named {
			ids = append(ids, c.TargetID)
		}
		admin = admin || v.admins[strings.ToLower(c.TargetID)]
	}
	if kind != state.User {
		return ids, state.NewShape("mail", "proxyAddresses")
	}
	if admin {
		for id := range v.admins {
			ids = append(ids, id)
		}
	}
	return ids, state.NewShape("userPrincipalName", "mail", "proxyAddresses", "accountEnabled")
}

// protectsByName reports whether a guard protects somebody by another name than the object id, which a change has anyway.
func (v *Reviewer) protectsByName() bool {
	for _, g := range v.b.set.Rules.Guards {
		for _, name := range g.Protect {
			if _, id := state.ParseGUID(name); !id {
				return true
			}
		}
	}
	return false
}

// refused says what stands against a change whatever its source object is like, or "".
func (v *Reviewer) refused(c *state.Change, t *sourceTable, accounts map[string]*state.Object) string {
	if c.Kind == state.DirectorySync { // the tenant itself, and no account
		return ""
	}
	if v.b.set.isSelf(c.TargetID) {
		return "dirform is signed in with this account"
	}
	if name := v.protects(c, accounts[strings.ToLower(c.TargetID)]); name != "" {
		return "guard's protect names it: " + name
	}
	recorded := c.Match == nil || c.Match.Rule == ruleRecorded.String()
	roles := strings.Join(v.roles[strings.ToLower(c.TargetID)], ", ")
	switch {
	case roles == "":
	case t == nil || t.policy.Privileged != "allow": // a scope that is not declared any more allows nothing
		return "its account holds a directory role: " + roles
	case stamps(c.Attributes) || takesOver(c) || c.Match != nil && c.Match.Rule == ruleImmutable.String():
		return "its account holds a directory role (" + roles + "), and is not taken over by an anchor"
	case v.guarded[strings.ToLower(c.TargetID)] && len(sensitive(c.Action, c.Attributes)) > 0:
		return "its account holds a directory role (" + roles + "), and such a change takes Privileged Authentication Administrator"
	}
	if !recorded && !(c.Match.Rule == ruleImmutable.String() && takesOver(c)) {
		if why := forbids(v.b.set.SyncFeatures, ruleNamed(c.Match.Rule), false); why != "" {
			return "the tenant has " + string(why) + ", which stands against its match"
		}
	}
	return ""
}

// protects is the name by which a guard protects the change's account, or "". now is the account as it is now, nil if nobody looked.
func (v *Reviewer) protects(c *state.Change, now *state.Object) string {
	names := []string{c.TargetID}
	switch _, key, ok := strings.Cut(c.Address, "[\""); {
	case now != nil:
		names = append(names, accountNames(now)...)
	case ok && c.TargetID != "" && !renames(c.Attributes): // the address says how the account is called, not how it is going to be
		names = append(names, strings.TrimSuffix(key, "\"]"))
	}
	for _, a := range c.Attributes {
		if a.Name == "userPrincipalName" || a.Name == "mail" {
			names = append(names, a.Before.Str())
		}
	}
	for _, g := range v.b.set.Rules.Guards {
		for _, p := range g.Protect {
			if containsFold(names, p) {
				return p
			}
		}
	}
	return ""
}

// lastAdmin refuses a change that would take the last enabled Global Administrator out of service, rename it or take it over. What
// it lets through counts as done, so that several changes of one plan cannot do together what none may do alone.
func (v *Reviewer) lastAdmin(c *state.Change, accounts map[string]*state.Object) string {
	id := strings.ToLower(c.TargetID)
	out := takesOut(c.Action, c.Attributes)
	switch {
	case !v.admins[id]:
		return ""
	case c.Kind == state.Group && c.Action == state.ActionDelete:
		return "users hold Global Administrator through it"
	case c.Kind != state.User || !v.enabled(id, accounts):
		return ""
	}
	for other := range v.admins {
		if other != id && v.enabled(other, accounts) {
			v.gone[id] = v.gone[id] || out
			return ""
		}
	}
	if out || renames(c.Attributes) || c.Action == state.ActionLink || c.Action == state.ActionRelink {
		return "its account is the last enabled user that holds Global Administrator"
	}
	return ""
}

func (v *Reviewer) enabled(id string, accounts map[string]*state.Object) bool {
	o := accounts[id]
	return o != nil && o.Get("accountEnabled").Bool() && !v.gone[id]
}
