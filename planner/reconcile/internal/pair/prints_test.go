package pair

import (
	"testing"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// TestSpelt is about what the record knows of a name's spelling against where it matters: a record that does not know it
// finds no drift in it, and one that does finds none where it does not matter.
func TestSpelt(t *testing.T) {
	const name, other, low, high = 100, 200, 1, 3 // fingerprints of two names, and two spellings
	for _, c := range []struct {
		about          string
		matters        bool
		last           uint64
		have           uint64
		haveAs         uint32
		drifted, moved bool
	}{
		{"nothing recorded", true, 0, name, high, false, false},
		{"recorded without spelling, respelt by whomever", true, name, name, high, false, true},
		{"recorded as spelt, respelt in the tenant", true, state.Spelt(name, low), name, high, true, false},
		{"recorded as spelt, respelt at the source", true, state.Spelt(name, high), name, high, false, true},
		{"recorded as spelt, renamed in the tenant", true, state.Spelt(name, low), other, low, true, false},
		{"recorded without spelling, renamed in the tenant", true, name, other, low, true, false},
		{"recorded as spelt, which does not matter any more", false, state.Spelt(name, low), name, low, false, false},
		{"recorded as spelt, renamed in the tenant, and it does not matter", false, state.Spelt(name, low), other, low, true, false},
		{"recorded as spelt, renamed at the source, and it does not matter", false, state.Spelt(other, high), other, high, false, true},
		{"recorded without spelling, which does not matter", false, name, name, high, false, false},
	} {
		src := &table.Source{Mapping: &config.Mapping{CaseChanges: c.matters}, Columns: make([]table.Column, 1)}
		p := Prints{c.last, c.have, name}.spelt(src, c.haveAs, low)
		if p.Drifted() != c.drifted || p.Moved() != c.moved {
			t.Errorf("%s: drifted %v, moved %v", c.about, p.Drifted(), p.Moved())
		}
	}
}
