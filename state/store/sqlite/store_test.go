package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

var (
	shape   = state.NewShape("accountEnabled", "displayName", "mail")
	info    = store.RunInfo{Lineage: "lineage-1", Key: state.Key{7, 31: 9}, SourceSID: "S-1-5-21-1", TenantID: "tenant-1", PlanDigest: "sha256:abc", Allowed: []string{"deletes.count=7"}}
	cmpLink = cmp.Options{cmp.Comparer(func(a, b *state.Shape) bool {
		return (a == nil && b == nil) || a != nil && b != nil && slices.Equal(a.Names(), b.Names())
	}), cmpopts.EquateEmpty()}
)

func clock() time.Time { return time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC) }

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, store.Options{Holder: "test", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func begin(t testing.TB, s *sqlite.Store) store.Writer {
	t.Helper()
	i := info
	i.Serial = s.Meta().Serial
	w, err := s.Begin(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func link(n int) *state.Link {
	return &state.Link{Anchor: fmt.Sprintf("anchor-%07d", n), Kind: state.User, Scope: "staff", SourceGUID: state.GUID{byte(n), byte(n >> 8), byte(n >> 16)},
		TargetID: fmt.Sprintf("00000000-0000-0000-0000-%012d", n), Rule: "created", Shape: shape, Fingerprints: []uint64{uint64(n) + 1, 1 << 63, 0}}
}

func links(t testing.TB, s *sqlite.Store) []*state.Link {
	t.Helper()
	var all []*state.Link
	for l, err := range s.Links(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		c := *l
		c.Fingerprints = slices.Clone(l.Fingerprints)
		all = append(all, &c)
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// execute runs a statement on a state behind the store's back.
func execute(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	_, err = db.Exec(statement)
	must(t, err)
}

func entry(seq int, l *state.Link) state.Entry {
	return state.Entry{Seq: int64(seq), Key: l.Anchor, Kind: l.Kind, Action: state.ActionCreate}
}

func TestNothingIsCreatedBeforeTheFirstWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "x.dfstate")
	s := open(t, path)
	w := begin(t, s)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Fatalf("the state exists before anything was recorded: %v", err)
	}
	if s.Meta().Exists || len(links(t, s)) != 0 {
		t.Error("an absent state is not empty")
	}
	must(t, w.Intents(t.Context(), []state.Entry{entry(1, link(1))}))
	want := store.Meta{Exists: true, Lineage: "lineage-1", Serial: 1, SourceSID: "S-1-5-21-1", TenantID: "tenant-1", Key: info.Key}
	if d := cmp.Diff(want, s.Meta()); d != "" {
		t.Error(d)
	}
	fi, err := os.Stat(path)
	must(t, err)
	if fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600: the file holds the fingerprint key", fi.Mode())
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%.dfstate") // a name full of what a URL would misread
	s := open(t, path)
	w := begin(t, s)
	a, b, c := link(1), link(2), &state.Link{Anchor: "Anchor==", Kind: state.Group, Scope: "g", TargetID: "", Rule: "declared", Left: true, LeftAt: 1<<35 - 1}
	must(t, w.Intents(t.Context(), []state.Entry{entry(1, a), entry(2, b), entry(3, c)}))
	failed := state.Result{Entry: entry(3, c)}
	failed.Status, failed.Code, failed.RequestID, failed.Attribute = state.StatusFailed, "Request_BadRequest", "req-1", "manager"
	done := func(seq int, l *state.Link) state.Result {
		r := state.Result{Entry: entry(seq, l), Link: l}
		r.Status, r.TargetID, r.Writes = state.StatusDone, l.TargetID, state.Writes{Source: seq - 1, Tenant: seq}
		return r
	}
	must(t, w.Results(t.Context(), []state.Result{done(1, a), done(2, b), failed}))
	must(t, w.Records(t.Context(), []*state.Link{c}))
	ous := []state.OU{{Scope: "staff", Declared: "OU=A,DC=x", GUID: state.GUID{9}}, {Scope: "staff", Declared: "OU=B,DC=x", GUID: state.GUID{8}}}
	must(t, w.OUs(t.Context(), ous))
	scopes := []store.ScopeCount{{Scope: "staff", Kind: state.User, Objects: 12, InScope: 10}}
	must(t, w.Finish(t.Context(), store.OutcomePartial, state.Counts{Applied: 2, Failed: 1}, scopes))
	must(t, s.Close())

	r, err := sqlite.OpenReadOnly(t.Context(), path)
	must(t, err)
	if d := cmp.Diff([]*state.Link{c, a, b}, links(t, r), cmpLink, cmpopts.IgnoreFields(state.Link{}, "Shape")); d != "" {
		t.Error(d)
	}
	got, ok, err := r.Link(t.Context(), a.Anchor)
	if !ok || err != nil || cmp.Diff(a, got, cmpLink) != "" {
		t.Error(ok, err, cmp.Diff(a, got, cmpLink))
	}
	gotOUs, err := r.OUs(t.Context())
	if d := cmp.Diff(ous, gotOUs); d != "" || err != nil {
		t.Error(err, d)
	}
	runs, err := r.Runs(t.Context(), 0)
	want := []store.Run{{ID: 1, Command: "apply", Serial: 1, Started: clock(), Finished: clock(), Outcome: store.OutcomePartial,
		Counts: state.Counts{Applied: 2, Failed: 1}, PlanDigest: "sha256:abc", Allowed: []string{"deletes.count=7"}, Scopes: scopes,
		Writes: &state.Writes{Source: 1, Tenant: 3}}}
	if d := cmp.Diff(want, runs); d != "" || err != nil {
		t.Error(err, d)
	}
	var journal []state.Entry
	for e, err := range r.Journal(t.Context(), 1) {
		must(t, err)
		journal = append(journal, *e)
	}
	d1, d2 := done(1, a).Entry, done(2, b).Entry
	if d := cmp.Diff([]state.Entry{d1, d2, failed.Entry}, journal); d != "" {
		t.Error(d)
	}
	if left, err := r.Unfinished(t.Context()); len(left) != 0 || err != nil {
		t.Error(left, err)
	}
	must(t, r.Close())
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("beside the state lie %v; a finished run must leave nothing", entries)
	}
}

func TestLinksAreReplacedAndForgotten(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "x"))
	w := begin(t, s)
	a, b := link(1), link(2)
	must(t, w.Records(t.Context(), []*state.Link{a, b}))
	moved := *a
	moved.Scope, moved.Left, moved.Shape, moved.Fingerprints = "other", true, state.NewShape("mail"), []uint64{5}
	must(t, w.Results(t.Context(), []state.Result{{Entry: entry(1, a), Link: &moved}, {Entry: entry(2, b), Forget: true}}))
	if d := cmp.Diff([]*state.Link{&moved}, links(t, s), cmpLink); d != "" {
		t.Error(d)
	}
	found, err := w.Links(t.Context(), []string{a.Anchor, b.Anchor})
	if len(found) != 1 || err != nil || found[a.Anchor].Scope != "other" {
		t.Error(found, err)
	}
}

