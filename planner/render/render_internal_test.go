package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/state"
)

func TestMark(t *testing.T) {
	long := strings.Repeat("0123456789", 10)
	for _, test := range []struct{ before, after, want string }{
		{"short", "shirt", ""}, // seen at a glance
		{strings.Repeat("x", 2001), strings.Repeat("y", 2001), ""},
		{long, strings.Repeat("abcdefghij", 10), ""}, // nothing in common
		{long + " red", long + " green", `…12345678901234567890123456789 [-red-]{+green+}`},
		{"one " + long, "two " + long, `[-one-]{+two+} 01234567890123456789012345678…`},
		{"the same\x00 on both sides " + "old" + " and the same", "the same\x00 on both sides " + "new" +
			" and the same",
			`the same\x00 on both sides [-old-]{+new+} and the same`},
		{"Főtitkárság, Bérszámfejtés és Adózás osztály", "Főtitkárság, Bérszámfejtés és Áfa osztály",
			`Főtitkárság, Bérszámfejtés és [-Adózás-]{+Áfa+} osztály`},
	} {
		var got string
		if parts := phrase.Mark(test.before, test.after, false); parts != nil {
			got = strings.Trim((&text{printer: &printer{}}).marked(parts), `"`)
		}
		if got != test.want {
			t.Errorf("%q -> %q is marked as %s, want %s", test.before, test.after, got, test.want)
		}
	}
}

// The worst pair that is compared at all takes no noticeable time.
func BenchmarkMarkWorst(b *testing.B) {
	before, after := strings.Repeat("ab", 1000), strings.Repeat("ba c", 500)
	for b.Loop() {
		phrase.Mark(before, after, false)
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		s     string
		width int
		want  []string
	}{
		{"", 40, []string{""}},
		{"never broken", 0, []string{"never broken"}},
		{"aaaaaaaaaa bbbbbbbbb cc", 20, []string{"aaaaaaaaaa bbbbbbbbb", "cc"}},
		{"áááááááááá ééééééééé óó", 20, []string{"áááááááááá ééééééééé", "óó"}},
		{strings.Repeat("x", 30) + " y", 20, []string{strings.Repeat("x", 30), "y"}},
		{"    at    the start \x1b[31mof it all\x1b[0m", 22, []string{"    at    the start \x1b[31mof",
			"it all\x1b[0m"}},
	} {
		if d := cmp.Diff(test.want, wrap(test.s, test.width, "")); d != "" {
			t.Errorf("%q: %s", test.s, d)
		}
	}
}

func TestListChange(t *testing.T) {
	added, removed, kept := phrase.ListChange([]string{"a", "b", "b", "c"}, []string{"c", "b", "d", "d"})
	if d := cmp.Diff([][]string{{"d", "d"}, {"a", "b"}}, [][]string{added, removed}); d != "" || kept != 2 {
		t.Errorf("%d kept, %s", kept, d)
	}
}

func TestShow(t *testing.T) {
	long := strings.Repeat("é", 301)
	for _, test := range []struct {
		v       state.Value
		verbose bool
		want    string
	}{
		{state.Null(), false, "null"}, {state.Int(-3), false, "-3"}, {state.Bool(true), false,
			"true"}, {state.List(nil), false, "[]"},
		{state.String(long), false, `"` + long[:600] + `"… (301 characters)`}, {state.String(long), true, `"` + long +
			`"`},
		{state.List(strings.Split("abcdefghijkl", "")), false,
			`["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", … and 2 more]`},
	} {
		if got := phrase.Show(test.v, test.verbose); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[int]string{0: "about 0 s", 119: "about 119 s", 120: "about 2 min",
		121: "about 3 min", 7200: "about 2 h"} {
		if got := phrase.Duration(seconds); got != want {
			t.Errorf("%d s: %s", seconds, got)
		}
	}
}

// Each action has a symbol of its own.
func TestSymbols(t *testing.T) {
	seen := map[string]state.Action{}
	for _, a := range append(state.Actions[:len(state.Actions):len(state.Actions)], state.ActionBlocked) {
		s := phrase.StyleOf(a)
		if other, ok := seen[s.Symbol]; ok || len(s.Symbol) != 1 {
			t.Errorf("%s has the symbol %q, as %s", a, s.Symbol, other)
		}
		seen[s.Symbol] = a
	}
}
