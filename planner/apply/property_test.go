package apply_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// TestRandomPlans carries out random plans against random faults and concurrent edits, and checks what must hold whatever happens.
func TestRandomPlans(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld()
		w.in.Window = rapid.IntRange(1, 30).Draw(rt, "window")
		w.in.Workers = rapid.IntRange(1, 3).Draw(rt, "workers")
		changes := randomPlan(rt, w)
		edited := randomEdits(rt, w)
		faults := map[string]fault{}
		w.tenant.fault = func(wr providers.Write) fault { // decided per object and operation, so that the order does not matter
			k := fmt.Sprintf("%d %s %s", wr.Op, wr.ID, anchorOf(wr))
			if f, ok := faults[k]; ok {
				return f
			}
			return fine
		}
		for i, c := range changes {
			f := rapid.SampledFrom([]fault{fine, fine, fine, fine, refused, lostBefore, lostAfter, lostOnce}).Draw(rt, fmt.Sprintf("fault %d", i))
			for op := providers.OpCreate; op <= providers.OpClearReference; op++ {
				faults[fmt.Sprintf("%d %s %s", op, c.TargetID, "")] = f
			}
			faults[fmt.Sprintf("%d  %s", providers.OpCreate, c.Anchor)] = f
		}
		before := maps.Clone(w.journal.links)
		out, err := w.try(context.Background(), changes...)
		if err != nil {
			rt.Fatal(err)
		}
		if n := out.Applied + out.Failed + out.Skipped + out.Unknown; n != len(changes) {
			rt.Fatalf("%d changes, %d accounted for: %+v", len(changes), n, out)
		}
		checkWrites(rt, w, changes)
		checkJournal(rt, w, changes, edited)
		checkLinks(rt, w, changes, before)
		checkAnchors(rt, w)
		checkEvents(rt, w, out, changes)
	})
}

func anchorOf(w providers.Write) string {
	if w.Op != providers.OpCreate {
		return ""
	}
	for _, a := range w.Attributes {
		if a.Name == "onPremisesImmutableId" {
			return a.After.Str()
		}
	}
	return "none"
}

// randomPlan makes accounts and one change for each.
func randomPlan(rt *rapid.T, w *world) []*state.Change {
	n := rapid.IntRange(1, 60).Draw(rt, "changes")
	var changes []*state.Change
	for i := range n {
		var c *state.Change
		dept := set("department", str("Sales"), str("Revenue"))
		switch rapid.SampledFrom([]string{"create", "create", "update", "link", "disable", "unlink", "delete", "restore", "reference"}).Draw(rt, fmt.Sprintf("action %d", i)) {
		case "create":
			c = create(i)
			if other := rapid.IntRange(0, 2*n).Draw(rt, "manager"); other < n && other != i {
				c = create(i, set("manager", state.Null(), str(state.PendingRef+anchor(other))))
			}
		case "update":
			c = change(state.ActionUpdate, i, w.linked(i, values("department", "Sales")), dept)
		case "link":
			c = change(state.ActionLink, i, w.linked(i, values("department", "Sales")), dept)
			c.Match = &state.Match{Rule: "primary_smtp"}
			delete(w.journal.links, anchor(i))
		case "disable":
			c = change(state.ActionDisable, i, w.linked(i, map[string]state.Value{"accountEnabled": state.Bool(true)}), set("accountEnabled", state.Bool(true), state.Bool(false)))
		case "unlink":
			c = change(state.ActionUnlink, i, w.linked(i, nil2()))
		case "delete":
			c = change(state.ActionDelete, i, w.linked(i, nil2()))
		case "restore":
			id := fmt.Sprintf("bin-%04d", i)
			w.tenant.add(id, values("department", "Sales")).deleted = true
			c = change(state.ActionRestore, i, id, dept, set("onPremisesImmutableId", state.Null(), str(anchor(i))))
		case "reference":
			c = change(state.ActionUpdate, i, w.linked(i, values("department", "Sales")), set("manager", state.Null(), str("boss")))
			if rapid.Bool().Draw(rt, "both") {
				c = change(state.ActionUpdate, i, c.TargetID, dept, set("manager", state.Null(), str("boss")))
			}
		}
		if i > 0 && rapid.IntRange(0, 4).Draw(rt, "need") == 0 {
			c.Needs = []string{anchor(rapid.IntRange(0, i-1).Draw(rt, "needs"))}
		}
		changes = append(changes, c)
	}
	return changes
}

