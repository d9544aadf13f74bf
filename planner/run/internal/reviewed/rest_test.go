package reviewed

import (
	"slices"
	"testing"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// TestRests: of a reviewed change that was carried out in part, the rest is made if what is not left shows. Nothing is made that the
// reviewed change does not write, or in place of another value, or to another account.
func TestRests(t *testing.T) {
	anchor := sets("onPremisesImmutableId", nil, "a")
	dept, city := sets("department", "Sales", "Legal"), sets("city", "Rome", "Oslo")
	boss := sets("manager", nil, "id-boss")
	pending := sets("manager", nil, state.PendingRef+"boss")
	elsewhere := func(c *state.Change) *state.Change { c.TargetID = "another"; return c }
	by := func(c *state.Change, rule string) *state.Change {
		c.Match = &state.Match{Rule: rule, Value: "x"}
		return c
	}
	drifted := city
	drifted.Drift = true
	via := dept
	via.Via = state.String("dirform-1")
	for name, x := range map[string]struct {
		reviewed, fresh *state.Change
		hidden          bool // what was done does not show
		want            string
	}{
		"created, not recorded":           {of("a", state.ActionCreate, anchor, city), by(of("a", state.ActionLink), "immutable_id"), false, "link"},
		"created, and it does not show":   {of("a", state.ActionCreate, anchor, city), by(of("a", state.ActionLink), "immutable_id"), true, ""},
		"created by somebody else":        {of("a", state.ActionCreate, city), by(of("a", state.ActionLink), "primary_smtp"), false, ""},
		"without its manager":             {of("a", state.ActionCreate, anchor, pending), of("a", state.ActionUpdate, boss), false, "update manager"},
		"another value is in its place":   {of("a", state.ActionUpdate, dept, city), of("a", state.ActionUpdate, sets("city", "Bonn", "Oslo")), false, ""},
		"another value is wanted":         {of("a", state.ActionUpdate, dept, city), of("a", state.ActionUpdate, sets("city", "Rome", "Bonn")), false, ""},
		"more is wanted":                  {of("a", state.ActionUpdate, dept), of("a", state.ActionUpdate, dept, city), false, ""},
		"taken back by somebody":          {of("a", state.ActionUpdate, dept, city), of("a", state.ActionUpdate, drifted), false, ""},
		"one of two":                      {of("a", state.ActionUpdate, dept, city), of("a", state.ActionUpdate, city), false, "update city"},
		"of another account":              {of("a", state.ActionUpdate, dept, city), elsewhere(of("a", state.ActionUpdate, city)), false, ""},
		"it has given up its name":        {of("a", state.ActionUpdate, via), of("a", state.ActionUpdate, sets("department", "dirform-1", "Legal")), false, "update department"},
		"linked, not changed":             {of("a", state.ActionLink, anchor, city), of("a", state.ActionUpdate, city), false, "update city"},
		"a deletion is no rest of others": {of("a", state.ActionUpdate, dept), of("a", state.ActionDelete), false, ""},
	} {
		shown := func(changes []*state.Change) ([]bool, error) {
			return slices.Repeat([]bool{!x.hidden}, len(changes)), nil
		}
		f, err := New(planOf(t, planner.Header{}, []*state.Change{x.reviewed}), planOf(t, planner.Header{}, []*state.Change{x.fresh}),
			func([]string) (map[string]string, error) { return map[string]string{"boss": "id-boss"}, nil }, shown)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for c, err := range f.Changes() {
			if err != nil {
				t.Fatal(err)
			}
			got += string(c.Action)
			for _, a := range c.Attributes {
				got += " " + a.Name
			}
		}
		if beyond := f.Beyond == 1; got != x.want || beyond != (x.want == "") || f.Total != 1 {
			t.Errorf("%s: carried out is %q, want %q; %d beyond, %d in all", name, got, x.want, f.Beyond, f.Total)
		}
	}
}
