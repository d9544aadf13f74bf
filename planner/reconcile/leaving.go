package reconcile

import (
	"fmt"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// decideLeaving works out a recorded link whose source object is in no scope any more.
func (p *plan) decideLeaving(l int) (decision, error) {
	link, err := p.links.load(l)
	if err != nil {
		return decision{}, err
	}
	t := int(p.linkTarget[l])
	if t < 0 {
		return p.forget(link, p.goneText(l, link)), nil
	}
	if p.superseded(l, t) {
		return p.forget(link, fmt.Sprintf("account %s is linked to another source object", link.TargetID)), nil
	}
	if p.handedOn(l) {
		return decision{outcome: outIgnored}, nil
	}
	if p.tenMeta(t).anchor != p.links.rows.Meta(l).anchor {
		return p.forget(link, fmt.Sprintf("the source object has left, and account %s does not carry its anchor any more", link.TargetID)), nil
	}
	live, err := p.loadTenant(t)
	if err != nil {
		return decision{}, err
	}
	policy := p.b.set.Rules.Policy(link.Scope, link.Kind)
	key := readableTenant(live)
	addr := address(link.Kind, link.Scope, key)
	if !p.selected(addr) {
		return decision{outcome: outIgnored, key: key}, nil
	}
	c := &state.Change{Address: addr, Kind: link.Kind, Scope: link.Scope, Anchor: link.Anchor, SourceGUID: link.SourceGUID.String(),
		TargetID: link.TargetID, Match: &state.Match{Rule: ruleRecorded.String(), Value: link.TargetID},
		Reason: "no longer in scope " + link.Scope, DeclaredAt: policy.DeclaredAt, Attributes: []state.AttributeChange{}}
	if policy.Scope == nil {
		c.Reason = undeclared(link.Scope)
	}
	if !p.leave(c, policy, live, link) {
		return decision{outcome: outUnchanged, key: key, record: p.noteLeft(policy, link)}, nil
	}
	ref := tenantRef(live)
	ref.Address, ref.Anchor = addr, link.Anchor
	d := decision{outcome: outChange, key: key, change: c}
	if f := p.leavingRefused(t, c, live, policy); f != nil {
		if len(f.Objects) == 0 {
			f.Objects = []planner.ObjectRef{tenantRef(live)}
		}
		f.Objects = append([]planner.ObjectRef{ref}, f.Objects...)
		d = decision{outcome: outBlocked, key: key, findings: []*planner.Finding{f}}
	}
	return d, nil
}

// goneText is why a record ends whose account is not among the living. Of the source object no more is known than that no scope
// has it: it may well exist.
func (p *plan) goneText(l int, link *state.Link) string {
	where := "is not in the tenant any more"
	if p.delID.First(p.links.rows.Meta(l).target) >= 0 {
		where = "lies in the recycle bin"
	}
	return fmt.Sprintf("account %s %s, and its source object is in no scope", link.TargetID, where)
}

// forget drops a link without touching the account.
func (p *plan) forget(link *state.Link, why string) decision {
	addr := address(link.Kind, link.Scope, link.Anchor)
	if !p.selected(addr) {
		return decision{outcome: outIgnored, key: link.Anchor}
	}
	return decision{outcome: outChange, key: link.Anchor, change: &state.Change{
		Address: addr, Kind: link.Kind, Action: state.ActionUnlink, Scope: link.Scope, Anchor: link.Anchor,
		SourceGUID: link.SourceGUID.String(), Reason: why, Attributes: []state.AttributeChange{}}}
}

// leave fills in what a leaving policy does to the account; false means nothing has to be written.
func (p *plan) leave(c *state.Change, policy *config.LinkPolicy, live *state.Object, link *state.Link) bool {
	switch leaving := policy.Leaving; {
	case policy.Grace > 0 && (leaving == "disable" || leaving == "delete"):
		return p.afterGrace(c, policy, live, link)
	case leaving == "delete":
		c.Action = state.ActionDelete
		return true
	case leaving == "unlink":
		c.Action = state.ActionUnlink
		if anchor := live.Get("onPremisesImmutableId"); !isEmpty(anchor) {
			c.Attributes = append(c.Attributes, state.AttributeChange{Name: "onPremisesImmutableId", Before: anchor})
		}
		return true
	case leaving == "disable" && live.Get("accountEnabled").Bool():
		p.disable(c, live, link)
		return true
	}
	return false
}

func (p *plan) leavingRefused(t int, c *state.Change, live *state.Object, policy *config.LinkPolicy) *planner.Finding {
	if p.b.set.isSelf(live.ID) {
		return ownAccount(live)
	}
	if name, ok := p.protected[t]; ok {
		return p.protectedBy(live, name)
	}
	if roles := p.roles[p.tenMeta(t).id]; len(roles) > 0 && policy.Privileged != "allow" {
		return privileged(live, roles, policy)
	}
	if synced(live) {
		f := syncedElsewhere(live, policy, nil, nil)
		f.Hint = fmt.Sprintf("Remove the record with `dirform state rm %s` to leave the account to the other engine; it is taken over only for an object that is in a "+
			"scope of dirform's. %s", c.Anchor, staysInItsScope)
		return f
	}
	switch {
	case p.admins.kept[t]:
		return p.noAdminLeft(t)
	case live.Kind == state.Group && c.Action == state.ActionDelete && p.grantsAdmin(live.ID):
		return adminGroup(live)
	}
	return p.higherRole(live, c.Action, c.Attributes, policy)
}

// undeclared tells why somebody is disabled whose scope block was taken out, whatever the policy of that scope had said, and how
// to let accounts go untouched.
func undeclared(scope string) string {
	return "scope " + scope + " is not declared any more, so the default leaving = \"disable\" applies; to let its accounts go untouched, " +
		"keep the scope with leaving = \"keep\", or take them out of the record first (dirform state rm)"
}

func readableTenant(o *state.Object) string {
	for _, name := range [...]string{"userPrincipalName", "mail", "displayName"} {
		if s := o.Get(name).Str(); s != "" {
			return s
		}
	}
	return o.ID
}
