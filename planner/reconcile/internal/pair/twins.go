package pair

import (
	"cmp"
	"slices"

	"github.com/dirform/dirform/planner/reconcile/internal/table"
)

// findTwins flags source rows that share an anchor: the same object in two scopes, or two objects with one anchor.
func (p matcher) findTwins() {
	p.shadowOtherAnchors()
	for s := range p.verdicts {
		if p.verdicts[s].Is(Shadowed) {
			continue
		}
		m := p.Source.Meta(s)
		p.Source.ByAnchor.Each(m.Anchor, func(other int) {
			if other == s || p.verdicts[other].Is(Shadowed) {
				return
			}
			v := &p.verdicts[s]
			switch {
			case p.Source.Meta(other).GUID != m.GUID:
				v.Flags |= SameAnchor
				if v.Rival < 0 || p.Source.CompareGUID(other, int(v.Rival)) < 0 {
					v.Rival = int32(other)
				}
			case other < s:
				v.Flags |= Shadowed
			}
		})
	}
}

// shadowOtherAnchors leaves to the first of several scopes an object that has another anchor in each, because their
// policies name different anchor attributes.
func (p matcher) shadowOtherAnchors() {
	other := func(t *table.Source) bool {
		first := p.Source.Tables[0].Policy
		return t.Policy != nil && first != nil && t.Policy.Anchor != first.Anchor
	}
	if !slices.ContainsFunc(p.Source.Tables, other) {
		return
	}
	for s := range p.verdicts {
		if p.FirstTwin(s) < s {
			p.verdicts[s].Flags |= Shadowed
		}
	}
}

// SourceAnchored is the source row with an anchor, or -1. Of several it is one that does not depend on their order.
func (p *Pairs) SourceAnchored(anchor uint64) int {
	best := -1
	p.Source.ByAnchor.Each(anchor, func(s int) {
		if p.verdicts[s].Is(Shadowed) {
			return // the row of the first scope stands for the object, perhaps with another anchor
		}
		if best < 0 || cmp.Or(p.Source.CompareGUID(s, best), cmp.Compare(s, best)) < 0 {
			best = s
		}
	})
	return best
}
