package pair

import (
	"slices"

	"github.com/dirform/dirform/planner/reconcile/internal/table"
)

// matchRules tries the rules of source row s's policy in order: the hard ones, or all.
func (p matcher) matchRules(s int, v *Verdict, hardOnly bool) {
	t := p.Source.Table(s)
	if t.Policy == nil {
		return
	}
	for _, name := range t.Policy.Match {
		r := RuleNamed(name)
		if hardOnly && r != Immutable {
			// A softer rule declared before the hard one must not lose its turn to it for the same row.
			return
		}
		found := p.Candidates(s, r)
		if len(found) == 0 {
			if r == Immutable && p.matchDeleted(s) {
				return
			}
			continue
		}
		if len(found) > 1 {
			v.Flags |= Ambiguous
			v.Rule = r
			return
		}
		p.claim(s, found[0], r)
		return
	}
}

// claim gives tenant row t to source row s unless somebody else has it: then the newcomer loses, and two newcomers under rules
// of the same strength both lose, so that no order decides who gets an account.
func (p matcher) claim(s, t int, r Rule) {
	v := &p.verdicts[s]
	v.Rule = r
	if p.linkOf[t] > 0 && p.owner[t] == 0 {
		// Recorded for a source object that has left: only relinking takes it over; judging sees the foreign anchor. Where the
		// policy does not relink, the account is none of the newcomer's business, and the leaver's policy goes on.
		v.Target = int32(t)
		if r == Declared || p.Source.Table(s).Policy.ForeignAnchor == "relink" || p.Tenant.Meta(t).Anchor == 0 {
			p.owner[t] = int32(s) + 1
		}
		return
	}
	other := p.owner[t] - 1
	if other < 0 {
		v.Target = int32(t)
		p.owner[t] = int32(s) + 1
		return
	}
	v.Flags |= Contested
	v.Rival = other
	v.Target = int32(t)
	w := &p.verdicts[other]
	if w.Rule.Soft() && r.Soft() && w.Link < 0 && !w.Is(Contested) {
		w.Flags |= Contested
		w.Rival = int32(s)
	}
}

// Candidates are the tenant rows of the right kind that rule r pairs with source row s, in row order.
func (p *Pairs) Candidates(s int, r Rule) []int {
	var found []int
	t, name := p.Source.Table(s), uint64(0)
	add := func(row int) {
		if p.Tenant.Kind(row) == t.Kind && !slices.Contains(found, row) && !p.passedOn(row, s, r, name) {
			found = append(found, row)
		}
	}
	m := t.Meta(s)
	switch r {
	case Immutable:
		p.Tenant.ByAnchor.Each(m.Anchor, add)
	case SMTP:
		name = m.SMTP
		p.Tenant.ByAddress.Each(name, func(i int) {
			if p.Tenant.IsPrimary(i) { // an alias is no evidence of who somebody is
				add(p.Tenant.AddressRow(i))
			}
		})
	case UPN:
		// A name that the mapping did not give, but its fallback made, is no evidence of who somebody is.
		if t.UPNCol >= 0 && m.Flags&table.SourceFallback == 0 {
			if name = t.FP(s)[t.Columns[t.UPNCol].Col]; name != t.NilFP {
				p.Tenant.ByUPN.Each(name, add)
			}
		}
	}
	slices.Sort(found)
	return found
}

// Bearers are the tenant rows that have source row s's value of rule r in whatever way, in row order; [Pairs.Candidates] are some
// of them.
func (p *Pairs) Bearers(s int, r Rule) (rows []int) {
	add := func(row int) {
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	switch m := p.Source.Meta(s); r {
	case SMTP:
		p.Tenant.ByAddress.Each(m.SMTP, func(i int) { add(p.Tenant.AddressRow(i)) })
	case Immutable:
		p.Tenant.ByAnchor.Each(m.Anchor, add)
	default:
		return p.Candidates(s, r)
	}
	slices.Sort(rows)
	return rows
}

// passedOn reports whether tenant row t gives up the name by which soft rule r finds it for source row s: it is somebody else's, by
// the record, a link block or its anchor, and that one is going to be called something else.
func (p *Pairs) passedOn(t, s int, r Rule, name uint64) bool {
	owner := p.Owner(t)
	if !r.Soft() || owner < 0 || owner == s || p.verdicts[owner].Rule.Soft() {
		return false
	}
	if w := &p.verdicts[owner]; int(w.Target) != t || w.Flags != 0 {
		return false
	}
	if r == UPN {
		return p.GivesUp(owner, NameUPN, name)
	}
	return p.GivesUp(owner, NameMail, name)
}

// matchDeleted looks for the anchor in the recycle bin.
func (p matcher) matchDeleted(s int) bool {
	if p.Source.Table(s).Policy.Deleted == "create" {
		return false
	}
	d := p.Buried(s)
	if d >= 0 {
		p.revive(s, d, Immutable)
	}
	return d >= 0
}

// Buried is the row of the recycle bin that carries source row s's anchor, or -1; of several, the one deleted last.
func (p *Pairs) Buried(s int) int {
	best := -1
	p.Bin.ByAnchor.Each(p.Source.Meta(s).Anchor, func(d int) {
		if best < 0 || p.Bin.CompareDeleted(d, best) > 0 {
			best = d
		}
	})
	return best
}

// revive gives row d of the recycle bin to source row s, unless somebody else has it.
func (p matcher) revive(s, d int, r Rule) {
	v := &p.verdicts[s]
	v.Target, v.Rule = int32(d), r
	v.Flags |= InBin
	if other, taken := p.revived[d]; taken {
		v.Flags |= Contested
		v.Rival = int32(other)
		return
	}
	p.revived[d] = s
}
