package store

import (
	"errors"
	"fmt"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// RunInfo says which plan a run carries out.
type RunInfo struct {
	Command    string    // as the history has it; "" is apply
	Lineage    string    // the plan's; a record that does not exist yet is created with it
	Key        state.Key // likewise: the fingerprints of the plan are by it. The zero Key lets a new record mint its own
	Serial     int64     // the plan's
	SourceSID  string
	MovesFrom  string // the domain SID the record may have as well: this run makes it SourceSID
	TenantID   string
	PlanDigest string
	Allowed    []string // guard limits lifted with --allow, as LIMIT=N
	// Links is how many links there were when the plan was made, see [state.Deeds].
	Links int
	// Hosts are those that the run sends credentials to, see [Record]; nil leaves what is recorded of them.
	Hosts []string
	// Positions are those of the domain controllers that the run reads, see [Record]; nil leaves what is recorded.
	Positions map[string]Position
}

// Position is how far a domain controller had come when an apply read it.
type Position struct {
	Invocation string `json:"invocation"` // identifies its copy of the directory
	USN        int64  `json:"usn"`        // the last change it knew of, in its own counting
}

// ErrOtherState is wrapped by the refusal of a plan that was made from another record, directory or tenant.
var ErrOtherState = errors.New("the plan does not belong to this state")

// OtherStateError is that refusal. It wraps [ErrOtherState].
type OtherStateError struct {
	Reason string // what the plan was made from and what there is, with a small first letter and no full stop
}

// Error says what the plan was made from and what there is.
func (e *OtherStateError) Error() string { return fmt.Sprintf("%v: %s", ErrOtherState, e.Reason) }

// Fault adds what to do.
func (e *OtherStateError) Fault() *fault.Error {
	return &fault.Error{Summary: ErrOtherState.Error(), Err: errors.New(e.Reason),
		Hint: "Nothing was changed: plan again and apply the new plan."}
}

// Unwrap is [ErrOtherState].
func (e *OtherStateError) Unwrap() error { return ErrOtherState }
