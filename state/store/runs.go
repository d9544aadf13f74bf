package store

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/counts"
	"github.com/dirform/dirform/state/store/internal/layout"
)

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

// Runs lists the latest runs, newest first; at most limit of them, or all if limit is 0.
func (s *Store) Runs(ctx context.Context, limit int) ([]Run, error) {
	if limit <= 0 {
		limit = -1
	}
	var runs []Run
	err := s.each(ctx, `SELECT id, command, serial, started, finished, outcome, counts, plan_digest, allowed, scopes, `+s.laterColumns()+` FROM runs
		ORDER BY id DESC LIMIT ?`, func(scan func(...any) error) error {
		r, err := scanRun(scan)
		runs = append(runs, r)
		return err
	}, limit)
	if err != nil {
		return nil, err
	}
	for i := range runs {
		if runs[i].Outcome == "" {
			if runs[i].Counts, runs[i].Writes, err = s.journalled(ctx, runs[i].ID); err != nil {
				return nil, err
			}
		}
	}
	return runs, nil
}

// LastRun is when the last run ended, or began if it has no end; the zero time if there was none.
func (s *Store) LastRun(ctx context.Context) (time.Time, error) {
	runs, err := s.Runs(ctx, 1)
	if err != nil || len(runs) == 0 {
		return time.Time{}, err
	}
	if runs[0].Finished.IsZero() {
		return runs[0].Started, nil
	}
	return runs[0].Finished, nil
}

// LastScopes is what the last apply that did everything saw of its scopes, or the rebuilding of the record; empty if there was neither.
func (s *Store) LastScopes(ctx context.Context) (scopes []ScopeCount, err error) {
	err = s.each(ctx, "SELECT scopes FROM runs WHERE command IN (?, ?) AND outcome = ? ORDER BY id DESC LIMIT 1", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &scopes)
	}, commandApply, CommandRebuild, OutcomeApplied)
	return scopes, err
}

// journalled counts what a run without an end has done so far, and what it has written.
func (s *Store) journalled(ctx context.Context, run int64) (c state.Counts, w *state.Writes, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, err = counts.Of(ctx, s.conn, run); err == nil && s.layout >= layout.Writes {
		w, err = written(ctx, s.conn, run)
	}
	return c, w, explain(s.path, err)
}

func scanRun(scan func(...any) error) (r Run, err error) {
	var started, finished, counts, allowed, scopes, writes string
	if err := scan(&r.ID, &r.Command, &r.Serial, &started, &finished, &r.Outcome, &counts, &r.PlanDigest, &allowed, &scopes, &writes, &r.By, &r.Ref); err != nil {
		return r, err
	}
	if r.Started, err = parseStamp(started); err != nil {
		return r, err
	}
	if r.Finished, err = parseStamp(finished); err != nil {
		return r, err
	}
	if writes != "" {
		err = json.Unmarshal([]byte(writes), &r.Writes)
	}
	return r, errors.Join(err, json.Unmarshal([]byte(counts), &r.Counts), json.Unmarshal([]byte(allowed), &r.Allowed),
		json.Unmarshal([]byte(scopes), &r.Scopes))
}

// stamp and parseStamp are how times stand in the record; the zero time is empty.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func parseStamp(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, s)
}

// entryColumns are the columns of a step that every layout has.
const entryColumns = "seq, key, kind, action, attribute, status, tenant_id, code, request_id"

func scanEntry(scan func(...any) error) (e state.Entry, err error) {
	err = scan(&e.Seq, &e.Key, &e.Kind, &e.Action, &e.Attribute, &e.Status, &e.TargetID, &e.Code, &e.RequestID, &e.Writes.Source, &e.Writes.Tenant)
	return e, err
}

// Journal streams the steps of a run in their order. An entry is valid until the next one; an error is the last element.
// The journals of old runs are dropped, see [KeepJournals].
func (s *Store) Journal(ctx context.Context, run int64) iter.Seq2[*state.Entry, error] {
	return func(yield func(*state.Entry, error) bool) {
		var last int64
		for {
			var page []state.Entry
			err := s.each(ctx, "SELECT "+s.entryColumns()+" FROM journal WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
				func(scan func(...any) error) error {
					e, err := scanEntry(scan)
					page = append(page, e)
					return err
				}, run, last, chunk)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page {
				if !yield(&page[i], nil) {
					return
				}
			}
			if len(page) < chunk {
				return
			}
			last = page[len(page)-1].Seq
		}
	}
}

// Unfinished lists the intents without a result that an earlier run left when it was cut off: writes that may or may not have
// happened. They are listed until the next run writes, whose plan has seen what became of them.
func (s *Store) Unfinished(ctx context.Context) ([]state.Entry, error) {
	var entries []state.Entry
	err := s.each(ctx, "SELECT "+s.entryColumns()+" FROM journal WHERE status = 'intent' ORDER BY run, seq",
		func(scan func(...any) error) error {
			e, err := scanEntry(scan)
			entries = append(entries, e)
			return err
		})
	return entries, err
}

// Step is a journalled step with the run it belongs to.
type Step struct {
	Run     int64
	Started time.Time // of the run
	state.Entry
}

// StepsOf lists the latest steps about an anchor or declared resource whose outcome is known, newest first, without those that
// write a reference; at most limit of them. The journals of old runs are dropped, see [KeepJournals].
func (s *Store) StepsOf(ctx context.Context, key string, limit int) (steps []Step, err error) {
	err = s.each(ctx, "SELECT run, (SELECT started FROM runs WHERE id = run), "+s.entryColumns()+` FROM journal
		WHERE key = ? AND attribute = '' AND status <> 'intent' ORDER BY run DESC, seq DESC LIMIT ?`,
		func(scan func(...any) error) error {
			var x Step
			var started string
			var err error
			x.Entry, err = scanEntry(func(columns ...any) error { return scan(append([]any{&x.Run, &started}, columns...)...) })
			if err == nil {
				x.Started, err = parseStamp(started)
			}
			steps = append(steps, x)
			return err
		}, key, limit)
	return steps, err
}
