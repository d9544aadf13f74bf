package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// oldRecord makes a record as the version of dirform that had layout 1 left it: testdata/layout1.sql is the dump of one, with
// three links, of which one has left its scope.
func oldRecord(t *testing.T) string {
	t.Helper()
	dump, err := os.ReadFile("testdata/layout1.sql")
	must(t, err)
	path := filepath.Join(t.TempDir(), "old.dfstate")
	db, err := sql.Open("sqlite", path)
	must(t, err)
	for _, q := range []string{"PRAGMA page_size = 8192", "PRAGMA journal_mode = WAL", string(dump), "PRAGMA application_id = 0x64667374"} {
		_, err := db.Exec(q)
		must(t, err)
	}
	must(t, db.Close())
	return path
}

func version(t *testing.T, path string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	must(t, db.QueryRow("SELECT version FROM schema").Scan(&n))
	return n
}

// A record of layout 1 is read as it is, without a change; the first run that writes brings it up to date and loses nothing.
func TestOldLayout(t *testing.T) {
	path := oldRecord(t)
	r, err := sqlite.OpenReadOnly(t.Context(), path)
	must(t, err)
	old := links(t, r)
	must(t, r.Close())
	if len(old) != 3 || old[0].Left || !old[1].Left || old[1].LeftAt != 0 || old[1].TargetID != "00000000-0000-4000-8000-000000000002" {
		t.Fatalf("%+v", old)
	}
	if n := version(t, path); n != 1 {
		t.Errorf("reading made it layout %d", n)
	}

	s := open(t, path)
	m := s.Meta()
	w, err := s.Begin(t.Context(), store.RunInfo{Lineage: m.Lineage, Serial: m.Serial, SourceSID: m.SourceSID, TenantID: m.TenantID})
	must(t, err)
	before, err := w.Links(t.Context(), []string{old[2].Anchor})
	if d := cmp.Diff(old[2], before[old[2].Anchor], cmpLink); d != "" || err != nil {
		t.Error(err, d)
	}
	if n := version(t, path); n != 1 {
		t.Errorf("beginning a run made it layout %d", n)
	}
	leaver := *old[2]
	leaver.Left, leaver.LeftAt = true, 1_792_490_400 // 2026-10-20 10:00 UTC
	must(t, w.Records(t.Context(), []*state.Link{&leaver}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	must(t, s.Close())

	if n := version(t, path); n != layout.Version {
		t.Errorf("after a run it has layout %d", n)
	}
	r, err = sqlite.OpenReadOnly(t.Context(), path)
	must(t, err)
	defer r.Close()
	if d := cmp.Diff([]*state.Link{old[0], old[1], &leaver}, links(t, r), cmpLink); d != "" {
		t.Error(d)
	}
	runs, err := r.Runs(t.Context(), 0)
	if len(runs) != 3 || err != nil {
		t.Error(runs, err)
	}
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	var at string
	must(t, db.QueryRow("SELECT left_at FROM links_readable WHERE left_scope AND left_at <> ''").Scan(&at))
	if at != "2026-10-20T10:00:00Z" {
		t.Errorf("people read %s", at)
	}
}

// A run that fails in its first transaction leaves the record as it was, and the next one brings it up to date.
func TestOldLayoutOfAFailedRun(t *testing.T) {
	path := oldRecord(t)
	s := open(t, path)
	m := s.Meta()
	info := store.RunInfo{Lineage: m.Lineage, Serial: m.Serial, SourceSID: m.SourceSID, TenantID: m.TenantID}
	w, err := s.Begin(t.Context(), info)
	must(t, err)
	if err := w.Records(t.Context(), []*state.Link{{Anchor: "", Kind: state.User}}); err == nil {
		t.Fatal("a link without an anchor was recorded")
	}
	if n := version(t, path); n != 1 || len(links(t, s)) != 3 {
		t.Errorf("layout %d, %d links", n, len(links(t, s)))
	}
	l := link(7)
	l.Left, l.LeftAt = true, 77
	must(t, w.Records(t.Context(), []*state.Link{l}))
	got, ok, err := s.Link(t.Context(), l.Anchor)
	if !ok || err != nil || got.LeftAt != 77 || version(t, path) != layout.Version {
		t.Error(got, ok, err)
	}
}