// randomEdits changes accounts behind the plan's back.
func randomEdits(rt *rapid.T, w *world) map[string]bool {
	edited := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(w.tenant.accounts)) {
		a := w.tenant.accounts[id]
		if a.deleted || rapid.IntRange(0, 6).Draw(rt, "edit "+id) > 0 {
			continue
		}
		edited[id] = true
		switch rapid.IntRange(0, 2).Draw(rt, "how") {
		case 0:
			a.attrs["department"], a.attrs["accountEnabled"], a.attrs["manager"] = str("edited"), str("edited"), str("edited")
		case 1:
			a.attrs["onPremisesImmutableId"] = str("edited " + id)
		case 2:
			a.deleted = true
		}
	}
	return edited
}

// checkWrites: every request is one that the plan lists, none is sent twice but a creation or a restoration whose reply was lost,
// none has two effects, and nothing was written to an edited object
// that the plan did not see so.
func checkWrites(rt *rapid.T, w *world, changes []*state.Change) {
	planned := map[string]*state.Change{}
	for _, c := range changes {
		planned[c.Anchor], planned[c.TargetID] = c, c
	}
	times, effects := map[string]int{}, map[string]int{}
	for _, e := range w.tenant.effects {
		k := fmt.Sprintf("%d %s", e.Op, cmp.Or(anchorOf(e), e.ID))
		if effects[k]++; effects[k] > 1 && e.Once() {
			rt.Fatalf("done twice: %+v", e)
		}
	}
	for _, s := range w.tenant.sent {
		k := fmt.Sprintf("%d %s %s", s.Op, s.ID, anchorOf(s))
		if times[k]++; times[k] > 1 && !s.Resent {
			rt.Fatalf("sent twice: %+v", s)
		}
		c := planned[s.ID]
		if s.Op == providers.OpCreate {
			c = planned[anchorOf(s)]
		} else if l := linkTo(w, s.ID); c == nil && l != nil {
			c = planned[l.Anchor]
		}
		if c == nil {
			rt.Fatalf("outside the plan: %+v", s)
		}
		for _, a := range s.Attributes {
			i := slices.IndexFunc(c.Attributes, func(b state.AttributeChange) bool { return a.Name == b.Name })
			switch {
			case c.Action == state.ActionUnlink && a.Name == "onPremisesImmutableId" && a.After.IsNull():
			case i < 0:
				rt.Fatalf("%s is not in the plan of %s", a.Name, c.Address)
			case strings.HasPrefix(c.Attributes[i].After.Str(), state.PendingRef):
			case !a.After.Equal(c.Attributes[i].After):
				rt.Fatalf("%s: sent %v, planned %v", a.Name, a.After, c.Attributes[i].After)
			}
		}
	}
}

func linkTo(w *world, id string) *state.Link {
	for _, l := range w.journal.links {
		if l.TargetID == id {
			return l
		}
	}
	return nil
}

