package sqlite_test

import (
	"fmt"
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

// leave copies the files of a state that is in use, which is what a kill leaves behind.
func leave(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "left")
	for _, suffix := range []string{"", "-wal"} {
		if b, err := os.ReadFile(path + suffix); err == nil {
			must(t, os.WriteFile(to+suffix, b, 0o600))
		}
	}
	return to
}

func TestKilledRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	s := open(t, path)
	w := begin(t, s)
	must(t, w.Intents(t.Context(), []state.Entry{entry(1, link(1)), entry(2, link(2))}))
	done := state.Result{Entry: entry(1, link(1)), Link: link(1)}
	done.Status = state.StatusDone
	must(t, w.Results(t.Context(), []state.Result{done}))

	left := leave(t, path)
	r, err := sqlite.OpenReadOnly(t.Context(), left)
	must(t, err)
	open2 := entry(2, link(2))
	open2.Status = state.StatusIntent
	unfinished, err := r.Unfinished(t.Context())
	if d := cmp.Diff([]state.Entry{open2}, unfinished); d != "" || err != nil {
		t.Error(err, d)
	}
	if d := cmp.Diff([]*state.Link{link(1)}, links(t, r), cmpLink); d != "" {
		t.Error(d)
	}
	must(t, r.Close())

	next := open(t, left)
	if next.Meta().Serial != 1 {
		t.Errorf("serial %d: a plan made before the killed run must be refused", next.Meta().Serial)
	}
	w = begin(t, next)
	if u, err := next.Unfinished(t.Context()); len(u) != 1 || err != nil {
		t.Error("Begin must not close what the killed run left:", u, err)
	}
	must(t, w.Records(t.Context(), []*state.Link{link(2)}))
	if u, err := next.Unfinished(t.Context()); len(u) != 0 || err != nil {
		t.Error(u, err)
	}
	runs, err := next.Runs(t.Context(), 0)
	must(t, err)
	if len(runs) != 2 || runs[1].Outcome != store.OutcomeDied || !runs[1].Finished.IsZero() || runs[0].Outcome != "" || !runs[0].Finished.IsZero() {
		t.Errorf("%+v", runs)
	}
}

// TestKilledRunIsCounted: what a run did before it was cut off stands in its journal, and the history says so, before the next run
// writes and after.
func TestKilledRunIsCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	s := open(t, path)
	w := begin(t, s)
	var intents []state.Entry
	var results []state.Result
	for seq, what := range []struct {
		key, attribute string
		status         state.EntryStatus
	}{
		{"a", "", state.StatusDone}, {"a", "manager", state.StatusFailed}, {"b", "", state.StatusDone}, {"b", "manager", state.StatusDone},
		{"c", "", state.StatusFailed}, {"d", "", state.StatusSkipped}, {"e", "", state.StatusIntent},
		{"f", "manager", state.StatusFailed}, {"f", "", state.StatusFailed}, // of references alone, concluded
		{"g", "manager", state.StatusDone}, {"h", "manager", state.StatusIntent}, // not concluded
	} {
		e := state.Entry{Seq: int64(seq + 1), Key: what.key, Kind: state.User, Action: state.ActionUpdate, Attribute: what.attribute, Status: what.status}
		intents = append(intents, e)
		if what.status != state.StatusIntent {
			results = append(results, state.Result{Entry: e})
		}
	}
	must(t, w.Intents(t.Context(), intents))
	must(t, w.Results(t.Context(), results))
	want := state.Counts{Applied: 3, Failed: 2, Skipped: 1, Unknown: 2, References: 1,
		Actions: map[state.Action]int{state.ActionUpdate: 3}}

	left := leave(t, path)
	r, err := sqlite.OpenReadOnly(t.Context(), left)
	must(t, err)
	runs, err := r.Runs(t.Context(), 0)
	must(t, err)
	if d := cmp.Diff(want, runs[0].Counts); d != "" || runs[0].Outcome != "" {
		t.Errorf("before the next run: %s\n%+v", d, runs)
	}
	must(t, r.Close())

	next := open(t, left)
	i := info
	i.Serial = 0
	if _, err := next.Begin(t.Context(), i); err == nil || !strings.Contains(err.Error(), "a run of this very plan") {
		t.Error("the plan's own run:", err)
	}
	i.PlanDigest = "sha256:other"
	if _, err := next.Begin(t.Context(), i); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Error("another plan's run:", err)
	}
	must(t, begin(t, next).Records(t.Context(), []*state.Link{link(2)}))
	runs, err = next.Runs(t.Context(), 0)
	must(t, err)
	if d := cmp.Diff(want, runs[1].Counts); d != "" || runs[1].Outcome != store.OutcomeDied || !runs[1].Finished.IsZero() {
		t.Errorf("after it: %s\n%+v", d, runs)
	}
}