func TestSerial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	s := open(t, path)
	w := begin(t, s)
	must(t, w.Records(t.Context(), []*state.Link{link(1)}))
	must(t, w.Results(t.Context(), []state.Result{{Entry: entry(1, link(2)), Link: link(2)}}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	if n := s.Meta().Serial; n != 1 {
		t.Fatalf("serial %d after one run, want 1", n)
	}
	_, err := s.Begin(t.Context(), info) // serial 0
	if !errors.Is(err, store.ErrOtherState) || !strings.Contains(fault.Hint(err), "plan again") {
		t.Errorf("a plan of an older serial: %v", err)
	}
	for what, change := range map[string]func(*store.RunInfo){
		"lineage": func(i *store.RunInfo) { i.Lineage = "other" }, "domain": func(i *store.RunInfo) { i.SourceSID = "S-1-5-21-2" },
		"tenant": func(i *store.RunInfo) { i.TenantID = "other" },
	} {
		i := info
		i.Serial = 1
		change(&i)
		if _, err := s.Begin(t.Context(), i); !errors.Is(err, store.ErrOtherState) || !strings.Contains(err.Error(), what) {
			t.Errorf("another %s: %v", what, err)
		}
	}
	must(t, begin(t, s).Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	if n := s.Meta().Serial; n != 1 {
		t.Errorf("serial %d after a run that recorded nothing, want 1", n)
	}
	must(t, s.RemoveLinks(t.Context(), link(1).Anchor))
	if n, l := s.Meta().Serial, links(t, s); n != 2 || len(l) != 1 {
		t.Errorf("after state rm: serial %d, links %v", n, l)
	}
	if err := s.RemoveLinks(t.Context(), link(2).Anchor, "none"); err == nil || len(links(t, s)) != 1 || s.Meta().Serial != 2 {
		t.Errorf("removing an unknown link: %v", err)
	}
	must(t, s.Close())
	s = open(t, path)
	if n := s.Meta().Serial; n != 2 {
		t.Errorf("serial %d after reopening, want 2", n)
	}
	runs, err := s.Runs(t.Context(), 2)
	must(t, err)
	if len(runs) != 2 || runs[0].Command != "state rm" || runs[0].Counts.Applied != 1 || runs[1].ID != 2 {
		t.Errorf("%+v", runs)
	}
}

func TestBeginOfAPlanWhoseStateIsGone(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "x"))
	i := info
	i.Serial = 3
	if _, err := s.Begin(t.Context(), i); !errors.Is(err, store.ErrOtherState) {
		t.Error(err)
	}
	if err := s.RemoveLinks(t.Context(), "a"); err == nil {
		t.Error("removing from a state that does not exist")
	}
}

func TestBadLinksAreRefusedWhole(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "x"))
	bad := link(2)
	bad.Fingerprints = bad.Fingerprints[:1]
	other := link(1)
	other.Scope = "new scope" // its class is made in the transaction that fails
	w := begin(t, s)
	if err := w.Records(t.Context(), []*state.Link{other, bad}); err == nil {
		t.Fatal("a link without all fingerprints was recorded")
	}
	if s.Meta().Exists {
		t.Error("a refused first write made the state exist")
	}
	must(t, w.Records(t.Context(), []*state.Link{link(3)}))
	if err := w.Records(t.Context(), []*state.Link{other, bad}); err == nil {
		t.Fatal("a link without all fingerprints was recorded")
	}
	must(t, w.Records(t.Context(), []*state.Link{other}))
	if d := cmp.Diff([]*state.Link{other, link(3)}, links(t, s), cmpLink); d != "" {
		t.Error(d)
	}
}

// TestARecordIsPrivate: a copy that everybody may read is its owner's alone from the next run on.
func TestARecordIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are others there")
	}
	path, content := aRecord(t, 3)
	must(t, os.Remove(path))
	must(t, os.WriteFile(path, content, 0o644))
	must(t, os.Chmod(path, 0o644))
	s := open(t, path)
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if fi, err := os.Stat(name); err == nil && fi.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %s", name, fi.Mode())
		}
	}
	must(t, s.Close())
}
