package worlds_test

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
)

// worldsByDefault is how many worlds the long form plays, see [quick.Checks].
const worldsByDefault = 2000

// TestConflictsAreFoundInThePlan plays random worlds: people, accounts, groups and contacts with colliding names, policies, guards, and a
// record that earlier runs left. In each it plans and applies, lets both sides change, and does so again. What must hold:
//
//   - Both directories and the record are afterwards what the plan's document says, attribute by attribute.
//   - The service refuses nothing that was planned.
//   - What is blocked, protected, privileged or mastered elsewhere is not touched.
//   - A saved plan that is applied at once does just what a plan does, and nothing when it is applied once more.
//   - The same input gives the same bytes, whatever the order of the streams.
//   - A second plan is empty, but for those whom the first one had blocked.
//   - In the end everybody in scope who is not blocked has the account that the rules ask for.
//
// A failing world is shrunk and printed: its seed, events, configuration, both directories, plan and the difference.
func TestConflictsAreFoundInThePlan(t *testing.T) {
	quick.Checks(t, worldsByDefault)
	dir := quick.Dir(t)
	all, err := variants(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // each plan leaves a megabyte behind, and nothing stays
	rapid.Check(t, func(rt *rapid.T) {
		w, r := newWorld(rapid.Uint64().Draw(rt, "order")), drawRules(rt)
		withHarness(rt, dir, all, w, r, oneIn(rt, 100, "real record"), func(h *harness) {
			w.mailboxes = oneIn(rt, 4, "mailboxes")
			for _, e := range rapid.SliceOfN(anEntry, 0, 14).Draw(rt, "before") {
				w.happen(r, e)
			}
			for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
				h.partly(rt)
				h.converge()
				for _, e := range rapid.SliceOfN(anEvent, 0, 6).Draw(rt, "meanwhile") {
					w.happen(r, e)
				}
			}
			h.converge()
		})
	})
}

// partly sometimes plans and applies for a part of the objects only.
func (h *harness) partly(rt *rapid.T) {
	if !oneIn(rt, 5, "partly") {
		return
	}
	h.configure()
	if h.state != "" {
		h.fillStore()
	}
	p := h.plan()
	addresses := []string{"user.in"}
	for _, c := range p.changes {
		addresses = append(addresses, c.Address)
	}
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(addresses), 1, 2, rapid.ID[string]).Draw(rt, "addresses")
	if h.only = some; rapid.Bool().Draw(rt, "exclude them") {
		h.only, h.but = nil, some
	}
	h.step(false)
	h.only, h.but = nil, nil
}

// converge applies until there is nothing to do, checking each step.
func (h *harness) converge() {
	h.configure()
	h.allow = nil
	var last *saved
	for round := 0; ; round++ {
		p := h.step(round == 0)
		switch {
		case !p.totals.Applicable:
			h.lift(p)
			continue
		case round > 8:
			h.t.Fatalf("does not come to an end:\n%s", describe(p))
		case last != nil:
			h.onlyFreed(last, p)
		}
		if len(p.changes)+len(p.records) == 0 {
			h.finished(p)
			return
		}
		last = p
	}
}

// step lets a plan be made, checks it before anything is written, and compares what is afterwards with what the plan predicts. A plan
// that is aimed at nobody is nil.
func (h *harness) step(twice bool) (p *saved) {
	before := h.w.clone()
	h.w.writes, h.w.refused = 0, nil
	check := func(made *saved) {
		if p = made; twice {
			h.sameBytes(before, p)
		}
		h.true(before, p)
	}
	if len(h.only)+len(h.but) == 0 && oneIn(h.rt, 3, "saved") {
		if h.state != "" {
			h.fillStore()
		}
		file := h.planFile()
		defer file.Close()
		check(h.saved(file))
		h.resumed(file, before, p)
		h.applied(h.applyFile(file), before, p)
		h.again(file, before, p)
		return p
	}
	if out := h.apply(check); p != nil || len(h.only)+len(h.but) == 0 {
		h.applied(out, before, p)
	}
	return p
}

// true checks that the plan says nothing that is not so.
func (h *harness) true(before *world, p *saved) {
	if wrong := h.untrue(before, p); len(wrong) > 0 {
		h.t.Fatalf("the plan is not true:\n%s%s", list(wrong), h.scene(before, p))
	}
	if h.w.mailboxes && p.has("DF304") {
		h.t.SkipNow() // the plan says itself that it may fail
	}
}

