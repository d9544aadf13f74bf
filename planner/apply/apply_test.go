package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

func values(m ...string) map[string]state.Value {
	v := map[string]state.Value{}
	for i := 0; i < len(m); i += 2 {
		v[m[i]] = str(m[i+1])
	}
	return v
}

func wantCounts(t *testing.T, got apply.Outcome, want state.Counts) {
	t.Helper()
	if d := cmp.Diff(want, withoutActions(t, got.Counts)); d != "" {
		t.Errorf("%s%+v", d, got.Failures)
	}
}

// withoutActions leaves the counts of each action out, which together are those of what was applied.
func withoutActions(t *testing.T, c state.Counts) state.Counts {
	t.Helper()
	n := 0
	for _, m := range c.Actions {
		n += m
	}
	if n != c.Applied {
		t.Errorf("%d applied, but by action %v", c.Applied, c.Actions)
	}
	c.Actions = nil
	return c
}

func TestCreateWithManagerMadeByTheSamePlan(t *testing.T) {
	for _, order := range [][]int{{1, 2}, {2, 1}} {
		w := newWorld()
		w.in.Window = 1
		byN := map[int]*state.Change{1: create(1), 2: create(2, set("manager", state.Null(), str(state.PendingRef+anchor(1))))}
		out := w.run(t, byN[order[0]], byN[order[1]])
		wantCounts(t, out, state.Counts{Applied: 2})
		boss, l := w.journal.links[anchor(1)], w.journal.links[anchor(2)]
		if got := w.tenant.accounts[l.TargetID].attrs["manager"].Str(); got != boss.TargetID {
			t.Errorf("manager is %q, want %q", got, boss.TargetID)
		}
		if got := l.Fingerprints[l.Shape.Index("manager")]; got != fp("manager", str(boss.TargetID)) {
			t.Errorf("recorded manager %x", got)
		}
		if l.Rule != "created" || l.Scope != "staff" {
			t.Errorf("%+v", l)
		}
		if len(w.tenant.sent) != 3 {
			t.Errorf("%d requests, want 3: one per object and one per reference", len(w.tenant.sent))
		}
	}
}

func TestReferenceWhoseTargetFails(t *testing.T) {
	w := newWorld()
	w.tenant.fault = func(wr providers.Write) fault {
		if wr.Op == providers.OpCreate && slices.ContainsFunc(wr.Attributes, func(a state.AttributeChange) bool { return a.After.Str() == anchor(1) }) {
			return refused
		}
		return fine
	}
	out := w.run(t, create(2, set("manager", state.Null(), str(state.PendingRef+anchor(1)))), create(1))
	wantCounts(t, out, state.Counts{Applied: 1, Failed: 1, References: 1})
	if out.Complete() {
		t.Errorf("%+v", out)
	}
	l := w.journal.links[anchor(2)]
	if l == nil || l.Fingerprints[l.Shape.Index("manager")] != 0 {
		t.Errorf("the link must be there and not remember the manager: %+v", l)
	}
	if e := w.journal.entry(t, anchor(1), ""); e.Status != state.StatusFailed || e.Code != "Request_BadRequest" || e.RequestID != "req-1" {
		t.Errorf("%+v", e)
	}
	if e := w.journal.entry(t, anchor(2), "manager"); e.Status != state.StatusFailed || e.Code != "need_failed" {
		t.Errorf("%+v", e)
	}
}

func TestReferenceIsTriedAgainAtTheEnd(t *testing.T) {
	w := newWorld()
	id := w.linked(1, values("displayName", "A"))
	times := 0
	w.tenant.fault = func(wr providers.Write) fault {
		if wr.Op == providers.OpSetReference {
			if times++; times == 1 {
				return notFound
			}
		}
		return fine
	}
	out := w.run(t, change(state.ActionUpdate, 1, id, set("manager", state.Null(), str("boss"))))
	wantCounts(t, out, state.Counts{Applied: 1})
	if times != 2 || w.journal.entry(t, anchor(1), "manager").Status != state.StatusDone {
		t.Errorf("sent %d times: %v", times, w.journal.order)
	}
	if l := w.journal.links[anchor(1)]; l.Fingerprints[l.Shape.Index("manager")] != fp("manager", str("boss")) || l.Rule != "primary_smtp" {
		t.Errorf("%+v", l)
	}
}

