package run

import (
	"fmt"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/visible"
)

// aimed refuses Targets and Excludes with addresses that nothing has: a misspelt one would look like a plan without changes, or let
// through what was to be left out.
func aimed(t planner.Totals) error {
	if len(t.Unaimed) == 0 {
		return nil
	}
	e := &fault.Error{
		Summary: "Nothing has the address " + strings.Join(t.Unaimed, " or "),
		Detail:  "--target and --exclude take addresses and names of objects in scope or recorded, and nothing has those given.",
		Hint: "Write an address as plan shows it: user.staff for a scope, 'user.staff[\"jane@contoso.com\"]' for one object, quoted for the " +
			"shell; or a name, as explain takes it.",
	}
	if len(t.Meant) > 0 {
		e.Detail += " Did you mean " + strings.Join(t.Meant, " or ") + "?"
	}
	return e
}

// belongs refuses a reviewed plan that was made from another record. Where none exists yet, the plan's lineage becomes that of the
// record, so it must have the form of one.
func belongs(h planner.Header, m store.Meta) error {
	_, isID := state.ParseGUID(h.State.Lineage)
	switch {
	case m.Exists && h.State.Lineage != m.Lineage:
		return &store.OtherStateError{Reason: visible.Sprintf("it was made for the state lineage %s, and the state is of "+
			"lineage %s", h.State.Lineage, m.Lineage)}
	case !m.Exists && h.State.Serial != 0:
		return &store.OtherStateError{Reason: fmt.Sprintf("it was made at serial %d of a state, and there is no state now", h.State.Serial)}
	case !m.Exists && !isID:
		return &store.OtherStateError{Reason: fmt.Sprintf("its lineage %q is none", h.State.Lineage)}
	}
	return nil
}

// sameDirectories refuses a reviewed plan that was made from another domain or for another tenant.
func sameDirectories(reviewed, fresh planner.Header) error {
	if reviewed.Source.SID == fresh.Source.SID && reviewed.Tenant.ID == fresh.Tenant.ID {
		return nil
	}
	return &fault.Error{Summary: "The plan was made for other directories",
		Detail: visible.Sprintf("It is for domain %s (%s) and tenant %s; the configuration reaches "+
			"domain %s (%s) and tenant %s.",
			reviewed.Source.Domain, reviewed.Source.SID, reviewed.Tenant.ID, fresh.Source.Domain, fresh.Source.SID, fresh.Tenant.ID),
		Hint: "Apply it with the configuration it was made with, or make a new plan."}
}

// Refused is a plan that guards refuse, or findings about the plan as a whole. Nothing was changed.
type Refused struct {
	Guards []planner.GuardResult // the limits that are exceeded; empty if something else stands against the plan
	// SwitchOffs is how many changes of today's plan turn sign-in off and could be made alone.
	SwitchOffs int
	Code       string // of the first finding that refuses the plan
}

// FindingCode is Code, for errors in JSON.
func (e *Refused) FindingCode() string { return e.Code }

// Error says which limits are exceeded.
func (e *Refused) Error() string {
	var why []string
	for _, g := range e.Guards {
		why = append(why, visible.Sprintf("guard %q allows %s %v, planned are %v",
			g.Name, g.Limit, g.Allowed, g.Planned))
	}
	if len(why) == 0 {
		why = append(why, "an error finding concerns the plan as a whole")
	}
	return strings.Join(why, "; ") + ". Nothing was changed."
}

// tripped are the limits that are exceeded.
func tripped(guards []planner.GuardResult) (list []planner.GuardResult) {
	for _, g := range guards {
		if g.Tripped {
			list = append(list, g)
		}
	}
	return list
}
