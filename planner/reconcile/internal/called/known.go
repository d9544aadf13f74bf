package called

import (
	"iter"

	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Known is an object of either side with the names by which people know it, its distinguished name aside: user name,
// mail addresses, display and logon name.
type Known struct {
	Object *state.Object
	Names  []string
}

// Objects are all objects of both sides, the recycle bin's last. Ranging over it reads every row back.
func Objects(source *table.SourceRows, tenant, bin *table.TenantRows) iter.Seq2[Known, error] {
	return func(yield func(Known, error) bool) {
		for row := range source.Len() {
			o, err := source.Load(row)
			if err != nil {
				yield(Known{}, err)
				return
			}
			if !yield(Known{o, table.SourceNames(o)}, nil) {
				return
			}
		}
		for _, side := range []*table.TenantRows{tenant, bin} {
			for row := range side.Len() {
				a, err := side.Load(row)
				if err != nil {
					yield(Known{}, err)
					return
				}
				if !yield(Known{&a.Object, a.KnownAs()}, nil) {
					return
				}
			}
		}
	}
}
