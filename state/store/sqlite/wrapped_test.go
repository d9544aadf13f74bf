package sqlite_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

func newKey(t *testing.T) seal.Key {
	t.Helper()
	k, err := seal.NewKey()
	must(t, err)
	return k
}

// lock opens a record with keys, for writing.
func lock(t *testing.T, path string, keys *seal.Keys) store.Locked {
	t.Helper()
	l, err := sqlite.Encrypted{File: sqlite.File(path), Keys: keys}.Lock(t.Context(), store.Options{Holder: "test"})
	must(t, err)
	return l
}

func infoOf(m store.Meta) store.RunInfo {
	return store.RunInfo{Lineage: m.Lineage, Serial: m.Serial, SourceSID: m.SourceSID, TenantID: m.TenantID}
}

// writes makes a run that records a link.
func writes(t *testing.T, path string, keys *seal.Keys, l *state.Link) {
	t.Helper()
	s := lock(t, path, keys)
	m := s.Meta()
	if !m.Exists {
		m = store.Meta{Lineage: "lineage", SourceSID: "S-1-5-21-1", TenantID: "tenant"}
	}
	w, err := s.Begin(t.Context(), infoOf(m))
	must(t, err)
	must(t, w.Records(t.Context(), []*state.Link{l}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	must(t, s.Close())
}

// holds reads a record with keys, and reports its key and links.
func holds(t *testing.T, path string, keys *seal.Keys) (state.Key, []*state.Link) {
	t.Helper()
	r, err := sqlite.Encrypted{File: sqlite.File(path), Keys: keys}.Load(t.Context())
	must(t, err)
	defer r.Close()
	var all []*state.Link
	for l, err := range r.Links(t.Context()) {
		must(t, err)
		c := *l
		c.Fingerprints = append([]uint64(nil), l.Fingerprints...)
		all = append(all, &c)
	}
	return r.Meta().Key, all
}

// shows reports whether the record, or what lies beside it, has its key in the clear.
func shows(t *testing.T, path string, key state.Key) bool {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	must(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		if bytes.Contains(b, []byte(base64.StdEncoding.EncodeToString(key[:]))) || bytes.Contains(b, key[:16]) {
			return true
		}
	}
	return false
}

// pending reports whether a file still has to be rewritten, since its unused parts may hold what was replaced.
func pending(t *testing.T, path string) bool {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	var n int
	must(t, db.QueryRow("SELECT count(*) FROM meta WHERE name = 'erase'").Scan(&n))
	return n > 0
}

// refusesAll checks that a record cannot be opened in any way with keys, for the right reason, and stays as it is.
func refusesAll(t *testing.T, what, path string, keys *seal.Keys, want error) {
	t.Helper()
	before, err := os.ReadFile(path)
	must(t, err)
	place := store.Place(sqlite.Encrypted{File: sqlite.File(path), Keys: keys})
	if keys == nil {
		place = sqlite.File(path)
	}
	_, load := place.Load(t.Context())
	_, locked := place.Lock(t.Context(), store.Options{Holder: "test"})
	_, _, rebuilt := place.Rebuild(t.Context(), store.Options{Holder: "test"})
	for how, err := range map[string]error{"to read": load, "to write": locked, "to make it anew": rebuilt} {
		if !errors.Is(err, want) {
			t.Errorf("%s, %s: %v", what, how, err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("%s: the record was changed: %v", what, err)
	}
}

// TestWrappedKey: the first run that writes with keys wraps the key of a record in the clear, and erases it; afterwards
// the record opens with these keys alone, and holds what it held. A rotation wraps it anew.
func TestWrappedKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "contoso.dfstate")
	writes(t, path, nil, link(1))
	key, want := holds(t, path, nil)
	first, second := newKey(t), newKey(t)
	if _, got := holds(t, path, seal.New(first)); !shows(t, path, key) || cmp.Diff(want, got, cmpLink) != "" {
		t.Error("reading with keys changes a record in the clear")
	}

	writes(t, path, seal.New(first), link(2))
	want = append(want, link(2))
	got, all := holds(t, path, seal.New(first))
	if d := cmp.Diff(want, all, cmpLink); d != "" || got != key || shows(t, path, key) || pending(t, path) {
		t.Errorf("shown: %v, pending: %v\n%s", shows(t, path, key), pending(t, path), d)
	}
	refusesAll(t, "no key", path, nil, seal.ErrNoKey)
	refusesAll(t, "another key", path, seal.New(second), seal.ErrWrongKey)

	rotated := seal.New(second, first)
	if got, _ := holds(t, path, rotated); got != key {
		t.Error("another key while it rotates")
	}
	if got, _ := holds(t, path, seal.New(first)); got != key {
		t.Error("reading rotates")
	}
	writes(t, path, rotated, link(3))
	got, all = holds(t, path, seal.New(second))
	if d := cmp.Diff(append(want, link(3)), all, cmpLink); d != "" || got != key || shows(t, path, key) || pending(t, path) {
		t.Error(d)
	}
	refusesAll(t, "the earlier key", path, seal.New(first), seal.ErrWrongKey)
}

// TestWrappedFromTheStart: a record that is made with keys never has its key in the clear.
func TestWrappedFromTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "contoso.dfstate")
	keys := seal.New(newKey(t))
	s := lock(t, path, keys)
	w, err := s.Begin(t.Context(), store.RunInfo{Lineage: "lineage"})
	must(t, err)
	must(t, w.Records(t.Context(), []*state.Link{link(1)}))
	key := s.Meta().Key
	if key.IsZero() || shows(t, path, key) {
		t.Error("the key is shown during the first run")
	}
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	must(t, s.Close())
	if got, _ := holds(t, path, keys); got != key || shows(t, path, key) {
		t.Error("the key is shown, or another one")
	}
	refusesAll(t, "no key", path, nil, seal.ErrNoKey)
}

