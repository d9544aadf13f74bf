package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// Recent is what the applies did that have written since a time, oldest first. A step whose outcome is not known is
// told of until a later run has come to it again: that one's plan saw that it had not happened. What was done while the
// record had an older layout is not known. Of a record that does not exist it is the zero value.
func (s *Store) Recent(ctx context.Context, since time.Time) (r state.Recent, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.meta.Exists {
		return r, nil
	}
	var ended int64
	const first = "SELECT coalesce((SELECT id FROM runs WHERE command IN (?, ?) AND outcome = ? ORDER BY id LIMIT 1), 0)"
	err = s.conn.QueryRowContext(ctx, first, store.CommandApply, store.CommandRebuild, store.OutcomeApplied).Scan(&ended)
	r.Ended = ended > 0
	if err != nil || s.layout < layout.Deeds {
		return r, explain(s.path, err)
	}
	runs, err := s.active(ctx, stamp(since))
	if err == nil {
		r.Uncertain, err = s.unsure(ctx, runs)
	}
	for _, run := range runs {
		run.First = ended == 0 || run.id <= ended
		r.Runs = append(r.Runs, run.Deeds)
	}
	return r, explain(s.path, err)
}

// deed is what a run did.
type deed struct {
	state.Deeds
	id int64
}

// active are the applies that have written since a time, with what is known to be done.
func (s *Store) active(ctx context.Context, since string) (runs []deed, err error) {
	const query = "SELECT id, links, did, outcome = '' FROM runs WHERE command = ? AND active >= ? ORDER BY id"
	var open []int
	err = each(ctx, s.conn, query, func(scan func(...any) error) error {
		d := deed{Deeds: state.Deeds{Did: map[string]int{}, Open: map[string]int{}}}
		var did string
		var endless bool // it runs, or was cut off
		if err := scan(&d.id, &d.Links, &did, &endless); err != nil {
			return err
		}
		if endless {
			open = append(open, len(runs))
		}
		runs = append(runs, d)
		return addDeeds(d.Did, did, 1)
	}, store.CommandApply, since)
	for _, i := range open {
		if err != nil {
			return nil, err
		}
		var did string
		if did, err = deedsOf(ctx, s.conn, runs[i].id); err == nil {
			err = addDeeds(runs[i].Did, did, 1)
		}
	}
	return runs, err
}

// unsure adds to runs what the steps count as whose outcome is not known, and tells which these are.
func (s *Store) unsure(ctx context.Context, runs []deed) (steps map[state.Step]bool, err error) {
	found, err := s.unsureSteps(ctx, runs)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	again, err := s.cameAgain(ctx, found, runs[0].id)
	if err != nil {
		return nil, err
	}
	steps = map[state.Step]bool{}
	for _, u := range found {
		if again[u.Step] > runs[u.run].id {
			continue
		}
		steps[u.Step] = true
		if err := addDeeds(runs[u.run].Open, u.deeds, 1); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// unsureStep is a step whose outcome is not known. run is which of the runs it is of.
type unsureStep struct {
	state.Step
	run   int
	deeds string
}

func (s *Store) unsureSteps(ctx context.Context, runs []deed) (found []unsureStep, err error) {
	if len(runs) == 0 {
		return nil, nil
	}
	at := map[int64]int{}
	for i := range runs {
		at[runs[i].id] = i
	}
	const query = "SELECT run, key, action, deeds FROM journal WHERE attribute = '' AND run >= ? AND status = "
	take := func(scan func(...any) error) error {
		var u unsureStep
		var run int64
		if err := scan(&run, &u.Key, &u.Action, &u.deeds); err != nil {
			return err
		}
		if i, ok := at[run]; ok {
			u.run = i
			found = append(found, u)
		}
		return nil
	}
	err = each(ctx, s.conn, query+"'intent'", take, runs[0].id) // either has an index of its own
	if err == nil {
		err = each(ctx, s.conn, query+"'unknown'", take, runs[0].id)
	}
	return found, err
}

// cameAgain is the last run, from a first one on, that came to each of some steps, whatever became of it.
func (s *Store) cameAgain(ctx context.Context, steps []unsureStep, first int64) (last map[state.Step]int64, err error) {
	last = map[state.Step]int64{}
	for _, u := range steps {
		last[u.Step] = 0
	}
	const query = "SELECT key, action, run FROM journal WHERE attribute = '' AND run >= ? ORDER BY run"
	err = each(ctx, s.conn, query, func(scan func(...any) error) error {
		var st state.Step
		var run int64
		if err := scan(&st.Key, &st.Action, &run); err != nil {
			return err
		}
		if _, ok := last[st]; ok {
			last[st] = run
		}
		return nil
	}, first)
	return last, err
}

// deedsOf sums up what is known to be done of a run's journal, as text.
func deedsOf(ctx context.Context, q queryer, run int64) (string, error) {
	sum := map[string]int{}
	const query = `SELECT deeds, count(*) FROM journal WHERE run = ? AND deeds <> '' AND status IN ('done', 'failed')
		GROUP BY deeds`
	err := each(ctx, q, query, func(scan func(...any) error) error {
		var text string
		var n int
		if err := scan(&text, &n); err != nil {
			return err
		}
		return addDeeds(sum, text, n)
	}, run)
	if err != nil {
		return "", err
	}
	return deedsText(sum)
}

// addDeeds adds n times what text says.
func addDeeds(sum map[string]int, text string, n int) error {
	if text == "" {
		return nil
	}
	var deeds map[string]int
	if err := json.Unmarshal([]byte(text), &deeds); err != nil {
		return err
	}
	for key, m := range deeds {
		sum[key] += n * m
	}
	return nil
}

// deedsText is how deeds stand in the record: nothing is the empty text.
func deedsText(deeds map[string]int) (string, error) {
	if len(deeds) == 0 {
		return "", nil
	}
	text, err := json.Marshal(deeds)
	return string(text), err
}

// dropJournals drops the journals of old runs, but for steps of the last hours whose outcome is not known and to which
// no later run has come.
const dropJournals = `DELETE FROM journal AS old WHERE run <= (SELECT max(id) FROM runs) - ?
	AND NOT (status = 'unknown' AND run IN (SELECT id FROM runs WHERE active >= ?) AND NOT EXISTS (SELECT 1
	FROM journal WHERE run > old.run AND key = old.key AND action = old.action AND attribute = ''))`

// touch notes that the current run, which is the latest, has written.
func (w *Writer) touch(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "UPDATE runs SET active = ? WHERE id = (SELECT max(id) FROM runs)", stamp(w.s.now()))
	return err
}