// TestTornLog cuts the write-ahead log at every few bytes: what is read back is always a whole prefix of the transactions.
func TestTornLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	s := open(t, path)
	w := begin(t, s)
	const transactions = 8
	for i := range transactions {
		must(t, w.Records(t.Context(), []*state.Link{link(2 * i), link(2*i + 1)}))
	}
	whole, err := os.ReadFile(path + "-wal")
	must(t, err)
	db, err := os.ReadFile(path)
	must(t, err)
	most := 0
	for cut := 0; cut <= len(whole); cut += 1 + len(whole)/60 {
		torn := filepath.Join(t.TempDir(), "torn")
		must(t, os.WriteFile(torn, db, 0o600))
		must(t, os.WriteFile(torn+"-wal", whole[:cut], 0o600))
		r, err := sqlite.OpenReadOnly(t.Context(), torn)
		must(t, err)
		got := links(t, r)
		if len(got)%2 != 0 || len(got) > 0 != r.Meta().Exists {
			t.Fatalf("cut at %d: %d links, meta %+v", cut, len(got), r.Meta())
		}
		for i, l := range got {
			if d := cmp.Diff(link(i), l, cmpLink); d != "" {
				t.Fatal(d)
			}
		}
		most = max(most, len(got))
		must(t, r.Close())
	}
	if most < transactions {
		t.Errorf("at most %d links came back", most)
	}
}

func TestReadWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	s := open(t, path)
	w := begin(t, s)
	var first []*state.Link
	for i := range 5000 { // more than one chunk
		first = append(first, link(i))
	}
	must(t, w.Records(t.Context(), first))
	r, err := sqlite.OpenReadOnly(t.Context(), path)
	must(t, err)
	defer r.Close()
	n := 0
	for l, err := range r.Links(t.Context()) {
		must(t, err)
		if n%1000 == 0 {
			must(t, w.Results(t.Context(), []state.Result{{Entry: entry(n+1, link(4999-n)), Forget: true}, {Entry: entry(n+2, link(0)), Link: link(100000 + n)}}))
		}
		if l.Anchor != link(n).Anchor {
			t.Fatalf("link %d is %s", n, l.Anchor)
		}
		n++
	}
	if n != 5000 {
		t.Errorf("%d links in the snapshot, want 5000", n)
	}
	if now := len(links(t, s)); now != 5000 {
		t.Errorf("%d links now, want 5000", now)
	}
	if _, err := r.Begin(t.Context(), info); err == nil {
		t.Error("a record opened for reading took a run")
	}
}

func TestForeignAndDamagedFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	s := open(t, path)
	must(t, begin(t, s).Records(t.Context(), []*state.Link{link(1)}))
	must(t, s.Close())
	fileOf := func(name, statement string) string {
		to := filepath.Join(dir, name)
		b, err := os.ReadFile(path)
		must(t, err)
		must(t, os.WriteFile(to, b, 0o600))
		execute(t, to, statement)
		return to
	}
	text := filepath.Join(dir, "text")
	must(t, os.WriteFile(text, []byte(strings.Repeat("this is no database ", 1000)), 0o600))
	for file, want := range map[string]string{
		fileOf("newer", "UPDATE schema SET version = 99"):                      "newer dirform",
		fileOf("foreign", "PRAGMA application_id = 7"):                         "another application",
		fileOf("serial", "UPDATE meta SET value = 'zz' WHERE name = 'serial'"): "damaged",
		text: "not readable as a dirform state",
	} {
		if _, err := sqlite.OpenReadOnly(t.Context(), file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s, reading: %v", file, err)
		}
		if _, err := sqlite.Open(t.Context(), file, store.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s, writing: %v", file, err)
		}
		if _, err := os.Stat(file + ".lock"); !os.IsNotExist(err) {
			t.Errorf("%s: refused, but still locked", file)
		}
	}
	broken := fileOf("broken", "UPDATE links SET fingerprints = x'01'")
	r, err := sqlite.OpenReadOnly(t.Context(), broken)
	must(t, err)
	defer r.Close()
	if _, _, err := r.Link(t.Context(), link(1).Anchor); err == nil || !strings.Contains(fault.Hint(err), "state rebuild") {
		t.Errorf("a damaged link: %v", err)
	}
}

func TestOldJournalsAreDropped(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "x"))
	for range store.KeepJournals + 3 {
		w := begin(t, s)
		must(t, w.Results(t.Context(), []state.Result{{Entry: entry(1, link(1))}}))
		must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	}
	for run, want := range map[int64]int{1: 0, 3: 0, 4: 1, store.KeepJournals + 3: 1} {
		n := 0
		for _, err := range s.Journal(t.Context(), run) {
			must(t, err)
			n++
		}
		if n != want {
			t.Errorf("run %d has %d journal entries, want %d", run, n, want)
		}
	}
	if runs, err := s.Runs(t.Context(), 0); len(runs) != store.KeepJournals+3 || err != nil {
		t.Error(len(runs), err)
	}
}

func BenchmarkLinks(b *testing.B) {
	const n = 100_000
	s := open(b, filepath.Join(b.TempDir(), "x"))
	wide := make([]string, 20)
	for i := range wide {
		wide[i] = fmt.Sprintf("attribute%02d", i)
	}
	sh := state.NewShape(wide...)
	batch := make([]*state.Link, n)
	for i := range batch {
		batch[i] = link(i)
		batch[i].Shape, batch[i].Fingerprints = sh, make([]uint64, len(wide))
	}
	w := begin(b, s)
	write := func() {
		for i := 0; i < n; i += 1000 {
			must(b, w.Records(b.Context(), batch[i:i+1000]))
		}
	}
	write()
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			write()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/link")
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			count := 0
			for _, err := range s.Links(b.Context()) {
				must(b, err)
				count++
			}
			if count != n {
				b.Fatal(count)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/link")
	})
}
