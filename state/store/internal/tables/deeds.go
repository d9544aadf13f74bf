package tables

import (
	"context"
	"encoding/json"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// Recent is what the applies did that have written since a time, oldest first. A step whose outcome is not known is
// told of until a later run has come to it again: that one's plan saw that it had not happened. What was done while the
// record had an older layout is not known. Of a record that does not exist it is the zero value.
func (r *Record) Recent(ctx context.Context, since time.Time) (recent state.Recent, err error) {
	var ended int64
	const first = `SELECT coalesce((SELECT min(id) FROM {t}runs WHERE {mine} AND command IN ($1, $2) AND outcome = $3), 0)`
	err = r.from.Each(ctx, first, func(scan func(...any) error) error { return scan(&ended) }, store.CommandApply, store.CommandRebuild, store.OutcomeApplied)
	recent.Ended = ended > 0
	if err != nil || r.from.Layout() < Deeds {
		return recent, err
	}
	runs, err := r.active(ctx, stamp(since))
	if err == nil {
		recent.Uncertain, err = r.unsure(ctx, runs)
	}
	for _, run := range runs {
		run.First = ended == 0 || run.id <= ended
		recent.Runs = append(recent.Runs, run.Deeds)
	}
	return recent, err
}

// deed is what a run did.
type deed struct {
	state.Deeds
	id int64
}

// active are the applies that have written since a time, with what is known to be done.
func (r *Record) active(ctx context.Context, since string) (runs []deed, err error) {
	const query = "SELECT id, links, did, outcome = '' FROM {t}runs WHERE {mine} AND command IN ($1, $2) AND active >= $3 ORDER BY id"
	var open []int
	err = r.from.Each(ctx, query, func(scan func(...any) error) error {
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
	}, store.CommandApply, store.CommandUndo, since)
	for _, i := range open {
		if err != nil {
			return nil, err
		}
		var did string
		if did, err = deedsOf(ctx, r.from, runs[i].id); err == nil {
			err = addDeeds(runs[i].Did, did, 1)
		}
	}
	takeBack(runs)
	return runs, err
}

// takeBack takes what runs have undone from what the runs did that they undid, as far as these are among them.
func takeBack(runs []deed) {
	for _, by := range runs {
		for text, n := range by.Did {
			id, key, ok := state.ParseTakenBack(text)
			if !ok {
				continue
			}
			delete(by.Did, text)
			for _, r := range runs {
				if left := r.Did[key] - n; r.id == id && left > 0 {
					r.Did[key] = left
				} else if r.id == id {
					delete(r.Did, key)
				}
			}
		}
	}
}

// unsure adds to runs what the steps count as whose outcome is not known, and tells which these are.
func (r *Record) unsure(ctx context.Context, runs []deed) (steps map[state.Step]bool, err error) {
	found, err := r.unsureSteps(ctx, runs)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	again, err := r.cameAgain(ctx, found, runs[0].id)
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

func (r *Record) unsureSteps(ctx context.Context, runs []deed) (found []unsureStep, err error) {
	if len(runs) == 0 {
		return nil, nil
	}
	at := map[int64]int{}
	for i := range runs {
		at[runs[i].id] = i
	}
	const query = "SELECT run, key, action, deeds FROM {t}journal WHERE {mine} AND attribute = '' AND run >= $1 AND status = "
	take := func(scan func(...any) error) error {
		var u unsureStep
		var run int64
		if err := scan(&run, &u.Key, (*string)(&u.Action), &u.deeds); err != nil {
			return err
		}
		if i, ok := at[run]; ok {
			u.run = i
			found = append(found, u)
		}
		return nil
	}
	err = r.from.Each(ctx, query+"'intent'", take, runs[0].id) // either has an index of its own
	if err == nil {
		err = r.from.Each(ctx, query+"'unknown'", take, runs[0].id)
	}
	return found, err
}

// cameAgain is the last run, from a first one on, that came to each of some steps, whatever became of it.
func (r *Record) cameAgain(ctx context.Context, steps []unsureStep, first int64) (last map[state.Step]int64, err error) {
	last = map[state.Step]int64{}
	for _, u := range steps {
		last[u.Step] = 0
	}
	const query = "SELECT key, action, run FROM {t}journal WHERE {mine} AND attribute = '' AND run >= $1 ORDER BY run"
	err = r.from.Each(ctx, query, func(scan func(...any) error) error {
		var st state.Step
		var run int64
		if err := scan(&st.Key, (*string)(&st.Action), &run); err != nil {
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
func deedsOf(ctx context.Context, q Reader, run int64) (string, error) {
	sum := map[string]int{}
	const query = `SELECT deeds, count(*) FROM {t}journal WHERE {mine} AND run = $1 AND deeds <> '' AND status IN ('done', 'failed')
		GROUP BY deeds`
	err := q.Each(ctx, query, func(scan func(...any) error) error {
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
	if err := unmarshal("what a run did", text, &deeds); err != nil {
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
const dropJournals = `DELETE FROM {t}journal AS old WHERE {mine} AND run <= $1
	AND NOT (status = 'unknown' AND run IN (SELECT id FROM {t}runs WHERE {mine} AND active >= $2) AND NOT EXISTS (SELECT 1
	FROM {t}journal WHERE {mine} AND run > old.run AND key = old.key AND action = old.action AND attribute = ''))`

// touch notes that a run has written.
func touch(ctx context.Context, tx DB, run int64, now time.Time) error {
	_, err := tx.Exec(ctx, "UPDATE {t}runs SET active = $1 WHERE {mine} AND id = $2", stamp(now), run)
	return err
}
