package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// rebuild makes a record of one link in several transactions. before is called while it is not finished.
func rebuild(t *testing.T, path string, before func(*sqlite.Store)) *store.Damaged {
	t.Helper()
	s, damaged, err := sqlite.OpenForRebuild(t.Context(), path, store.Options{Holder: "test", Now: clock})
	must(t, err)
	i := info
	i.Command, i.Lineage = store.CommandRebuild, "lineage-2"
	w, err := s.Begin(t.Context(), i)
	must(t, err)
	must(t, w.Records(t.Context(), []*state.Link{link(1)}))
	must(t, w.Records(t.Context(), []*state.Link{link(2)}))
	before(s)
	scopes := []store.ScopeCount{{Scope: "staff", Kind: state.User, Objects: 2, InScope: 2}}
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 2}, scopes))
	if d := cmp.Diff([]*state.Link{link(1), link(2)}, links(t, s), cmpLink); d != "" {
		t.Error(d)
	}
	must(t, s.Close())
	r, err := sqlite.OpenReadOnly(t.Context(), path)
	must(t, err)
	defer r.Close()
	if m := r.Meta(); m.Lineage != "lineage-2" || m.Serial != 1 || len(links(t, r)) != 2 {
		t.Errorf("%+v, %d links", m, len(links(t, r)))
	}
	if last, err := r.LastScopes(t.Context()); len(last) != 1 || err != nil {
		t.Error(last, err)
	}
	return damaged
}

func TestRebuildOfAMissingRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	damaged := rebuild(t, path, func(*sqlite.Store) {
		if r, err := sqlite.OpenReadOnly(t.Context(), path); err != nil || r.Meta().Exists {
			t.Error("half a record is in place:", err)
		}
	})
	if damaged != nil {
		t.Errorf("%+v", damaged)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("beside the state lie %v", entries)
	}
}

func TestRebuildKeepsTheDamagedFile(t *testing.T) {
	path, whole := aRecord(t, 100)
	for what, b := range map[string][]byte{"empty": {}, "cut": whole[:len(whole)/2], "text": []byte("no state")} {
		must(t, os.WriteFile(path, b, 0o600))
		must(t, os.WriteFile(path+"-wal", []byte("its log"), 0o600))
		damaged := rebuild(t, path, func(*sqlite.Store) { refused(t, path, false) })
		if damaged == nil || damaged.Reason == nil {
			t.Fatalf("%s: %+v", what, damaged)
		}
		kept, err := os.ReadFile(damaged.KeptAs)
		if err != nil || string(kept) != string(b) {
			t.Errorf("%s: %d bytes are kept of %d: %v", what, len(kept), len(b), err)
		}
		if _, err := os.Stat(path + "-wal"); err == nil {
			t.Errorf("%s: its log lies beside the new record", what)
		}
	}
}

// Given up before its end, a rebuild leaves everything as it was.
func TestRebuildGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	must(t, os.WriteFile(path, nil, 0o600))
	s, _, err := sqlite.OpenForRebuild(t.Context(), path, store.Options{Now: clock})
	must(t, err)
	must(t, begin(t, s).Records(t.Context(), []*state.Link{link(1)}))
	must(t, s.Close())
	refused(t, path, true)
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("beside the state lie %v", entries)
	}
}

func TestRebuildSparesAWholeRecord(t *testing.T) {
	path, whole := aRecord(t, 3)
	_, _, err := sqlite.OpenForRebuild(t.Context(), path, store.Options{Now: clock})
	if err == nil || !strings.Contains(err.Error(), "there is a state already") || !strings.Contains(fault.Hint(err), "move it") {
		t.Error(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != string(whole) {
		t.Error("it was changed:", err)
	}
	execute(t, path, "UPDATE links SET fingerprints = x'01' WHERE anchor = 'anchor-0000002'") // only its links tell
	if _, err := sqlite.OpenReadOnly(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if damaged := rebuild(t, path, func(*sqlite.Store) {}); damaged == nil {
		t.Error("a damaged link goes unnoticed")
	}
}
