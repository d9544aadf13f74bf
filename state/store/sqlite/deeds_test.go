package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// hours is a record's clock that stands at so many hours.
type hours int

func (h *hours) now() time.Time { return clock().Add(time.Duration(*h) * time.Hour) }

// openAt opens a record with a clock of the test's.
func openAt(t *testing.T, path string, h *hours) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, store.Options{Holder: "test", Now: h.now})
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// beginWith begins a run whose plan saw some links.
func beginWith(t *testing.T, s *sqlite.Store, links int) store.Writer {
	t.Helper()
	i := info
	i.Serial, i.Links = s.Meta().Serial, links
	w, err := s.Begin(t.Context(), i)
	must(t, err)
	return w
}

// deletion is the n-th account's deletion, which counts as one.
func deletion(seq, n int, status state.EntryStatus) state.Entry {
	return state.Entry{Seq: int64(seq), Key: fmt.Sprint("a", n), Kind: state.User, Action: state.ActionDelete,
		Status: status, Deeds: map[string]int{"deletes": 1}}
}

// results journals outcomes.
func results(t *testing.T, w store.Writer, entries ...state.Entry) {
	t.Helper()
	list := make([]state.Result, len(entries))
	for i, e := range entries {
		list[i].Entry = e
	}
	must(t, w.Results(t.Context(), list))
}

// recent compares what the record tells of the last 24 hours.
func recent(t *testing.T, what string, s *sqlite.Store, h *hours, want state.Recent) {
	t.Helper()
	got, err := s.Recent(t.Context(), h.now().Add(-state.RecentTime))
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%s: %v %s", what, err, d)
	}
}

func step(n int) state.Step { return state.Step{Key: fmt.Sprint("a", n), Action: state.ActionDelete} }

