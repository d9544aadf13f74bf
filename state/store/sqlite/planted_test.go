package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// TestPlantedLinks: whoever may put files beside a record, as the author of a pull request may, does not have others written to
// through links with the names of those that SQLite and a record that is being made have there.
func TestPlantedLinks(t *testing.T) {
	_, whole := aRecord(t, 3)
	const kept = "all that I have, which is more than the header of a write-ahead log"
	for _, suffix := range []string{"-wal", "-shm", "-journal", ".new", ".new-wal", ".new-shm", ".new-journal"} {
		for _, to := range []string{"treasure", "nowhere"} {
			for _, exists := range []bool{true, false} {
				outside, path := t.TempDir(), filepath.Join(t.TempDir(), "x.dfstate")
				must(t, os.WriteFile(filepath.Join(outside, "treasure"), []byte(kept), 0o600))
				if exists {
					must(t, os.WriteFile(path, whole, 0o600))
				}
				must(t, os.Symlink(filepath.Join(outside, to), path+suffix))
				if r, err := sqlite.OpenReadOnly(t.Context(), path); err == nil {
					must(t, r.Close())
				}
				if s, err := sqlite.Open(t.Context(), path, store.Options{Holder: "test", Now: clock}); err == nil {
					w := begin(t, s)
					_ = w.Records(t.Context(), []*state.Link{link(7)}) // refused or not, it writes nowhere else
					_ = w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil)
					_ = s.Close()
				}
				entries, err := os.ReadDir(outside)
				must(t, err)
				content, err := os.ReadFile(filepath.Join(outside, "treasure"))
				if err != nil || string(content) != kept || len(entries) != 1 {
					t.Errorf("%s to %s, there is a record: %v: %q, %v", suffix, to, exists, content, entries)
				}
			}
		}
	}
}
