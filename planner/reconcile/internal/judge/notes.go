package judge

import (
	"maps"
	"slices"

	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
)

// Notes are what deciding comes across in many rows, to be told once about all of them.
type Notes struct {
	kept      map[string]*Crowd // attributes that cannot be cleared
	foreign   Crowd             // rows that want aliases in domains which are not the tenant's
	Differing []int32           // rows that agree in everything but their aliases
	Outside   RowsBy            // what they refer to, by an attribute such as manager, has no account
	// they refer to themselves, which Active Directory lets them and the tenant does not (inferred)
	Itself RowsBy
}

// Kept are the attributes that accounts keep although the tenant does not let them be empty and the source has no
// value, sorted.
func (n *Notes) Kept() []string { return slices.Sorted(maps.Keys(n.kept)) }

// KeptBy are the rows of such an attribute.
func (n *Notes) KeptBy(attribute string) *Crowd { return n.kept[attribute] }

// Foreign are the rows that want aliases in domains which are not the tenant's.
func (n *Notes) Foreign() *Crowd { return &n.foreign }

// Crowd counts source rows and keeps the first of them in the order of GUIDs.
type Crowd struct {
	Count int
	First []int
}

// Add counts row s.
func (c *Crowd) Add(rows *table.SourceRows, s int) {
	c.Count++
	i, _ := slices.BinarySearchFunc(c.First, s, rows.CompareGUID)
	if i < words.NamedTogether {
		c.First = slices.Insert(c.First, i, s)
		c.First = c.First[:min(len(c.First), words.NamedTogether)]
	}
}

// RowsBy are sets of source rows by attribute; its zero value is empty.
type RowsBy map[string]map[int]bool

func (r *RowsBy) add(attribute string, row int) {
	if *r == nil {
		*r = RowsBy{}
	}
	if (*r)[attribute] == nil {
		(*r)[attribute] = map[int]bool{}
	}
	(*r)[attribute][row] = true
}

// Attributes are those with rows, sorted.
func (r RowsBy) Attributes() []string { return slices.Sorted(maps.Keys(r)) }

// Rows lists the rows of an attribute, in no order.
func (r RowsBy) Rows(attribute string) []int { return slices.Collect(maps.Keys(r[attribute])) }

// noteKept notes the attributes that an account keeps although its source object has no value for them: the tenant does
// not let them be empty.
func (n *Notes) noteKept(p *pair.Pairs, s int) {
	v, t := p.Verdict(s), p.Source.Table(s)
	if t.Aliases != nil {
		n.noteAliases(p, s, v, t)
	}
	if v.Target < 0 || v.Flags != 0 {
		return
	}
	want, have := t.FP(s), p.Tenant.FP(int(v.Target))
	for _, i := range t.NotNull {
		if want[i] != 0 || have[i] == t.NilFP {
			continue
		}
		n.keptBy(t.Layout.Cols[i].Name).Add(&p.Source, s)
	}
}

// keptBy are the rows whose accounts keep an attribute.
func (n *Notes) keptBy(attribute string) *Crowd {
	c := n.kept[attribute]
	if c == nil {
		c = &Crowd{}
		n.kept[attribute] = c
	}
	return c
}

// noteAliases notes a linked row whose mapping has no aliases while its account does, and one that wants aliases which
// the tenant cannot have. Where no object of the scope has any, the source does not keep aliases at all, which is
// nothing to tell of.
func (n *Notes) noteAliases(p *pair.Pairs, s int, v *pair.Verdict, t *table.Source) {
	m := t.Meta(s)
	if m.Flags&table.SourceForeignAlias != 0 && !p.Idle(s) {
		n.foreign.Add(&p.Source, s)
	}
	if t.Aliased && m.Aliases == table.AliasNone && v.Target >= 0 && v.Link >= 0 && v.Flags == 0 &&
		p.Tenant.Meta(int(v.Target)).Aliases != table.AliasEmpty {
		n.keptBy(t.Aliases.Target.Name).Add(&p.Source, s)
	}
}

// Fallbacks are the source rows whose accounts keep going by a fallback name; no change tells of them.
func (j *Judge) Fallbacks() (rows []int) {
	for _, t := range j.Source.Tables {
		if !t.FallsBack() {
			continue
		}
		for s := t.First; s < t.First+t.Len(); s++ {
			if j.keepsFallback(s) {
				rows = append(rows, s)
			}
		}
	}
	return rows
}

// keepsFallback reports whether source row s is linked to an account that goes by its fallback name already, and will
// go on.
func (j *Judge) keepsFallback(s int) bool { return j.KeepsFallback(s) && !j.states[s].stuck }

// Mastered counts the tenant's objects that another sync engine masters, kind by kind, of the kinds that tell and were
// read.
func (j *Judge) Mastered() (counts []words.Count) {
	for _, t := range j.Tenant.Tables {
		if t.Layout.Of.Master == "" {
			continue
		}
		c := words.Count{Of: t.Layout.Of}
		for i := t.First; i < t.First+t.Len(); i++ {
			if t.Meta(i).Flags&table.TenantMastered != 0 {
				c.N++
			}
		}
		counts = append(counts, c)
	}
	return counts
}
