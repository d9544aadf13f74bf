package reconcile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// The order in which changes are carried out.
var phases = map[state.Action]uint8{
	state.ActionCreate: 1, state.ActionLink: 2, state.ActionRelink: 3, state.ActionRestore: 4, state.ActionUpdate: 5,
	state.ActionDisable: 6, state.ActionUnlink: 7, state.ActionDelete: 8,
}

const phaseSilent = 9 // nothing is done, but there is something to say

// keysInMemory is how many changes are sorted by their full readable keys; larger plans are sorted by the keys' first bytes.
const keysInMemory = 50_000

// step is a row that the plan has something to say about.
type step struct {
	phase   uint8
	depth   int32
	leaving bool
	row     int32 // source row, or link if leaving
	order   uint64
	guid    state.GUID
	key     string
}

// Plan makes the plan from what has been read and hands it to sink.
func (b *Builder) Plan(sink planner.Sink) (planner.Totals, error) {
	s, err := b.prepare()
	if err != nil {
		return planner.Totals{}, err
	}
	return s.tell(sink)
}

// surveyed is a plan that is decided, and can be told.
type surveyed struct {
	*plan
	steps   []step
	records []int
}

// prepare pairs and decides about every row.
func (b *Builder) prepare() (*surveyed, error) {
	p := b.newPlan()
	p.protected = p.protect()
	p.match()
	steps, records, err := p.survey()
	return &surveyed{p, steps, records}, err
}

// tell hands the plan to sink.
func (p *surveyed) tell(sink planner.Sink) (planner.Totals, error) {
	idle, err := p.idleFindings()
	if err != nil {
		return planner.Totals{}, err
	}
	early := slices.Concat(p.b.set.Findings, p.early, p.unresolvedLinks(), idle)
	slices.SortStableFunc(early[:len(p.b.set.Findings)], func(a, b *planner.Finding) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Value, b.Value))
	})
	for _, f := range early {
		if err := sink.Finding(f); err != nil {
			return planner.Totals{}, err
		}
	}
	e := &emitter{p: p.plan, sink: sink, tally: tally{by: map[string]int{}}}
	if err := e.emit(p.steps, p.records); err != nil {
		return planner.Totals{}, err
	}
	return e.close()
}

// survey looks at every row once: quickly where fingerprints agree, with its values where they don't. It decides which rows are
// blocked before any change is written, because changes depend on each other.
func (p *plan) survey() (steps []step, records []int, err error) {
	var slow []int32
	for s := range p.nsrc {
		v := &p.verdicts[s]
		if v.outcome == outIgnored {
			continue
		}
		p.noteKept(s)
		var sum uint64
		if sum, v.agreed = p.quick(s); !v.agreed {
			v.outcome = outSlow
			slow = append(slow, int32(s))
		} else {
			if m := p.links.rows.Meta(int(v.link)); m.sum != sum || m.left || p.elsewhere(s, m) {
				records = append(records, s)
			}
			if !p.aliasesAgree(s) {
				p.differing = append(p.differing, int32(s))
			}
		}
	}
	if len(slow) > 0 {
		p.indexDesired()
	}
	steps = make([]step, 0, len(slow)+p.leaving()) // its capacity says how many there will be
	for _, s := range slow {
		st, err := p.surveyRow(int(s), cap(steps) <= keysInMemory)
		if err != nil {
			return nil, nil, err
		}
		steps = append(steps, st)
	}
	if steps, err = p.surveyLinks(steps); err != nil {
		return nil, nil, err
	}
	p.settleNeeds()
	for i := range steps {
		if depth, ok := p.needs.depth[steps[i].row]; ok && !steps[i].leaving {
			steps[i].phase, steps[i].depth = phases[state.ActionUpdate], int32(depth)
		}
	}
	sortSteps(steps)
	slices.SortFunc(records, p.compareGUID)
	return steps, records, nil
}

