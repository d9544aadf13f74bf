package reviewed

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// planOf is a plan file with changes.
func planOf(t *testing.T, h planner.Header, changes []*state.Change, findings ...*planner.Finding) *planfile.Reader {
	t.Helper()
	w, err := planfile.CreateTemp(t.TempDir(), h)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		w.Change(c)
	}
	for _, f := range findings {
		w.Finding(f)
	}
	if err := w.Close(planner.Totals{}); err != nil {
		t.Fatal(err)
	}
	r, err := w.Reopen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// held holds a reviewed plan against a fresh one. carried are the changes that are carried out, outcome is what is told
// of the others, each as "anchor: status code reason"; in names the anchors of those in place.
func held(t *testing.T, reviewed, fresh *planfile.Reader, ids map[string]string, in ...string) (carried []*state.Change, outcome []string, f *Filter) {
	t.Helper()
	f, err := New(reviewed, fresh, func(anchors []string) (map[string]string, error) { return ids, nil },
		func(changes []*state.Change) ([]bool, error) { return make([]bool, len(changes)), nil })
	if err != nil {
		t.Fatal(err)
	}
	for c, err := range f.Changes() {
		if err != nil {
			t.Fatal(err)
		}
		carried = append(carried, c)
	}
	placed := func(changes []*state.Change) ([]bool, error) {
		out := make([]bool, len(changes))
		for i, c := range changes {
			out[i] = slices.Contains(in, c.Anchor)
		}
		return out, nil
	}
	for s, err := range f.Settled(placed) {
		if err != nil {
			t.Fatal(err)
		}
		outcome = append(outcome, fmt.Sprintf("%s: %s %s %s", s.Change.Anchor, s.Status, s.Code, s.Reason))
	}
	return carried, outcome, f
}

func of(anchor string, action state.Action, attrs ...state.AttributeChange) *state.Change {
	c := &state.Change{Address: fmt.Sprintf("user.staff[%q]", anchor), Kind: state.User, Action: action, Scope: "staff", Anchor: anchor, Attributes: attrs}
	if action != state.ActionCreate {
		c.TargetID, c.Match = "id-"+anchor, &state.Match{Rule: "recorded", Value: "id-" + anchor}
	}
	return c
}

func sets(name string, before, after any) state.AttributeChange {
	value := func(x any) state.Value {
		switch x := x.(type) {
		case string:
			return state.String(x)
		case int:
			return state.Int(int64(x))
		case bool:
			return state.Bool(x)
		}
		return state.Null()
	}
	return state.AttributeChange{Name: name, Before: value(before), After: value(after)}
}

func edited(c *state.Change, edit func(*state.Change)) *state.Change {
	d := *c
	d.Attributes, d.SourceAttributes = slices.Clone(c.Attributes), slices.Clone(c.SourceAttributes)
	edit(&d)
	return &d
}

