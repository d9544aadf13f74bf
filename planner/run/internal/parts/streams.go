package parts

import (
	"slices"
	"sync/atomic"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Counted is a stream that counts its objects in n.
func Counted(objects providers.Objects, n *atomic.Int64) providers.Objects {
	return func(yield func(*state.Object, error) bool) {
		for o, err := range objects {
			if err == nil {
				n.Add(1)
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// Holders are the kinds of objects that hold names which nobody else can have, and that no scope synchronises.
func Holders(managed []state.Kind) (kinds []state.Kind) {
	for _, d := range state.Kinds {
		if len(d.Unique) > 0 && !slices.Contains(managed, d.Kind) {
			kinds = append(kinds, d.Kind)
		}
	}
	return kinds
}