func TestStaleObjectsAreSkipped(t *testing.T) {
	w := newWorld()
	ids := []string{w.linked(0, values("department", "Sales", "mail", "A@x")), w.linked(1, values("department", "Legal")),
		w.linked(2, values("department", "Revenue")), w.linked(3, values("department", "Sales")), w.linked(4, nil2())}
	w.tenant.accounts[ids[3]].attrs["onPremisesImmutableId"] = str("somebody else's")
	delete(w.tenant.accounts, ids[4])
	move := func(n int) *state.Change {
		return change(state.ActionUpdate, n, ids[n], set("department", str("Sales"), str("Revenue")))
	}
	first := move(0)
	first.Attributes = append(first.Attributes, set("mail", str("a@X"), str("b@x"))) // compared as the schema says
	out := w.run(t, first, move(1), move(2), move(3), move(4))
	wantCounts(t, out, state.Counts{Applied: 2, Skipped: 3})
	if len(w.tenant.sent) != 1 || w.tenant.accounts[ids[1]].attrs["department"].Str() != "Legal" {
		t.Errorf("sent %+v", w.tenant.sent)
	}
	for n, want := range map[int]string{1: "department", 3: "onPremisesImmutableId", 4: "does not exist"} {
		e := w.journal.entry(t, anchor(n), "")
		if e.Status != state.StatusSkipped || e.Code != "stale" {
			t.Errorf("%+v", e)
		}
		if !slices.ContainsFunc(out.Failures, func(e apply.Event) bool {
			return strings.Contains(e.Reason, want) && strings.Contains(e.Reason, "plan again") && strings.HasSuffix(e.Address, fmt.Sprintf("[\"p%d\"]", n))
		}) {
			t.Errorf("no event for %d names %q: %+v", n, want, out.Failures)
		}
	}
	if l := w.journal.links[anchor(2)]; l.Fingerprints[l.Shape.Index("department")] != fp("department", str("Revenue")) {
		t.Error("what the account already had is not recorded")
	}
}

func nil2() map[string]state.Value { return map[string]state.Value{} }

func TestAccountThatExistsByNowIsNotCreatedAgain(t *testing.T) {
	w := newWorld()
	w.tenant.add("other", map[string]state.Value{"onPremisesImmutableId": str(anchor(1))})
	out := w.run(t, create(1))
	wantCounts(t, out, state.Counts{Skipped: 1})
	if len(w.tenant.sent) != 0 {
		t.Errorf("sent %+v", w.tenant.sent)
	}
}

func TestLostReplies(t *testing.T) {
	for f, sent := range map[fault]int{lostBefore: 3, lostAfter: 1, lostOnce: 2} {
		w := newWorld()
		upd, del := w.linked(2, values("department", "Sales")), w.linked(3, nil2())
		gone := w.tenant.add("bin", nil2())
		gone.deleted = true
		w.tenant.fault = func(w providers.Write) fault {
			if f == lostOnce && !w.Once() {
				return fine // which its writer sends again by itself
			}
			return f
		}
		out := w.run(t, create(1), change(state.ActionUpdate, 2, upd, set("department", str("Sales"), str("Revenue"))),
			change(state.ActionDelete, 3, del), change(state.ActionRestore, 4, "bin", set("department", state.Null(), str("Legal"))))
		if f != lostBefore {
			wantCounts(t, out, state.Counts{Applied: 4})
			if l := w.journal.links[anchor(1)]; l == nil || w.tenant.accounts[l.TargetID] == nil {
				t.Errorf("the created account is not recorded: %+v", l)
			}
			if w.journal.links[anchor(3)] != nil || w.journal.links[anchor(4)] == nil {
				t.Errorf("%+v", w.journal.links)
			}
		} else {
			wantCounts(t, out, state.Counts{Unknown: 4})
			if w.journal.links[anchor(1)] != nil || w.journal.links[anchor(3)] == nil {
				t.Errorf("%+v", w.journal.links)
			}
		}
		creates := 0
		for _, s := range w.tenant.sent {
			if s.Op == providers.OpCreate {
				creates++
			}
		}
		if creates != sent || len(w.tenant.accounts) > 4 {
			t.Errorf("fault %d: sent %d times, and there are %d accounts", f, creates, len(w.tenant.accounts))
		}
	}
}

