package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// The rules by which a pair can come about; their names stand in [state.Match].
type rule uint8

const (
	ruleNone rule = iota
	ruleRecorded
	ruleDeclared
	ruleImmutable
	ruleSMTP
	ruleUPN
)

func (r rule) String() string {
	return [...]string{"none", "recorded", "declared", "immutable_id", "primary_smtp", "user_principal_name"}[r]
}

func ruleNamed(name string) rule {
	for r := ruleImmutable; r <= ruleUPN; r++ {
		if r.String() == name {
			return r
		}
	}
	return ruleNone
}

// verdict is what is known about a source row. Row numbers are -1 where there is none.
type verdict struct {
	link    int32 // recorded link
	target  int32 // tenant row, or deleted row if the flag vDeleted is set
	rival   int32 // the other source row, where a flag speaks of one
	rule    rule
	outcome outcome
	flags   uint16
	agreed  bool // recorded, and all fingerprints agree: nothing is to be done, and its values need not be looked at
}

type outcome uint8

const (
	outUnchanged outcome = iota // recorded, and both sides agree
	outSlow                     // has to be looked at with its values
	outChange                   // looked at: there is a change
	outBlocked
	outIgnored // in scope, but nothing is to be done by policy, or it belongs to another scope
)

const (
	vDeleted       uint16 = 1 << iota // the target lies in the recycle bin
	vSameAnchor                       // another source object has the same anchor (rival)
	vShadowed                         // an earlier scope has the same object
	vAmbiguous                        // a match rule found several accounts
	vClaimed                          // another source object has or claims the same account (rival)
	vVanished                         // the recorded account is nowhere to be found
	vAnchorChanged                    // its anchor is not the recorded one
	vBadLink                          // its link block names an account that does not exist
	vNeedBlocked                      // the address it waits for will not be released (rival)
	vManyNamed                        // its link block names another source object, too
)

// match pairs source rows with tenant rows: recorded links, then declared ones, then the policy's rules; hard evidence first, so
// that the result does not depend on the order of rows. An anchor is the same evidence in the recycle bin as among the living, and
// stronger than an address that somebody else may have been given since: rule immutable_id looks into both.
func (p *plan) match() {
	p.findTwins()
	p.matchRecorded()
	p.matchDeclared()
	// In the order of GUIDs: who is named as rival must not depend on the order of rows.
	var open []int
	for s := range p.nsrc {
		if p.unmatched(&p.verdicts[s]) {
			open = append(open, s)
		}
	}
	slices.SortFunc(open, p.compareGUID)
	for _, hardOnly := range []bool{true, false} {
		for _, s := range open {
			if v := &p.verdicts[s]; p.unmatched(v) {
				p.matchRules(s, v, hardOnly)
			}
		}
	}
	for _, s := range open {
		v := &p.verdicts[s]
		p.noteDisputed(s, v)
		if v.flags&(vClaimed|vDeleted) == vClaimed && p.owner[v.target] == int32(s)+1 {
			p.owner[v.target] = 0 // claimed by several, so nobody's
		}
	}
}

func (p *plan) compareGUID(a, b int) int {
	x, y := p.srcMeta(a).guid, p.srcMeta(b).guid
	return slices.Compare(x[:], y[:])
}

func (p *plan) unmatched(v *verdict) bool {
	return v.target < 0 && v.link < 0 && v.flags&(vSameAnchor|vShadowed|vAmbiguous|vClaimed|vVanished|vBadLink) == 0
}

// findTwins flags source rows that share an anchor: the same object in two scopes, or two objects with one anchor.
func (p *plan) findTwins() {
	p.shadowOtherAnchors()
	for s := range p.nsrc {
		if p.verdicts[s].flags&vShadowed != 0 {
			continue
		}
		m := p.srcMeta(s)
		p.srcAnchor.Each(m.anchor, func(other int) {
			if other == s || p.verdicts[other].flags&vShadowed != 0 {
				return
			}
			v := &p.verdicts[s]
			switch {
			case p.srcMeta(other).guid != m.guid:
				v.flags |= vSameAnchor
				if v.rival < 0 || p.compareGUID(other, int(v.rival)) < 0 {
					v.rival = int32(other)
				}
			case other < s:
				v.flags |= vShadowed
				v.outcome = outIgnored
			}
		})
	}
}

// shadowOtherAnchors leaves to the first of several scopes an object that has another anchor in each, because their policies name
// different anchor attributes.
func (p *plan) shadowOtherAnchors() {
	other := func(t *sourceTable) bool {
		first := p.b.sources[0].policy
		return t.policy != nil && first != nil && t.policy.Anchor != first.Anchor
	}
	if !slices.ContainsFunc(p.b.sources, other) {
		return
	}
	for s := range p.nsrc {
		if p.firstTwin(s) < s {
			p.verdicts[s].flags |= vShadowed
			p.verdicts[s].outcome = outIgnored
		}
	}
}

