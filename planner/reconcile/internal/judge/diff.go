package judge

import (
	"strconv"

	"github.com/dirform/dirform/planner/reconcile/internal/judge/drift"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// hexFP writes a fingerprint as plans carry it.
func hexFP(fp uint64) string {
	s := strconv.FormatUint(fp, 16)
	return "0000000000000000"[len(s):] + s
}

// Glance compares source row s with its account by fingerprints alone. decide says that they differ, and the row has to
// be decided about with its values; refresh that they agree, and the record remembers something else.
func (j *Judge) Glance(s int) (decide, refresh bool) {
	st := &j.states[s]
	if st.outcome == Ignored {
		return false, false
	}
	j.Notes.NoteKept(j.Pairs, s)
	var sum uint64
	if sum, st.agreed = j.quick(s); !st.agreed {
		st.outcome = Undecided
		return true, false
	}
	if !j.aliases.Agree(s) {
		j.Notes.Differing = append(j.Notes.Differing, int32(s))
	}
	m := j.Links.Meta(int(j.Verdict(s).Link))
	return false, m.Sum != sum || m.Left || j.Elsewhere(s, m)
}

// quick compares a linked source row with its account by fingerprints alone. It reports true if nothing has to be
// written; sum is then that of the fingerprints which the record is to have.
func (j *Judge) quick(s int) (sum uint64, ok bool) {
	v := j.Verdict(s)
	if v.Flags != 0 || v.Link < 0 || v.Target < 0 {
		return 0, false
	}
	t := j.Source.Table(s)
	m := t.Meta(s)
	account := j.Tenant.Meta(int(v.Target))
	if m.Flags&table.SourceFailed != 0 || t.Anchored && account.Anchor != m.Anchor ||
		account.Flags&table.TenantMastered != 0 || m.NameCase != 0 && m.NameCase != account.NameCase {
		return 0, false
	}
	if !t.Enables && j.Links.Meta(int(v.Link)).Left && account.Flags&table.TenantEnabled == 0 {
		return 0, false // it may have to be enabled again, see enableAgain
	}
	want, have, spelt := t.FP(s), j.Tenant.FP(int(v.Target)), t.SpeltCol()
	for i, c := range t.Layout.Cols {
		fp, known := want[i], want[i] != 0
		if c.Type == state.TypeReference {
			fp, known = j.Reference(s, t, c, fp)
		}
		switch {
		case !known:
		case fp != have[i]:
			return 0, false
		case i == spelt:
			sum += table.FPSum(i, state.Spelt(fp, m.NameCase))
		default:
			sum += table.FPSum(i, fp)
		}
	}
	return sum, true
}

// Reference resolves a reference's desired fingerprint (the hash of a distinguished name) to that of the tenant object
// it stands for. known is false where the reference is left alone: it isn't managed, or what it points to has no
// account.
func (j *Judge) Reference(s int, t *table.Source, a *state.Attribute, want uint64) (fp uint64, known bool) {
	switch want {
	case 0:
		return 0, false
	case t.NilFP:
		return want, true
	}
	m := j.Source.ByDN.First(want)
	if m < 0 {
		j.Notes.Outside.Add(a.Name, s)
		return 0, false
	}
	if j.Source.Meta(m).GUID == j.Source.Meta(s).GUID {
		j.Notes.Itself.Add(a.Name, s)
		return 0, false
	}
	v := j.Verdict(m)
	switch {
	case j.settled && (j.states[m].outcome == Blocked || j.states[m].outcome == Ignored && !leftOut(j, m)),
		v.Flags&^pair.InBin != 0:
		return 0, false
	case v.Target >= 0 && !v.Is(pair.InBin):
		return j.Tenant.Meta(int(v.Target)).ID, true
	case v.Target >= 0:
		return j.Bin.Meta(int(v.Target)).ID, true
	}
	return pendingFP, true
}

// pendingFP is the fingerprint of a reference to an account that the plan creates: no account has it.
const pendingFP = 2

// referenceValue is the value of a resolved reference, the target's id or its anchor if the plan creates it, and what
// people know the target by.
func (j *Judge) referenceValue(s int, t *table.Source, col int, resolved uint64) (v state.Value, name string,
	err error) {
	if resolved == t.NilFP {
		return state.Null(), "", nil
	}
	if !j.settled {
		return state.String(state.PendingRef), "", nil // nobody looks at it while rows are surveyed
	}
	target, err := j.Case(j.Source.ByDN.First(t.FP(s)[col]))
	if err != nil {
		return state.Null(), "", err
	}
	if resolved == pendingFP {
		return state.String(state.PendingRef + target.Anchor), target.Key, nil
	}
	return state.String(target.Live.ID), target.Key, nil
}

// TenantName is what people know the account by that a reference points to, "" if it is not among the living.
func (j *Judge) TenantName(reference uint64) string {
	t := j.Tenant.ByID.First(reference)
	if t < 0 {
		return ""
	}
	o, err := j.Tenant.Load(t)
	if err != nil {
		return ""
	}
	return table.Readable(o)
}

// compare adds the i-th column's change to d.attrs, if there is one, and notes its fingerprint as it will be applied.
func (d *draft) compare(i int, c table.Column, creating bool) {
	want := d.Table.FP(d.Row)[c.Col]
	if want == 0 {
		return
	}
	a := c.Mapping.Target
	ch := state.AttributeChange{Name: a.Name, After: d.Desired[i]}
	if a.Type == state.TypeReference {
		var known bool
		if want, known = d.j.Reference(d.Row, d.Table, a, want); !known {
			return
		}
		if m := d.unlinked(c.Col); m >= 0 && !d.j.settled {
			d.j.aim.Refer(d.Row, m)
		}
		if ch.After, ch.AfterName, d.err = d.j.referenceValue(d.Row, d.Table, c.Col, want); d.err != nil {
			return
		}
	}
	var before state.Value
	if !creating {
		before = d.Live.Values[d.Table.Layout.At[c.Col]]
	}
	have := d.j.Hash.Of(a, before)
	p := d.Prints(a, have, want, before, ch.After)
	if want != pendingFP && d.prints != nil {
		d.prints[a.Name] = hexFP(p.Want)
	}
	if creating {
		if !ch.After.IsNull() {
			d.attrs = append(d.attrs, ch)
		}
		return
	}
	if p.Have == p.Want {
		return
	}
	if d.KeptOnLink(c.Mapping, want) {
		d.keepPrint(a.Name)
		return
	}
	if !before.IsEmpty() {
		ch.Before = before
	}
	if offlimits.Keeps(a, d.Live) {
		d.kept = append(d.kept, a.Name)
		d.keepPrint(a.Name)
		return
	}
	if offlimits.Locks(a, d.Live) {
		d.locked = append(d.locked, ch)
		d.keepPrint(a.Name)
		return
	}
	if a.Type == state.TypeReference {
		ch.BeforeName = d.j.TenantName(have)
	}
	ch.Drift = p.Drifted()
	if fate := drift.Of(&d.Case, &ch, p); fate == drift.StopsAll {
		d.drifted = append(d.drifted, a.Name)
	} else if fate != drift.Write {
		d.leave(drift.Left{AttributeChange: ch, Fate: fate})
		return
	}
	d.moved = d.moved || ch.Drift && p.Moved()
	d.why = append(d.why, d.Table.DeclaredAt(c.Mapping))
	d.attrs = append(d.attrs, ch)
}
