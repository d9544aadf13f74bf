// Package notes keeps what deciding comes across in many rows, to be told once about all of them.
package notes

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

// Add adds a row to those of an attribute.
func (r *RowsBy) Add(attribute string, row int) {
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

// New are no notes yet.
func New() *Notes { return &Notes{kept: map[string]*Crowd{}} }

// NoteKept notes the attributes that an account keeps although its source object has no value for them: the tenant does
// not let them be empty. Of a row whose values are not known, nothing is.
func (n *Notes) NoteKept(p *pair.Pairs, s int) {
	v, t := p.Verdict(s), p.Source.Table(s)
	if t.Aliases != nil {
		n.noteAliases(p, s, v, t)
	}
	if v.Target < 0 || v.Flags != 0 || t.Meta(s).Flags&table.SourceFailed != 0 {
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
	if t.Aliased && !t.Aliases.KeepNull && m.Aliases == table.AliasNone && v.Target >= 0 && v.Link >= 0 && v.Flags == 0 &&
		p.Tenant.Meta(int(v.Target)).Aliases != table.AliasEmpty {
		n.keptBy(t.Aliases.Target.Name).Add(&p.Source, s)
	}
}