// TestFilterComparesEverything: a change is carried out only if everything that is written, and the evidence for whom
// it is written, is the same in both plans.
func TestFilterComparesEverything(t *testing.T) {
	c := of("a", state.ActionUpdate, sets("department", 1, 23), sets("mail", nil, "a@contoso.com"))
	c.SourceAttributes = []state.AttributeChange{sets("mS-DS-ConsistencyGuid", nil, "a")}
	for name, edit := range map[string]func(*state.Change){
		"kind":             func(c *state.Change) { c.Kind = state.Group },
		"action":           func(c *state.Change) { c.Action = state.ActionLink },
		"anchor":           func(c *state.Change) { c.Anchor = "A" },
		"target":           func(c *state.Change) { c.TargetID = "id-b" },
		"rule":             func(c *state.Change) { c.Match = &state.Match{Rule: "primary_smtp", Value: c.Match.Value} },
		"evidence":         func(c *state.Change) { c.Match = &state.Match{Rule: c.Match.Rule, Value: "x"} },
		"no evidence":      func(c *state.Change) { c.Match = nil },
		"value":            func(c *state.Change) { c.Attributes[1].After = state.String("b@contoso.com") },
		"value before":     func(c *state.Change) { c.Attributes[1].Before = state.String("b@contoso.com") },
		"name":             func(c *state.Change) { c.Attributes[1].Name = "displayName" },
		"numbers":          func(c *state.Change) { c.Attributes[0].Before, c.Attributes[0].After = state.Int(12), state.Int(3) },
		"fewer attributes": func(c *state.Change) { c.Attributes = c.Attributes[:1] },
		"more attributes":  func(c *state.Change) { c.Attributes = append(c.Attributes, sets("city", nil, "Linz")) },
		"twice the same":   func(c *state.Change) { c.Attributes = append(c.Attributes, c.Attributes[1]) },
		"source":           func(c *state.Change) { c.SourceAttributes[0].After = state.String("b") },
		"more at source": func(c *state.Change) {
			c.SourceAttributes = append(c.SourceAttributes, sets("scriptPath", nil, "x.bat"))
		},
		"side":    func(c *state.Change) { c.Attributes, c.SourceAttributes = c.SourceAttributes, c.Attributes },
		"partial": func(c *state.Change) { c.Partial = true },
		"members": func(c *state.Change) { c.Members = &state.SetChange{Add: []string{"x"}} },
	} {
		for _, pair := range [][2]*state.Change{{c, edited(c, edit)}, {edited(c, edit), c}} {
			reviewed, fresh := planOf(t, planner.Header{}, pair[:1]), planOf(t, planner.Header{}, pair[1:])
			carried, outcome, f := held(t, reviewed, fresh, nil)
			if len(carried) > 0 || len(outcome) != 1 || f.Beyond != 1 || !strings.Contains(outcome[0], "skipped") {
				t.Errorf("%s: carried %v, %q, %d beyond", name, carried, outcome, f.Beyond)
			}
		}
	}
	loose := edited(c, func(c *state.Change) {
		c.Address, c.Reason, c.DeclaredAt, c.SourceDN, c.Scope, c.SourceGUID, c.Seen = "x", "x", "x", "x", "x", "x", "x"
		c.Needs, c.Fingerprints, c.Replaces = []string{"x"}, map[string]string{"x": "1"}, &state.Replaced{Anchor: "x"}
		c.Attributes[0].Drift, c.Attributes[0].Via, c.Attributes[0].AfterName = true, state.String("x"), "x"
		slices.Reverse(c.Attributes)
		c.TargetID = strings.ToUpper(c.TargetID)
	})
	carried, outcome, _ := held(t, planOf(t, planner.Header{}, []*state.Change{loose}), planOf(t, planner.Header{}, []*state.Change{c}), nil)
	if len(carried) != 1 || len(outcome) > 0 || carried[0].Scope != "staff" || carried[0].Replaces != nil || !carried[0].Attributes[0].Via.IsNull() {
		t.Errorf("carried %+v, %q", carried, outcome)
	}
}

// TestFilterTellsWhy: each reviewed change that is not made as it stands is told of once, with the reason; one that is
// in place is done, whatever today's plan says of its object.
func TestFilterTellsWhy(t *testing.T) {
	dept := sets("department", "Sales", "Revenue")
	blocked := func(anchors ...string) *planner.Finding {
		f := planner.NewFinding("DF202", "", "")
		for _, a := range anchors {
			f.Objects = append(f.Objects, planner.ObjectRef{Kind: state.User, Anchor: a})
		}
		return f
	}
	reviewed := []*state.Change{of("same", state.ActionUpdate, dept), of("same", state.ActionDelete), of("gone", state.ActionUpdate, dept),
		of("done", state.ActionUpdate, dept), of("taken", state.ActionUpdate, dept), of("rival", state.ActionUpdate, dept),
		of("other", state.ActionUpdate, dept), of("went on", state.ActionUpdate, dept)}
	fresh := []*state.Change{of("same", state.ActionUpdate, dept), of("other", state.ActionDisable), of("new", state.ActionCreate),
		of("went on", state.ActionUpdate, sets("department", "Revenue", "Board"))}
	carried, outcome, f := held(t, planOf(t, planner.Header{}, reviewed), planOf(t, planner.Header{}, fresh, blocked("taken", "rival", "done"), blocked("done")), nil,
		"done", "went on")
	want := []string{
		"same: skipped twice the plan file has two changes of this object; plan again",
		"gone: skipped not_wanted today's plan does not make this change; plan again",
		"done: done in_place it is in place already",
		"taken: skipped blocked today's plan blocks it (DF202 Address already in use); plan again",
		"rival: skipped not_wanted today's plan does not make this change; plan again",
		"other: skipped not_as_reviewed today's plan has disable for it instead of update; plan again",
		"went on: done in_place it is in place already",
	}
	if !slices.Equal(outcome, want) || len(carried) != 1 || f.Beyond != 3 || f.Total != len(reviewed) {
		t.Errorf("carried %d, beyond %d, total %d:\n%s", len(carried), f.Beyond, f.Total, strings.Join(outcome, "\n"))
	}
}