// matchRecorded ties links to rows on both sides.
func (p *plan) matchRecorded() {
	for l := range p.links.rows.Len() {
		m := p.links.rows.Meta(l)
		s := p.sourceAnchored(m.anchor)
		if s < 0 {
			s = p.srcGUID.First(p.h.Sum(m.guid[:]))
		}
		t := p.tenID.First(m.target)
		p.linkSource[l], p.linkTarget[l] = int32(s), int32(t)
		if t >= 0 && p.recordedFirst(l, int(p.linkOf[t])-1) {
			p.owner[t] = int32(s) + 1
			p.linkOf[t] = int32(l) + 1
		}
		if s >= 0 && p.ownLink(l, int(p.verdicts[s].link), s) {
			p.verdicts[s].link = int32(l)
		}
	}
	for l, s := range p.linkSource {
		if s >= 0 && p.verdicts[s].link == int32(l) {
			p.takeLink(int(s), l)
		}
	}
}

// takeLink gives source row s the pair that link l records.
func (p *plan) takeLink(s, l int) {
	v, m := &p.verdicts[s], p.links.rows.Meta(l)
	v.target, v.rule = p.linkTarget[l], ruleRecorded
	if p.srcMeta(s).anchor != m.anchor {
		v.flags |= vAnchorChanged
	}
	if v.target < 0 {
		p.recordedGone(s, m)
	}
}

// ownLink reports whether link l rather than link other, -1 for none, is source row s's own. Two links lead to one object whose
// anchor was changed to that of another one's link: the object's own is the one with its objectGUID, and then the anchor's. This
// does not depend on the order of links.
func (p *plan) ownLink(l, other, s int) bool {
	if other < 0 {
		return true
	}
	m, a, b := p.srcMeta(s), p.links.rows.Meta(l), p.links.rows.Meta(other)
	if (a.guid == m.guid) != (b.guid == m.guid) {
		return a.guid == m.guid
	}
	if (a.anchor == m.anchor) != (b.anchor == m.anchor) {
		return a.anchor == m.anchor
	}
	return a.anchor < b.anchor
}

// sourceAnchored is the source row with an anchor, or -1. Of several it is one that does not depend on their order.
func (p *plan) sourceAnchored(anchor uint64) int {
	best := -1
	p.srcAnchor.Each(anchor, func(s int) {
		if p.verdicts[s].flags&vShadowed != 0 {
			return // the row of the first scope stands for the object, perhaps with another anchor
		}
		if best < 0 || cmp.Or(p.compareGUID(s, best), cmp.Compare(s, best)) < 0 {
			best = s
		}
	})
	return best
}

// deletedAnchored is the same for the recycle bin, where an account may lie more than once: the one deleted last.
func (p *plan) deletedAnchored(anchor uint64) int {
	best := -1
	p.delAnchor.Each(anchor, func(d int) {
		if best < 0 || p.compareDeleted(d, best) > 0 {
			best = d
		}
	})
	return best
}

// compareDeleted orders deleted rows by the time of deletion. Ids decide between those of one time, or of none.
func (p *plan) compareDeleted(a, b int) int {
	if c := cmp.Compare(p.deletedAt(a), p.deletedAt(b)); c != 0 {
		return c
	}
	x, errX := p.loadDeleted(a)
	y, errY := p.loadDeleted(b)
	if errX != nil || errY != nil {
		return cmp.Compare(p.delMeta(b).id, p.delMeta(a).id) // whoever restores one of them meets the error again
	}
	return cmp.Compare(y.ID, x.ID)
}

// recordedGone is for a recorded account that is not among the living.
func (p *plan) recordedGone(s int, m *linkMeta) {
	v := &p.verdicts[s]
	switch d := p.delID.First(m.target); {
	case d < 0:
		v.flags |= vVanished
	case p.srcTable(s).policy.Deleted != "create":
		v.target = int32(d)
		v.flags |= vDeleted
		p.revived[d] = s
	}
}

// revive gives a deleted account to source row s, unless somebody else has it.
func (p *plan) revive(s, d int, r rule) {
	v := &p.verdicts[s]
	v.target, v.rule = int32(d), r
	v.flags |= vDeleted
	if other, taken := p.revived[d]; taken {
		v.flags |= vClaimed
		v.rival = int32(other)
		return
	}
	p.revived[d] = s
}

