package worlds_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
)

// lostRecord is the world's record, of which nothing is left until a rebuild writes it.
type lostRecord struct {
	record
	writes int
}

func (r *lostRecord) Meta() store.Meta { return store.Meta{} }

func (r *lostRecord) Links(context.Context) iter.Seq2[*state.Link, error] {
	return func(func(*state.Link, error) bool) {}
}

func (r *lostRecord) Begin(context.Context, store.RunInfo) (run.Writer, error) {
	clear(r.known)
	r.writes++
	return writer(r.record), nil
}

// TestRebuiltRecord plays random worlds up to a moment at which the record is lost, and makes it anew. What must
// hold:
//
//   - Neither directory is written to, and nothing is recorded unless somebody consents.
//   - Every account whose anchor is that of one object in scope is recorded with it, and no account is recorded that another engine
//     masters or whose object is nowhere.
//   - Where the anchors tell of all that was recorded and of nothing else, the plan is what it was before: the same actions on the same
//     accounts with the same values.
func TestRebuiltRecord(t *testing.T) {
	dir := quick.Dir(t)
	all, err := variants(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	compared := 0
	defer func() {
		if compared == 0 && !t.Failed() {
			t.Error("no world was made anew")
		}
	}()
	rapid.Check(t, func(rt *rapid.T) {
		w, r := newWorld(rapid.Uint64().Draw(rt, "order")), drawRules(rt)
		withHarness(rt, dir, all, w, r, false, func(h *harness) {
			for _, e := range rapid.SliceOfN(anEntry, 0, 14).Draw(rt, "before") {
				w.happen(r, e)
			}
			h.converge()
			for _, e := range rapid.SliceOfN(anEvent, 0, 8).Draw(rt, "meanwhile") {
				w.happen(r, e)
			}
			h.configure()
			if h.rebuilt() {
				compared++
			}
		})
	})
}

// rebuilt loses the record, makes it anew and, if all of it comes back, compares plans.
func (h *harness) rebuilt() bool {
	before, planned := h.w.clone(), h.plan()
	lost := &lostRecord{record: record{h.w}}
	h.w.writes = 0
	found, err := h.run().Rebuild(context.Background(), run.RebuildOptions{Record: lost,
		Show: func(*run.Rebuilt) error {
			if lost.writes > 0 {
				h.t.Fatalf("recorded before anybody has seen it")
			}
			return nil
		},
		Consent: func() error { return nil }})
	check(h.t, err)
	if h.w.writes > 0 {
		h.t.Fatalf("%d writes to the tenant", h.w.writes)
	}
	if lost.writes == 0 {
		clear(h.w.known)
	}
	if wrong := h.wrongLinks(before, found); len(wrong) > 0 {
		h.t.Fatalf("what was recorded is wrong:\n%s%s", list(wrong), h.scene(before, planned))
	}
	if !sameTargets(before.known, h.w.known) {
		return false
	}
	if wrong := differentPlans(h.r, before, h.w, planned, h.plan()); len(wrong) > 0 {
		h.t.Fatalf("the plan is another than before:\n%s%s\n--- the record made anew ---\n%s", list(wrong),
			h.scene(before, planned), h.scene(h.w, nil))
	}
	return len(before.known) > 0
}

// sameTargets reports whether two records tie the same anchors to the same accounts.
func sameTargets(a, b map[string]*state.Link) bool {
	return maps.EqualFunc(a, b, func(x, y *state.Link) bool {
		return x.TargetID == y.TargetID && x.SourceGUID == y.SourceGUID
	})
}

// wrongLinks holds the new record against both sides.
func (h *harness) wrongLinks(before *world, found *run.Rebuilt) (wrong []string) {
	for _, l := range h.w.known {
		a := before.account(l.TargetID)
		switch {
		case a == nil || a.deleted || a.attrs["onPremisesImmutableId"].Str() != l.Anchor:
			wrong = append(wrong, "recorded without its anchor: "+linkText(l))
		case a.attrs["onPremisesSyncEnabled"].Bool():
			wrong = append(wrong, "recorded although another engine masters it: "+linkText(l))
		case before.personByGUID(l.SourceGUID) == nil:
			wrong = append(wrong, "recorded without a source object: "+linkText(l))
		}
		for i, name := range l.Shape.Names() {
			if a != nil && name != "manager" && l.Fingerprints[i] != fingerprint(name, before.shown(a, name)) {
				wrong = append(wrong, "recorded as applied, though the account has another value: "+name+" of "+linkText(l))
			}
		}
	}
	if n := len(found.Pairs) + len(found.Leavers); n != len(h.w.known) {
		wrong = append(wrong, fmt.Sprintf("%d links were shown, %d recorded", n, len(h.w.known)))
	}
	return wrong
}

// differentPlans lists the recorded pairs of which two plans say different things. What the record alone knew may
// differ: that something drifted, since when somebody is gone and from which scope, that it was dirform that had
// switched them off, and whether the source has switched them on since.
func differentPlans(r *rules, before, after *world, a, b *saved) (wrong []string) {
	blocked, still := a.blocked(), b.blocked()
	for _, l := range before.known {
		if l.Left || l.Scope != after.known[l.Anchor].Scope || r.scope(l.Scope) == nil ||
			r.scope(l.Scope).policy.OnDrift != config.HealDrift {
			continue
		}
		dn := before.personByGUID(l.SourceGUID).dn()
		d := cmp.Diff(essence(of(a.changes, l.Anchor)), essence(of(b.changes, l.Anchor)))
		if d != "" || blocked[dn] != still[dn] && !a.withholdsSwitchOn(dn) && !b.withholdsSwitchOn(dn) {
			wrong = append(wrong, fmt.Sprintf("%s (blocked %v, then %v):\n%s", dn, blocked[dn], still[dn], d))
		}
	}
	return wrong
}

// withholdsSwitchOn reports whether all that the plan holds back of what it blocks for an object is that it is switched on.
func (p *saved) withholdsSwitchOn(dn string) bool {
	held := 0
	for _, f := range p.findings {
		if f.Severity != planner.Error || len(f.Objects) == 0 || f.Objects[0].SourceDN != dn {
			continue
		}
		for _, x := range f.Withheld {
			if held++; !turnsOn(state.AttributeChange{Name: x.Name, Before: x.Before, After: x.After}) {
				return false
			}
		}
	}
	return held > 0
}

func of(changes []*state.Change, anchor string) *state.Change {
	i := slices.IndexFunc(changes, func(c *state.Change) bool { return c.Anchor == anchor })
	if i < 0 {
		return nil
	}
	return changes[i]
}

// essence is what a change does.
func essence(c *state.Change) []string {
	if c == nil {
		return nil
	}
	lines := []string{fmt.Sprint(c.Action, " ", c.TargetID)}
	if c.Action == state.ActionUpdate && len(c.Attributes) == 1 && turnsOn(c.Attributes[0]) {
		return nil
	}
	for _, x := range c.Attributes {
		if turnsOn(x) {
			continue
		}
		lines = append(lines, x.Name+": "+x.Before.Text()+" -> "+x.After.Text())
	}
	return lines
}

func turnsOn(a state.AttributeChange) bool {
	return a.Name == "accountEnabled" && a.After.Equal(state.Bool(true))
}