// TestRecentDeeds: what runs did is told for 24 hours after they last wrote, with the links that there were before
// each, and whether the first run that did everything has been.
func TestRecentDeeds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.dfstate")
	var h hours
	s := openAt(t, path, &h)
	recent(t, "no record", s, &h, state.Recent{})
	w := beginWith(t, s, 0)
	made := entry(1, link(1))
	made.Status, made.Deeds = state.StatusDone, map[string]int{"creates": 1}
	also := entry(2, link(2))
	also.Status, also.Deeds = state.StatusDone, map[string]int{"creates": 1, "clears:fax": 2}
	missed := entry(3, link(3))
	missed.Status = state.StatusFailed
	results(t, w, made, also, missed)
	must(t, w.Finish(t.Context(), store.OutcomePartial, state.Counts{}, nil))
	first := state.Deeds{First: true, Did: map[string]int{"creates": 2, "clears:fax": 2}, Open: map[string]int{}}
	recent(t, "a first run that failed in part", s, &h, state.Recent{Runs: []state.Deeds{first}})

	h = 1
	w = beginWith(t, s, 2)
	must(t, w.Records(t.Context(), []*state.Link{link(9)}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	second := state.Deeds{First: true, Links: 2, Did: map[string]int{}, Open: map[string]int{}}
	recent(t, "one that did everything", s, &h, state.Recent{Ended: true, Runs: []state.Deeds{first, second}})
	must(t, s.RemoveLinks(t.Context(), link(9).Anchor))
	recent(t, "what is no apply", s, &h, state.Recent{Ended: true, Runs: []state.Deeds{first, second}})

	h = 24
	w = beginWith(t, s, 500)
	results(t, w, deletion(1, 1, state.StatusDone), deletion(2, 2, state.StatusDone))
	h = 26 // it takes its time
	results(t, w, deletion(3, 3, state.StatusDone))
	got, err := s.Recent(t.Context(), h.now().Add(-state.RecentTime))
	must(t, err)
	want := []state.Deeds{{Links: 500, Did: map[string]int{"deletes": 3}, Open: map[string]int{}}}
	if d := cmp.Diff(want, got.Runs); d != "" || !got.Ended {
		t.Error("the others are over: ", d)
	}
	h = 50
	recent(t, "24 hours after its last write", s, &h, state.Recent{Ended: true, Runs: want})
	h = 51
	recent(t, "an hour later", s, &h, state.Recent{Ended: true})
}

// TestRecentTakenBack: what a run has undone of another one is none of that one's deeds any more, and takes nothing
// from those of a third one. Of a run that is over nothing is taken back.
func TestRecentTakenBack(t *testing.T) {
	var h hours
	s := openAt(t, filepath.Join(t.TempDir(), "x.dfstate"), &h)
	did := func(at hours, deeds map[string]int) {
		t.Helper()
		h = at
		w := beginWith(t, s, 9)
		e := deletion(1, int(at), state.StatusDone)
		e.Deeds = deeds
		results(t, w, e)
		must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	}
	run := func(did map[string]int) state.Deeds {
		return state.Deeds{Links: 9, Did: did, Open: map[string]int{}}
	}
	did(0, map[string]int{"deletes": 9})
	did(1, map[string]int{"disables": 3, "clears:fax": 1})
	did(2, map[string]int{"disables": 4})
	did(3, map[string]int{"enables": 2, state.TakenBack(2, "disables"): 2, state.TakenBack(2, "clears:fax"): 1})
	first := run(map[string]int{"deletes": 9})
	first.First = true
	recent(t, "two of three", s, &h, state.Recent{Ended: true, Runs: []state.Deeds{first, run(map[string]int{"disables": 1}),
		run(map[string]int{"disables": 4}), run(map[string]int{"enables": 2})}})
	h = 26
	recent(t, "the run is over", s, &h, state.Recent{Ended: true, Runs: []state.Deeds{run(map[string]int{"disables": 4}),
		run(map[string]int{"enables": 2})}})
}

// TestRecentOfAKilledRun: what was in flight when a run was cut off is told apart, until a later run comes to it again.
// That the journals of old runs are dropped changes nothing.
func TestRecentOfAKilledRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.dfstate")
	var h hours
	s := openAt(t, path, &h)
	w := beginWith(t, s, 100)
	must(t, w.Intents(t.Context(), []state.Entry{deletion(1, 1, ""), deletion(2, 2, ""), deletion(3, 3, "")}))
	results(t, w, deletion(1, 1, state.StatusDone))
	left := leave(t, path)
	must(t, s.Close())

	s = openAt(t, left, &h)
	killed := state.Recent{Uncertain: map[state.Step]bool{step(2): true, step(3): true}, Runs: []state.Deeds{
		{First: true, Links: 100, Did: map[string]int{"deletes": 1}, Open: map[string]int{"deletes": 2}}}}
	recent(t, "killed", s, &h, killed)

	h = 1
	w = beginWith(t, s, 99)
	must(t, w.Intents(t.Context(), []state.Entry{deletion(1, 2, "")}))
	again := state.Recent{Uncertain: map[state.Step]bool{step(2): true, step(3): true}, Runs: []state.Deeds{
		{First: true, Links: 100, Did: map[string]int{"deletes": 1}, Open: map[string]int{"deletes": 1}},
		{First: true, Links: 99, Did: map[string]int{}, Open: map[string]int{"deletes": 1}}}}
	recent(t, "one of two again", s, &h, again)
	results(t, w, deletion(1, 2, state.StatusDone))
	must(t, w.Finish(t.Context(), store.OutcomePartial, state.Counts{}, nil))
	delete(again.Uncertain, step(2))
	again.Runs[1].Did["deletes"] = 1
	delete(again.Runs[1].Open, "deletes")
	recent(t, "and done", s, &h, again)

	for range store.KeepJournals + 1 {
		must(t, beginWith(t, s, 98).Finish(t.Context(), store.OutcomePartial, state.Counts{}, nil))
	}
	got, err := s.Recent(t.Context(), h.now().Add(-state.RecentTime))
	must(t, err)
	if d := cmp.Diff(again.Runs, got.Runs[:2]); d != "" || !got.Uncertain[step(3)] {
		t.Error("after many runs: ", d, got.Uncertain)
	}
	h = 26
	must(t, beginWith(t, s, 98).Finish(t.Context(), store.OutcomePartial, state.Counts{}, nil))
	for e, err := range s.Journal(t.Context(), 1) {
		t.Error("kept for good:", e, err)
	}
}

// TestLayout3 has no deeds yet: the first run that writes adds them and loses nothing.
func TestLayout3(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.dfstate")
	s := open(t, path)
	w := begin(t, s)
	must(t, w.Records(t.Context(), []*state.Link{link(1), link(2)}))
	results(t, w, deletion(1, 3, state.StatusDone))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	want, key := links(t, s), s.Meta().Key
	must(t, s.Close())
	execute(t, path, withoutWrites+"DROP INDEX journal_unsure; DROP INDEX runs_active; ALTER TABLE journal DROP COLUMN deeds;"+
		"ALTER TABLE runs DROP COLUMN active; ALTER TABLE runs DROP COLUMN links; ALTER TABLE runs DROP COLUMN did;"+
		"UPDATE schema SET version = 3")
	unbind(t, path, key, want)

	var h hours
	s = openAt(t, path, &h)
	recent(t, "as it is", s, &h, state.Recent{Ended: true})
	w = beginWith(t, s, 2)
	results(t, w, deletion(1, 4, state.StatusDone))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	recent(t, "brought up to date", s, &h, state.Recent{Ended: true, Runs: []state.Deeds{
		{Links: 2, Did: map[string]int{"deletes": 1}, Open: map[string]int{}}}})
	if d := cmp.Diff(want, links(t, s), cmpLink); d != "" || s.Meta().Key != key || version(t, path) != layout.Version {
		t.Error(version(t, path), d)
	}
}
