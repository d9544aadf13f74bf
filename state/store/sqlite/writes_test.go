package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// withoutOrigin makes a record of layout 6 of one of layout 9.
const withoutOrigin = `ALTER TABLE journal DROP COLUMN kept; ALTER TABLE runs DROP COLUMN ran_by; ALTER TABLE runs DROP COLUMN ref; UPDATE schema SET version = 6;`

// withoutWrites makes a record of layout 4 of one of layout 7, but for what fingerprints are sealed for.
const withoutWrites = withoutOrigin + `ALTER TABLE runs DROP COLUMN writes; ALTER TABLE journal DROP COLUMN source_writes;
ALTER TABLE journal DROP COLUMN tenant_writes; UPDATE schema SET version = 4;`

// wrote is a step that was done with so many writes.
func wrote(seq, source, tenant int) state.Result {
	r := state.Result{Entry: entry(seq, link(seq)), Link: link(seq)}
	r.Status, r.Writes = state.StatusDone, state.Writes{Source: source, Tenant: tenant}
	return r
}

func writesOfRuns(t *testing.T, s *sqlite.Store) (all []*state.Writes) {
	t.Helper()
	runs, err := s.Runs(t.Context(), 0)
	must(t, err)
	for _, r := range runs {
		all = append(all, r.Writes)
	}
	return all
}

// TestWritesOfRuns: what a run wrote to each directory is known while it goes, of one that was cut off, and after its steps are dropped.
func TestWritesOfRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	s := open(t, path)
	w := begin(t, s)
	must(t, w.Intents(t.Context(), []state.Entry{entry(1, link(1)), entry(2, link(2)), entry(3, link(3))}))
	must(t, w.Results(t.Context(), []state.Result{wrote(1, 1, 2), wrote(2, 0, 1)}))
	first := &state.Writes{Source: 1, Tenant: 3}
	if d := cmp.Diff([]*state.Writes{first}, writesOfRuns(t, s)); d != "" {
		t.Error("while it goes:", d)
	}
	must(t, s.Close())
	s = open(t, path)
	w = begin(t, s)
	must(t, w.Results(t.Context(), []state.Result{wrote(1, 0, 5)}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	for range store.KeepJournals + 1 {
		must(t, begin(t, s).Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	}
	all := writesOfRuns(t, s)
	if d := cmp.Diff([]*state.Writes{{}, {Tenant: 5}, first}, all[len(all)-3:]); d != "" {
		t.Error("after many runs:", d)
	}
}

// TestLayout4 does not know what runs wrote: it is read as it is, and the first run that writes brings it up to date. What older runs
// wrote stays unknown, be it that they ended or were cut off.
func TestLayout4(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.dfstate")
	s := open(t, path)
	w := begin(t, s)
	must(t, w.Results(t.Context(), []state.Result{wrote(1, 1, 1)}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	must(t, begin(t, s).Results(t.Context(), []state.Result{wrote(2, 1, 1)}))
	want, key := links(t, s), s.Meta().Key
	must(t, s.Close())
	execute(t, path, withoutWrites)
	unbind(t, path, key, want)

	r, err := sqlite.OpenReadOnly(t.Context(), path)
	must(t, err)
	if d := cmp.Diff([]*state.Writes{nil, nil}, writesOfRuns(t, r)); d != "" || version(t, path) != 4 {
		t.Error("as it is:", version(t, path), d)
	}
	for e, err := range r.Journal(t.Context(), 1) {
		must(t, err)
		if e.Key != link(1).Anchor || e.Writes != (state.Writes{}) {
			t.Errorf("%+v", e)
		}
	}
	must(t, r.Close())

	s = open(t, path)
	w = begin(t, s)
	must(t, w.Results(t.Context(), []state.Result{wrote(3, 2, 4)}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	if d := cmp.Diff([]*state.Writes{{Source: 2, Tenant: 4}, nil, nil}, writesOfRuns(t, s)); d != "" || version(t, path) != layout.Version {
		t.Error("brought up to date:", version(t, path), d)
	}
	if d := cmp.Diff(append(want, link(3)), links(t, s), cmpLink); d != "" {
		t.Error(d)
	}
}
