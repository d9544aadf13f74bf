package render

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dirform/dirform/planner"
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
		{"the same\x00 on both sides " + "old" + " and the same", "the same\x00 on both sides " + "new" + " and the same",
			`the same\x00 on both sides [-old-]{+new+} and the same`},
		{"Főtitkárság, Bérszámfejtés és Adózás osztály", "Főtitkárság, Bérszámfejtés és Áfa osztály", `Főtitkárság, Bérszámfejtés és [-Adózás-]{+Áfa+} osztály`},
	} {
		var got string
		if parts := mark(test.before, test.after, false); parts != nil {
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
		mark(before, after, false)
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
	} {
		if d := cmp.Diff(test.want, wrap(test.s, test.width)); d != "" {
			t.Errorf("%q: %s", test.s, d)
		}
	}
}

func TestListChange(t *testing.T) {
	added, removed, kept := listChange([]string{"a", "b", "b", "c"}, []string{"c", "b", "d", "d"})
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
		{state.Null(), false, "null"}, {state.Int(-3), false, "-3"}, {state.Bool(true), false, "true"}, {state.List(nil), false, "[]"},
		{state.String(long), false, `"` + long[:600] + `"… (301 characters)`}, {state.String(long), true, `"` + long + `"`},
		{state.List(strings.Split("abcdefghijkl", "")), false, `["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", … and 2 more]`},
	} {
		if got := show(test.v, test.verbose); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[int]string{0: "about 0 s", 119: "about 119 s", 120: "about 2 min", 121: "about 3 min", 7200: "about 2 h"} {
		if got := duration(seconds); got != want {
			t.Errorf("%d s: %s", seconds, got)
		}
	}
}

// Each action has a symbol of its own.
func TestSymbols(t *testing.T) {
	seen := map[string]state.Action{}
	for _, a := range append(state.Actions[:len(state.Actions):len(state.Actions)], state.ActionBlocked) {
		s := styleOf(a)
		if other, ok := seen[s.symbol]; ok || len(s.symbol) != 1 {
			t.Errorf("%s has the symbol %q, as %s", a, s.symbol, other)
		}
		seen[s.symbol] = a
	}
}

// updates is a plan of n different updates with 10 that are alike at its start, and one after them like the last 20.
type updates int

func (n updates) Header() planner.Header { return planner.Header{} }

func (n updates) Findings() iter.Seq2[*planner.Finding, error] {
	return func(func(*planner.Finding, error) bool) {}
}

func (n updates) Skipped() iter.Seq2[*planner.Skipped, error] {
	return func(func(*planner.Skipped, error) bool) {}
}

func (n updates) Totals() planner.Totals {
	return planner.Totals{Summary: planner.Summary{Update: int(n)}}
}

func (n updates) Changes() iter.Seq2[*state.Change, error] {
	return func(yield func(*state.Change, error) bool) {
		for i := range int(n) {
			v := fmt.Sprint(i)
			if i < 10 {
				v = "early"
			} else if i == 10 || i >= int(n)-20 {
				v = "late"
			}
			c := &state.Change{Address: fmt.Sprint("user.s", i), Kind: state.User, Action: state.ActionUpdate,
				Attributes: []state.AttributeChange{{Name: "x", After: state.String(v)}}}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// More kinds of updates than there is room for neither hide the large groups nor falsify their sizes.
func TestGroupsThatDoNotFit(t *testing.T) {
	const n = updates(3*maxGroups + 30)
	f := &folds{}
	if err := f.count(n); err != nil {
		t.Fatal(err)
	}
	if !f.dropped {
		t.Fatal("the test does not fill the room")
	}
	var got []group
	for c := range n.Changes() {
		if g, first := f.group(c); first {
			got = append(got, *g)
		}
	}
	last := int(n) - 20
	want := []group{{10, []string{"user.s0", "user.s1", "user.s2"}, true},
		{21, []string{"user.s10", fmt.Sprint("user.s", last), fmt.Sprint("user.s", last+1)}, true}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(group{}), cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}