// applied compares what an apply has done, nil if it was refused, with what its plan says.
func (h *harness) applied(out *run.Result, before *world, p *saved) {
	if applied := out != nil; applied != p.totals.Applicable {
		h.t.Fatalf("applicable is %v, applied %v%s", p.totals.Applicable, applied, h.scene(before, p))
	}
	if out == nil {
		if d := before.difference(h.w); len(d) > 0 || h.w.writes > 0 {
			h.t.Fatalf("the plan was refused, and yet:\n%s%s", list(d), h.scene(before, p))
		}
		return
	}
	attempts := len(h.w.refused)
	h.w.refused = unforeseen(h.w.refused, p)
	if attempts -= len(h.w.refused); len(h.w.refused) > 0 {
		h.t.Fatalf("the tenant refused what was planned:\n%s%s", list(h.w.refused), h.scene(before, p))
	}
	if !out.Complete() || out.Changes != len(p.changes) || out.Beyond > 0 {
		h.t.Fatalf("not everything was done: %+v\n%s%s", out.Counts, list(failures(out)), h.scene(before, p))
	}
	if before.admins() > 0 && h.w.admins() == 0 {
		h.t.Fatalf("nobody is left to repair the tenant%s", h.scene(before, p))
	}
	if d := predict(before, p).difference(h.w); len(d) > 0 {
		h.t.Fatalf("not as predicted:\n%s%s", list(d), h.scene(before, p))
	}
	did := state.Writes{Source: h.w.sets - before.sets, Tenant: h.w.writes - attempts}
	if cost := p.totals.Cost; did != out.Writes || did.Source != cost.Source || did.Source+did.Tenant != cost.Writes {
		h.t.Fatalf("%+v writes, told of were %+v, planned were %+v%s", did, out.Writes, cost, h.scene(before, p))
	}
}

// unforeseen are the refusals but those of references to accounts that the plan restores later on: they are written once more in the
// end. Whoever is signed off goes first, and takes the reference along.
func unforeseen(refused []string, p *saved) []string {
	return slices.DeleteFunc(refused, func(x string) bool {
		return strings.HasPrefix(x, "set reference of ") && strings.Contains(x, "HTTP 404 ") && slices.ContainsFunc(p.changes, func(c *state.Change) bool {
			return c.Action == state.ActionRestore && strings.Contains(x, "=\""+c.TargetID+"\"")
		})
	})
}

// resumed applies a saved plan in a world like this one and kills that apply, perhaps more than once. Applied again until it comes to
// its end, the same file is carried out as if nothing had been.
func (h *harness) resumed(file *planfile.Reader, before *world, p *saved) {
	if !p.totals.Applicable || h.state != "" || !oneIn(h.rt, 6, "killed") {
		return
	}
	f := *h
	f.w = h.w.clone()
	for range rapid.IntRange(1, 2).Draw(h.rt, "kills") {
		f.w.killer = &killer{at: rapid.IntRange(1, 30).Draw(h.rt, "boundary")}
		f.tryReader(file)
	}
	f.w.killer = nil
	f.w.refused = nil
	left := f.w.clone()
	out := f.applyFile(file)
	skipped := out != nil && out.Skipped > 0 && out.Failed+out.Unknown == 0
	whole := out != nil && out.Complete() && out.Applied == len(p.changes) && out.Changes == len(p.changes)
	if !skipped && !whole || out.Changes < len(p.changes) || len(f.w.refused) > 0 {
		f.t.Fatalf("killed and applied again: %+v %v\n%s%s\nit had left:\n%s", out, f.w.refused, list(failures(out)), f.scene(before, p), list(before.difference(left)))
	}
	aside := f.leftOver(p, out)
	want := predict(before, p)
	for anchor, l := range f.w.known {
		if l.Rule != "created" && want.known[anchor] != nil { // by which an account was found that was not recorded yet
			want.known[anchor].Rule = l.Rule
		}
		if l.Left && want.known[anchor] != nil { // that he could sign in until then was noted before the run
			want.known[anchor].Shape, want.known[anchor].Fingerprints = l.Shape, l.Fingerprints
		}
	}
	d := slices.DeleteFunc(want.difference(f.w), func(line string) bool {
		return slices.ContainsFunc(aside, func(name string) bool { return strings.Contains(line, name) })
	})
	if len(d) > 0 {
		f.t.Fatalf("killed and applied again, it is not as predicted:\n%sleft aside: %q\n%s%s", list(d), aside, list(failures(out)), f.scene(before, p))
	}
	if skipped {
		f.converge() // another plan makes what was left over
	}
}

