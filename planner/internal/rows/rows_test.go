package rows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

func TestObjectsComeBackAsTheyWere(t *testing.T) {
	value := rapid.Custom(func(t *rapid.T) state.Value {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 1:
			return state.String(rapid.String().Draw(t, "string"))
		case 2:
			return state.Bool(rapid.Bool().Draw(t, "bool"))
		case 3:
			return state.Int(rapid.Int64().Draw(t, "int"))
		case 4:
			return state.List(rapid.SliceOf(rapid.String()).Draw(t, "list"))
		}
		return state.Null()
	})
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(value).Draw(t, "values")
		name := rapid.String().Draw(t, "name")
		record := rows.AppendObject(nil, name, values)
		again := make([]state.Value, len(values))
		got, err := rows.DecodeObject(record, again)
		if err != nil || got != name || !slices.EqualFunc(values, again, state.Value.Equal) {
			t.Fatalf("%q %v came back as %q %v, %v", name, values, got, again, err)
		}
		for cut := range record {
			if _, err := rows.DecodeObject(record[:cut], again); err == nil {
				t.Fatalf("a record cut at %d of %d bytes was taken", cut, len(record))
			}
		}
	})
}

// TestSpoolOutgrowsMemory writes more than a spool keeps in memory, with records shorter and longer than one read fetches.
func TestSpoolOutgrowsMemory(t *testing.T) {
	s := rows.NewSpool(t.TempDir())
	defer s.Close()
	record := func(i int) string { return strings.Repeat(fmt.Sprint(i, " "), 1+i*i%1500) }
	const n = 3000
	var offsets []uint64
	for i := range n {
		off, err := s.Append([]byte(record(i)))
		if err != nil {
			t.Fatal(err)
		}
		offsets = append(offsets, off)
	}
	if offsets[n-1] < 2<<20 {
		t.Fatalf("%d bytes do not outgrow memory", offsets[n-1])
	}
	scratch := make([]byte, 4<<10)
	for i := n - 1; i >= 0; i-- {
		got, err := s.Read(offsets[i], scratch)
		if err != nil || string(got) != record(i) {
			t.Fatalf("record %d came back with %d bytes instead of %d, %v", i, len(got), len(record(i)), err)
		}
	}
}

func TestIndexFindsEveryRowWithAHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hashes := rapid.SliceOf(rapid.Uint64Range(0, 20)).Draw(t, "hashes")
		x := rows.NewIndex(len(hashes), func(i int) uint64 { return hashes[i] })
		for h := range uint64(21) {
			var want, got []int
			for i, have := range hashes {
				if have == h && h != 0 {
					want = append(want, i)
				}
			}
			x.Each(h, func(i int) { got = append(got, i) })
			slices.Sort(got)
			first := -1
			if len(want) > 0 {
				first = want[0]
			}
			if !slices.Equal(want, got) || x.First(h) != first {
				t.Fatalf("hash %d: rows %v, first %d; want %v", h, got, x.First(h), want)
			}
		}
	})
}
