package worlds_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
)

// reviewedByDefault is how many worlds apply plan files in the long form.
const reviewedByDefault = 700

// TestWhatWasReviewedIsWhatHappens applies plan files that were edited, in worlds that have changed since. Whatever stands in a file and whatever has
// happened, what is written to either side and to the record is a part of what a fresh plan would have written at that moment. Killed
// anywhere and applied again, it converges together with the plain applies that follow.
func TestWhatWasReviewedIsWhatHappens(t *testing.T) {
	quick.Checks(t, reviewedByDefault)
	dir := quick.Dir(t)
	all, err := variants(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	rapid.Check(t, func(rt *rapid.T) {
		w, r := newWorld(rapid.Uint64().Draw(rt, "order")), drawRules(rt)
		withHarness(rt, dir, all, w, r, false, func(h *harness) {
			w.mailboxes = oneIn(rt, 4, "mailboxes")
			h.happen(rapid.SliceOfN(anEntry, 5, 14).Draw(rt, "before"))
			if oneIn(rt, 2, "settled") {
				h.converge()
				h.happen(rapid.SliceOfN(anEvent, 1, 8).Draw(rt, "then"))
				h.happen(rapid.SliceOfN(aSwap, 0, 3).Draw(rt, "swaps"))
			}
			path, older := h.saveEdited(), w.clone()
			for range rapid.IntRange(1, 3).Draw(rt, "applies") {
				h.happen(rapid.SliceOfN(anEvent, 0, 3).Draw(rt, "meanwhile"))
				h.loseRecord(older)
				h.applyEdited(path)
			}
			w.unrecorded = false
			h.converge()
		})
	})
}

// happen lets events happen.
func (h *harness) happen(events []event) {
	for _, e := range events {
		h.w.happen(h.r, e)
	}
}

// loseRecord sometimes puts the record back to what it was, or takes it away.
func (h *harness) loseRecord(older *world) {
	switch rapid.IntRange(0, 19).Draw(h.rt, "record") {
	case 18:
		c := older.clone()
		h.w.known, h.w.serial, h.w.ous, h.w.scopes, h.w.unrecorded = c.known, c.serial, c.ous, c.scopes, false
	case 19:
		h.w.known, h.w.serial, h.w.ous, h.w.scopes, h.w.unrecorded = map[string]*state.Link{}, 0, nil, nil, true
	}
}

// saveEdited saves a plan, edits the file and returns its path.
func (h *harness) saveEdited() string {
	h.configure()
	if oneIn(h.rt, 5, "limited") {
		h.only = []string{"user.in"}
		defer func() { h.only = nil }()
	}
	path := filepath.Join(h.dir, "edited.dfplan")
	o := h.options()
	o.Out = path
	file, err := h.run().Plan(context.Background(), o)
	if aimedAtNobody(err) {
		o.Targets = nil
		file, err = h.run().Plan(context.Background(), o)
	}
	check(h.t, err)
	file.Close()
	h.editFile(path)
	return path
}

// applyEdited applies an edited plan file, which sometimes is killed, and compares with what a fresh plan would have done.
func (h *harness) applyEdited(path string) {
	h.configure()
	h.allow = nil
	if oneIn(h.rt, 2, "allowed") {
		h.allow = everything
	}
	before := h.begin()
	fresh, plan := h.freshly()
	f := h.permits(path, plan)
	if h.w.killer = nil; oneIn(h.rt, 3, "killed") {
		h.w.killer = &killer{at: rapid.IntRange(1, 12).Draw(h.rt, "boundary")}
	}
	out, err := h.tryFile(path)
	h.w.killer = nil
	if before.unrecorded { // its first run has minted a key, which the worlds do not know
		for _, l := range h.w.known {
			l.Shape, l.Fingerprints = state.NewShape(), nil
		}
	}
	h.partOf(before, fresh, out, err)
	if wrong := f.strange(before, h.w); len(wrong) > 0 {
		h.t.Fatalf("not what the file says:\n%s--- the file ---\n%s%s", list(wrong), contentOf(path), h.scene(before, plan))
	}
	h.allow = nil
}

// everything lifts all limits.
var everything = map[string]int{"creates": 1000, "updates": 1000, "disables": 1000, "unlinks": 1000, "relinks": 1000, "deletes": 1000, "source_shrink": 1000}

// begin makes the world ready to tell what is written, and returns it as it was before.
func (h *harness) begin() *world {
	h.w.log, h.w.refused = nil, nil
	for _, a := range h.w.accounts {
		a.created = false
	}
	return h.w.clone()
}

// freshly is the world as it would be if a plain apply had been made of everything now, and that apply's plan.
func (h *harness) freshly() (w *world, plan *saved) {
	f := *h
	f.w, f.allow = h.w.clone(), everything
	f.w.unrecorded = false // with the lineage that the plan file has, which makes no difference
	out := f.apply(func(p *saved) {
		plan = p
		if f.w.mailboxes && p.has("DF304") {
			h.t.SkipNow() // the plan says itself that it may fail
		}
	})
	if out == nil || !out.Complete() {
		h.t.SkipNow() // what a plan does not foresee is found by TestConflictsAreFoundInThePlan
	}
	return f.w, plan
}

// tryFile applies a plan file whose process may be killed; out is nil then, and where nothing was done.
func (h *harness) tryFile(path string) (out *run.Result, err error) {
	file, err := planfile.Open(path, nil)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return h.tryReader(file)
}

// tryReader is tryFile for an open file.
func (h *harness) tryReader(file *planfile.Reader) (out *run.Result, err error) {
	defer func() {
		if e := recover(); e == errKilled {
			err = errKilled
		} else if e != nil {
			panic(e)
		}
	}()
	o := run.ApplyOptions{Options: run.Options{Allow: h.allow}, Reviewed: file, Record: record{h.w}, Writer: directories{h.w}}
	return h.run().Apply(context.Background(), o)
}

// partOf checks that what was done is a part of what a fresh plan would have done.
func (h *harness) partOf(before, fresh *world, out *run.Result, err error) {
	var wrong []string
	for _, x := range h.w.log {
		if !slices.Contains(fresh.log, x) {
			wrong = append(wrong, "written: "+x)
		}
	}
	for _, x := range h.w.refused {
		if !strings.HasPrefix(x, "set reference of ") { // to somebody in the recycle bin who is not restored
			wrong = append(wrong, "refused: "+x)
		}
	}
	if before.admins() > 0 && h.w.admins() == 0 {
		wrong = append(wrong, "nobody is left to repair the tenant")
	}
	wrong = append(wrong, h.strangeLinks(before, fresh)...)
	switch {
	case errors.Is(err, errKilled):
	case err != nil && len(h.w.log) > 0:
		wrong = append(wrong, "in spite of: "+err.Error())
	case err == nil && out.Applied+out.Failed+out.Skipped+out.Unknown != out.Changes:
		wrong = append(wrong, fmt.Sprintf("of %d changes were counted %+v", out.Changes, out.Counts))
	case err == nil && out.Applied == out.InPlace && len(h.w.log) > 0 && out.Failed+out.Skipped == 0:
		wrong = append(wrong, "something was written, and nothing told of")
	}
	if len(wrong) > 0 {
		h.t.Fatalf("not a part of what a fresh plan does:\n%s%v %+v\n--- a fresh plan does ---\n%s%s", list(wrong), err, out, list(fresh.log), h.scene(before, nil))
	}
}

// strangeLinks lists what the record says now and neither said before nor would say after a fresh plan.
func (h *harness) strangeLinks(before, fresh *world) (wrong []string) {
	anchors := slices.Sorted(maps.Keys(before.known))
	for anchor := range h.w.known {
		if before.known[anchor] == nil {
			anchors = append(anchors, anchor)
		}
	}
	for _, anchor := range anchors {
		was, is, could := before.known[anchor], h.w.known[anchor], fresh.known[anchor]
		switch {
		case is == nil:
			if could != nil {
				wrong = append(wrong, "forgotten: "+linkText(was))
			}
		case was == nil && could == nil:
			wrong = append(wrong, "recorded: "+linkText(is))
		default:
			if what := h.strangeLink(is, linksOf(was, could)); what != "" {
				wrong = append(wrong, fmt.Sprintf("the record's %s: %s", what, linkText(is)))
			}
		}
	}
	return wrong
}

func linksOf(links ...*state.Link) []*state.Link {
	return slices.DeleteFunc(links, func(l *state.Link) bool { return l == nil })
}

// strangeLink names what none of the others have of a link.
func (h *harness) strangeLink(l *state.Link, others []*state.Link) string {
	same := func(equal func(o *state.Link) bool) bool { return slices.ContainsFunc(others, equal) }
	target := func(l *state.Link) string { return tenantSide{h.w}.named(l.TargetID) }
	switch {
	case !same(func(o *state.Link) bool { return o.Scope == l.Scope && o.Kind == l.Kind && o.Rule == l.Rule }):
		return "scope, kind or rule"
	case !same(func(o *state.Link) bool { return o.SourceGUID == l.SourceGUID }):
		return "source object"
	case !same(func(o *state.Link) bool { return o.TargetID == l.TargetID || target(l) == madeUp(o.Anchor) }):
		return "account"
	case !same(func(o *state.Link) bool { return o.Left == l.Left && o.LeftAt == l.LeftAt }):
		return "leaving"
	}
	for i, name := range l.Shape.Names() {
		isReference := name == "manager" // whose fingerprint is that of an id
		if fp := l.Fingerprints[i]; fp != 0 && !isReference && !same(func(o *state.Link) bool {
			j := o.Shape.Index(name)
			return j >= 0 && o.Fingerprints[j] == fp
		}) {
			return name
		}
	}
	return ""
}

// contentOf is for failing worlds: the file as it was applied.
func contentOf(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