// TestLostReplyOfACreationThatShowsLate looks more than once before it gives up. What is sent again meanwhile is refused, since the
// account is there: there is one account in the end.
func TestLostReplyOfACreationThatShowsLate(t *testing.T) {
	for late, want := range map[int]state.Counts{1: {Applied: 1}, 3: {Applied: 1}, 4: {Unknown: 1}} {
		w := newWorld()
		w.tenant.late = late
		w.tenant.fault = func(w providers.Write) fault {
			if w.Resent {
				return fine
			}
			return lostAfter
		}
		wantCounts(t, w.run(t, create(1)), want)
		if sent := map[int]int{1: 1, 3: 3, 4: 3}[late]; len(w.tenant.sent) != sent || len(w.tenant.accounts) != 1 {
			t.Errorf("%d late: sent %d times, %d accounts", late, len(w.tenant.sent), len(w.tenant.accounts))
		}
	}
}

// TestLostWritesAreNotSentAgainOnceStopped: a run that is asked to stop starts no further write.
func TestLostWritesAreNotSentAgainOnceStopped(t *testing.T) {
	w := newWorld()
	ctx, stop := context.WithCancel(t.Context())
	w.tenant.fault = func(providers.Write) fault { stop(); return lostOnce }
	out, err := w.try(ctx, create(1))
	if err != nil || out.Unknown != 1 || len(w.tenant.sent) != 1 {
		t.Errorf("%v %+v, sent %d times", err, out, len(w.tenant.sent))
	}
}

// TestLostWriteIsRefusedWhenSentAgain: then the service's word is what became of it.
func TestLostWriteIsRefusedWhenSentAgain(t *testing.T) {
	w := newWorld()
	w.tenant.fault = func(w providers.Write) fault {
		if w.Resent {
			return refused
		}
		return lostBefore
	}
	wantCounts(t, w.run(t, create(1)), state.Counts{Failed: 1})
	if e := w.journal.entry(t, anchor(1), ""); e.Code != "Request_BadRequest" || len(w.tenant.sent) != 2 {
		t.Errorf("%+v, sent %d times", e, len(w.tenant.sent))
	}
}

func TestEveryAction(t *testing.T) {
	w := newWorld()
	link, re, dis, un, del, nop := w.linked(1, values("displayName", "old")), w.linked(2, nil2()), w.linked(3, map[string]state.Value{"accountEnabled": state.Bool(true), "displayName": str("x")}),
		w.linked(4, nil2()), w.linked(5, nil2()), w.linked(6, values("displayName", "same"))
	delete(w.journal.links, anchor(1))
	delete(w.journal.links, anchor(2))
	delete(w.journal.links, anchor(6))
	w.tenant.accounts[re].attrs["onPremisesImmutableId"] = str("foreign")
	bin := w.tenant.add("bin", values("displayName", "Back"))
	bin.deleted = true
	w.journal.links[anchor(8)] = &state.Link{Anchor: anchor(8), TargetID: "vanished"}
	lnk := change(state.ActionLink, 1, link, set("displayName", str("old"), str("new")))
	lnk.Match = &state.Match{Rule: "user_principal_name"}
	rel := change(state.ActionRelink, 2, re, set("onPremisesImmutableId", str("foreign"), str(anchor(2))))
	agree := change(state.ActionLink, 6, nop)
	agree.Match = &state.Match{Rule: "immutable_id"}
	agree.Fingerprints = map[string]string{"displayName": fmt.Sprintf("%x", fp("displayName", str("same")))}
	suffix := &state.Change{Address: `upn_suffix["contoso.com"]`, Kind: state.UPNSuffix, Action: state.ActionCreate,
		SourceAttributes: []state.AttributeChange{{Name: "uPNSuffixes", After: str("contoso.com")}}}
	out := w.run(t, suffix, lnk, rel, agree,
		change(state.ActionRestore, 7, "bin", set("onPremisesImmutableId", state.Null(), str(anchor(7)))),
		change(state.ActionDisable, 3, dis, set("accountEnabled", state.Bool(true), state.Bool(false))),
		change(state.ActionUnlink, 4, un), change(state.ActionUnlink, 8, ""), change(state.ActionDelete, 5, del))
	wantCounts(t, out, state.Counts{Applied: 9})
	if d := cmp.Diff([]string{"contoso.com"}, w.source.suffixes); d != "" {
		t.Error(d)
	}
	for n, rule := range map[int]string{1: "user_principal_name", 2: "recorded", 6: "immutable_id", 7: "recorded", 3: "primary_smtp"} {
		if l := w.journal.links[anchor(n)]; l == nil || l.Rule != rule || l.Left != (n == 3) {
			t.Errorf("link %d: %+v", n, l)
		}
	}
	if l := w.journal.links[anchor(3)]; l.Fingerprints[l.Shape.Index("displayName")] != fp("displayName", str("x")) {
		t.Errorf("a disabled account's fingerprints are lost: %+v", l)
	}
	for _, n := range []int{4, 5, 8} {
		if l := w.journal.links[anchor(n)]; l != nil {
			t.Errorf("link %d is still there", n)
		}
	}
	if _, there := w.tenant.accounts[un].attrs["onPremisesImmutableId"]; there || !w.tenant.accounts[del].deleted || bin.deleted {
		t.Error("unlink, delete or restore had no effect")
	}
	if len(w.tenant.sent) != 7 { // link, relink, restore + patch, disable, unlink, delete
		t.Errorf("%d requests: %+v", len(w.tenant.sent), w.tenant.sent)
	}
	if out.Warnings != 0 {
		t.Errorf("%+v", w.events)
	}
	// a link that came back
	back := change(state.ActionUpdate, 3, dis, set("accountEnabled", state.Bool(false), state.Bool(true)))
	w.run(t, back)
	if w.journal.links[anchor(3)].Left {
		t.Error("an update must clear Left")
	}
}

