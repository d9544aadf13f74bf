package judge

import (
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// applied are the fingerprints of a linked case's columns as the record is to have them, 0 where it is to know none,
// and their sum. What both sides agree on counts as applied; where they differ, and nothing is written, the record keeps
// what it has, be it that it knows of no value. written is the attribute that is written all the same, or "". forgets
// says that the record is to know nothing of what the source says nothing about.
func (j *Judge) applied(c *pair.Case, written string, forgets bool) (prints []uint64, sum uint64) {
	want, have, spelt := c.Table.FP(c.Row), j.Tenant.FP(int(c.Verdict.Target)), c.Table.SpeltCol()
	prints = make([]uint64, len(want))
	for i, a := range c.Table.Layout.Cols {
		fp := want[i]
		if a.Type == state.TypeReference {
			fp, _ = j.Reference(c.Row, c.Table, a, fp)
		}
		has := have[i]
		if i == spelt {
			fp = state.Spelt(fp, c.Table.Meta(c.Row).NameCase)
			has = state.Spelt(has, j.Tenant.Meta(int(c.Verdict.Target)).NameCase)
		}
		if fp != has && a.Name != written && !(fp == 0 && forgets) {
			fp = c.Applied(a.Name)
		}
		prints[i] = fp
		sum += table.FPSum(i, fp)
	}
	return prints, sum
}

// Refresh is the record of an unchanged object whose link remembers something else, or nil.
func (j *Judge) Refresh(c *pair.Case) *planner.Record {
	v := c.Verdict
	if v.Target < 0 || c.InBin() {
		return nil
	}
	prints, sum := j.applied(c, "", true)
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
	written := ""
	if off {
		written = d.Table.Of.SignIn
	}
	prints, sum := d.j.applied(&d.Case, written, false)
	if d.j.Links.Meta(int(d.Verdict.Link)).Sum == sum {
		return nil
	}
	return &planner.Record{Anchor: d.Link.Anchor, Scope: d.Link.Scope, Fingerprints: printsOf(&d.Case, prints)}
}
