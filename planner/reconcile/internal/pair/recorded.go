package pair

import "github.com/dirform/dirform/planner/reconcile/internal/table"

// matchRecorded ties links to rows on both sides.
func (p matcher) matchRecorded() {
	for l := range p.linkSource {
		m := p.Links.Meta(l)
		s := p.SourceAnchored(m.Anchor)
		if s < 0 {
			s = p.Source.ByGUID.First(p.Hash.GUID(m.GUID))
		}
		t := p.Tenant.ByID.First(m.Target)
		if t >= 0 && p.Tenant.Kind(t) != p.Links.Kind(l) {
			t = -1 // a record that somebody wrote in: ids are unique over all kinds
		}
		p.linkSource[l], p.linkTarget[l] = int32(s), int32(t)
		if t >= 0 && p.recordedFirst(l, p.LinkOf(t)) {
			p.owner[t] = int32(s) + 1
			p.linkOf[t] = int32(l) + 1
		}
		if s >= 0 && p.ownLink(l, int(p.verdicts[s].Link), s) {
			p.verdicts[s].Link = int32(l)
		}
	}
	for l, s := range p.linkSource {
		if s >= 0 && p.verdicts[s].Link == int32(l) {
			p.takeLink(int(s), l)
		}
	}
}

// takeLink gives source row s the pair that link l records.
func (p matcher) takeLink(s, l int) {
	v, m := &p.verdicts[s], p.Links.Meta(l)
	v.Target, v.Rule = p.linkTarget[l], Recorded
	if src := p.Source.Meta(s); src.Anchor != m.Anchor && src.Flags&table.SourceNoAnchor == 0 {
		v.Flags |= AnchorChanged
	}
	if v.Target < 0 {
		p.recordedGone(s, m)
	}
}

// ownLink reports whether link l rather than link other, -1 for none, is source row s's own. Two links lead to one
// object whose anchor was changed to that of another one's link: the object's own is the one with its objectGUID, and
// then the anchor's. This does not depend on the order of links.
func (p matcher) ownLink(l, other, s int) bool {
	if other < 0 {
		return true
	}
	m, a, b := p.Source.Meta(s), p.Links.Meta(l), p.Links.Meta(other)
	if (a.GUID == m.GUID) != (b.GUID == m.GUID) {
		return a.GUID == m.GUID
	}
	if (a.Anchor == m.Anchor) != (b.Anchor == m.Anchor) {
		return a.Anchor == m.Anchor
	}
	return a.Anchor < b.Anchor
}

// recordedFirst reports whether link l is the one to be known as the account's when link other, -1 for none, names it
// too. A run that was cut off between writing a new anchor and recording it leaves such a second link. One whose source
// object lives comes first, then the order of anchors, which does not depend on that of the record.
func (p matcher) recordedFirst(l, other int) bool {
	if other < 0 {
		return true
	}
	if here, there := p.linkSource[l] >= 0, p.linkSource[other] >= 0; here != there {
		return here
	}
	return p.Links.Meta(l).Anchor < p.Links.Meta(other).Anchor
}

// recordedGone is for a recorded account that is not among the living.
func (p matcher) recordedGone(s int, m *table.LinkMeta) {
	v := &p.verdicts[s]
	switch d := p.Bin.ByID.First(m.Target); {
	case d < 0:
		v.Flags |= Vanished
	case p.Source.Table(s).Policy.Deleted != "create":
		v.Target = int32(d)
		v.Flags |= InBin
		p.revived[d] = s
	}
}

// Elsewhere reports whether a link was recorded in another scope than that of its source row, or for another object
// with the same anchor, as after a move that carried the anchor over: the record then has to follow.
func (p *Pairs) Elsewhere(s int, m *table.LinkMeta) bool {
	t := p.Source.Table(s)
	return m.Scope != t.ScopeAt || m.GUID != t.Meta(s).GUID
}

// HandedOn reports whether link l has lost its source object, but not the account its place in a scope: another source
// object takes the account over, or would if that one were not blocked.
func (p *Pairs) HandedOn(l int) bool {
	t := int(p.linkTarget[l])
	return t >= 0 && p.linkSource[l] < 0 && (p.owner[t] > 0 || p.disputed[t])
}

// Superseded reports whether the account of link l, tenant row t, whose source object has left, is recorded under
// another link as well, whose source object lives.
func (p *Pairs) Superseded(l, t int) bool {
	other := p.LinkOf(t)
	return other >= 0 && other != l && p.linkSource[other] >= 0
}
