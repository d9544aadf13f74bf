package pair

import (
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state"
)

// blocks are the configuration's link blocks and what became of them.
type blocks struct {
	all  []*config.Link
	by   map[int]*config.Link // the block that decides about a source row
	lost []LostBlock
	idle []IdleBlock
}

func newBlocks(links []*config.Link) blocks { return blocks{all: links, by: map[int]*config.Link{}} }

// LostBlock is a link block that names an object which was not found.
type LostBlock struct {
	Link   *config.Link
	Source int // source row that the block names, or -1 if that is what was not found
}

// IdleBlock is a link block that decides nothing: its source object has another account, by the record or by an earlier
// block.
type IdleBlock struct {
	Link, By *config.Link // By is nil for the record
	Source   int
	Tenant   int  // tenant row that the block names, or -1
	Nobody   bool // it names no account at all, neither a living nor a deleted one
}

// DeclaredFor is the link block that decides about source row s, or nil.
func (p *Pairs) DeclaredFor(s int) *config.Link { return p.blocks.by[s] }

// LostBlocks are the link blocks that lead nowhere and that no blocked object tells of. Those of recorded objects are
// among [Pairs.IdleBlocks].
func (p *Pairs) LostBlocks() (list []LostBlock) {
	for _, b := range p.blocks.lost {
		if b.Source < 0 || p.verdicts[b.Source].Link < 0 && !p.verdicts[b.Source].Is(BadLink) {
			list = append(list, b)
		}
	}
	return list
}

// IdleBlocks are the link blocks that decide nothing.
func (p *Pairs) IdleBlocks() []IdleBlock { return p.blocks.idle }

// matchDeclared applies link blocks to source rows without a record.
func (p matcher) matchDeclared() {
	for _, l := range p.blocks.all {
		if p.namesSeveral(l) {
			continue
		}
		s, t := p.FindSource(l.Source), p.Tenant.Find(p.Hash, l.Tenant)
		d := -1
		if t < 0 {
			d = p.Bin.ByID.First(p.Hash.ID(strings.ToLower(l.Tenant)))
		}
		if s < 0 || t < 0 && d < 0 {
			p.blocks.lost = append(p.blocks.lost, LostBlock{l, s})
		}
		if s < 0 || !Unmatched(&p.verdicts[s]) {
			switch {
			case s >= 0 && p.reanchored(s) && int(p.verdicts[s].Target) == t:
				p.blocks.by[s] = l
			case s >= 0:
				p.noteIdle(l, s, t, d)
			}
			continue
		}
		p.blocks.by[s] = l
		if d >= 0 && p.Bin.Kind(d) == p.Source.Table(s).Kind {
			p.revive(s, d, Declared)
			continue
		}
		if t < 0 || p.Tenant.Kind(t) != p.Source.Table(s).Kind {
			p.verdicts[s].Flags |= BadLink // no rule may decide what a person has decided otherwise
			continue
		}
		p.claim(s, t, Declared)
	}
}

// reanchored reports whether the account that is recorded for source row s carries another object's anchor: a link block
// that names just this pair then says that it still is the row's.
func (p matcher) reanchored(s int) bool {
	v := &p.verdicts[s]
	if v.Link < 0 || v.Flags != 0 || v.Target < 0 || !p.Source.Table(s).Anchored {
		return false
	}
	anchor := p.Tenant.Meta(int(v.Target)).Anchor
	return anchor != 0 && anchor != p.Source.Meta(s).Anchor
}

// noteIdle notes link block l unless it says what is the case: source row s has tenant row t, or row d of the recycle
// bin. One that names neither is noted for a recorded object, unless it has served.
func (p matcher) noteIdle(l *config.Link, s, t, d int) {
	v := &p.verdicts[s]
	nobody := t < 0 && d < 0
	if nobody && (v.Link < 0 || v.Flags != 0 || p.mayHaveServed(int(v.Link))) {
		return
	}
	by := p.blocks.by[s]
	if v.Link >= 0 {
		by = nil
	}
	if v.Link < 0 && by == nil || int(v.Target) == t && !v.Is(InBin) || int(v.Target) == d && v.Is(InBin) {
		return
	}
	p.blocks.idle = append(p.blocks.idle, IdleBlock{l, by, s, t, nobody})
}

// mayHaveServed reports whether a link block may have given the pair of link l: then its account may be called otherwise
// by now. How a pair came about whose record was made anew is not known.
func (p matcher) mayHaveServed(l int) bool {
	link, err := p.Links.Load(l)
	return err != nil || link.Rule == Declared.String() || link.Rule == state.RuleRebuilt
}

// namesSeveral reports whether a link block's source is the user name of several source objects. None of them is
// matched then: which one a person meant is not for the order of rows to decide, nor for a rule.
func (p matcher) namesSeveral(l *config.Link) bool {
	first := p.FindSource(l.Source)
	if _, isGUID := state.ParseGUID(l.Source); isGUID || first < 0 || p.Source.ByDN.First(p.Hash.DN(l.Source)) >= 0 {
		return false
	}
	several := false
	name := p.Hash.SourceName(l.Source)
	p.Source.ByName.Each(name, func(s int) { several = several || p.Source.Meta(s).GUID != p.Source.Meta(first).GUID })
	if !several {
		return false
	}
	p.Source.ByName.Each(name, func(s int) {
		if v := &p.verdicts[s]; Unmatched(v) {
			p.blocks.by[s] = l
			v.Flags |= BadLink | ManyNamed
		}
	})
	return true
}

// FindSource is the source row that a person names by DN, objectGUID, UPN or anchor, or -1.
func (p *Pairs) FindSource(name string) int {
	if g, ok := state.ParseGUID(name); ok {
		return p.Source.ByGUID.First(p.Hash.GUID(g))
	}
	if s := p.Source.ByDN.First(p.Hash.DN(name)); s >= 0 {
		return s
	}
	if s := p.Source.ByName.First(p.Hash.SourceName(name)); s >= 0 {
		return s
	}
	return p.SourceAnchored(p.Hash.Anchor(name))
}
