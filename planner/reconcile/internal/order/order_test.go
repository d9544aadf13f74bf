package order_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner/reconcile/internal/order"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
)

// waits are who waits for whom to give up which names.
type waits struct {
	row, on int
	names   pair.Names
}

func opened(list []waits) *order.Waits {
	w := order.New(func(a, b int) int { return cmp.Compare(a, b) })
	for _, x := range list {
		w.Add(x.row, x.on, x.names)
	}
	w.Open(w.Sort(func(int32) bool { return true }))
	return w
}

// A chain goes from its end; a swap and a longer circle begin with the least row, which gives up what the one before it
// waits for, and nothing else.
func TestOpen(t *testing.T) {
	const one, two = pair.Names(1), pair.Names(2)
	for _, c := range []struct {
		name    string
		list    []waits
		depths  string
		detours string
	}{
		{"chain", []waits{{1, 2, one}, {2, 3, one}}, "1:2 2:1", ""},
		{"swap", []waits{{1, 2, one}, {2, 1, two}}, "1:0 2:1", "1:2"},
		{"round", []waits{{3, 1, one}, {1, 2, two}, {2, 3, one}}, "1:0 2:2 3:1", "1:1"},
		{"tail", []waits{{1, 2, one}, {2, 1, one}, {4, 2, two}}, "1:0 2:1 4:2", "1:1"},
	} {
		w := opened(c.list)
		depths, detours := "", ""
		for row := range 5 {
			if d, known := w.Depth(row); known {
				depths += fmt.Sprintf(" %d:%d", row, d)
			}
			if n := w.Detour(row); n != 0 {
				detours += fmt.Sprintf(" %d:%d", row, n)
			}
		}
		if depths != " "+c.depths || detours != prefixed(c.detours) {
			t.Errorf("%s: depths%s, detours%s", c.name, depths, detours)
		}
	}
}

func prefixed(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// Whatever waits for whatever: a row comes after all that it waits for, unless that gives up its names first; and the
// order in which waits are noted changes nothing.
func TestOpenOrdersEverything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		row := rapid.IntRange(0, 7)
		var list []waits
		for range rapid.IntRange(0, 14).Draw(rt, "waits") {
			x := waits{row.Draw(rt, "row"), row.Draw(rt, "on"), pair.Names(rapid.IntRange(1, 3).Draw(rt, "names"))}
			if x.row != x.on {
				list = append(list, x)
			}
		}
		w := opened(list)
		for _, x := range list {
			before, known := w.Depth(x.row)
			after, _ := w.Depth(x.on) // 0 for one that waits for nothing
			switch {
			case !known:
				rt.Fatalf("%v has no depth", x)
			case w.Detour(x.on) != 0 && w.Detour(x.on)&x.names == x.names:
			case w.Detour(x.row) == 0 && before <= after:
				rt.Fatalf("%v: %d changes before the one that waits, %d before the other", x, before, after)
			}
		}
		urgent := row.Draw(rt, "urgent")
		w.Hurry(func(row int32) bool { return int(row) == urgent })
		if waiting := slices.ContainsFunc(list, func(x waits) bool { return x.row == urgent }); w.Hurried(urgent) != waiting {
			rt.Fatalf("row %d is urgent, and waits: %v", urgent, waiting)
		}
		for _, x := range list {
			if w.Hurried(x.row) && !w.Hurried(x.on) {
				rt.Fatalf("%v: who waits is hurried, and the other is not", x)
			}
		}
		slices.Reverse(list)
		other := opened(list)
		for r := range 8 {
			a, _ := w.Depth(r)
			b, _ := other.Depth(r)
			if a != b || w.Detour(r) != other.Detour(r) {
				rt.Fatalf("row %d: depth %d or %d, detour %d or %d", r, a, b, w.Detour(r), other.Detour(r))
			}
		}
	})
}