// mayBeLeftOver are the reasons for which a change of a plan whose apply was killed is not made by the same file again: what the first
// run did cannot be told from what somebody else does.
var mayBeLeftOver = []string{
	"today's plan pairs the two by other evidence",                                             // the stamp that the first run left
	"today's plan has link for it instead of create",                                           // … of an account that was made, and not recorded
	"today's plan is about another account",                                                    // … so that another one is unlinked
	"today's plan does not make this change",                                                   // … or none
	"changed since the plan was reviewed, at the source: mS-DS-ConsistencyGuid",                // the stamp itself
	"changed since the plan was reviewed: manager",                                             // who is there by now, or has another id
	"changed since the plan was reviewed: userPrincipalName",                                   // that went by another name meanwhile
	"changed since the plan was reviewed: onPremisesSyncBehavior.isCloudManaged",               // which was taken over already
	"of this change only sign-in is turned off, because today's plan wants the rest otherwise", // whatever of the above
	"today's plan blocks it (DF202 ",                                                           // the address is that of an account made meanwhile
	"today's plan blocks it (DF204 ",                                                           // who was stamped is a second claimant
	"today's plan blocks it (DF214 ",                                                           // a link block names what is called otherwise by now
	"today's plan blocks it (DF232 ",                                                           // half of the change looks like somebody else's
	"today's plan blocks it (DF405 ",                                                           // a guard protects by name whom the first run named so
}

// leftOver names the objects of changes that were skipped, and of references that were not written; each must say why, with one of
// the reasons there are.
func (h *harness) leftOver(p *saved, out *run.Result) (names []string) {
	for _, e := range out.Failures {
		known := slices.ContainsFunc(mayBeLeftOver, func(r string) bool { return strings.HasPrefix(e.Reason, r) })
		if e.Attribute == "" && (e.Status != state.StatusSkipped || !known) {
			h.t.Fatalf("killed and applied again, %s of %s is %s for a reason that is none: %s%s", e.Action, e.Address, e.Status, e.Reason, h.scene(h.w, p))
		}
		for _, c := range p.changes {
			if c.Address == e.Address {
				names = append(names, h.called(c)...)
			}
		}
	}
	return names
}

// called are the names of a change's objects: anchor, account, and source object.
func (h *harness) called(c *state.Change) []string {
	names := []string{madeUp(c.Anchor), c.Anchor, c.TargetID, c.SourceDN}
	if l := h.w.known[c.Anchor]; l != nil {
		names = append(names, l.TargetID)
	}
	for _, a := range h.w.accounts {
		if v := a.attrs["onPremisesImmutableId"]; v.Str() == c.Anchor {
			names = append(names, a.id)
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == "" })
}

// again applies a saved plan that was just applied once more: all of it is in place.
func (h *harness) again(file *planfile.Reader, before *world, p *saved) {
	if !p.totals.Applicable {
		return
	}
	h.w.writes = 0
	out := h.applyFile(file)
	if out == nil || !out.Complete() || h.w.writes > 0 || out.InPlace != len(p.changes) {
		h.t.Fatalf("applied once more: %d writes, %+v\n%s%s", h.w.writes, out, list(failures(out)), h.scene(before, p))
	}
}

func failures(out *run.Result) (lines []string) {
	if out == nil {
		return []string{"it was refused"}
	}
	for _, f := range out.Failures {
		lines = append(lines, fmt.Sprintf("%s %s %s %s: %s", f.Action, f.Address, f.Attribute, f.Status, f.Reason))
	}
	return lines
}

// sameBytes plans once more.
func (h *harness) sameBytes(before *world, p *saved) {
	if q := h.plan(); p.digest != q.digest {
		h.t.Fatalf("the order of streams shows in the plan:\n%s\n--- and ---\n%s%s", describe(p), describe(q), h.scene(before, nil))
	}
}

// lift allows what the guards held back, as a person does who has looked at it. Nothing may have been written.
func (h *harness) lift(p *saved) {
	if h.allow == nil {
		h.allow = map[string]int{}
	}
	for _, g := range p.totals.Guards {
		if g.Tripped {
			name, _, _ := strings.Cut(g.Limit, ".")
			if h.allow[name] == 1000 {
				h.t.Fatalf("%s cannot be lifted: %+v", name, p.totals.Guards)
			}
			h.allow[name] = 1000
		}
	}
}

