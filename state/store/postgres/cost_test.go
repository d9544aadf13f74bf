package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/postgres"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/storetest"
)

// manyLinks are links with the fingerprints of eight attributes, whose anchors are in no order.
func manyLinks(n int) (all []*state.Link) {
	shape := state.NewShape("a", "b", "c", "d", "e", "f", "g", "h")
	for i := range n {
		all = append(all, &state.Link{Anchor: fmt.Sprintf("%022d==", (i*7919)%n), Kind: state.User, Scope: "staff",
			Rule: "anchor", Shape: shape,
			TargetID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i), Fingerprints: make([]uint64, 8)})
	}
	return all
}

// fill makes a record with links.
func fill(t testing.TB, p store.Place, all []*state.Link) {
	t.Helper()
	l := lock(t, p)
	w := begin(t, l)
	for len(all) > 0 {
		part := all[:min(20_000, len(all))]
		if err := w.Records(t.Context(), part); err != nil {
			t.Fatal(err)
		}
		all = all[len(part):]
	}
	if err := w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// read reads all links of a record and tells how many there are.
func read(t testing.TB, p store.Place) (n int) {
	t.Helper()
	r, err := p.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, err := range r.Links(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestPostgresReadsInOrder: reading costs the server one look at each link, also when it has no statistics of the
// table.
func TestPostgresReadsInOrder(t *testing.T) {
	server := storetest.SharedServer(t)
	address := server.Database()
	p := place(t, address, "contoso")
	const n = 8_000
	fill(t, p, manyLinks(n))
	// what sessions have done is counted when they end
	counted := func(atLeast int) int {
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			looks, err := strconv.Atoi(server.Ask(address, "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE "+
				"indexrelname = 'links_pkey'"))
			if err != nil || time.Now().After(end) {
				t.Fatal(looks, err)
			}
			if looks >= atLeast {
				return looks
			}
		}
	}
	before := counted(0)
	if got := server.Ask(address, "SELECT reltuples FROM pg_class WHERE relname = 'links'"); got != "-1" {
		t.Logf("there are statistics: %s", got)
	}
	if got := read(t, p); got != n {
		t.Fatalf("%d links", got)
	}
	if looks := counted(before+n) - before; looks > n+n/10 {
		t.Errorf("%d links cost %d looks", n, looks)
	}
}

// TestPostgresAsksOnce: whatever a batch holds, the server is asked about it a few times, not once per object.
func TestPostgresAsksOnce(t *testing.T) {
	proxy, address := storetest.NewProxy(t, storetest.SharedServer(t).Database())
	p := place(t, address, "contoso")
	all := manyLinks(500)
	fill(t, p, all)
	l := lock(t, p)
	w := begin(t, l)
	anchors := []string{"none"}
	var entries []state.Entry
	var results []state.Result
	for i, l := range all {
		anchors = append(anchors, l.Anchor)
		e := state.Entry{Seq: int64(i), Key: l.Anchor, Kind: state.User, Action: state.ActionUpdate}
		entries = append(entries, e)
		e.Status = state.StatusDone
		r := state.Result{Entry: e, Link: l}
		if i%2 == 0 {
			r = state.Result{Entry: e, Forget: true}
		}
		results = append(results, r)
	}
	for _, x := range []struct {
		what string
		call func() error
	}{
		{"intents", func() error { return w.Intents(t.Context(), entries) }},
		{"results", func() error { return w.Results(t.Context(), results) }},
		{"links of anchors", func() error {
			found, err := w.Links(t.Context(), anchors)
			if err == nil && len(found) != len(all)/2 {
				err = fmt.Errorf("%d links", len(found))
			}
			return err
		}},
		{"records", func() error { return w.Records(t.Context(), all) }},
		{"removing", func() error { return l.RemoveLinks(t.Context(), anchors[1:]...) }},
	} {
		before := proxy.Asked()
		if err := x.call(); err != nil {
			t.Fatal(x.what, err)
		}
		n := proxy.Asked() - before
		t.Logf("%s: %d", x.what, n)
		if n > 30 {
			t.Errorf("%s: the server was asked %d times about %d objects", x.what, n, len(all))
		}
	}
}

// BenchmarkLinks reads all links of records by turns: a file, a database, and a database through a pooler.
//
//	go test ./state/store/postgres -run '^$' -bench Links -benchtime 5x
//
// DIRFORM_BENCH_USERS=1000000 makes it a million.
func BenchmarkLinks(b *testing.B) {
	n := 100_000
	if text := os.Getenv("DIRFORM_BENCH_USERS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	server := storetest.SharedServer(b)
	address := server.Database()
	pooled, err := postgres.New(server.Pooled(address), "contoso")
	if err != nil {
		b.Fatal(err)
	}
	places := []struct {
		name string
		p    store.Place
		took []float64 // seconds
	}{
		{name: "sqlite", p: sqlite.File(filepath.Join(b.TempDir(), "contoso.dfstate"))},
		{name: "postgres", p: place(b, address, "contoso")}, {name: "pgbouncer", p: pooled},
	}
	all, written := manyLinks(n), map[string]float64{}
	for i := range places[:2] {
		start := time.Now()
		fill(b, places[i].p, all)
		written[places[i].name] = time.Since(start).Seconds()
	}
	all = nil
	b.ResetTimer()
	for range b.N {
		for i := range places {
			start := time.Now()
			if got := read(b, places[i].p); got != n {
				b.Fatalf("%s: %d links", places[i].name, got)
			}
			places[i].took = append(places[i].took, time.Since(start).Seconds())
		}
	}
	for _, x := range places {
		least := x.took[0]
		for _, t := range x.took {
			least = min(least, t)
		}
		b.ReportMetric(least, x.name+"-s")
		if took, ok := written[x.name]; ok {
			b.ReportMetric(took, x.name+"-write-s")
		}
	}
}