func TestSourceIsWrittenFirst(t *testing.T) {
	w := newWorld()
	g1, g2, g3 := state.GUID{1}, state.GUID{2}, state.GUID{3}
	w.source.objects = map[state.GUID]map[string]state.Value{g1: {}, g2: {"mS-DS-ConsistencyGuid": str("by somebody")}}
	var changes []*state.Change
	for i, g := range []state.GUID{g1, g2, g3} {
		c := create(i)
		c.SourceGUID = g.String()
		c.SourceAttributes = []state.AttributeChange{set("mS-DS-ConsistencyGuid", state.Null(), str(anchor(i)))}
		changes = append(changes, c)
	}
	out := w.run(t, changes...)
	wantCounts(t, out, state.Counts{Applied: 1, Skipped: 2})
	if w.source.objects[g1]["mS-DS-ConsistencyGuid"].Str() != anchor(0) || len(w.tenant.sent) != 1 {
		t.Error(w.source.objects, w.tenant.sent)
	}
	w = newWorld()
	w.source.objects = map[state.GUID]map[string]state.Value{g1: {}}
	w.source.fail = errors.New("insufficient access")
	out = w.run(t, changes[0])
	wantCounts(t, out, state.Counts{Failed: 1})
	if len(w.tenant.sent) != 0 {
		t.Error("the tenant was written although the source refused")
	}
}

func TestNeedsComeFirst(t *testing.T) {
	w := newWorld()
	a, b := w.linked(1, values("mail", "info@x")), w.linked(2, values("mail", "b@x"))
	take := change(state.ActionUpdate, 2, b, set("mail", str("b@x"), str("info@x")))
	take.Needs = []string{anchor(1)}
	give := change(state.ActionUpdate, 1, a, set("mail", str("info@x"), str("a@x")))
	third := create(3)
	third.Needs = []string{anchor(2)}
	stray := create(4)
	stray.Needs = []string{"nowhere"}
	out := w.run(t, third, take, give, stray) // even in an order that the planner would not give
	wantCounts(t, out, state.Counts{Applied: 3, Skipped: 1})
	var ids []string
	for _, s := range w.tenant.sent {
		ids = append(ids, s.ID)
	}
	if d := cmp.Diff([]string{a, b, ""}, ids); d != "" {
		t.Error(d)
	}
	if e := w.journal.entry(t, anchor(4), ""); e.Code != "need_missing" {
		t.Errorf("%+v", e)
	}

	w = newWorld()
	a = w.linked(1, values("mail", "info@x"))
	w.linked(2, values("mail", "b@x"))
	w.tenant.fault = func(wr providers.Write) fault { return map[bool]fault{true: refused}[wr.ID == a] }
	out = w.run(t, give, take, third)
	wantCounts(t, out, state.Counts{Failed: 1, Skipped: 2})
	if e := w.journal.entry(t, anchor(3), ""); e.Code != "need_failed" || len(w.tenant.sent) != 1 {
		t.Errorf("%+v, sent %v", e, w.tenant.sent)
	}
}

