package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// A run records who ran it and for which commit. A record of layout 6, which does not know, is read as it is, and brought up to date by
// the next run.
func TestLayout6(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.dfstate")
	from := origin.Origin{By: "https://ci.contoso.com/9", Ref: "c0ffee"}
	run := func(o origin.Origin) {
		t.Helper()
		s, err := sqlite.Open(t.Context(), path, store.Options{Holder: "test", Origin: o})
		must(t, err)
		w, err := s.Begin(t.Context(), store.RunInfo{Lineage: lineageOf(s), Serial: s.Meta().Serial, SourceSID: "S-1", TenantID: "t"})
		must(t, err)
		must(t, w.Records(t.Context(), []*state.Link{link(1)}))
		must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Actions: map[state.Action]int{state.ActionLink: 1}, Applied: 1}, nil))
		must(t, s.Close())
	}
	origins := func() (list []origin.Origin) {
		t.Helper()
		r, err := sqlite.OpenReadOnly(t.Context(), path)
		must(t, err)
		defer r.Close()
		runs, err := r.Runs(t.Context(), 0)
		must(t, err)
		for _, r := range runs {
			if r.Counts.Actions[state.ActionLink] != 1 {
				t.Errorf("%+v", r.Counts)
			}
			list = append(list, origin.Origin{By: r.By, Ref: r.Ref})
		}
		return list
	}
	run(from)
	if d := cmp.Diff([]origin.Origin{from}, origins()); d != "" {
		t.Error(d)
	}
	execute(t, path, withoutOrigin)
	if d := cmp.Diff([]origin.Origin{{}}, origins()); d != "" || version(t, path) != 6 {
		t.Error(version(t, path), d)
	}
	run(origin.Origin{By: "jane@admin1"})
	if d := cmp.Diff([]origin.Origin{{By: "jane@admin1"}, {}}, origins()); d != "" || version(t, path) != layout.Version {
		t.Error(version(t, path), d)
	}
}

// lineageOf is the lineage of a record, or one for a record that is to be made.
func lineageOf(s *sqlite.Store) string {
	if m := s.Meta(); m.Exists {
		return m.Lineage
	}
	return "11111111-2222-4333-8444-555555555555"
}
