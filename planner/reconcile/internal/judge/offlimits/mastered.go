package offlimits

import (
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// Synced reports whether another sync engine masters a tenant object: the service refuses changes by anybody else. Only
// true says so; false and null both mean that nobody else does.
func Synced(live *table.Account) bool { return live.Get(live.Of.Master).Bool() }

// OnceSynced reports whether another sync engine masters a tenant object or did so once, which locks some attributes
// for good.
//
// The trace is the time of its last synchronisation. That an account keeps it after its conversion is inferred: the
// tools that clear what an engine has left on an account leave that alone. An account that has lost it is taken for one
// that never was synchronised, and then the service refuses the write, for that one account. One that has it although
// it could be written keeps its values, and the finding says so; that is the harmless side to err on.
func OnceSynced(live *table.Account) bool {
	return !live.Get(live.Of.Master).IsNull() || !live.Get(live.Of.Trace).IsEmpty()
}

// Locks reports whether the service refuses changes of an attribute because of what another sync engine has left on the
// account.
func Locks(a *state.Attribute, live *table.Account) bool { return a.Lockable && OnceSynced(live) }

// Mastered counts the tenant's objects that another sync engine masters, kind by kind, of the kinds that tell and were
// read.
func Mastered(tenant *table.TenantRows) (counts []words.Count) {
	for _, t := range tenant.Tables {
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