// TestWrappedByARunThatWasCutOff: a run that fails in its first transaction wraps nothing, and one that is cut off
// behind it leaves the erasing to the next.
func TestWrappedByARunThatWasCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "contoso.dfstate")
	writes(t, path, nil, link(1))
	key, want := holds(t, path, nil)
	keys := seal.New(newKey(t))
	s := lock(t, path, keys)
	m := s.Meta()
	w, err := s.Begin(t.Context(), infoOf(m))
	must(t, err)
	if err := w.Records(t.Context(), []*state.Link{{Anchor: "", Kind: state.User}}); err == nil {
		t.Fatal("a link without an anchor was recorded")
	}
	if got, all := holds(t, path, nil); got != key || cmp.Diff(want, all, cmpLink) != "" {
		t.Error("a run that failed has changed the record")
	}
	must(t, w.Records(t.Context(), []*state.Link{link(2)}))
	must(t, s.Close())
	refusesAll(t, "no key", path, nil, seal.ErrNoKey)
	if !pending(t, path) {
		t.Error("nothing is left to be erased")
	}
	writes(t, path, keys, link(3))
	if got, all := holds(t, path, keys); got != key || len(all) != 3 || shows(t, path, key) || pending(t, path) {
		t.Errorf("%d links; shown: %v", len(all), shows(t, path, key))
	}
}

// TestOldLayoutIsWrapped: a record of layout 1 is sealed and wrapped at once.
func TestOldLayoutIsWrapped(t *testing.T) {
	path := oldRecord(t)
	_, want := holds(t, path, nil)
	keys := seal.New(newKey(t))
	writes(t, path, keys, link(9))
	key, got := holds(t, path, keys)
	if d := cmp.Diff(len(want)+1, len(got)); d != "" || version(t, path) != layout.Version || shows(t, path, key) {
		t.Error(version(t, path), d)
	}
	refusesAll(t, "no key", path, nil, seal.ErrNoKey)
}

// TestWrappedKeyIsTheRecordsOwn: a record whose wrapped key was changed or taken from another record is damaged, also
// one that somebody has given a key in the clear besides.
func TestWrappedKeyIsTheRecordsOwn(t *testing.T) {
	keys := seal.New(newKey(t))
	for name, change := range map[string]string{
		"changed": "UPDATE meta SET value = substr(value, 1, length(value) - 6) || 'AAAAAA' " +
			"WHERE name = 'wrapped_key'",
		"moved": "UPDATE meta SET value = 'other' WHERE name = 'lineage'",
		"both":  "INSERT INTO meta VALUES ('key', 'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=')",
		"gone":  "DELETE FROM meta WHERE name = 'wrapped_key'",
		"in the clear": "UPDATE meta SET name = 'key', value = 'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=' " +
			"WHERE name = 'wrapped_key'",
	} {
		path := filepath.Join(t.TempDir(), "contoso.dfstate")
		writes(t, path, keys, link(1))
		execute(t, path, change)
		r, err := sqlite.Encrypted{File: sqlite.File(path), Keys: keys}.Load(t.Context())
		if err == nil { // another key: its fingerprints do not open
			for _, err = range r.Links(t.Context()) {
				if err != nil {
					break
				}
			}
			r.Close()
		}
		if !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
