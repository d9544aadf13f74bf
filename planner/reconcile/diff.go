package reconcile

import (
	"slices"
	"strconv"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// hexFP writes a fingerprint as plans carry it.
func hexFP(fp uint64) string {
	s := strconv.FormatUint(fp, 16)
	return "0000000000000000"[len(s):] + s
}

// quick compares a linked source row with its account by fingerprints alone. It reports true if nothing has to be written; sum
// is then what appliedSum gives.
func (p *plan) quick(s int) (sum uint64, ok bool) {
	v := &p.verdicts[s]
	if v.flags != 0 || v.link < 0 || v.target < 0 {
		return 0, false
	}
	t := p.srcTable(s)
	m := t.rows.Meta(s - t.first)
	account := p.tenMeta(int(v.target))
	if m.flags&srcFailed != 0 || account.anchor != m.anchor || account.flags&tenSynced != 0 {
		return 0, false
	}
	if !t.enables && p.links.rows.Meta(int(v.link)).left && p.tenMeta(int(v.target)).flags&tenEnabled == 0 {
		return 0, false // it may have to be enabled again, see enableAgain
	}
	want, have := t.rows.FP(s-t.first), p.tenFP(int(v.target))
	for i, c := range t.layout.cols {
		fp, known := want[i], want[i] != 0
		if c.Type == state.TypeReference {
			fp, known = p.reference(s, t, fp)
		}
		switch {
		case !known:
		case fp != have[i]:
			return 0, false
		default:
			sum += fpSum(i, fp)
		}
	}
	return sum, true
}

// crowd counts source rows and keeps the first of them in the order of GUIDs.
type crowd struct {
	count int
	first []int
}

func (c *crowd) add(p *plan, s int) {
	c.count++
	i, _ := slices.BinarySearchFunc(c.first, s, p.compareGUID)
	if i < namedTogether {
		c.first = slices.Insert(c.first, i, s)
		c.first = c.first[:min(len(c.first), namedTogether)]
	}
}

// noteKept notes the attributes that an account keeps although its source object has no value for them: the tenant does
// not let them be empty.
func (p *plan) noteKept(s int) {
	v, t := &p.verdicts[s], p.srcTable(s)
	if t.aliases != nil {
		p.noteAliases(s, v, t)
	}
	if v.target < 0 || v.flags != 0 {
		return
	}
	want, have := t.rows.FP(s-t.first), p.tenFP(int(v.target))
	for _, i := range t.notNull {
		if want[i] != 0 || have[i] == t.nilFP {
			continue
		}
		p.keep(t.layout.cols[i].Name, s)
	}
}

// keep notes that a row's account keeps an attribute.
func (p *plan) keep(attribute string, s int) {
	c := p.kept[attribute]
	if c == nil {
		c = &crowd{}
		p.kept[attribute] = c
	}
	c.add(p, s)
}

// reference resolves a reference's desired fingerprint (the hash of a distinguished name) to that of the tenant object it
// stands for. known is false where the reference is left alone: it isn't managed, or what it points to has no account.
func (p *plan) reference(s int, t *sourceTable, want uint64) (fp uint64, known bool) {
	switch want {
	case 0:
		return 0, false
	case t.nilFP:
		return want, true
	}
	m := p.srcDN.First(want)
	if m < 0 {
		p.orphans.add(s)
		return 0, false
	}
	if p.srcMeta(m).guid == p.srcMeta(s).guid {
		p.ownManagers.add(s)
		return 0, false
	}
	v := &p.verdicts[m]
	switch {
	case p.settled && (v.outcome == outBlocked || v.outcome == outIgnored), v.flags&^(vDeleted|vNeedBlocked) != 0:
		return 0, false
	case v.target >= 0 && v.flags&vDeleted == 0:
		return p.tenMeta(int(v.target)).id, true
	case v.target >= 0:
		return p.delMeta(int(v.target)).id, true
	}
	return pendingFP, true
}

// pendingFP is the fingerprint of a reference to an account that the plan creates: no account has it.
const pendingFP = 2

// managerless gathers the source rows whose manager has no account.
type managerless map[int]bool

func (m *managerless) add(row int) {
	if *m == nil {
		*m = managerless{}
	}
	(*m)[row] = true
}

// compare adds the i-th column's change to s.attrs, if there is one, and notes its fingerprint as it will be applied.
func (s *subject) compare(i int, c column, creating bool) {
	want := s.p.srcFP(s.row)[c.col]
	if want == 0 {
		return
	}
	a := c.m.Target
	ch := state.AttributeChange{Name: a.Name, After: s.desired[i]}
	if a.Type == state.TypeReference {
		var known bool
		if want, known = s.p.reference(s.row, s.table, want); !known {
			return
		}
		if ch.After, ch.AfterName, s.err = s.p.referenceValue(s.row, s.table, c.col, want); s.err != nil {
			return
		}
	}
	if want != pendingFP && s.prints != nil {
		s.prints[a.Name] = hexFP(want)
	}
	if creating {
		if !ch.After.IsNull() {
			s.attrs = append(s.attrs, ch)
		}
		return
	}
	before := s.live.Values[s.table.layout.at[c.col]]
	have := s.table.h.Fingerprint(a, before)
	if have == want {
		return
	}
	if !isEmpty(before) {
		ch.Before = before
	}
	if locks(a, s.live) {
		s.locked = append(s.locked, ch)
		return
	}
	if a.Type == state.TypeReference {
		ch.BeforeName = s.p.tenantName(have)
	}
	ch.Drift = s.drifted(a.Name, have)
	s.moved = s.moved || ch.Drift && s.drifted(a.Name, want)
	s.why = append(s.why, s.table.declaredAt(c.m))
	s.attrs = append(s.attrs, ch)
}

// tenantName is what people know the account by that a reference points to, "" if it is not among the living.
func (p *plan) tenantName(reference uint64) string {
	t := p.tenID.First(reference)
	if t < 0 {
		return ""
	}
	o, err := p.loadTenant(t)
	if err != nil {
		return ""
	}
	return readableTenant(o)
}

// declaredAt is where a person asked for an attribute: its own line, or the mapping whose preset brought it.
func (t *sourceTable) declaredAt(m *config.AttributeMapping) string {
	if m.Preset {
		return t.mapping.DeclaredAt
	}
	return m.DeclaredAt
}

// drifted reports whether a live fingerprint is not the one last applied.
func (s *subject) drifted(name string, have uint64) bool {
	if s.link == nil {
		return false
	}
	j := s.link.Shape.Index(name)
	return j >= 0 && s.link.Fingerprints[j] != 0 && s.link.Fingerprints[j] != have
}

// referenceValue is the value of a resolved reference, the target's id or its anchor if the plan creates it, and what people know
// the target by.
func (p *plan) referenceValue(s int, t *sourceTable, col int, resolved uint64) (v state.Value, name string, err error) {
	if resolved == t.nilFP {
		return state.Null(), "", nil
	}
	if !p.settled {
		return state.String(state.PendingRef), "", nil // nobody looks at it while rows are surveyed
	}
	m := p.srcDN.First(p.srcFP(s)[col])
	target, err := p.subject(m)
	if err != nil {
		return state.Null(), "", err
	}
	if resolved == pendingFP {
		return state.String(state.PendingRef + target.anchor), target.key, nil
	}
	return state.String(target.live.ID), target.key, nil
}

// appliedSum is the sum of a row's fingerprints as they are now agreed on, to compare with what the link remembers.
func (p *plan) appliedSum(s int) uint64 {
	t := p.srcTable(s)
	want, have := p.srcFP(s), p.tenFP(int(p.verdicts[s].target))
	var sum uint64
	for i, c := range t.layout.cols {
		switch {
		case want[i] == 0:
		case c.Type == state.TypeReference:
			if _, known := p.reference(s, t, want[i]); known {
				sum += fpSum(i, have[i])
			}
		default:
			sum += fpSum(i, want[i])
		}
	}
	return sum
}

// refresh is the record of an unchanged object whose link remembers something else, or nil.
func (s *subject) refresh() *planner.Record {
	if s.v.target < 0 || s.v.flags&vDeleted != 0 {
		return nil
	}
	if m := s.p.links.rows.Meta(int(s.v.link)); m.sum == s.p.appliedSum(s.row) && !m.left && !s.p.elsewhere(s.row, m) {
		return nil
	}
	r := &planner.Record{Anchor: s.anchor, Scope: s.table.scope.Name, SourceGUID: s.obj.GUID.String(), Fingerprints: map[string]string{}}
	want, have := s.p.srcFP(s.row), s.p.tenFP(int(s.v.target))
	for i, c := range s.table.layout.cols {
		fp := want[i]
		if c.Type == state.TypeReference {
			if _, known := s.p.reference(s.row, s.table, fp); !known {
				continue
			}
			fp = have[i]
		}
		if fp != 0 {
			r.Fingerprints[c.Name] = hexFP(fp)
		}
	}
	return r
}