// matchDeclared applies link blocks to source rows without a record.
func (p *plan) matchDeclared() {
	for _, l := range p.b.set.Rules.Links {
		if p.namesSeveral(l) {
			continue
		}
		s, t := p.findSource(l.Source), p.findTenant(l.Tenant)
		d := -1
		if t < 0 {
			d = p.delID.First(p.h.Fingerprint(&refAttr, state.String(strings.ToLower(l.Tenant))))
		}
		if s < 0 || t < 0 && d < 0 {
			p.unresolved = append(p.unresolved, unresolvedLink{l, s})
		}
		if s < 0 || !p.unmatched(&p.verdicts[s]) {
			if s >= 0 && (t >= 0 || d >= 0) {
				p.noteIdle(l, s, t, d)
			}
			continue
		}
		p.declaredBy[s] = l
		if d >= 0 && tableOf(p.b.deleted, d).kind == p.srcTable(s).kind {
			p.revive(s, d, ruleDeclared)
			continue
		}
		if t < 0 || p.tenKind(t) != p.srcTable(s).kind {
			p.verdicts[s].flags |= vBadLink // no rule may decide what a person has decided otherwise
			continue
		}
		p.claim(s, t, ruleDeclared)
	}
}

// idleLink is a link block that decides nothing: its source object has another account, by the record or by an earlier block.
type idleLink struct {
	link, by *config.Link // by is nil for the record
	source   int
	tenant   int // tenant row that the block names, or -1
}

// noteIdle notes link block l unless it says what is the case: source row s has tenant row t, or deleted row d.
func (p *plan) noteIdle(l *config.Link, s, t, d int) {
	v := &p.verdicts[s]
	by := p.declaredBy[s]
	if v.link < 0 && by == nil || int(v.target) == t && v.flags&vDeleted == 0 || int(v.target) == d && v.flags&vDeleted != 0 {
		return
	}
	p.idleLinks = append(p.idleLinks, idleLink{l, by, s, t})
}

// idleFindings tell of link blocks that decide nothing, each with its object and the account that it names.
func (p *plan) idleFindings() (found []*planner.Finding, err error) {
	for _, i := range p.idleLinks {
		sub, err := p.subject(i.source)
		if err != nil {
			return nil, err
		}
		f := linkHasNoEffect(i, sub)
		if f.Objects = append(f.Objects, sub.ref()); i.tenant >= 0 {
			o, err := p.loadTenant(i.tenant)
			if err != nil {
				return nil, err
			}
			f.Objects = append(f.Objects, tenantRef(o))
		}
		found = append(found, f)
	}
	return found, nil
}

// namesSeveral reports whether a link block's source is the user name of several source objects. None of them is matched then:
// which one a person meant is not for the order of rows to decide, nor for a rule.
func (p *plan) namesSeveral(l *config.Link) bool {
	first := p.findSource(l.Source)
	if _, isGUID := state.ParseGUID(l.Source); isGUID || first < 0 || p.srcDN.First(p.h.SumFold(l.Source)) >= 0 {
		return false
	}
	several := false
	p.srcName.Each(p.h.SumFold(l.Source), func(s int) { several = several || p.srcMeta(s).guid != p.srcMeta(first).guid })
	if !several {
		return false
	}
	p.srcName.Each(p.h.SumFold(l.Source), func(s int) {
		if v := &p.verdicts[s]; p.unmatched(v) {
			p.declaredBy[s] = l
			v.flags |= vBadLink | vManyNamed
		}
	})
	return true
}

type unresolvedLink struct {
	link   *config.Link
	source int
}

// claim gives tenant row t to source row s unless somebody else has it: then the newcomer loses, and two newcomers under rules
// of the same strength both lose, so that no order decides who gets an account.
func (p *plan) claim(s, t int, r rule) {
	v := &p.verdicts[s]
	v.rule = r
	if l := p.linkOf[t] - 1; l >= 0 && p.owner[t] == 0 {
		// Recorded for a source object that has left: only relinking takes it over; decide sees the foreign anchor. Where the
		// policy does not relink, the account is none of the newcomer's business, and the leaver's policy goes on.
		v.target = int32(t)
		if r == ruleDeclared || p.srcTable(s).policy.ForeignAnchor == "relink" || p.tenMeta(t).anchor == 0 {
			p.owner[t] = int32(s) + 1
		}
		return
	}
	other := p.owner[t] - 1
	if other < 0 {
		v.target = int32(t)
		p.owner[t] = int32(s) + 1
		return
	}
	v.flags |= vClaimed
	v.rival = other
	v.target = int32(t)
	w := &p.verdicts[other]
	if soft(w.rule) && soft(r) && w.link < 0 && w.flags&vClaimed == 0 {
		w.flags |= vClaimed
		w.rival = int32(s)
	}
}

