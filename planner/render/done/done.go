// Package done shows what an apply has carried out as plans are shown: the changes that were to be made, and of those
// that were not, why.
package done

import (
	"iter"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
)

// Report is what an apply has carried out. Of the changes that were not made it has the first [apply.MaxFailures], as
// findings with the reason.
type Report struct {
	file render.Digested // the fresh plan
	did  run.Carried
}

// New is what was carried out of the plan file.
func New(did run.Carried) *Report { return &Report{did.Plan, did} }

// Header is the fresh plan's.
func (r *Report) Header() planner.Header { return r.file.Header() }

// Digest is the fresh plan's.
func (r *Report) Digest() string { return r.file.Digest() }

// Totals count what was to be carried out, and have the limits as they stood against that.
func (r *Report) Totals() planner.Totals {
	t := r.file.Totals()
	s := planner.Summary{Unchanged: t.Summary.Unchanged, Blocked: t.Summary.Blocked, SignedIn: t.Summary.SignedIn}
	for c, err := range r.did.Changes {
		if err == nil {
			s.Count(c.Action, 1)
		}
	}
	t.Summary, t.Guards, t.Applicable = s, r.did.Guards, true
	return t
}

// Changes are those that were to be carried out.
func (r *Report) Changes() iter.Seq2[*state.Change, error] { return r.did.Changes }

// Skipped are those of the fresh plan.
func (r *Report) Skipped() iter.Seq2[*planner.Skipped, error] { return r.file.Skipped() }

// Findings are what was not done, and behind that what the fresh plan says.
func (r *Report) Findings() iter.Seq2[*planner.Finding, error] {
	return func(yield func(*planner.Finding, error) bool) {
		for _, e := range r.did.Failures {
			if !yield(notDone(e), nil) {
				return
			}
		}
		for f, err := range r.file.Findings() {
			if !yield(f, err) {
				return
			}
		}
	}
}

// notDone is the finding of a change that was not made, or of a reference that was not written.
func notDone(e apply.Event) *planner.Finding {
	summary := map[state.EntryStatus]string{state.StatusFailed: "Not made", state.StatusSkipped: "Skipped",
		state.StatusUnknown: "Nobody knows whether it was made"}[e.Status]
	return &planner.Finding{Code: string(e.Status), Severity: planner.Error, Summary: summary,
		Detail: string(e.Action) + ": " + e.Reason, Hint: e.Hint,
		Attribute: e.Attribute, Objects: []planner.ObjectRef{{Address: e.Address, TargetID: e.TargetID, Kind: e.Kind}}}
}