// TestFilterSwitchesOff: what both plans switch off is switched off, whatever else differs, unless another engine
// masters the account.
func TestFilterSwitchesOff(t *testing.T) {
	off := sets("accountEnabled", true, false)
	anchored := sets("onPremisesImmutableId", "theirs", "b")
	reviewed := []*state.Change{of("a", state.ActionUpdate, off, sets("city", nil, "Linz")), of("b", state.ActionLink, off),
		of("c", state.ActionLink, off), of("d", state.ActionUpdate, off), of("e", state.ActionUpdate, off), of("f", state.ActionDelete, off)}
	fresh := []*state.Change{of("a", state.ActionDisable, off), of("b", state.ActionRelink, off, anchored, sets("city", nil, "Graz")),
		of("c", state.ActionLink, off, sets(providers.CloudManaged, false, true)), of("d", state.ActionDelete, sets("accountEnabled", false, nil)),
		edited(of("e", state.ActionUpdate, off), func(c *state.Change) { c.TargetID = "id-x" }), of("f", state.ActionDisable, off)}
	fresh[1].Replaces, fresh[1].Needs, fresh[1].SourceAttributes = &state.Replaced{Anchor: "theirs"}, []string{"x"}, []state.AttributeChange{anchored}
	fresh[1].Fingerprints = map[string]string{"city": "1"}
	reviewed[0].Match = nil
	carried, outcome, f := held(t, planOf(t, planner.Header{}, reviewed), planOf(t, planner.Header{}, fresh), nil)
	if len(carried) != 2 || f.Total != len(reviewed)+2 || len(outcome) != len(reviewed) {
		t.Fatalf("carried %+v, total %d, %q", carried, f.Total, outcome)
	}
	if c := carried[0]; c.Action != state.ActionDisable || !c.Partial || len(c.Attributes) != 1 {
		t.Errorf("%+v", c)
	}
	c := carried[1]
	if c.Action != state.ActionUpdate || !c.Partial || c.Replaces != nil || c.Needs != nil || c.SourceAttributes != nil || c.Fingerprints != nil || len(c.Attributes) != 2 {
		t.Errorf("%+v", c)
	}
	for _, a := range c.Attributes {
		if a.Name != "accountEnabled" && (a.Name != "onPremisesImmutableId" || !a.After.Equal(state.String("theirs"))) {
			t.Errorf("%+v would be written", a)
		}
	}
}

// TestFilterNeeds: a change that needs another one is not begun if that one is not carried out, nor is one that needs
// it in turn.
func TestFilterNeeds(t *testing.T) {
	name := func(anchor string, needs ...string) *state.Change {
		c := of(anchor, state.ActionUpdate, sets("mail", nil, anchor+"@contoso.com"))
		c.Needs = needs
		return c
	}
	off := name("off", "x")
	off.Attributes = append(off.Attributes, sets("accountEnabled", true, false))
	all := []*state.Change{name("a", "b"), name("b", "c"), name("c"), name("d", "e"), name("e", "d"), name("f", "g"), name("h", "x"), off, name("x")}
	some := slices.DeleteFunc(slices.Clone(all), func(c *state.Change) bool { return c.Anchor == "c" || c.Anchor == "x" })
	carried, outcome, f := held(t, planOf(t, planner.Header{}, some), planOf(t, planner.Header{}, all), nil)
	var anchors []string
	for _, c := range carried {
		anchors = append(anchors, c.Anchor)
	}
	if !slices.Equal(anchors, []string{"d", "e", "off"}) || !carried[2].Partial || f.Total != len(some)+1 || f.Beyond != 2 {
		t.Errorf("carried %q, total %d, beyond %d", anchors, f.Total, f.Beyond)
	}
	for _, told := range outcome {
		if !strings.Contains(told, "another change that is not made") {
			t.Error(told)
		}
	}
	if len(outcome) != 5 {
		t.Errorf("%q", outcome)
	}
}

