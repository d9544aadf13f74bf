package reconcile

import (
	"fmt"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// recordedFirst reports whether link l is the one to be known as the account's when link other, -1 for none, names it too. A run
// that was cut off between writing a new anchor and recording it leaves such a second link. One whose source object lives comes
// first, then the order of anchors, which does not depend on that of the record.
func (p *plan) recordedFirst(l, other int) bool {
	if other < 0 {
		return true
	}
	if here, there := p.linkSource[l] >= 0, p.linkSource[other] >= 0; here != there {
		return here
	}
	return p.links.rows.Meta(l).anchor < p.links.rows.Meta(other).anchor
}

// noteDisputed notes the accounts that source row s is among several to want, or one of several that it may mean: it gets none of
// them, but a record that says such an account's source object has left is not believed either.
func (p *plan) noteDisputed(s int, v *verdict) {
	switch {
	case v.flags&vAmbiguous != 0:
		for _, t := range p.candidates(s, p.srcTable(s), v.rule) {
			p.disputed[t] = true
		}
	case v.flags&(vClaimed|vDeleted) == vClaimed:
		p.disputed[int(v.target)] = true
	}
}

// elsewhere reports whether a link was recorded in another scope than that of its source row, or for another object with the same
// anchor, as after a move that carried the anchor over: the record then has to follow.
func (p *plan) elsewhere(s int, m *linkMeta) bool {
	t := p.srcTable(s)
	return m.scope != t.scopeAt || m.guid != t.rows.Meta(s-t.first).guid
}

// handedOn reports whether link l has lost its source object, but not the account its place in a scope: another source object
// takes the account over, or would if that one were not blocked.
func (p *plan) handedOn(l int) bool {
	t := int(p.linkTarget[l])
	return t >= 0 && p.linkSource[l] < 0 && (p.owner[t] > 0 || p.disputed[t])
}

// superseded reports whether the account of link l, whose source object has left, is recorded under another link as well, whose
// source object lives.
func (p *plan) superseded(l, t int) bool {
	other := int(p.linkOf[t]) - 1
	return other >= 0 && other != l && p.linkSource[other] >= 0
}

// replaced is the account's recorded link which that of the subject takes the place of, or nil.
func (s *subject) replaced() (*state.Replaced, error) {
	l := s.recordedLink()
	if l < 0 || l == int(s.v.link) {
		return nil, nil
	}
	link, err := s.p.links.load(l)
	if err != nil || link.Anchor == s.anchor {
		return nil, err
	}
	return &state.Replaced{Anchor: link.Anchor, Scope: link.Scope, SourceGUID: link.SourceGUID.String()}, nil
}

// oldOwner is the source row, in any scope of any provider, whose anchor an account carries, or -1. The subject itself, read by
// a second scope under another anchor attribute, is none.
func (s *subject) oldOwner(anchor string) int {
	if anchor == "" {
		return -1
	}
	best := -1
	s.p.srcAnchor.Each(s.p.h.SumExact(anchor), func(r int) {
		if s.p.srcMeta(r).guid != s.obj.GUID && (best < 0 || s.p.compareGUID(r, best) < 0) {
			best = r
		}
	})
	return best
}

// rivalAnchored reports whether the account that the subject claims carries the anchor of its rival, and only that stands in the
// way of relinking it.
func (s *subject) rivalAnchored() bool {
	anchor := s.live.Get("onPremisesImmutableId").Str()
	return s.table.policy.ForeignAnchor == "relink" && anchor != "" && anchor != s.anchor &&
		s.p.h.SumExact(anchor) == s.p.srcMeta(int(s.v.rival)).anchor
}

func (s *subject) findOldOwner(row int) error {
	old, err := s.p.subject(row)
	if err != nil {
		return err
	}
	s.find(oldAnchorAlive(s, old), old.ref(), tenantRef(s.live))
	return nil
}

// oldAnchorAlive is the finding about an account that s is to get and old still has.
func oldAnchorAlive(s, old *subject) *planner.Finding {
	account, scope := tenantRef(s.live).Name, old.table.scope
	detail := fmt.Sprintf("Account %s matches this object by %s %s, but carries anchor %s of %s, which is still in scope %s (%s).",
		account, s.v.rule, s.matchValue(), old.anchor, old.obj.DN, scope.Name, scope.DeclaredAt)
	hint := fmt.Sprintf("Once %s is to have the account, delete the old object, move it, or take it out of scope %s with exclude or where; "+
		"the next plan relinks. If the account stays the old one's, correct the value by which this object matches it.", s.obj.DN, scope.Name)
	return about(planner.NewFinding("DF217", detail, hint), "onPremisesImmutableId", old.anchor, s.table.policy.DeclaredAt)
}

// checkAnchorFree refuses to give an account the subject's anchor while another one carries it: the service keeps anchors unique.
func (s *subject) checkAnchorFree() error {
	other := -1
	s.p.tenAnchor.Each(s.p.srcMeta(s.row).anchor, func(t int) {
		if t != s.liveRow && (other < 0 || s.p.tenMeta(t).id < s.p.tenMeta(other).id) {
			other = t
		}
	})
	if other < 0 {
		return nil
	}
	o, err := s.p.loadTenant(other)
	if err != nil {
		return err
	}
	refs := []planner.ObjectRef{tenantRef(o)}
	detail := fmt.Sprintf("Account %s carries this object's anchor, but rule immutable_id is not among the policy's match rules.", tenantRef(o).Name)
	hint := "Add \"immutable_id\" to match, or take the anchor off that account."
	if s.live != nil {
		refs = append(refs, tenantRef(s.live))
		detail = fmt.Sprintf("Account %s carries this object's anchor, but %s is its account by %s.", tenantRef(o).Name, tenantRef(s.live).Name, s.v.rule)
		hint = "Take the anchor off the account that is not this object's."
	}
	s.find(about(planner.NewFinding("DF203", detail, hint), "onPremisesImmutableId", s.anchor, s.table.policy.DeclaredAt), refs...)
	return nil
}
