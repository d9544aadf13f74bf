package drift

import (
	"testing"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// The fingerprints of the two values that an attribute has here.
const on, off = 11, 22

// TestOf holds every combination of what was applied last, what the tenant has and what the policy says against the fate
// that follows.
func TestOf(t *testing.T) {
	for _, c := range []struct {
		name       string
		attribute  string
		last       uint64
		have, want uint64
		policy     config.LinkPolicy
		fate       Fate
	}{
		{"blocked in the tenant", "accountEnabled", on, off, on, config.LinkPolicy{OnDrift: "heal"}, LeaveOff},
		{"blocked, to be healed", "accountEnabled", on, off, on, config.LinkPolicy{OnDrift: "heal", HealSignIn: true}, Write},
		{"never applied", "accountEnabled", 0, off, on, config.LinkPolicy{OnDrift: "heal"}, LeaveOff},
		{"never applied, to be healed", "accountEnabled", 0, off, on, config.LinkPolicy{HealSignIn: true}, Write},
		{"on at the source", "accountEnabled", off, off, on, config.LinkPolicy{OnDrift: "report"}, Write},
		{"off at the source", "accountEnabled", on, on, off, config.LinkPolicy{OnDrift: "block"}, Write},
		{"on in the tenant", "accountEnabled", off, on, off, config.LinkPolicy{OnDrift: "heal"}, Write},
		{"on in the tenant, reported", "accountEnabled", off, on, off, config.LinkPolicy{OnDrift: "report"}, Leave},
		{"on in the tenant, stops", "accountEnabled", off, on, off, config.LinkPolicy{OnDrift: "block"}, StopsAll},
		{"blocked, stops", "accountEnabled", on, off, on, config.LinkPolicy{OnDrift: "block"}, StopsAll},
		{"edited", "department", on, off, on, config.LinkPolicy{OnDrift: "heal"}, Write},
		{"edited, reported", "department", on, off, on, config.LinkPolicy{OnDrift: "report"}, Leave},
		{"edited, stops", "department", on, off, on, config.LinkPolicy{OnDrift: "block"}, StopsAll},
		{"edited and changed at the source", "department", 33, off, on, config.LinkPolicy{OnDrift: "report"}, Write},
		{"edited, and not known", "department", 0, off, on, config.LinkPolicy{OnDrift: "block"}, Write},
	} {
		link := &state.Link{Shape: state.NewShape(c.attribute), Fingerprints: []uint64{c.last}}
		account := &table.Account{Of: state.User.Descriptor(), Object: state.Object{Shape: state.NewShape()}}
		of := &pair.Case{Verdict: &pair.Verdict{Link: 0}, Link: link, Live: account,
			Table: &table.Source{Of: account.Of, Policy: &c.policy}}
		value := func(print uint64) state.Value {
			if c.attribute == account.Of.SignIn {
				return state.Bool(print == on)
			}
			return state.String("a value")
		}
		ch := &state.AttributeChange{Name: c.attribute, Before: value(c.have), After: value(c.want)}
		if got := Of(of, ch, pair.Prints{Last: c.last, Have: c.have, Want: c.want}); got != c.fate {
			t.Errorf("%s: %d, not %d", c.name, got, c.fate)
		}
		of.Verdict.Link, of.Link = -1, nil
		if got := Of(of, ch, pair.Prints{Have: c.have, Want: c.want}); got != Write {
			t.Errorf("%s, of a pair that only comes about: %d", c.name, got)
		}
	}
}
