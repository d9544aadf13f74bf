package planfile_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/seal"
)

// newUser is a create of 18 attributes, about 2.3 KB: the largest change that comes by the hundred thousand.
func newUser(i int) *state.Change {
	upn := fmt.Sprintf("user%07d@contoso.com", i)
	c := &state.Change{Address: `user.staff["` + upn + `"]`, Kind: state.User, Action: state.ActionCreate, Scope: "staff",
		Anchor: fmt.Sprintf("q6sUCn0KbUy%07dabcA==", i), SourceGUID: fmt.Sprintf("0a14abab-0a7d-4c6d-b2d3-%012d", i),
		SourceDN: fmt.Sprintf("CN=User %d,OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com", i),
		Reason:   "no account of the tenant matches it", DeclaredAt: "main.hcl:31", Fingerprints: make(map[string]string, 18)}
	for j := range 18 {
		name := fmt.Sprintf("attributeNumber%02d", j)
		c.Attributes = append(c.Attributes, state.AttributeChange{Name: name, After: state.String(fmt.Sprintf("value %d of %d", j, i))})
		c.Fingerprints[name] = fmt.Sprintf("%016x", uint64(i)*2654435761+uint64(j)*40503)
	}
	return c
}

// BenchmarkWrite is the cost per change of a plan of N creates, from the planner's call to the finished temporary file.
func BenchmarkWrite(b *testing.B) {
	w, err := planfile.CreateTemp(b.TempDir(), planner.Header{})
	check(b, err)
	c := newUser(1)
	b.ReportAllocs()
	for b.Loop() {
		check(b, w.Change(c))
	}
	check(b, w.Close(planner.Totals{}))
	r, err := w.Reopen()
	check(b, err)
	check(b, r.Close())
}

// BenchmarkVerify is the cost per change of opening a plan.
func BenchmarkVerify(b *testing.B) {
	path := filepath.Join(b.TempDir(), "plan")
	w, err := planfile.Create(path, planner.Header{}, nil)
	check(b, err)
	const n = 10_000
	c := newUser(1)
	for range n {
		check(b, w.Change(c))
	}
	check(b, w.Close(planner.Totals{}))
	b.ReportAllocs()
	for b.Loop() {
		r, err := planfile.Open(path, nil)
		check(b, err)
		check(b, r.Close())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/change")
}

// BenchmarkRead is the cost per change of running through a plan's changes.
func BenchmarkRead(b *testing.B) {
	w, err := planfile.CreateTemp(b.TempDir(), planner.Header{})
	check(b, err)
	const n = 10_000
	c := newUser(1)
	for range n {
		check(b, w.Change(c))
	}
	check(b, w.Close(planner.Totals{}))
	r, err := w.Reopen()
	check(b, err)
	defer r.Close()
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range r.Changes() {
			check(b, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/change")
}

// Ten times as many changes need no more memory, writing or reading, in the clear or encrypted.
func TestMemoryIsConstant(t *testing.T) {
	for _, keys := range []*seal.Keys{nil, newKeys(t)} {
		few, many := peak(t, 1_000, keys), peak(t, 10_000, keys)
		if many > few+few/2+(2<<20) {
			t.Errorf("1,000 changes took %d KiB, 10,000 took %d KiB (%v)", few>>10, many>>10, keys != nil)
		}
	}
}

// peak is the largest live heap seen while n changes pass through a file, a temporary one without keys.
func peak(t *testing.T, n int, keys *seal.Keys) (most uint64) {
	t.Helper()
	measure := func(i int) {
		if i%(n/4) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	w, err := planfile.CreateTemp(t.TempDir(), planner.Header{})
	if keys != nil {
		w.Abort()
		w, err = planfile.Create(filepath.Join(t.TempDir(), "plan"), planner.Header{}, keys)
	}
	check(t, err)
	for i := range n {
		check(t, w.Change(newUser(i)))
		measure(i)
	}
	check(t, w.Close(planner.Totals{}))
	r, err := w.Reopen()
	check(t, err)
	defer r.Close()
	i := 0
	for _, err := range r.Changes() {
		check(t, err)
		measure(i)
		i++
	}
	return most
}
