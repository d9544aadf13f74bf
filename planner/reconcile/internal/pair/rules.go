package pair

// matchRules tries the rules of source row s's policy in order: the hard ones, or all.
func (p matcher) matchRules(s int, v *Verdict, hardOnly bool) {
	t := p.Source.Table(s)
	if t.Policy == nil {
		return
	}
	for _, name := range t.Policy.Match {
		r := RuleNamed(name)
		if hardOnly && !r.Hard() {
			// A softer rule declared before the hard one must not lose its turn to it for the same row.
			return
		}
		found := p.Candidates(s, r)
		if len(found) == 0 {
			if r.Hard() && p.matchDeleted(s, r) {
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

// Succeeds reports whether source row s would get the account that link l records for another object of the same forest, which
// has left its scope: the same person taken on again, or somebody else who was given their address. No policy can tell, only a link
// block decides; what foreign_anchor is about are accounts that carry the anchors of another domain, or of nobody who is recorded.
// It does not matter whether the former object was deleted, is nowhere (few accounts may see what was deleted), or lives elsewhere.
// Where nobody has looked for it, because the record was moved here from another domain, it is not one of this forest.
func (p *Pairs) Succeeds(s, l int) bool {
	if len(p.former) == 0 || l < 0 || p.linkSource[l] >= 0 {
		return false
	}
	m, forest := p.Links.Meta(l), p.Source.Table(s).Scope.Provider
	in, looked := p.former[m.GUID]
	if !looked || in == forest {
		return looked
	}
	for _, t := range p.Source.Tables {
		if t.ScopeAt == m.Scope {
			return t.Scope.Provider == forest
		}
	}
	return false
}

// claim gives tenant row t to source row s unless somebody else has it: then the newcomer loses, and two newcomers
// under rules of the same strength both lose, so that no order decides who gets an account.
func (p matcher) claim(s, t int, r Rule) {
	v := &p.verdicts[s]
	v.Rule = r
	if p.linkOf[t] > 0 && p.owner[t] == 0 {
		// Recorded for a source object that has left: only relinking takes it over; judging sees the foreign anchor. Where
		// the policy does not relink, the account is none of the newcomer's business, and the leaver's policy goes on.
		v.Target = int32(t)
		if first := p.Claimant(t); first < 0 || p.Source.CompareGUID(s, first) < 0 {
			p.claimants[t] = s
		}
		relinks := p.Source.Table(s).Policy.ForeignAnchor == "relink" && !p.Succeeds(s, p.LinkOf(t))
		if r == Declared || relinks || p.Tenant.Meta(t).Anchor == 0 {
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

// matchDeleted looks for the anchor in the recycle bin, for a rule that goes by it.
func (p matcher) matchDeleted(s int, r Rule) bool {
	if p.Source.Table(s).Policy.Deleted == "create" {
		return false
	}
	d := p.DeletedAnchored(s)
	if d >= 0 {
		p.revive(s, d, r)
	}
	return d >= 0
}

// DeletedAnchored is the row of the recycle bin that carries source row s's anchor, or -1; of several, the one deleted
// last.
func (p *Pairs) DeletedAnchored(s int) int {
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
