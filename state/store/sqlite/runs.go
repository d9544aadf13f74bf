package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/counts"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// Runs lists the latest runs, newest first; at most limit of them, or all if limit is 0.
func (s *Store) Runs(ctx context.Context, limit int) ([]store.Run, error) {
	if limit <= 0 {
		limit = -1
	}
	var runs []store.Run
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
func (s *Store) LastScopes(ctx context.Context) (scopes []store.ScopeCount, err error) {
	err = s.each(ctx, "SELECT scopes FROM runs WHERE command IN (?, ?) AND outcome = ? ORDER BY id DESC LIMIT 1", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &scopes)
	}, store.CommandApply, store.CommandRebuild, store.OutcomeApplied)
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

func scanRun(scan func(...any) error) (r store.Run, err error) {
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

// StepsOf lists the latest steps about an anchor or declared resource whose outcome is known, newest first, without those that
// write a reference; at most limit of them. The journals of old runs are dropped, see [KeepJournals].
func (s *Store) StepsOf(ctx context.Context, key string, limit int) (steps []store.Step, err error) {
	err = s.each(ctx, "SELECT run, (SELECT started FROM runs WHERE id = run), "+s.entryColumns()+` FROM journal
		WHERE key = ? AND attribute = '' AND status <> 'intent' ORDER BY run DESC, seq DESC LIMIT ?`,
		func(scan func(...any) error) error {
			var x store.Step
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