// checkJournal: every step has one result; what is journalled as done shows at the tenant, and what is journalled as failed or
// skipped had no effect there.
func checkJournal(rt *rapid.T, w *world, changes []*state.Change, edited map[string]bool) {
	byAnchor := map[string]*state.Change{}
	for _, c := range changes {
		byAnchor[c.Anchor] = c
	}
	for _, e := range w.journal.journal {
		c := byAnchor[e.Key]
		var effects []providers.Write
		for _, x := range w.tenant.effects {
			ref := x.Op == providers.OpSetReference || x.Op == providers.OpClearReference
			if x.ID == e.TargetID && x.ID != "" && ref == (e.Attribute != "") || x.Op == providers.OpCreate && anchorOf(x) == e.Key && e.Attribute == "" {
				effects = append(effects, x)
			}
		}
		onlyRefs := e.Attribute == "" && len(c.Attributes) == 1 && c.Attributes[0].Name == "manager"
		switch e.Status {
		case state.StatusIntent:
			rt.Fatalf("no result: %+v", e)
		case state.StatusDone:
			if len(effects) == 0 && !onlyRefs && !(c.Action == state.ActionUnlink && edited[c.TargetID]) {
				rt.Fatalf("done without effect: %+v", e)
			}
		case state.StatusSkipped:
			if len(effects) > 0 {
				rt.Fatalf("skipped, but %+v", effects)
			}
		case state.StatusFailed:
			if len(effects) > 0 && !(c.Action == state.ActionRestore && len(effects) == 1 && effects[0].Op == providers.OpRestore) {
				rt.Fatalf("failed, but %+v", effects)
			}
		}
		if strings.Contains(e.Code, "@") {
			rt.Fatalf("personal data in the journal: %+v", e)
		}
	}
}

// checkLinks: the record follows what was done, and only that.
func checkLinks(rt *rapid.T, w *world, changes []*state.Change, before map[string]*state.Link) {
	for _, c := range changes {
		var status state.EntryStatus
		for _, e := range w.journal.journal {
			if e.Key == c.Anchor && e.Attribute == "" {
				status = e.Status
			}
		}
		l := w.journal.links[c.Anchor]
		switch {
		case status != state.StatusDone:
			if (l == nil) != (before[c.Anchor] == nil) {
				rt.Fatalf("%s is %s, but its link changed from %v to %v", c.Address, status, before[c.Anchor], l)
			}
		case c.Action == state.ActionDelete || c.Action == state.ActionUnlink:
			if l != nil {
				rt.Fatalf("%s of %s is done, but the link is there", c.Action, c.Address)
			}
		case l == nil || w.tenant.accounts[l.TargetID] == nil || l.Left != (c.Action == state.ActionDisable):
			rt.Fatalf("%s of %s is done, but its link is %+v", c.Action, c.Address, l)
		default:
			checkFingerprints(rt, l, w.tenant.accounts[l.TargetID])
		}
	}
}

// checkFingerprints: a link remembers nothing that the account does not hold, except for edits made before and not looked at.
func checkFingerprints(rt *rapid.T, l *state.Link, a *account) {
	for i, n := range l.Shape.Names() {
		if f := l.Fingerprints[i]; n == "manager" && f != 0 && f != fp(n, a.attrs[n]) {
			rt.Fatalf("the link of %s remembers another manager than %v", l.Anchor, a.attrs[n])
		}
	}
}

// checkAnchors: no two living accounts carry one anchor.
func checkAnchors(rt *rapid.T, w *world) {
	seen := map[string]string{}
	for id, a := range w.tenant.accounts {
		v := a.attrs["onPremisesImmutableId"].Str()
		if other := seen[v]; v != "" && !a.deleted && other != "" {
			rt.Fatalf("%s and %s both carry %s", id, other, v)
		}
		if !a.deleted {
			seen[v] = id
		}
	}
}

// checkEvents: each change is announced once.
func checkEvents(rt *rapid.T, w *world, out apply.Outcome, changes []*state.Change) {
	said := map[string]int{}
	for _, e := range w.events {
		if e.Attribute == "" && e.Status != apply.StatusWarning {
			said[e.Address]++
		}
	}
	for _, c := range changes {
		if said[c.Address] != 1 {
			rt.Fatalf("%s was announced %d times", c.Address, said[c.Address])
		}
	}
	if out.Complete() != (len(out.Failures) == 0) {
		rt.Fatalf("%+v", out)
	}
}
