package judge

import (
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
)

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
