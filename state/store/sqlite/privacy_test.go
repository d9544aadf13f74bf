package sqlite_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// The departments of a company, which everybody knows, and what a link holds of one.
var (
	departments = []string{"Sales", "Finance", "Human Resources", "IT", "Legal", "Research", "Works Council"}
	held        = state.NewShape("department", "jobTitle")
	attribute   = &state.Attribute{Name: "department"}
)

// staff are n links whose accounts have departments, by a key.
func staff(key state.Key, n int) (list []*state.Link) {
	h := state.NewHasher(key)
	for i := range n {
		l := link(i)
		l.Shape = held
		department := state.String(departments[i%len(departments)])
		l.Fingerprints = []uint64{h.Fingerprint(attribute, department), h.Fingerprint(attribute, state.Null())}
		list = append(list, l)
	}
	return list
}

// derived is the key by which layouts 1 and 2 had fingerprints.
func derived(lineage string) (k state.Key) {
	sum := sha256.Sum256([]byte("dirform fingerprint key\x00" + lineage))
	copy(k[:16], sum[:])
	return k
}

// blobs are the fingerprints as they lie in the file, by anchor.
func blobs(t *testing.T, path string) map[string][]byte {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	rows, err := db.Query("SELECT anchor, fingerprints FROM links")
	must(t, err)
	defer rows.Close()
	found := map[string][]byte{}
	for rows.Next() {
		var anchor string
		var b []byte
		must(t, rows.Scan(&anchor, &b))
		found[anchor] = b
	}
	must(t, rows.Err())
	return found
}

// guesses counts how often the file holds what a dictionary gives under a key, anywhere.
func guesses(t *testing.T, path string, key state.Key) (hits int) {
	t.Helper()
	h := state.NewHasher(key)
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			continue
		}
		for _, d := range departments {
			hits += bytes.Count(b, binary.LittleEndian.AppendUint64(nil, h.Fingerprint(attribute, state.String(d))))
		}
		hits += bytes.Count(b, binary.LittleEndian.AppendUint64(nil, h.Fingerprint(attribute, state.Null())))
	}
	return hits
}

// TestFingerprintsTellNothing tries a dictionary against a record with all that its file shows without the key, looks
// for values that two accounts share, and for bytes that stay when a value is written again.
func TestFingerprintsTellNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	s := open(t, path)
	w := begin(t, s)
	people := staff(info.Key, 1000)
	must(t, w.Records(t.Context(), people))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	must(t, s.Close())
	first := blobs(t, path)
	for what, key := range map[string]state.Key{
		"what the lineage gives": derived(info.Lineage), "no key": {}, "the key, but sealed": info.Key,
	} {
		if n := guesses(t, path, key); n > 0 {
			t.Errorf("%s: %d fingerprints were guessed", what, n)
		}
	}
	words := map[string]string{}
	for anchor, b := range first {
		for word := range slices.Chunk(b, 8) {
			if other, ok := words[string(word)]; ok && len(word) == 8 {
				t.Fatalf("%s and %s have %x in common", anchor, other, word)
			}
			words[string(word)] = anchor
		}
	}

	s = open(t, path)
	w = begin(t, s)
	must(t, w.Records(t.Context(), people[:1]))
	must(t, s.Close())
	if anchor := people[0].Anchor; bytes.Equal(first[anchor], blobs(t, path)[anchor]) {
		t.Error("a value that stays the same can be told from one that changes")
	}
}

// cleartext makes a record of layout 2 with people whose fingerprints are as that layout had them, some in pages that
// are free by now.
func cleartext(t *testing.T, people []*state.Link) string {
	t.Helper()
	path := oldRecord(t)
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	run := func(q string, args ...any) {
		_, err := db.Exec(q, args...)
		must(t, err)
	}
	run("ALTER TABLE links ADD COLUMN left_at INTEGER NOT NULL DEFAULT 0")
	run("UPDATE schema SET version = 2")
	run("DELETE FROM links")
	run(`INSERT INTO shapes VALUES (9, '["department","jobTitle"]')`)
	run("INSERT INTO classes VALUES (9, 'user', 'staff', 'created', 0, 9)")
	put := func(l *state.Link) {
		var b []byte
		for _, f := range l.Fingerprints {
			b = binary.LittleEndian.AppendUint64(b, f)
		}
		run("INSERT INTO links VALUES (?, ?, ?, 9, ?, 0)", l.Anchor, l.TargetID, l.SourceGUID[:], b)
	}
	for _, l := range people {
		put(l)
	}
	for i, l := range people {
		gone := *l
		gone.Anchor = fmt.Sprintf("gone-%07d", i)
		put(&gone)
	}
	run("DELETE FROM links WHERE anchor LIKE 'gone-%'")
	return path
}

// TestUpgradeSealsFingerprints: what an old record knows goes on to be known, and nothing that can be guessed stays
// in its file, not even where links have been deleted.
func TestUpgradeSealsFingerprints(t *testing.T) {
	const lineage = "fa914f00-6579-4e22-a20a-f8566948aaef"
	people := staff(derived(lineage), 3000) // more than one page of the upgrade
	path := cleartext(t, people)
	if n := guesses(t, path, derived(lineage)); n < 2*len(people) {
		t.Fatalf("only %d fingerprints can be guessed in the old record", n)
	}
	r, err := sqlite.OpenReadOnly(t.Context(), path)
	must(t, err)
	sameLinks(t, people, links(t, r))
	if r.Meta().Key != derived(lineage) {
		t.Error("the old record is read by another key")
	}
	must(t, r.Close())

	s := open(t, path)
	w := goOn(t, s)
	added := link(5000)
	must(t, w.Records(t.Context(), []*state.Link{added}))
	sameLinks(t, append(slices.Clone(people), added), links(t, s))
	killed := leave(t, path)
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	must(t, s.Close())
	if n := guesses(t, path, derived(lineage)); n != 0 {
		t.Errorf("after the upgrade %d fingerprints can be guessed", n)
	}

	t.Run("killed", func(t *testing.T) { // before the file was rewritten: the next run does that
		s := open(t, killed)
		sameLinks(t, append(slices.Clone(people), added), links(t, s))
		key, old := s.Meta().Key, derived(lineage)
		if key == old || state.NewHasher(key).SumExact("x") != state.NewHasher(old).SumExact("x") {
			t.Error("the key is not a new one that makes the same fingerprints")
		}
		w := goOn(t, s)
		must(t, w.Finish(context.Background(), store.OutcomeApplied, state.Counts{}, nil))
		must(t, s.Close())
		if n := guesses(t, killed, derived(lineage)); n != 0 {
			t.Errorf("%d fingerprints can be guessed", n)
		}
	})
}

// goOn begins a run of the record's own.
func goOn(t *testing.T, s *sqlite.Store) store.Writer {
	t.Helper()
	m := s.Meta()
	w, err := s.Begin(t.Context(), store.RunInfo{Lineage: m.Lineage, Key: m.Key, Serial: m.Serial, SourceSID: m.SourceSID,
		TenantID: m.TenantID})
	must(t, err)
	return w
}

func sameLinks(t *testing.T, want, got []*state.Link) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d links, want %d", len(got), len(want))
	}
	for i := range want {
		if want[i].Anchor != got[i].Anchor || !slices.Equal(want[i].Fingerprints, got[i].Fingerprints) {
			t.Fatalf("link %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
