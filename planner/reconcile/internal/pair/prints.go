package pair

import (
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Prints are the fingerprints of an attribute of a recorded pair: of what was applied last, 0 where the record does not
// know, of what the tenant has, and of what is desired.
type Prints struct{ Last, Have, Want uint64 }

// Drifted reports whether the tenant does not have what was applied last.
func (p Prints) Drifted() bool { return p.Last != 0 && p.Last != p.Have }

// Moved reports whether something else is desired than was applied last.
func (p Prints) Moved() bool { return p.Last != 0 && p.Last != p.Want }

// Prints are the fingerprints of an attribute; have and want are those of what the tenant has and of what is desired, live
// and desired. Where the mapping says that the case of a user name matters, they are as it is spelt.
func (c *Case) Prints(a *state.Attribute, have, want uint64, live, desired state.Value) Prints {
	p := Prints{c.Applied(a.Name), have, want}
	if a.Name != c.Table.Of.UserName {
		return p
	}
	return p.spelt(c.Table, c.pairs.Hash.NameCase(live), c.pairs.Hash.NameCase(desired))
}

// spelt are the fingerprints of a user name of which have and want are the cases, see [state.Spelt]. The record knows the
// case only if it mattered when it was written: otherwise the name counts as spelt as the tenant has it.
func (p Prints) spelt(t *table.Source, have, want uint32) Prints {
	s := Prints{p.Last, state.Spelt(p.Have, have), state.Spelt(p.Want, want)}
	if t.SpeltCol() < 0 {
		p, s = s, p
	}
	switch p.Last {
	case 0:
	case p.Have:
		s.Last = s.Have
	case p.Want:
		s.Last = s.Want
	}
	return s
}
