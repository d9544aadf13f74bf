package judge

import (
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// keeps says of which attributes, by column, the record keeps what it has; nil stands for none.
type keeps func(col int, a *state.Attribute) bool

// applied are the fingerprints of a linked case's columns as the record is to have them, 0 where it is to know none,
// and their sum: what both sides agree on counts as applied.
func (j *Judge) applied(c *pair.Case, kept keeps) (prints []uint64, sum uint64) {
	want, have := c.Table.FP(c.Row), j.Tenant.FP(int(c.Verdict.Target))
	prints = make([]uint64, len(want))
	for i, a := range c.Table.Layout.Cols {
		fp := want[i]
		switch {
		case kept != nil && kept(i, a):
			fp = c.Applied(a.Name)
		case fp == 0:
		case a.Type == state.TypeReference:
			if _, known := j.Reference(c.Row, c.Table, a, fp); known {
				fp = have[i]
			} else {
				fp = 0
			}
		}
		prints[i] = fp
		sum += table.FPSum(i, fp)
	}
	return prints, sum
}

// Refresh is the record of an unchanged object whose link remembers something else, or nil.
func (j *Judge) Refresh(c *pair.Case) *planner.Record { return j.refresh(c, nil) }

// refresh is Refresh for an object some of whose attributes are left as somebody else has changed them: those kept.
func (j *Judge) refresh(c *pair.Case, kept keeps) *planner.Record {
	v := c.Verdict
	if v.Target < 0 || c.InBin() {
		return nil
	}
	prints, sum := j.applied(c, kept)
	if m := j.Links.Meta(int(v.Link)); m.Sum == sum && !m.Left && !j.Elsewhere(c.Row, m) {
		return nil
	}
	return &planner.Record{Anchor: c.Anchor, Scope: c.Table.Scope.Name, SourceGUID: c.Object.GUID.String(),
		Fingerprints: printsOf(c, prints)}
}

// printsOf are fingerprints by the names of a case's columns, those that are not known left out.
func printsOf(c *pair.Case, prints []uint64) map[string]string {
	named := map[string]string{}
	for i, a := range c.Table.Layout.Cols {
		if prints[i] != 0 {
			named[a.Name] = hexFP(prints[i])
		}
	}
	return named
}

// refreshStopped is the record of an object that findings stop, nil if there is nothing to note: the values on which
// both sides agree by now count as applied, and of the others the record keeps what it has. off says that sign-in is
// turned off all the same.
func (d stop) refreshStopped(off bool) *planner.Record {
	if !d.Linked() || d.Verdict.Flags != 0 || d.LiveRow < 0 || d.Link.Left {
		return nil
	}
	want, have := d.Table.FP(d.Row), d.j.Tenant.FP(d.LiveRow)
	prints, sum := d.j.applied(&d.Case, func(i int, a *state.Attribute) bool {
		fp := want[i]
		if fp != 0 && a.Type == state.TypeReference {
			fp, _ = d.j.Reference(d.Row, d.Table, a, fp)
		}
		return fp != have[i] && !(off && a.Name == d.Table.Of.SignIn)
	})
	if d.j.Links.Meta(int(d.Verdict.Link)).Sum == sum {
		return nil
	}
	return &planner.Record{Anchor: d.Link.Anchor, Scope: d.Link.Scope, Fingerprints: printsOf(&d.Case, prints)}
}
