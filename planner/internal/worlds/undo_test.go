package worlds_test

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/seal"
)

// undosByDefault is how many worlds the long form plays, see [quick.Checks].
const undosByDefault = 1000

// TestUndoAfterApplyIsTheIdentity plays random worlds with a real record that keeps values: whatever an apply has done, its undoing takes
// back, so that every living account is as it was. Left alone may be what the undoing's findings name. Links that led to nobody's
// account any more, and that the run has forgotten without a write, stay forgotten. Accounts that the run created lie
// in the recycle bin then, and those that it brought back lie there with the values that it gave them.
func TestUndoAfterApplyIsTheIdentity(t *testing.T) {
	quick.Checks(t, undosByDefault)
	dir := quick.Dir(t)
	all, err := variants(dir)
	if err != nil {
		t.Fatal(err)
	}
	k, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	undone, told, actions := 0, 0, map[state.Action]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w, r := newWorld(rapid.Uint64().Draw(rt, "order")), drawRules(rt)
		withHarness(rt, dir, all, w, r, true, func(h *harness) {
			h.keys = seal.New(k)
			for _, e := range rapid.SliceOfN(anEntry, 0, 10).Draw(rt, "before") {
				w.happen(r, e)
			}
			if !oneIn(rt, 4, "first run") {
				h.lifted(run.Options{})
				for _, e := range rapid.SliceOfN(rapid.OneOf(anEvent, anEvent, anEvent, aSwap), 1, 8).Draw(rt, "meanwhile") {
					w.happen(r, e)
				}
				if oneIn(rt, 3, "rehired") {
					w.rehire(r, whom(rt))
				}
			}
			before := w.clone()
			p, out := h.lifted(run.Options{})
			if out == nil || !out.Wrote || !out.Complete() {
				return
			}
			u, out := h.lifted(run.Options{Undo: run.LastRun})
			h.identity(before, p, u, out)
			undone++
			told += len(u.findings)
			for _, c := range u.changes {
				actions[c.Action]++
			}
		})
	})
	t.Logf("%d runs were undone, with %d findings: %v", undone, told, actions)
	for _, a := range []state.Action{state.ActionUpdate, state.ActionDelete, state.ActionUnlink, state.ActionRelink} {
		if quick.Long() && actions[a] == 0 {
			t.Errorf("no run was undone by %s", a)
		}
	}
}

// rehire puts a new object in the place of one that has a recorded account and moves elsewhere; every policy lets the
// new one take the account.
func (w *world) rehire(r *rules, who int) {
	for _, s := range r.scopes {
		s.policy.ForeignAnchor, s.policy.Match = "relink", matchOrders[0]
	}
	for n := range w.people {
		i := (who + n) % len(w.people)
		p := w.people[i]
		if !slices.ContainsFunc(slices.Collect(maps.Values(w.known)), func(l *state.Link) bool { return l.SourceGUID == p.guid }) {
			continue
		}
		again, former := *p, *p
		again.guid, again.attrs = state.GUID{99}, maps.Clone(p.attrs)
		delete(again.attrs, consistencyGUID)
		former.ou, former.attrs = outOU, maps.Clone(p.attrs)
		former.attrs["userPrincipalName"] = state.String("former@contoso.com")
		delete(former.attrs, "mail")
		w.people[i] = &again
		w.people = append(w.people, &former)
		return
	}
}

// lifted plans and applies, lifting whatever limits are exceeded.
func (h *harness) lifted(o run.Options) (p *saved, out *run.Result) {
	h.configure()
	h.allow = nil
	for range 12 {
		o.Allow = h.allow
		out = h.carryOut(run.ApplyOptions{Options: o, Show: func(file *planfile.Reader) error {
			p = h.saved(file)
			return nil
		}})
		if out != nil || p == nil {
			return p, out
		}
		h.lift(p)
	}
	h.t.Fatalf("not applicable, whatever is lifted:\n%s", describe(p))
	return nil, nil
}

// identity compares the tenant with what it was before the run that is undone.
func (h *harness) identity(before *world, p, u *saved, out *run.Result) {
	if out == nil || !out.Complete() {
		h.t.Fatalf("not undone: %+v\n%s\nthe run:\n%s\nits undoing:\n%s", out, list(failures(out)), describe(p), describe(u))
	}
	var named []string // by findings
	for _, f := range u.findings {
		for _, o := range f.Objects {
			named = append(named, o.TargetID)
		}
	}
	var wrong []string
	for _, b := range h.w.accounts {
		a := before.account(b.id)
		switch {
		case slices.Contains(named, b.id):
		case a == nil && !b.deleted:
			wrong = append(wrong, "still there: "+b.id+" "+textOf(b.attrs))
		case a == nil || a.deleted && b.deleted:
		case a.deleted != b.deleted:
			wrong = append(wrong, b.id+" is on the other side of the recycle bin")
		default:
			compareAttributes(b.id, before.plainly(a), h.w.plainly(b), func(format string, args ...any) {
				wrong = append(wrong, strings.TrimSpace(fmt.Sprintf(format, args...)))
			})
		}
	}
	for anchor, l := range before.known {
		forgotten := slices.ContainsFunc(p.changes, func(c *state.Change) bool { // nothing was written for it
			return c.Action == state.ActionUnlink && c.Anchor == anchor && c.TargetID == ""
		})
		if a := before.account(l.TargetID); a == nil || a.deleted {
			continue // the run brought it back, and its undoing deletes it with the link
		}
		if now := h.w.known[anchor]; now == nil && !forgotten && !slices.Contains(named, l.TargetID) {
			wrong = append(wrong, "the link of "+anchor+" is gone: "+linkText(l))
		}
	}
	if len(wrong) > 0 {
		h.t.Fatalf("the undoing is not the identity:\n%s\nthe run:\n%s\nits undoing:\n%s", list(wrong), describe(p), describe(u))
	}
}

// plainly are an account's attributes as the service shows them, without the addresses that a tenant makes and drops as
// mail is written, and takes from nobody.
func (w *world) plainly(a *account) map[string]state.Value {
	own := maps.Clone(a.attrs)
	delete(own, "proxyAddresses")
	if own["manager"] = w.shown(a, "manager"); own["manager"].IsNull() {
		delete(own, "manager")
	}
	return own
}