// TestFilterResolvesReferences: a reference to an account that the reviewed plan was to create is the same as one to
// the account, once that is recorded. The other way round it is not: a fresh plan that creates the account anew means
// another one.
func TestFilterResolvesReferences(t *testing.T) {
	pending := of("a", state.ActionUpdate, sets("manager", nil, "anchor:m"))
	known := of("a", state.ActionUpdate, sets("manager", nil, "id-m"))
	gone := of("a", state.ActionUpdate, sets("manager", nil, "id-gone"))
	for _, x := range []struct {
		reviewed, fresh *state.Change
		ids             map[string]string
		same            bool
	}{
		{pending, pending, nil, true},
		{pending, known, map[string]string{"m": "id-m"}, true},
		{pending, known, nil, false},
		{pending, pending, map[string]string{"m": "id-gone"}, true},
		{gone, pending, map[string]string{"m": "id-gone"}, false},
	} {
		carried, outcome, _ := held(t, planOf(t, planner.Header{}, []*state.Change{x.reviewed}), planOf(t, planner.Header{}, []*state.Change{x.fresh}), x.ids)
		if (len(carried) == 1) != x.same {
			t.Errorf("%v, then %v with %v: %q", x.reviewed.Attributes, x.fresh.Attributes, x.ids, outcome)
		}
	}
}

// TestFilterOfLimitedPlan: a plan that --target or --exclude has limited could not have references to accounts whose
// own changes it left to others. Its changes are made without these.
func TestFilterOfLimitedPlan(t *testing.T) {
	city := sets("city", nil, "Linz")
	reviewed := []*state.Change{of("new", state.ActionCreate, city), of("old", state.ActionUpdate, city), of("has", state.ActionUpdate, city, sets("manager", nil, "id-b"))}
	fresh := []*state.Change{of("boss", state.ActionCreate), of("b", state.ActionUpdate, city),
		of("new", state.ActionCreate, city, sets("manager", nil, "anchor:boss")), of("old", state.ActionUpdate, city, sets("manager", "x", "ID-B")), reviewed[2]}
	fresh[2].Fingerprints = map[string]string{"city": "1", "manager": "2"}
	limited := planner.Header{Targets: []string{"user.staff"}}
	carried, outcome, f := held(t, planOf(t, limited, reviewed), planOf(t, planner.Header{}, fresh), nil)
	if len(carried) != 3 || len(outcome) > 0 || f.Beyond != 2 {
		t.Fatalf("carried %d, beyond %d, %q", len(carried), f.Beyond, outcome)
	}
	for _, c := range carried[:2] {
		if len(c.Attributes) != 1 || len(c.Fingerprints) > 1 || c.Fingerprints["manager"] != "" {
			t.Errorf("%+v", c)
		}
	}
	if len(carried[2].Attributes) != 2 {
		t.Errorf("%+v", carried[2])
	}
	for name, x := range map[string]struct {
		header planner.Header
		fresh  *state.Change
	}{
		"a plan without limits":         {planner.Header{}, fresh[3]},
		"a reference to somebody else":  {limited, of("old", state.ActionUpdate, city, sets("manager", nil, "id-c"))},
		"another attribute":             {limited, of("old", state.ActionUpdate, city, sets("mail", nil, "anchor:boss"))},
		"another value of what is kept": {limited, of("has", state.ActionUpdate, city, sets("manager", nil, "anchor:boss"))},
	} {
		carried, outcome, _ := held(t, planOf(t, x.header, reviewed), planOf(t, planner.Header{}, append(fresh[:2:2], x.fresh)), nil)
		if len(carried) > 0 {
			t.Errorf("%s: carried %+v, %q", name, carried[0], outcome)
		}
	}
}