// leaving is how many links have lost their source objects.
func (p *plan) leaving() (n int) {
	for _, s := range p.linkSource {
		if s < 0 {
			n++
		}
	}
	return n
}

func (p *plan) surveyRow(s int, keepKey bool) (step, error) {
	d, err := p.decide(s)
	if err != nil {
		return step{}, err
	}
	v, m := &p.verdicts[s], p.srcMeta(s)
	v.outcome = d.outcome
	if v.flags&vDeleted == 0 {
		p.noteLoss(d.change, int(v.target), s)
	}
	st := step{phase: phaseSilent, row: int32(s), order: m.order, guid: m.guid}
	if keepKey {
		st.key = sortKey(d.key)
	}
	if d.change != nil {
		st.phase = phases[d.change.Action]
	}
	return st, nil
}

// sortKey is a readable key as it is sorted. It is a copy, because a key may share the memory of its whole object.
func sortKey(key string) string { return strings.Clone(strings.ToLower(key)) }

// surveyLinks adds the links whose source objects have left.
func (p *plan) surveyLinks(steps []step) ([]step, error) {
	useKeys := cap(steps) <= keysInMemory
	for l := range p.links.rows.Len() {
		if p.linkSource[l] >= 0 {
			continue
		}
		d, err := p.decideLeaving(l)
		if err != nil {
			return nil, err
		}
		st := step{phase: phaseSilent, leaving: true, row: int32(l), guid: p.links.rows.Meta(l).guid, order: orderOf(d.key)}
		if useKeys {
			st.key = sortKey(d.key)
		}
		if d.change != nil {
			st.phase = phases[d.change.Action]
			p.noteLoss(d.change, int(p.linkTarget[l]), -1)
		}
		steps = append(steps, st)
	}
	return steps, nil
}

// sortSteps brings steps into the order of their execution.
func sortSteps(steps []step) {
	slices.SortFunc(steps, func(a, b step) int {
		if c := cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.depth, b.depth), cmp.Compare(a.order, b.order)); c != 0 {
			return c
		}
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return slices.Compare(a.guid[:], b.guid[:])
	})
}

// selected reports whether --target and --exclude leave an address in the plan.
func (p *plan) selected(addr string) bool {
	covers := func(pattern string) bool {
		hit := pattern == addr || strings.HasPrefix(addr, pattern+"[")
		if hit {
			p.aimed[pattern] = true
		}
		return hit
	}
	if slices.ContainsFunc(p.b.set.Excludes, covers) {
		return false
	}
	return len(p.b.set.Targets) == 0 || slices.ContainsFunc(p.b.set.Targets, covers)
}

// protect resolves the guards' protect lists to tenant rows. A name that nobody has protects nobody, which must not go unnoticed.
func (p *plan) protect() map[int]string {
	rows := map[int]string{}
	for _, g := range p.b.set.Rules.Guards {
		for _, name := range g.Protect {
			known := len(rows)
			if t := p.findTenant(name); t >= 0 {
				rows[t] = name
			}
			p.tenAddress.Each(p.h.Fingerprint(&addressAttr, state.String(name)), func(i int) { rows[p.addressRow(i)] = name })
			if p.b.set.isSelf(name) || p.b.set.isOwnApplication(name) {
				continue // protected anyway, and an application is not among the accounts
			}
			if len(rows) == known && !slices.Contains(slices.Collect(maps.Values(rows)), name) && !p.inBin(name) {
				p.early = append(p.early, protectsNobody(g, name))
			}
		}
	}
	return rows
}

func (p *plan) unresolvedLinks() []*planner.Finding {
	var out []*planner.Finding
	for _, u := range p.unresolved {
		if u.source >= 0 && p.verdicts[u.source].link >= 0 {
			continue // it has served: the pair is recorded, whatever the account is called by now
		}
		if u.source < 0 || p.verdicts[u.source].flags&vBadLink == 0 {
			out = append(out, badLink(u.link, u.source < 0))
		}
	}
	return out
}