func TestAnObjectChangedTwiceIsReadInBetween(t *testing.T) {
	w := newWorld()
	id := w.linked(1, values("mail", "a@x"))
	out := w.run(t, change(state.ActionUpdate, 1, id, set("mail", str("a@x"), str("tmp@x"))), change(state.ActionUpdate, 1, id, set("mail", str("tmp@x"), str("b@x"))))
	wantCounts(t, out, state.Counts{Applied: 2})
}

func TestRecords(t *testing.T) {
	w := newWorld()
	w.linked(1, values("displayName", "A"))
	w.linked(2, values("displayName", "B"))
	w.in.Records = each([]*planner.Record{{Anchor: anchor(1), Scope: "other", Left: true}, {Anchor: "unknown"},
		{Anchor: anchor(2), Scope: "staff", Fingerprints: map[string]string{"mail": "2a"}}})
	out := w.run(t)
	l1, l2 := w.journal.links[anchor(1)], w.journal.links[anchor(2)]
	if out.Recorded != 2 || l1.Scope != "other" || !l1.Left || l1.Fingerprints[1] != fp("displayName", str("A")) || len(l2.Fingerprints) != 1 || l2.Fingerprints[0] != 42 {
		t.Errorf("%+v %+v %+v", out, l1, l2)
	}
	if len(w.tenant.sent)+w.tenant.lookups != 0 {
		t.Error("a record took a request")
	}
}

func TestWhatDoesNotShowIsAWarning(t *testing.T) {
	w := newWorld()
	w.tenant.blind = true
	id := w.linked(1, values("department", "Sales"))
	out := w.run(t, change(state.ActionUpdate, 1, id, set("department", str("Sales"), str("Revenue"))))
	wantCounts(t, out, state.Counts{Applied: 1})
	if out.Warnings != 1 || !out.Complete() || !strings.Contains(w.events[len(w.events)-1].Reason, "department") {
		t.Errorf("%+v %+v", out, w.events)
	}
	before := w.tenant.lookups
	w.in.NoVerify = true
	w.run(t)
	if w.tenant.lookups != before {
		t.Error("verified although told not to")
	}
}

// TestWhatIsNotKnownIsNotDone: a change that this version cannot carry out must never count as done.
func TestWhatIsNotKnownIsNotDone(t *testing.T) {
	w := newWorld()
	w.in.Schema = func(k state.Kind) *state.Schema { return map[state.Kind]*state.Schema{state.User: userSchema}[k] }
	id := w.linked(1, values("department", "Sales"))
	contact := change(state.ActionUpdate, 1, id, set("department", str("Sales"), str("Revenue")))
	contact.Kind = state.Contact
	odd := change("rename", 2, id)
	again := create(3)
	again.TargetID = id
	suffix := &state.Change{Address: `upn_suffix["contoso.com"]`, Kind: state.UPNSuffix, Action: state.ActionDelete}
	untargeted := change(state.ActionUpdate, 4, "", set("department", str("Sales"), str("Revenue")))
	out := w.run(t, contact, odd, again, suffix, untargeted)
	wantCounts(t, out, state.Counts{Failed: 5})
	if len(w.tenant.sent)+len(w.source.suffixes) != 0 {
		t.Error(w.tenant.sent, w.source.suffixes)
	}
}

func TestReadErrorsStopBeforeWriting(t *testing.T) {
	w := newWorld()
	id := w.linked(1, values("department", "Sales"))
	w.tenant.failRead = errors.New("connection reset")
	_, err := w.try(t.Context(), change(state.ActionUpdate, 1, id, set("department", str("Sales"), str("Revenue"))))
	if err == nil || len(w.tenant.sent) != 0 {
		t.Error(err, w.tenant.sent)
	}
}
