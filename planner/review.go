package planner

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// Reviewer tells, right before changes are written, whether they still are what the rules ask for.
type Reviewer struct {
	b         *Builder
	roles     map[string][]string // by object id, lower case
	sameRules bool
}

// NewReviewer prepares to review changes under the rules, key, domains and role holders of s; the rest of s is not looked at. If the
// rules are not those that the plan was made with, a change is only held against protect lists and roles.
func NewReviewer(s Settings, sameRules bool) *Reviewer {
	v := &Reviewer{b: New(s), roles: map[string][]string{}, sameRules: sameRules}
	for _, r := range s.RoleHolders {
		v.roles[strings.ToLower(r.ID)] = r.Roles
	}
	return v
}

// Stale says why a change is not to be made any more, or "". o is the change's source object as its scope has it now, nil if it
// is not in the scope.
func (v *Reviewer) Stale(c *state.Change, o *state.Object) string {
	if name := v.protects(c); name != "" {
		return "guard's protect names it: " + name
	}
	t := v.table(c)
	if t == nil {
		return ""
	}
	if roles := v.roles[strings.ToLower(c.TargetID)]; len(roles) > 0 && t.policy.Privileged != "allow" {
		return "its account holds a directory role: " + strings.Join(roles, ", ")
	}
	if !v.sameRules {
		return ""
	}
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

// protects is the name by which a guard protects the change's account, or "".
func (v *Reviewer) protects(c *state.Change) string {
	names := []string{c.TargetID}
	if _, key, ok := strings.Cut(c.Address, "[\""); ok {
		names = append(names, strings.TrimSuffix(key, "\"]"))
	}
	for _, a := range c.Attributes {
		if a.Name == "userPrincipalName" || a.Name == "mail" {
			names = append(names, a.Before.Str())
		}
	}
	for _, g := range v.b.set.Rules.Guards {
		for _, p := range g.Protect {
			if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, p) }) {
				return p
			}
		}
	}
	return ""
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
