package leaving

import (
	"testing"

	"github.com/dirform/dirform/state"
)

// TestLeavingsAreKnown: whatever a descriptor lets policies do about leavers can be done.
func TestLeavingsAreKnown(t *testing.T) {
	for _, d := range state.Kinds {
		for _, name := range d.Leaving {
			if l := policies[name]; l.do == nil || l.withGrace == nil {
				t.Errorf("%s: nobody knows what leaving = %q does", d.Kind, name)
			}
		}
	}
}
