package reconcile

import (
	"cmp"
	"iter"
	"slices"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/notes"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// Anchored is a living account that carries an anchor.
type Anchored struct {
	Anchor   string
	Kind     state.Kind
	TargetID string
	Name     string // what people know the account by
	Enabled  bool   // sign-in is allowed
	Mastered bool   // another sync engine masters it
	// Scope and GUID are those of the source object with the anchor; Scope is "" if no scope has one. Several says
	// that more than one object has it, so that the anchor does not tell whose account it is.
	Scope   string
	GUID    state.GUID
	Several bool
}

// Anchored lists the accounts that carry an anchor, in no particular order, whatever is recorded. Read the streams first.
func (b *Builder) Anchored() iter.Seq2[*Anchored, error] {
	p := b.pairs()
	return func(yield func(*Anchored, error) bool) {
		for i := range p.Tenant.Len() {
			m := p.Tenant.Meta(i)
			if m.Anchor == 0 {
				continue
			}
			o, err := p.Tenant.Load(i)
			if err != nil {
				yield(nil, err)
				return
			}
			a := &Anchored{Anchor: o.Get(o.Kind.Descriptor().Anchor).Str(), Kind: o.Kind, TargetID: o.ID,
				Name: table.Readable(o)}
			a.Enabled, a.Mastered = m.Flags&table.TenantEnabled != 0, m.Flags&table.TenantMastered != 0
			if s := p.SourceAnchored(m.Anchor); s >= 0 {
				a.Scope, a.GUID = p.Source.Table(s).Scope.Name, p.Source.Meta(s).GUID
				a.Several = p.Verdict(s).Is(pair.SameAnchor)
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

// anchors tells of anchors that speak against a first run, and of those that nobody knows. An anchor that another
// sync engine has given an account which it masters says nothing about dirform.
func (t *teller) anchors() error {
	var before notes.Crowd
	var strays []int
	for i := range t.Tenant.Len() {
		m := t.Tenant.Meta(i)
		if m.Anchor == 0 || m.Flags&table.TenantMastered != 0 {
			continue
		}
		switch s := t.anchoredTo(i, m.Anchor); {
		case s >= 0 && t.set.FirstRun:
			before.Add(&t.Source, s)
		case s < 0 && t.Free(i):
			strays = append(strays, i)
		}
	}
	if before.Count > 0 {
		if err := t.together(words.AnchoredBefore(before.Count), before.First); err != nil {
			return err
		}
	}
	return t.strayAnchors(strays)
}

// anchoredTo is the source row with the anchor of tenant row i, or -1. Of the accounts that have an owner it asks
// only on a first run, because nothing is told of them otherwise.
func (t *teller) anchoredTo(i int, anchor uint64) int {
	if !t.set.FirstRun && !t.Free(i) {
		return -1
	}
	return t.SourceAnchored(anchor)
}

// strayAnchors tells of the free accounts among tenant rows whose anchors are no recorded link's either. A plan that
// is aimed at some objects is not about them.
func (t *teller) strayAnchors(rows []int) error {
	if len(rows) == 0 || len(t.set.Targets) > 0 {
		return nil
	}
	recorded := map[uint64]bool{}
	for l := range t.Links.Len() {
		recorded[t.Links.Meta(l).Anchor] = true
	}
	n, enabled, first := 0, 0, []planner.ObjectRef{}
	for _, i := range rows {
		m := t.Tenant.Meta(i)
		if recorded[m.Anchor] {
			continue
		}
		if n++; m.Flags&table.TenantEnabled != 0 {
			enabled++
		}
		o, err := t.Tenant.Load(i)
		if err != nil {
			return err
		}
		ref := table.Ref(o)
		at, _ := slices.BinarySearchFunc(first, ref, func(a, b planner.ObjectRef) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.TargetID, b.TargetID))
		})
		if at < words.NamedTogether {
			first = slices.Insert(first, at, ref)
			first = first[:min(len(first), words.NamedTogether)]
		}
	}
	if n == 0 {
		return nil
	}
	f := words.StrayAnchors(n, enabled)
	f.Objects = first
	return t.finding(f)
}
