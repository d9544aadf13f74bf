package view

import (
	"fmt"
	"iter"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// changes is a plan of changes alone.
type changes []*state.Change

func (c changes) Header() planner.Header { return planner.Header{} }
func (c changes) Totals() planner.Totals { return planner.Totals{} }

func (c changes) Findings() iter.Seq2[*planner.Finding, error] {
	return func(func(*planner.Finding, error) bool) {}
}

func (c changes) Skipped() iter.Seq2[*planner.Skipped, error] {
	return func(func(*planner.Skipped, error) bool) {}
}

func (c changes) Changes() iter.Seq2[*state.Change, error] {
	return func(yield func(*state.Change, error) bool) {
		for _, x := range c {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func update(i int, before, after string) *state.Change {
	return &state.Change{Address: fmt.Sprintf(`user.s["p%d"]`, i), Kind: state.User, Scope: "s",
		Action:     state.ActionUpdate,
		Attributes: []state.AttributeChange{{Name: "x", Before: state.String(before), After: state.String(after)}}}
}

// Of each attribute every change is counted once on each side, and values that are shown are those of more than a few.
func TestCountsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var plan changes
		true_ := map[string]int{}
		for i := range rapid.IntRange(0, 300).Draw(t, "changes") {
			after := fmt.Sprint(rapid.IntRange(0, rapid.SampledFrom([]int{1, 5, 100}).Draw(t, "of")).Draw(t, "after"))
			true_[after]++
			plan = append(plan, update(i, fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "before")), after))
		}
		p, err := Build(plan)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, s := range p.Sections {
			n += s.Count
			for _, a := range s.Attributes {
				check(t, a, true_)
			}
		}
		if n != len(plan) {
			t.Fatalf("%d changes in sections, %d in the plan", n, len(plan))
		}
	})
}

func check(t *rapid.T, a *Attribute, want map[string]int) {
	after, before := a.Others, a.Olds
	for _, v := range a.Alike {
		after += v.Count
		if want[v.After.After.Str()] != v.Count {
			t.Fatalf("%d changes to %s, want %d", v.Count, v.After.After.Str(), want[v.After.After.Str()])
		}
	}
	for _, o := range a.Before {
		before += o.N
	}
	if after != a.Count || before != a.Count {
		t.Fatalf("%d changes of %s, to values %d, from values %d", a.Count, a.Name, after, before)
	}
	for _, e := range a.First {
		if want[e.Change.After.Str()] > MaxAlike {
			t.Fatalf("%s is an example of what is alike", e.Change.After.Str())
		}
	}
}

// More values than there is room for neither hide the large groups nor falsify their sizes.
func TestValuesThatDoNotFit(t *testing.T) {
	var plan changes
	for i := range 3 * maxDistinct {
		after := fmt.Sprint("own ", i)
		switch {
		case i < 40 || i%7 == 0:
			after = fmt.Sprint("early ", i%20)
		case i == 50 || i > 3*maxDistinct-20:
			after = "late"
		}
		plan = append(plan, update(i, "", after))
	}
	want := map[string]int{}
	for _, c := range plan {
		want[c.Attributes[0].After.Str()]++
	}
	p, err := Build(plan)
	if err != nil {
		t.Fatal(err)
	}
	a := p.Sections[0].Attributes[0]
	if !a.dropped {
		t.Fatal("the test does not fill the room")
	}
	got := 0
	for _, v := range a.Alike {
		got++
		if v.Count != want[v.After.After.Str()] {
			t.Errorf("%d changes to %q, want %d", v.Count, v.After.After.Str(), want[v.After.After.Str()])
		}
	}
	if got < 20 {
		t.Errorf("%d values are alike", got)
	}
}

func TestPath(t *testing.T) {
	for name, want := range map[string]string{
		"OU=Office 365,OU=Staff,DC=corp,DC=contoso,DC=com": "Staff/Office 365", "DC=corp,DC=com": "", "": "",
		`OU=A\, B,OU=C,DC=x`: "C/A, B", "no name": "no name",
	} {
		if got := Path(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for address, want := range map[string]string{`user.s["a@b"]`: "a@b", "plain": "plain", `group.s["x]"]`: "x]"} {
		if got := Key(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