func soft(r rule) bool { return r == ruleSMTP || r == ruleUPN }

// matchRules tries a policy's rules in order: the hard ones, or all.
func (p *plan) matchRules(s int, v *verdict, hardOnly bool) {
	t := p.srcTable(s)
	if t.policy == nil {
		return
	}
	for _, name := range t.policy.Match {
		r := ruleNamed(name)
		if hardOnly && r != ruleImmutable {
			// A softer rule declared before the hard one must not lose its turn to it for the same row.
			return
		}
		found := p.candidates(s, t, r)
		if len(found) == 0 {
			if r == ruleImmutable && p.matchDeleted(s) {
				return
			}
			continue
		}
		if len(found) > 1 {
			v.flags |= vAmbiguous
			v.rule = r
			return
		}
		p.claim(s, found[0], r)
		return
	}
}

// candidates are the tenant rows of the right kind that rule r pairs with source row s, in row order.
func (p *plan) candidates(s int, t *sourceTable, r rule) []int {
	var found []int
	name := uint64(0)
	add := func(row int) {
		if p.tenKind(row) == t.kind && !slices.Contains(found, row) && !p.passedOn(row, s, r, name) {
			found = append(found, row)
		}
	}
	m := p.srcMeta(s)
	switch r {
	case ruleImmutable:
		p.tenAnchor.Each(m.anchor, add)
	case ruleSMTP:
		name = m.smtp
		p.tenAddress.Each(name, func(i int) {
			if p.addrRow[i]&primaryAddress != 0 { // an alias is no evidence of who somebody is
				add(p.addressRow(i))
			}
		})
	case ruleUPN:
		// A name that the mapping did not give, but its fallback made, is no evidence of who somebody is.
		if t.upnCol >= 0 && m.flags&srcFallback == 0 {
			if name = p.srcFP(s)[t.columns[t.upnCol].col]; name != t.nilFP {
				p.tenUPN.Each(name, add)
			}
		}
	}
	slices.Sort(found)
	return found
}

// passedOn reports whether tenant row t gives up the name by which soft rule r finds it for source row s: it is somebody else's, by
// the record, a link block or its anchor, and that one is going to be called something else.
func (p *plan) passedOn(t, s int, r rule, name uint64) bool {
	owner := int(p.owner[t]) - 1
	if !soft(r) || owner < 0 || owner == s || soft(p.verdicts[owner].rule) {
		return false
	}
	if w := &p.verdicts[owner]; int(w.target) != t || w.flags != 0 {
		return false
	}
	if r == ruleUPN {
		return p.givesUp(owner, nameUPN, name)
	}
	return p.givesUp(owner, nameMail, name)
}

// matchDeleted looks for the anchor in the recycle bin.
func (p *plan) matchDeleted(s int) bool {
	if p.srcTable(s).policy.Deleted == "create" {
		return false
	}
	d := p.deletedAnchored(p.srcMeta(s).anchor)
	if d >= 0 {
		p.revive(s, d, ruleImmutable)
	}
	return d >= 0
}

// findSource is the source row that a person names by DN, objectGUID, UPN or anchor, or -1.
func (p *plan) findSource(name string) int {
	if g, ok := state.ParseGUID(name); ok {
		return p.srcGUID.First(p.h.Sum(g[:]))
	}
	if s := p.srcDN.First(p.h.SumFold(tidyDN(name))); s >= 0 {
		return s
	}
	if s := p.srcName.First(p.h.SumFold(name)); s >= 0 {
		return s
	}
	return p.sourceAnchored(p.h.SumExact(name))
}

// tidyDN is a distinguished name without the spaces that people put after its commas, which mean nothing there.
func tidyDN(dn string) string {
	var b strings.Builder
	for i := 0; i < len(dn); i++ {
		b.WriteByte(dn[i])
		switch dn[i] {
		case '\\':
			if i++; i < len(dn) {
				b.WriteByte(dn[i])
			}
		case ',':
			for i+1 < len(dn) && dn[i+1] == ' ' {
				i++
			}
		}
	}
	return b.String()
}

// findTenant is the tenant row that a person names by UPN or object id, or -1.
func (p *plan) findTenant(name string) int {
	if t := p.tenUPN.First(p.h.Fingerprint(&addressAttr, state.String(name))); t >= 0 {
		return t
	}
	return p.tenID.First(p.h.Fingerprint(&refAttr, state.String(strings.ToLower(name))))
}
