package apply_test

import (
	"context"
	"testing"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

const janeID = "00000000-0000-4000-8000-000000000001"

// jane adds an account with the anchor of 1 and a link to it.
func (w *world) jane() *account {
	a := w.tenant.add(janeID, map[string]state.Value{"department": str("Revenue"), "accountEnabled": state.Bool(true), "onPremisesImmutableId": str(anchor(1))})
	w.journal.links[anchor(1)] = &state.Link{Anchor: anchor(1), Kind: state.User, Scope: "staff", TargetID: janeID, Shape: state.NewShape()}
	w.source.objects[state.GUID{1}] = map[string]state.Value{"mS-DS-ConsistencyGuid": str(anchor(1))}
	return a
}

// TestInPlace: a change is in place only if all of it is: the values on both sides, the pair in the record and the
// anchor on the account.
func TestInPlace(t *testing.T) {
	dept := set("department", str("Sales"), str("Revenue"))
	anchored := set("onPremisesImmutableId", state.Null(), str(anchor(1)))
	stamp := set("mS-DS-ConsistencyGuid", state.Null(), str(anchor(1)))
	stamped := func(c *state.Change, attrs ...state.AttributeChange) *state.Change {
		c.SourceGUID, c.SourceAttributes = state.GUID{1}.String(), attrs
		return c
	}
	forget := func(w *world) { delete(w.journal.links, anchor(1)) }
	gone := func(w *world) { delete(w.tenant.accounts, janeID) }
	unanchored := func(w *world) { delete(w.tenant.accounts[janeID].attrs, "onPremisesImmutableId") }
	for name, x := range map[string]struct {
		change  *state.Change
		prepare []func(*world)
		want    bool
	}{
		"update":                       {change(state.ActionUpdate, 1, janeID, dept), nil, true},
		"link":                         {change(state.ActionLink, 1, janeID, dept, anchored), nil, true},
		"link without a write":         {change(state.ActionLink, 1, janeID), nil, true},
		"create":                       {change(state.ActionCreate, 1, "", dept, anchored), nil, true},
		"stamped":                      {stamped(change(state.ActionCreate, 1, "", dept, anchored), stamp), nil, true},
		"delete":                       {change(state.ActionDelete, 1, janeID), []func(*world){forget, gone}, true},
		"unlink":                       {change(state.ActionUnlink, 1, janeID), []func(*world){forget, unanchored}, true},
		"unlink of who is gone":        {change(state.ActionUnlink, 1, ""), []func(*world){forget, gone}, true},
		"another value":                {change(state.ActionUpdate, 1, janeID, set("department", str("Sales"), str("Board"))), nil, false},
		"update of nothing":            {change(state.ActionUpdate, 1, janeID), nil, false},
		"not recorded":                 {change(state.ActionUpdate, 1, janeID, dept), []func(*world){forget}, false},
		"created, not recorded":        {change(state.ActionCreate, 1, "", dept, anchored), []func(*world){forget}, false},
		"gone":                         {change(state.ActionUpdate, 1, janeID, dept), []func(*world){gone}, false},
		"another's anchor":             {change(state.ActionLink, 1, janeID), []func(*world){unanchored}, false},
		"not stamped":                  {stamped(change(state.ActionLink, 1, janeID), set("mS-DS-ConsistencyGuid", state.Null(), str("other"))), nil, false},
		"what no rule reads":           {stamped(change(state.ActionLink, 1, janeID), set("scriptPath", str("x"), state.Null())), nil, false},
		"stamp of who is out of sight": {stamped(change(state.ActionLink, 1, janeID), stamp), []func(*world){func(w *world) { clear(w.source.objects) }}, false},
		"delete of who lives":          {change(state.ActionDelete, 1, janeID), []func(*world){forget}, false},
		"delete that is recorded":      {change(state.ActionDelete, 1, janeID), []func(*world){gone}, false},
		"delete of nobody":             {change(state.ActionDelete, 2, ""), nil, false},
		"unlink of the anchored":       {change(state.ActionUnlink, 1, janeID), []func(*world){forget}, false},
		"partial, not recorded":        {partial(change(state.ActionUpdate, 1, janeID, dept)), []func(*world){forget, unanchored}, true},
		"an attribute nobody has":      {change(state.ActionUpdate, 1, janeID, set("x&$filter=1", state.Null(), state.Null())), nil, false},
		"spelt otherwise":              {change(state.ActionUpdate, 1, janeID, set("DEPARTMENT", str("Sales"), str("Revenue"))), nil, false},
		"an id that is none":           {change(state.ActionUpdate, 1, "delta", dept), nil, false},
		"a kind that is not written":   {kindOf(state.DirectorySync, change(state.ActionUpdate, 1, janeID, dept)), nil, false},
		"a kind nobody knows":          {kindOf("device", change(state.ActionUpdate, 1, janeID, dept)), nil, false},
		"an action nobody knows":       {change("rename", 1, janeID, dept), nil, false},
		"members":                      {withMembers(change(state.ActionUpdate, 1, janeID, dept)), nil, false},
		"a manager who is not there":   {change(state.ActionUpdate, 1, janeID, set("manager", state.Null(), str(state.PendingRef+"x"))), nil, false},
	} {
		w := newWorld()
		w.jane()
		for _, p := range x.prepare {
			p(w)
		}
		got, err := apply.InPlace(context.Background(), w.in, []*state.Change{x.change})
		if err != nil || len(got) != 1 || got[0] != x.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if len(w.tenant.sent) > 0 {
			t.Errorf("%s: %v was sent", name, w.tenant.sent)
		}
	}
}

func partial(c *state.Change) *state.Change {
	c.Partial = true
	return c
}

func kindOf(k state.Kind, c *state.Change) *state.Change {
	c.Kind = k
	return c
}

func withMembers(c *state.Change) *state.Change {
	c.Members = &state.SetChange{Add: []string{janeID}}
	return c
}

// TestPartial: the part of a change that blocks sign-in is made alone. An anchor in it is compared, and neither written
// nor recorded.
func TestPartial(t *testing.T) {
	off := set("accountEnabled", state.Bool(true), state.Bool(false))
	kept := func(v state.Value) state.AttributeChange { return set("onPremisesImmutableId", v, v) }
	w := newWorld()
	w.jane().attrs["onPremisesImmutableId"] = str("theirs")
	w.journal.links["theirs"] = &state.Link{Anchor: "theirs", TargetID: janeID, Shape: state.NewShape()}
	out := w.run(t, partial(change(state.ActionUpdate, 1, janeID, off, kept(str("theirs")))))
	if !out.Complete() || len(w.tenant.sent) != 1 || w.tenant.sent[0].Op != providers.OpPatch || len(w.tenant.sent[0].Attributes) != 1 {
		t.Errorf("%+v, sent %+v", out, w.tenant.sent)
	}
	l := w.journal.links[anchor(1)]
	if w.journal.links["theirs"] == nil || l.Shape.Index("onPremisesImmutableId") >= 0 || l.Shape.Index("accountEnabled") < 0 {
		t.Errorf("%+v, %+v", w.journal.links, l)
	}
	w = newWorld()
	w.jane()
	if out = w.run(t, partial(change(state.ActionUpdate, 1, janeID, off, kept(str("theirs"))))); out.Skipped != 1 || len(w.tenant.sent) > 0 {
		t.Errorf("%+v, sent %+v", out, w.tenant.sent)
	}
}

// TestPartialKeepsTheTime: a leaver whose account was enabled by somebody and is switched off alone left when he left,
// unless his grace begins anew.
func TestPartialKeepsTheTime(t *testing.T) {
	for _, anew := range []bool{false, true} {
		w := newWorld()
		w.jane()
		w.journal.links[anchor(1)].Left, w.journal.links[anchor(1)].LeftAt = true, 5
		w.in.Now = w.in.Now.AddDate(2025, 0, 0)
		c := partial(change(state.ActionDisable, 1, janeID, set("accountEnabled", state.Bool(true), state.Bool(false))))
		c.Attributes[0].Drift, c.GraceAnew = true, anew
		w.run(t, c)
		if l := w.journal.links[anchor(1)]; !l.Left || (l.LeftAt == 5) == anew {
			t.Errorf("anew %v: left at %d", anew, l.LeftAt)
		}
	}
}
