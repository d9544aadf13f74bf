package reconcile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/quick"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
)

// TestInspectionAddsFindings: a plan that judges everything in scope is the plan itself with findings added, each of
// them new; and about people who are skipped it has those that the plan has when they are to be created.
func TestInspectionAddsFindings(t *testing.T) {
	added, compared := 0, 0
	met := func() bool { return added > 0 && compared > 0 }
	quick.Until(t, 100, met, func(rt *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(rt, "seed"))
		for i := range rapid.IntRange(1, 8).Draw(rt, "people") {
			w.hire(rt, byte(i+1))
		}
		for i := range rapid.IntRange(0, 6).Draw(rt, "accounts") {
			w.account(rt, i)
		}
		rules := randomRules(rt)
		skips, creates := withUnmatched(rules, "skip"), withUnmatched(rules, "create")
		h := newHarness(t, w, rapid.SampledFrom([]string{rules, skips}).Draw(rt, "rules"))
		if rapid.Bool().Draw(rt, "applied before") {
			h.apply(h.plan())
			w.live(rt)
		}
		plan := h.plan()
		h.inspect = true
		lint := h.plan()
		sameBytes(rt, h, lint, h.plan())
		added += onlyAdds(rt, h, plan, lint)
		skipping := newHarness(t, w, skips)
		skipping.inspect = true
		compared += sayTheSame(rt, skipping, skipping.plan(), newHarness(t, w, creates).plan())
	})
	if !t.Failed() && !met() {
		t.Errorf("%d findings were added, %d compared", added, compared)
	}
}

// withUnmatched are rules with another unmatched.
func withUnmatched(rules, word string) string {
	for _, w := range []string{"create", "skip", "block"} {
		rules = strings.Replace(rules, `unmatched      = "`+w+`"`, `unmatched      = "`+word+`"`, 1)
	}
	return rules
}

// onlyAdds checks that lint is plan but for findings at its end, and returns how many these are.
func onlyAdds(rt *rapid.T, h *harness, plan, lint *planfile.Reader) int {
	said, all := collect(h.t, plan.Findings()), collect(h.t, lint.Findings())
	if len(all) < len(said) {
		rt.Fatalf("%d findings became %d", len(said), len(all))
	}
	empty := cmpopts.EquateEmpty()
	for _, diff := range []string{cmp.Diff(said, all[:len(said)], empty), cmp.Diff(plan.Totals(), lint.Totals()),
		cmp.Diff(collect(h.t, plan.Changes()), collect(h.t, lint.Changes())),
		cmp.Diff(collect(h.t, plan.Skipped()), collect(h.t, lint.Skipped()))} {
		if diff != "" {
			rt.Fatal(diff)
		}
	}
	for i, f := range all[len(said):] {
		if slices.ContainsFunc(all[:len(said)+i], func(other *planner.Finding) bool { return sayTheSameOf(f, other) }) {
			rt.Fatalf("said twice: %s %s %v", f.Code, f.Detail, f.Objects)
		}
	}
	return len(all) - len(said)
}

// sayTheSame checks that a plan which skips people and judges them says of their values what the plan that creates
// them says, and returns how many findings that are.
func sayTheSame(rt *rapid.T, h *harness, skipping, creating *planfile.Reader) (n int) {
	skipped, found := collect(h.t, skipping.Skipped()), collect(h.t, skipping.Findings())
	for _, f := range collect(h.t, creating.Findings()) {
		if !strings.HasPrefix(f.Code, "DF1") && f.Code != "DF202" || len(f.Objects) == 0 ||
			!slices.ContainsFunc(skipped, func(s *planner.Skipped) bool {
				return s.SourceDN == f.Objects[0].SourceDN
			}) {
			continue
		}
		n++
		if !slices.ContainsFunc(found, func(other *planner.Finding) bool { return sayTheSameOf(f, other) }) {
			rt.Fatalf("nothing is said of the skipped %v like %s %s", f.Objects[0], f.Code, f.Detail)
		}
	}
	return n
}

// sayTheSameOf reports whether two findings say the same of one object.
func sayTheSameOf(a, b *planner.Finding) bool {
	return a.Code == b.Code && a.Attribute == b.Attribute && a.Value == b.Value && len(a.Objects) > 0 &&
		len(b.Objects) > 0 &&
		a.Objects[0].SourceDN == b.Objects[0].SourceDN && (a.Attribute != "" || a.Detail == b.Detail)
}
