package sqlite_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// aRecord makes a closed record of n links and gives its path and content.
func aRecord(t *testing.T, n int) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "x")
	s := open(t, path)
	w := begin(t, s)
	var list []*state.Link
	for i := range n {
		list = append(list, link(i))
	}
	must(t, w.Results(t.Context(), []state.Result{{Entry: entry(1, link(0))}}))
	must(t, w.Records(t.Context(), list))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
	must(t, s.Close())
	content, err := os.ReadFile(path)
	must(t, err)
	return path, content
}

// refused checks that a file is refused as damaged, with a hint that loses nothing: for reading and, if it is not
// locked, for writing.
func refused(t *testing.T, path string, unlocked bool) {
	t.Helper()
	_, reading := sqlite.OpenReadOnly(t.Context(), path)
	errs := map[string]error{"reading": reading}
	if unlocked {
		_, errs["writing"] = sqlite.Open(t.Context(), path, store.Options{})
	}
	for what, err := range errs {
		switch hint := fault.Hint(err); {
		case !errors.Is(err, store.ErrDamaged):
			t.Errorf("%s: %v", what, err)
		case strings.Contains(hint, "remove") || !strings.Contains(hint, "backup") || !strings.Contains(hint, "dirform state rebuild"):
			t.Errorf("%s: %v: %s", what, err, hint)
		}
	}
	if _, err := os.Stat(path + ".lock"); unlocked && !os.IsNotExist(err) {
		t.Error("refused, but still locked")
	}
}

func TestEmptyAndTruncatedFilesAreRefused(t *testing.T) {
	path, whole := aRecord(t, 300)
	for cut := 0; cut < len(whole); cut += 1 + len(whole)/50 {
		must(t, os.WriteFile(path, whole[:cut], 0o600))
		refused(t, path, true)
		if b, err := os.ReadFile(path); err != nil || len(b) != cut {
			t.Errorf("cut at %d: looking at it made it %d bytes (%v)", cut, len(b), err)
		}
	}
	must(t, os.WriteFile(path, whole, 0o600))
	must(t, os.WriteFile(path+"-wal", whole[:100], 0o600)) // what is no log is left alone, as SQLite does
	must(t, os.Remove(path))
	refused(t, path, true) // the log alone
	must(t, os.Remove(path+"-wal"))
	execute(t, path, "PRAGMA user_version = 7") // a database without any table
	refused(t, path, true)
}

// TestOverwrittenFiles overwrites a record here and there: it is refused, or all of it is read.
func TestOverwrittenFiles(t *testing.T) {
	const n = 300
	path, whole := aRecord(t, n)
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 150 {
		b := slices.Clone(whole)
		at := random.IntN(len(b))
		for i := at; i < min(len(b), at+[]int{1, 16, 512, 8192}[random.IntN(4)]); i++ {
			b[i] = byte(random.Uint32())
		}
		must(t, os.WriteFile(path, b, 0o600))
		s, err := sqlite.OpenReadOnly(t.Context(), path)
		if err != nil {
			found++
			continue
		}
		count := 0
		for l, err := range s.Links(t.Context()) {
			if err != nil {
				found, count = found+1, n
				break
			}
			if !strings.HasPrefix(l.Anchor, "anchor-") {
				t.Errorf("overwritten at %d: a link of %q", at, l.Anchor)
			}
			count++
		}
		if count != n {
			t.Errorf("overwritten at %d: %d links were read without a word", at, count)
		}
		must(t, s.Close())
	}
	if found < 30 {
		t.Errorf("only %d of 150 were noticed", found)
	}
}

func TestIncompleteMetaIsRefused(t *testing.T) {
	for _, statement := range []string{
		"DELETE FROM meta WHERE name = 'lineage'", "DELETE FROM meta WHERE name = 'serial'", "DELETE FROM meta WHERE name = 'key'",
		"UPDATE meta SET value = 'AAAA' WHERE name = 'key'", "UPDATE meta SET value = '' WHERE name = 'lineage'", "DELETE FROM schema",
	} {
		path, _ := aRecord(t, 1)
		execute(t, path, statement)
		if _, err := sqlite.OpenReadOnly(t.Context(), path); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// What cannot be looked at is not taken for a record that does not exist.
func TestUnreachableIsNotMissing(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600))
	dangling := filepath.Join(dir, "link")
	must(t, os.Symlink(filepath.Join(dir, "share", "x.dfstate"), dangling))
	for _, path := range []string{filepath.Join(dir, "file", "x.dfstate"), dir, dangling} {
		if s, err := sqlite.OpenReadOnly(t.Context(), path); err == nil {
			t.Errorf("%s: %+v", path, s.Meta())
		}
	}
}

// TestCutOffCreation: whatever a killed first run leaves, there is no record yet, and the next run makes it.
func TestCutOffCreation(t *testing.T) {
	_, whole := aRecord(t, 3)
	for _, left := range [][]byte{{}, whole[:100], whole[:len(whole)/2], whole} {
		path := filepath.Join(t.TempDir(), "x")
		must(t, os.WriteFile(path+".new", left, 0o600))
		must(t, os.WriteFile(path+".new-wal", whole[:50], 0o600))
		r, err := sqlite.OpenReadOnly(t.Context(), path)
		must(t, err)
		if r.Meta().Exists {
			t.Errorf("%d bytes of a record that was not finished are one", len(left))
		}
		s := open(t, path)
		must(t, begin(t, s).Records(t.Context(), []*state.Link{link(7)}))
		if d := cmp.Diff([]*state.Link{link(7)}, links(t, s), cmpLink); d != "" {
			t.Error(d)
		}
		must(t, s.Close())
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Errorf("beside the state lie %v", entries)
		}
	}
}

// TestDamageInALargeRecord: a record too large to be looked at as a whole before it is read is refused where it is read.
// Pages are emptied, and swapped, one pair at a time; whoever reads every link without an error has got every link.
func TestDamageInALargeRecord(t *testing.T) {
	const links, page = 36_000, 4096
	path, content := aRecord(t, links)
	if len(content) < 5<<20 {
		t.Fatalf("%d links take %d bytes, which are looked at before they are read", links, len(content))
	}
	r := rand.New(rand.NewPCG(7, 7))
	pages, refused, tries := len(content)/page, 0, 60
	if testing.Short() { // as under the race detector, where everything takes many times as long
		tries = 12
	}
	for range tries {
		damaged := slices.Clone(content)
		a, b := 1+r.IntN(pages-1), 1+r.IntN(pages-1)
		first := damaged[a*page : (a+1)*page]
		if r.IntN(2) == 0 {
			clear(first)
		} else {
			copy(first, content[b*page:(b+1)*page])
			copy(damaged[b*page:(b+1)*page], content[a*page:(a+1)*page])
		}
		must(t, os.WriteFile(path, damaged, 0o600))
		n, err := countLinks(t, path)
		switch {
		case err != nil && !errors.Is(err, store.ErrDamaged):
			t.Errorf("pages %d and %d: %v", a, b, err)
		case err != nil:
			refused++
		case n != links:
			t.Errorf("pages %d and %d: %d links of %d, and no error", a, b, n, links)
		}
	}
	if refused < tries/3 {
		t.Errorf("only %d of %d were refused", refused, tries)
	}
}

func countLinks(t *testing.T, path string) (n int, err error) {
	s, err := sqlite.OpenReadOnly(t.Context(), path)
	if err != nil {
		return 0, err
	}
	defer func() { must(t, s.Close()) }()
	for _, err := range s.Links(t.Context()) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
