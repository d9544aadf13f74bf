package pair

import (
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Pairs are source rows tied to tenant rows, and recorded links to both.
type Pairs struct {
	*table.Rows
	verdicts               []Verdict
	owner                  []int32 // per tenant row: 1 + the source row it is linked to or claimed by
	linkOf                 []int32 // per tenant row: 1 + its recorded link
	linkSource, linkTarget []int32 // per link: the rows of its objects, or -1
	blocks                 blocks
	disputed               map[int]bool       // tenant rows that source rows want and none gets, see noteDisputed
	claimants              map[int]int        // see [Pairs.Claimant]
	revived                map[int]int        // row of the recycle bin to the source row that it is restored for
	linkFor                map[state.GUID]int // made when first asked for, see LinkFor
	former                 Former
	// Mailboxes are the accounts, by id, that are known to have a mailbox; see [Pairs.Unhoused].
	Mailboxes map[string]bool
}

// Former are the recorded source objects that have left their scopes and were looked for, each with the provider whose domain has
// it, be it deleted; nil if it is nowhere. See [Pairs.Succeeds].
type Former map[state.GUID]*config.ADProvider

// Match pairs source rows with tenant rows: recorded links, then declared ones, then the policy's rules; hard evidence
// first, so that the result does not depend on the order of rows. An anchor is the same evidence in the recycle bin as
// among the living, and stronger than an address that somebody else may have been given since: rule immutable_id looks
// into both.
func Match(rows *table.Rows, links []*config.Link, former Former) *Pairs {
	p := &Pairs{Rows: rows, former: former, blocks: newBlocks(links), disputed: map[int]bool{}, claimants: map[int]int{},
		revived: map[int]int{}}
	p.verdicts = make([]Verdict, p.Source.Len())
	for i := range p.verdicts {
		p.verdicts[i] = Verdict{Link: -1, Target: -1, Rival: -1}
	}
	p.owner, p.linkOf = make([]int32, p.Tenant.Len()), make([]int32, p.Tenant.Len())
	p.linkSource, p.linkTarget = make([]int32, p.Links.Len()), make([]int32, p.Links.Len())
	m := matcher{p}
	m.findTwins()
	m.matchRecorded()
	m.matchDeclared()
	m.matchByRules()
	return p
}

// matcher makes pairs; what it has made is asked of [Pairs].
type matcher struct{ *Pairs }

// Verdict is what is known about source row s.
func (p *Pairs) Verdict(s int) *Verdict { return &p.verdicts[s] }

// Owner is the source row that tenant row t is linked to or claimed by, or -1.
func (p *Pairs) Owner(t int) int { return int(p.owner[t]) - 1 }

// LinkOf is tenant row t's recorded link, or -1.
func (p *Pairs) LinkOf(t int) int { return int(p.linkOf[t]) - 1 }

// Has reports whether tenant row t is the account that source row s has, or is about to get, unless something stops that.
func (p *Pairs) Has(s, t int) bool {
	v := &p.verdicts[s]
	return int(v.Target) == t && !v.Is(InBin|Contested)
}

// LinkSource is the source row of link l, or -1 if its source object is in no scope.
func (p *Pairs) LinkSource(l int) int { return int(p.linkSource[l]) }

// LinkTarget is the tenant row of link l, or -1 if its account is not among the living.
func (p *Pairs) LinkTarget(l int) int { return int(p.linkTarget[l]) }

// LinkFor is the link that was recorded for a source object, -1 if there is none: also one which leads to another object
// by now, because that one has its anchor too.
func (p *Pairs) LinkFor(g state.GUID) int {
	if p.linkFor == nil {
		p.linkFor = make(map[state.GUID]int, p.Links.Len())
		for l := range p.Links.Len() {
			p.linkFor[p.Links.Meta(l).GUID] = l
		}
	}
	if l, ok := p.linkFor[g]; ok {
		return l
	}
	return -1
}

// RestoredFor is the source row that row d of the recycle bin is restored for; ok is false if it is for none.
func (p *Pairs) RestoredFor(d int) (s int, ok bool) {
	s, ok = p.revived[d]
	return s, ok
}

// Claimant is the source row that link blocks or rules would give tenant row t to, although it is recorded for a source
// object that has left; of several the first by GUID, -1 if there is none. Whether it gets the account is not said.
func (p *Pairs) Claimant(t int) int {
	if s, ok := p.claimants[t]; ok {
		return s
	}
	return -1
}

// Unmatched reports whether a verdict knows of no account and of nothing that stands against one.
func Unmatched(v *Verdict) bool {
	return v.Target < 0 && v.Link < 0 && !v.Is(SameAnchor|Shadowed|Ambiguous|Contested|Vanished|BadLink)
}

// Idle reports whether source row s asks for nothing: an earlier scope has it, or no account matches and the policy
// creates none.
func (p *Pairs) Idle(s int) bool {
	v := &p.verdicts[s]
	return v.Is(Shadowed) || Unmatched(v) && p.Source.Table(s).Policy.Unmatched == "skip"
}

// Free reports whether tenant row t is nobody's: no source object has it or had it.
func (p *Pairs) Free(t int) bool { return p.owner[t] == 0 && p.linkOf[t] == 0 }

// FirstTwin is the row of the earliest scope that has the same object as source row s.
func (p *Pairs) FirstTwin(s int) int {
	return p.Source.ByGUID.First(p.Hash.GUID(p.Source.Meta(s).GUID))
}

// matchByRules tries the policies' rules for the rows that are open: the hard ones of all rows, then the others.
func (p matcher) matchByRules() {
	// In the order of GUIDs: who is named as rival must not depend on the order of rows.
	var open []int
	for s := range p.verdicts {
		if Unmatched(&p.verdicts[s]) {
			open = append(open, s)
		}
	}
	slices.SortFunc(open, p.Source.CompareGUID)
	for _, hardOnly := range []bool{true, false} {
		for _, s := range open {
			if v := &p.verdicts[s]; Unmatched(v) {
				p.matchRules(s, v, hardOnly)
			}
		}
	}
	for _, s := range open {
		v := &p.verdicts[s]
		p.noteDisputed(s, v)
		if v.outbid() && p.owner[v.Target] == int32(s)+1 {
			p.owner[v.Target] = 0 // claimed by several, so nobody's
		}
	}
}

// noteDisputed notes the accounts that source row s is among several to want, or one of several that it may mean: it
// gets none of them, but a record that says such an account's source object has left is not believed either.
func (p matcher) noteDisputed(s int, v *Verdict) {
	switch {
	case v.Is(Ambiguous):
		for _, t := range p.Candidates(s, v.Rule) {
			p.disputed[t] = true
		}
	case v.outbid():
		p.disputed[int(v.Target)] = true
	}
}
