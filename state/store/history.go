package store

import (
	"time"

	"github.com/dirform/dirform/state"
)

// The commands whose runs have seen whole scopes.
const (
	// CommandApply is what runs do that carry a plan out.
	CommandApply = "apply"
	// CommandUndo is what runs do that undo another one.
	CommandUndo = "undo"
	// CommandRebuild made the record anew.
	CommandRebuild = "state rebuild"
)

// KeepJournals is how many runs' journals a record keeps; older runs stay in the history without their steps.
const KeepJournals = 100

// How a run ended.
const (
	OutcomeApplied     = "applied"     // everything was done
	OutcomePartial     = "partial"     // some changes failed or were skipped
	OutcomeInterrupted = "interrupted" // stopped by a person; the record is true
	OutcomeFailed      = "failed"      // stopped by an error
	OutcomeDied        = "died"        // cut off: a later run found it without an end
)

// ScopeCount is what a run's plan saw of a scope: how many objects, for the guard against a shrunken source, and how they were mapped.
type ScopeCount struct {
	Scope   string     `json:"scope"`
	Kind    state.Kind `json:"kind"`
	Objects int        `json:"objects"`  // read from the directory
	InScope int        `json:"in_scope"` // left after the scope's own condition
	// Mapping tells one attribute's expression from another, by attribute: a short digest of its text.
	Mapping map[string]string `json:"mapping,omitempty"`
}

// Run is one entry of the history. It names no people.
type Run struct {
	ID         int64
	Command    string // "apply", "state rm" or "state rebuild"
	Serial     int64  // of the record once the run had written
	Started    time.Time
	Finished   time.Time    // zero while it runs, or if it was cut off
	Outcome    string       // empty while it runs, or if it was cut off and nothing ran since
	Counts     state.Counts // of a run without an end: counted from its journal
	PlanDigest string
	Allowed    []string // guard limits lifted with --allow, as LIMIT=N
	Scopes     []ScopeCount
	By, Ref    string        // who ran it, and the commit: see package origin; "" if that was not recorded
	Writes     *state.Writes // nil if the run is older than the counting; of a run without an end: counted from its journal
}

// Idle reports whether the run is an apply that found nothing to change and did all of that.
func (r *Run) Idle() bool {
	c := &r.Counts
	return r.Command == CommandApply && r.Outcome == OutcomeApplied && c.Applied+c.Failed+c.Skipped+c.Unknown+c.References == 0 &&
		(r.Writes == nil || *r.Writes == state.Writes{})
}

// Step is a journalled step with the run it belongs to.
type Step struct {
	Run     int64
	Started time.Time // of the run
	state.Entry
}

// Past is a run with what guards look back on, see [state.Deeds].
type Past struct {
	Run
	Active time.Time      // when it last wrote; zero if that is not known
	Links  int            // how many links there were when its plan was made
	Did    map[string]int // nil while it runs, if it was cut off, or if that is not known
}
