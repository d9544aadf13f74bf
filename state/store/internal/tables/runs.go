package tables

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/kept"
)

// Runs lists the latest runs, newest first; at most limit of them, or all if limit is 0.
func (r *Record) Runs(ctx context.Context, limit int) ([]store.Run, error) {
	if limit <= 0 {
		limit = math.MaxInt32
	}
	var runs []store.Run
	err := r.from.Each(ctx, `SELECT id, command, serial, started, finished, outcome, counts, plan_digest, allowed, scopes, `+r.laterColumns()+` FROM {t}runs
		WHERE {mine} ORDER BY id DESC LIMIT $1`, func(scan func(...any) error) error {
		run, err := scanRun(scan)
		runs = append(runs, run)
		return err
	}, limit)
	if err != nil {
		return nil, err
	}
	for i := range runs {
		if runs[i].Outcome == "" {
			if runs[i].Counts, runs[i].Writes, err = r.journalled(ctx, runs[i].ID); err != nil {
				return nil, err
			}
		}
	}
	return runs, nil
}

// LastRun is when the last run ended, or began if it has no end; the zero time if there was none.
func (r *Record) LastRun(ctx context.Context) (time.Time, error) {
	runs, err := r.Runs(ctx, 1)
	if err != nil || len(runs) == 0 {
		return time.Time{}, err
	}
	if runs[0].Finished.IsZero() {
		return runs[0].Started, nil
	}
	return runs[0].Finished, nil
}

// LastScopes is what the last apply that did everything saw of its scopes, or the rebuilding of the record; empty if there was neither.
func (r *Record) LastScopes(ctx context.Context) (scopes []store.ScopeCount, err error) {
	err = r.from.Each(ctx, "SELECT scopes FROM {t}runs WHERE {mine} AND command IN ($1, $2) AND outcome = $3 ORDER BY id DESC LIMIT 1", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		return unmarshal("a run", text, &scopes)
	}, store.CommandApply, store.CommandRebuild, store.OutcomeApplied)
	return scopes, err
}

// journalled counts what a run without an end has done so far, and what it has written.
func (r *Record) journalled(ctx context.Context, run int64) (c state.Counts, w *state.Writes, err error) {
	if c, err = counted(ctx, r.from, run); err == nil && r.from.Layout() >= Writes {
		w, err = written(ctx, r.from, run)
	}
	return c, w, err
}

func scanRun(scan func(...any) error) (r store.Run, err error) {
	var started, finished, counts, allowed, scopes, writes string
	if err := scan(&r.ID, &r.Command, &r.Serial, &started, &finished, &r.Outcome, &counts, &r.PlanDigest, &allowed, &scopes, &writes, &r.By, &r.Ref); err != nil {
		return r, err
	}
	what := fmt.Sprintf("run %d", r.ID)
	if r.Started, err = parseStamp(started); err != nil {
		return r, err
	}
	if r.Finished, err = parseStamp(finished); err != nil {
		return r, err
	}
	if writes != "" {
		err = unmarshal(what, writes, &r.Writes)
	}
	return r, errors.Join(err, unmarshal(what, counts, &r.Counts), unmarshal(what, allowed, &r.Allowed),
		unmarshal(what, scopes, &r.Scopes))
}

// stamp and parseStamp are how times stand in the record; the zero time is empty.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func parseStamp(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, &NotWrittenError{"the time of a run", err}
	}
	return t, nil
}

// entryColumns are the columns of a step that every layout has.
const entryColumns = "seq, key, kind, action, attribute, status, tenant_id, code, request_id"

func scanEntry(scan func(...any) error) (e state.Entry, err error) {
	err = scan(&e.Seq, &e.Key, (*string)(&e.Kind), (*string)(&e.Action), &e.Attribute, (*string)(&e.Status), &e.TargetID, &e.Code, &e.RequestID, &e.Writes.Source, &e.Writes.Tenant)
	return e, err
}

// chunk is how many rows one query of a stream fetches. Between chunks the database is free for other work.
const chunk = 2048

// moreColumns are the columns of what a step counts as and of what undoing it takes, empty in a record of an older layout.
func (r *Record) moreColumns() string {
	switch layout := r.from.Layout(); {
	case layout < Deeds:
		return "'', ''"
	case layout < Kept:
		return "deeds, ''"
	}
	return "deeds, kept"
}

// scanMore takes a step with these columns before its own.
func (r *Record) scanMore(scan func(...any) error, run int64, by *kept.Sealer) (e state.Entry, err error) {
	var deeds, text string
	e, err = scanEntry(func(columns ...any) error { return scan(append([]any{&deeds, &text}, columns...)...) })
	if err == nil && deeds != "" {
		err = json.Unmarshal([]byte(deeds), &e.Deeds)
	}
	if err != nil {
		return e, err
	}
	if e.Kept, err = by.Open(text, keptOf(run, &e)); err != nil {
		err = r.from.Damaged(fmt.Sprintf("what step %d of run %d has kept is not as dirform has written it", e.Seq, run))
	}
	return e, err
}

// Journal streams the steps of a run in their order, with what they have kept. An entry is valid until the next one; an error is the last element.
// The journals of old runs are dropped, see [KeepJournals].
func (r *Record) Journal(ctx context.Context, run int64) iter.Seq2[*state.Entry, error] {
	return func(yield func(*state.Entry, error) bool) {
		by, err := r.from.KeptBy()
		if err != nil {
			yield(nil, err)
			return
		}
		var last int64
		for {
			var page []state.Entry
			err := r.from.Each(ctx, "SELECT "+r.moreColumns()+", "+r.entryColumns()+" FROM {t}journal WHERE {mine} AND run = $1 AND seq > $2 ORDER BY seq LIMIT $3",
				func(scan func(...any) error) error {
					e, err := r.scanMore(scan, run, by)
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
func (r *Record) Unfinished(ctx context.Context) ([]state.Entry, error) {
	var entries []state.Entry
	err := r.from.Each(ctx, "SELECT "+r.entryColumns()+" FROM {t}journal WHERE {mine} AND status = 'intent' ORDER BY run, seq",
		func(scan func(...any) error) error {
			e, err := scanEntry(scan)
			entries = append(entries, e)
			return err
		})
	return entries, err
}

// StepsOf lists the latest steps about an anchor or declared resource whose outcome is known, newest first, without those that
// write a reference; at most limit of them. The journals of old runs are dropped, see [KeepJournals].
func (r *Record) StepsOf(ctx context.Context, key string, limit int) (steps []store.Step, err error) {
	err = r.from.Each(ctx, "SELECT run, (SELECT started FROM {t}runs WHERE {mine} AND id = run), "+r.entryColumns()+` FROM {t}journal
		WHERE {mine} AND key = $1 AND attribute = '' AND status <> 'intent' ORDER BY run DESC, seq DESC LIMIT $2`,
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
