// Package past shows a run of the record as plans are shown: what its steps did, and of those that came to nothing,
// why.
package past

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/page"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// Run is a run of a record. The record knows people by pseudonyms; whoever has read their names may give them.
type Run struct {
	ctx    context.Context
	record store.Record
	run    store.Run
	names  map[string]string // by the key of a step; who has none goes by the key
	values bool              // what steps wrote, and over what, is shown as far as it is kept
}

// New is a run of a record, as far as its steps are kept.
func New(ctx context.Context, record store.Record, run store.Run, names map[string]string, values bool) *Run {
	return &Run{ctx, record, run, names, values}
}

// Digest is that of the plan which the run carried out.
func (r *Run) Digest() string { return r.run.PlanDigest }

// Header says of what record the run is, and when it began.
func (r *Run) Header() planner.Header {
	m := r.record.Meta()
	return planner.Header{FormatVersion: planner.FormatVersion,
		CreatedAt: r.run.Started.UTC().Format("2006-01-02T15:04:05Z"), Allowed: r.run.Allowed,
		State: planner.StateID{Lineage: m.Lineage, Serial: r.run.Serial}, Source: planner.SourceID{Domain: m.SourceSID,
			SID: m.SourceSID}, Tenant: planner.TenantID{ID: m.TenantID}}
}

// Totals count the steps that were done.
func (r *Run) Totals() planner.Totals {
	t := planner.Totals{Applicable: true}
	for c, err := range r.Changes() {
		if err == nil {
			t.Summary.Count(c.Action, 1)
		}
	}
	return t
}

// Changes are the steps that were done. One that only wrote a reference stands beside that which made the rest of the
// change.
func (r *Run) Changes() iter.Seq2[*state.Change, error] {
	return func(yield func(*state.Change, error) bool) {
		for e, err := range r.record.Journal(r.ctx, r.run.ID) {
			if err != nil {
				yield(nil, err)
				return
			}
			if e.Status == state.StatusDone && !yield(r.change(e), nil) {
				return
			}
		}
	}
}

func (r *Run) change(e *state.Entry) *state.Change {
	c := &state.Change{Kind: e.Kind, Action: e.Action, Address: cmp.Or(r.names[e.Key], e.Key), Anchor: e.Key,
		TargetID: e.TargetID,
		Reason:   fmt.Sprintf("step %d of run %d", e.Seq, r.run.ID)}
	if e.Attribute != "" {
		c.Action = state.ActionUpdate
		c.Attributes = []state.AttributeChange{{Name: e.Attribute, Before: state.String(notKept),
			After: state.String(notKept)}}
	}
	if e.Kept != nil {
		c.Scope = e.Kept.Scope
		c.Attributes = append(c.Attributes, r.attributes(e.Kept, e.Kept.Attributes)...)
		c.SourceAttributes = r.attributes(e.Kept, e.Kept.Source)
	}
	return c
}

// notKept stands for a value that the record does not have, or that was not asked for.
const notKept = "(not shown)"

func (r *Run) attributes(k *state.Kept, list []state.KeptAttribute) (out []state.AttributeChange) {
	for _, a := range list {
		c := state.AttributeChange{Name: a.Name, Before: state.String(notKept), After: state.String(notKept)}
		if k.Values && r.values {
			c.Before, c.After = a.Before, a.After
		}
		out = append(out, c)
	}
	return out
}

// Findings are the steps that came to nothing, or of which nobody knows.
func (r *Run) Findings() iter.Seq2[*planner.Finding, error] {
	return func(yield func(*planner.Finding, error) bool) {
		for e, err := range r.record.Journal(r.ctx, r.run.ID) {
			if err != nil {
				yield(nil, err)
				return
			}
			if e.Status != state.StatusDone && !yield(r.finding(e), nil) {
				return
			}
		}
	}
}

func (r *Run) finding(e *state.Entry) *planner.Finding {
	detail := string(e.Action)
	if e.Code != "" {
		detail += ": " + e.Code
	}
	if e.RequestID != "" {
		detail += " (request " + e.RequestID + ")"
	}
	return &planner.Finding{Code: string(e.Status), Severity: planner.Error, Summary: "Not known to be made",
		Detail: detail, Attribute: e.Attribute,
		Objects: []planner.ObjectRef{{Address: cmp.Or(r.names[e.Key], e.Key), TargetID: e.TargetID, Kind: e.Kind}}}
}

// Skipped is nobody: a record does not know them.
func (r *Run) Skipped() iter.Seq2[*planner.Skipped, error] {
	return func(func(*planner.Skipped, error) bool) {}
}

// Days are the days on which changes were made, the latest first, as far as what is asked knows its runs.
func Days(ctx context.Context, record any) (days []page.Day, err error) {
	of, ok := record.(interface {
		Runs(context.Context, int) ([]store.Run, error)
	})
	if !ok {
		return nil, nil
	}
	runs, err := of.Runs(ctx, 0)
	for _, r := range runs {
		if r.Idle() {
			continue
		}
		day := r.Started.UTC().Format(time.DateOnly)
		if n := len(days); n == 0 || days[n-1].Name != day {
			if n == page.MaxDays {
				break
			}
			days = append(days, page.Day{Name: day})
		}
		days[len(days)-1].Changes += r.Counts.Applied
	}
	return days, err
}