// onlyFreed checks a plan made right after another one was applied: it may only have changes for those whom the other had
// blocked, and references to them.
func (h *harness) onlyFreed(last, p *saved) {
	blocked := last.blocked()
	for _, c := range p.changes {
		refs := !slices.ContainsFunc(c.Attributes, func(a state.AttributeChange) bool { return a.Name != "manager" })
		if !blocked[c.SourceDN] && !blocked[c.TargetID] && !(refs && len(blocked) > 0) {
			h.t.Fatalf("a second plan has a change for somebody who was not blocked in the first:\n%s\n--- then ---\n%s%s", describe(last), describe(p), h.scene(h.w, nil))
		}
	}
	// A grace that begins with somebody else's disabling is noted in two steps.
	records := slices.DeleteFunc(slices.Clone(p.records), func(r *planner.Record) bool { return r.Left })
	if len(blocked) == 0 && len(records) > 0 {
		h.t.Fatalf("a second plan has records:\n%s\n--- then ---\n%s%s", describe(last), describe(p), h.scene(h.w, nil))
	}
}

// blocked are the objects that error findings are about: by distinguished name, and by id those without one.
func (p *saved) blocked() map[string]bool {
	out := map[string]bool{}
	for _, f := range p.findings {
		if f.Severity == planner.Error && len(f.Objects) > 0 {
			if o := f.Objects[0]; o.SourceDN != "" {
				out[o.SourceDN] = true
			} else if o.TargetID != "" {
				out[o.TargetID] = true
			}
		}
	}
	return out
}

func (p *saved) has(code string) bool {
	return slices.ContainsFunc(p.findings, func(f *planner.Finding) bool { return f.Code == code })
}

func list(lines []string) string {
	slices.Sort(lines)
	return "  " + strings.Join(lines, "\n  ") + "\n"
}

// scene is a failing world in words: configuration, both directories, the record and the plan.
func (h *harness) scene(w *world, p *saved) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n--- configuration (targets %v, excludes %v, allowed %v) ---\n%s--- source ---\n", h.only, h.but, h.allow, h.r)
	for _, p := range w.people {
		fmt.Fprintf(&b, "%s %s manager=%q: %s\n", p.guid, p.dn(), w.get(p, "manager").Str(), textOf(p.attrs))
	}
	fmt.Fprintf(&b, "suffixes %v\n--- tenant ---\n", w.suffixes)
	for _, a := range w.accounts {
		where := ""
		if a.deleted {
			where = " (in the recycle bin)"
		}
		fmt.Fprintf(&b, "%s %s%s: %s%s\n", a.kind, a.id, where, textOf(a.attrs), strings.Join(append([]string{""}, w.roles[a.id]...), " roles="))
	}
	b.WriteString("--- record ---\n")
	for _, anchor := range slices.Sorted(maps.Keys(w.known)) {
		fmt.Fprintf(&b, "%s: %s\n", anchor, linkText(w.known[anchor]))
	}
	if p != nil {
		b.WriteString("--- plan ---\n" + describe(p))
	}
	return b.String()
}

// describe is a plan in words.
func describe(p *saved) string {
	var b strings.Builder
	for _, c := range p.changes {
		fmt.Fprintf(&b, "%s %s (%s) -> %s: %s", c.Action, c.Address, c.Anchor, c.TargetID, c.Reason)
		if c.Match != nil {
			fmt.Fprintf(&b, ", by %s %s", c.Match.Rule, c.Match.Value)
		}
		if len(c.Needs) > 0 {
			fmt.Fprintf(&b, ", needs %v", c.Needs)
		}
		if c.Replaces != nil {
			fmt.Fprintf(&b, ", replaces %+v", *c.Replaces)
		}
		for _, a := range slices.Concat(c.SourceAttributes, c.Attributes) {
			fmt.Fprintf(&b, "\n    %s: %s -> %s", a.Name, text(a.Before), shortened(text(a.After)))
			if !a.Via.IsNull() {
				fmt.Fprintf(&b, " (via %s)", text(a.Via))
			}
			if a.Drift {
				b.WriteString(" (drift)")
			}
		}
		b.WriteString("\n")
	}
	for _, r := range p.records {
		fmt.Fprintf(&b, "record %+v\n", *r)
	}
	for _, f := range p.findings {
		fmt.Fprintf(&b, "%s %s: %s", f.Code, f.Severity, f.Detail)
		for _, o := range f.Objects {
			fmt.Fprintf(&b, " [%s %s %s]", o.Address, o.SourceDN, o.TargetID)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "applicable %v, %+v\n", p.totals.Applicable, p.totals.Summary)
	return b.String()
}
