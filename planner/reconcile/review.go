package reconcile

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Reviewer tells, right before changes are written, whether they still are what the rules ask for.
type Reviewer struct {
	b         *Builder
	roles     map[string][]string // by object id, lower case
	guarded   map[string]bool     // ids of administrators whose sensitive changes take a higher role than dirform has, lower case
	admins    map[string]bool     // ids of those who hold Global Administrator, lower case; groups among them
	gone      map[string]bool     // of these, whom the changes that were let through take out of service
	sameRules bool
}

// NewReviewer prepares to review changes under the rules, key, identity, domains, switches and role holders of s; the rest of s is
// not looked at. If the rules are not those that the plan was made with, a change is only held against what no plan may do.
func NewReviewer(s Settings, sameRules bool) *Reviewer {
	v := &Reviewer{b: New(s), roles: map[string][]string{}, guarded: map[string]bool{}, admins: map[string]bool{}, gone: map[string]bool{}, sameRules: sameRules}
	for _, r := range s.RoleHolders {
		id := strings.ToLower(r.ID)
		v.roles[id] = r.Roles
		v.guarded[id] = guardedHolder(r) && !s.mayTouchAdministrators()
		if slices.Contains(r.Templates, providers.GlobalAdministrator) {
			v.admins[id] = true
		}
	}
	return v
}

// Stale says why a change is not to be made any more, or "". o is the change's source object as its scope has it now, nil if it
// is not in the scope; accounts are the tenant's objects that [Reviewer.Wants] asked for, by id in lower case.
func (v *Reviewer) Stale(c *state.Change, o *state.Object, accounts map[string]*state.Object) string {
	t := v.table(c)
	if why := v.refused(c, t, accounts); why != "" {
		return why
	}
	if t != nil && v.sameRules {
		if why := t.moved(c, o); why != "" {
			return why
		}
	}
	return v.lastAdmin(c, accounts)
}

// moved says how a change's source object is elsewhere or other than planned, or "".
func (t *sourceTable) moved(c *state.Change, o *state.Object) string {
	if o != nil && !t.has(o) {
		o = nil
	}
	switch leaving := leaves(c); {
	case leaving && o != nil:
		return "it is in scope " + c.Scope + " again"
	case leaving:
		return ""
	case o == nil:
		return "it is not in scope " + c.Scope + " any more"
	}
	return t.changed(c, o)
}

// leaves reports whether a change is about an object that has left its scope.
func leaves(c *state.Change) bool {
	return c.Action == state.ActionDisable || c.Action == state.ActionUnlink || c.Action == state.ActionDelete
}

func (v *Reviewer) table(c *state.Change) *sourceTable {
	for _, t := range v.b.sources {
		if t.scope.Name == c.Scope && t.kind == c.Kind {
			return t
		}
	}
	return nil
}

// has reports whether an object below the scope's OUs is in the scope.
func (t *sourceTable) has(o *state.Object) bool {
	if t.scope.Where == nil {
		return true
	}
	in, err := t.scope.Where.Eval(o)
	return err == nil && in.Bool()
}

// changed says which attribute is not what the plan made of the source object, or "". References are left out: what they point
// to is found by name, which an OU's new name changes without changing anything.
func (t *sourceTable) changed(c *state.Change, o *state.Object) string {
	if _, ok := t.project(o); !ok {
		return "its attributes cannot be worked out any more; plan again to see why"
	}
	for _, col := range t.columns {
		fp := t.fps[col.col]
		if fp == 0 || col.m.Target.Type == state.TypeReference {
			continue
		}
		if planned, ok := c.Fingerprints[col.m.Target.Name]; !ok || planned != hexFP(fp) {
			if t.fallback != nil && col.m.Target.Name == "userPrincipalName" {
				return "its user name would be another by now: it changed at the source, or the tenant verified its domain, since the plan was made"
			}
			return "changed at the source since the plan was made: " + col.m.Target.Name
		}
	}
	return ""
}

// Close frees what the reviewer holds.
func (v *Reviewer) Close() error { return v.b.Close() }
