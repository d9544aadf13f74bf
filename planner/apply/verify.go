package apply

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/planner/apply/internal/values"
	"github.com/dirform/dirform/state"
)

// verifier looks at what was written.
type verifier struct {
	*base
	checks []check
}

// check is a write that is to be seen at the tenant.
type check struct {
	kind    state.Kind
	id      string
	address string
	action  state.Action
	attrs   []state.AttributeChange // After is to be seen
	gone    bool                    // the object is not to be seen any more
	looks   int
	missing string // what was not to be seen last time
}

func (r *verifier) toVerify(c *state.Change, id string, attrs []state.AttributeChange) {
	r.verifyLater(check{kind: c.Kind, id: id, address: c.Address, action: c.Action, attrs: attrs, gone: c.Action == state.ActionDelete})
}

func (r *verifier) verifyLater(c check) {
	if !r.in.NoVerify {
		r.checks = append(r.checks, c)
	}
}

// verify looks once at the objects written lately, all in batches. The directory takes its time to show a write everywhere, so
// what does not show yet is looked at again with the next window, and only reported when it stays away.
func (r *verifier) verify() {
	if len(r.checks) == 0 || r.stopped() {
		return
	}
	checks := r.checks
	r.checks = nil
	byKind := map[state.Kind][]*check{}
	for i := range checks {
		byKind[checks[i].kind] = append(byKind[checks[i].kind], &checks[i])
	}
	for kind, cs := range byKind {
		r.see(kind, cs)
	}
	for _, c := range checks {
		switch {
		case c.missing == "":
		case c.looks >= attempts:
			r.announce(Event{Status: StatusWarning, Address: c.address, Kind: c.kind, Action: c.action, TargetID: c.id, Reason: c.missing})
		default:
			r.checks = append(r.checks, c)
		}
	}
}

// see fills in what is missing at the tenant.
func (r *verifier) see(kind state.Kind, checks []*check) {
	byID := map[string][]*check{}
	var ids, names []string
	for _, c := range checks {
		c.looks++
		c.missing = "the tenant does not show the object that was written"
		if c.gone {
			c.missing = ""
		}
		id := strings.ToLower(c.id)
		if byID[id] == nil {
			ids = append(ids, c.id)
		}
		byID[id] = append(byID[id], c)
		for _, a := range c.attrs {
			names = append(names, values.ReadAs(a.Name))
		}
	}
	for o, err := range r.in.Tenant.Lookup(r.soft, kind, ids, values.Shape(names)) {
		if err != nil {
			for _, c := range checks {
				c.missing = fmt.Sprintf("what was written could not be read back: %v", err)
			}
			return
		}
		for _, c := range byID[strings.ToLower(o.ID)] {
			c.missing = ""
			if c.gone {
				c.missing = "the tenant still shows the object that was deleted"
			} else if d := r.differing(kind, o, c.attrs); len(d) > 0 {
				c.missing = "the tenant does not show what was written to " + strings.Join(d, ", ") + "; the next plan tells whether it came through"
			}
		}
	}
}

// verifyRest looks again, a few times, at what did not show by the end of the run.
func (r *verifier) verifyRest() {
	for n := 0; len(r.checks) > 0 && r.pause(r.soft, n); n++ {
		r.verify()
	}
}
