package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
)

// findingHead is what a finding begins with.
func (t *text) findingHead(code string, severity planner.Severity, summary string) string {
	symbol, color := "!", red
	if severity != planner.Error {
		symbol, color = "?", yellow
	}
	return t.paint(color, symbol+" "+plain(code)) + " " + t.paint(bold, plain(summary)) + " (" + plain(string(severity)) + ")"
}

func (t *text) finding(f *planner.Finding) {
	t.line()
	t.line(outer, t.findingHead(f.Code, f.Severity, f.Summary))
	t.refs(f, f.SignedIn && !t.o.Verbose)
	if f.Attribute != "" && f.Value != "" {
		t.line(inner, t.attributeValue(f.Attribute, f.Value))
	}
	if f.Detail != "" {
		t.sentence(inner, "", f.Detail)
	}
	t.withheld(f)
	if f.Hint != "" {
		t.sentence(inner, "Fix: ", f.Hint)
	}
	t.snippet(f.Snippet)
	for _, c := range f.Commands {
		t.copied(inner, "Run: ", plain(c))
	}
	if f.DeclaredAt != "" {
		t.line(inner, t.paint(dim, "# "+plain(f.DeclaredAt)))
	}
}

// snippet writes configuration that is to be copied.
func (t *text) snippet(s string) {
	for line := range strings.Lines(s) {
		t.copied(inner, outer, plain(strings.TrimSuffix(line, "\n")))
	}
}

// skipped names somebody who is skipped, the ith of n; the first begins the list.
func (t *text) skipped(s *planner.Skipped, i, n int) {
	if i == 0 {
		verb := " without an account are"
		if n == 1 {
			verb = " without an account is"
		}
		t.line()
		t.line(outer, t.paint(bold, t.crowd(n)+verb+" skipped"), ` (unmatched = "skip"); dirform lint judges their values`)
	}
	t.line(inner, t.ref(planner.ObjectRef{Address: s.Address, SourceDN: s.SourceDN}))
}

// crowd is n objects in scope: people, unless a scope holds others as well, with which nobody signs in.
func (t *text) crowd(n int) string {
	switch {
	case slices.ContainsFunc(t.scopes, func(s planner.ScopeSeen) bool { return state.Describe(nil)(s.Kind).UserName == "" }):
		return plural(n, "")
	case n == 1:
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// maxWithheld is how many changes are shown that a finding withholds.
const maxWithheld = 5

// withheld shows what a finding withholds: the first few changes, unless everything is to be shown. Several findings about one
// object withhold the same, which is shown with the first of them.
func (t *text) withheld(f *planner.Finding) {
	if len(f.Withheld) == 0 || len(f.Objects) > 0 && f.Objects[0] == t.stopped {
		return
	}
	if len(f.Objects) > 0 {
		t.stopped = f.Objects[0]
	}
	t.line(inner, "Withheld:")
	for i, w := range f.Withheld {
		if i == maxWithheld && !t.o.Verbose {
			t.line(inner, outer, fmt.Sprintf("… and %d more", len(f.Withheld)-maxWithheld))
			break
		}
		t.line(inner, outer, plain(w.Name), ": ", t.beforeAfter(state.AttributeChange{Name: w.Name, Before: w.Before, After: w.After}))
	}
}

// object names an object of a finding: `user.staff["…"] (CN=…)` or `group "Info" (id)`.
func object(o planner.ObjectRef) string {
	var name string
	switch {
	case o.Address != "":
		name = o.Address
	case o.Name != "" && o.Kind != "":
		name = string(o.Kind) + ` "` + o.Name + `"`
	case o.Name != "":
		name = `"` + o.Name + `"`
	default:
		name = string(o.Kind)
	}
	var more []string
	for _, s := range []string{o.SourceDN, o.TargetID} {
		if s != "" {
			more = append(more, s)
		}
	}
	if len(more) == 0 && o.Address == "" && o.Anchor != "" {
		more = append(more, "anchor "+o.Anchor)
	}
	in := strings.Join(more, "; ")
	switch {
	case name == "":
		return plain(in)
	case in == "":
		return plain(name)
	}
	return plain(name + " (" + in + ")")
}

// end writes the last line.
func (t *text) end(totals planner.Totals) error {
	t.line()
	t.sum(totals)
	if n := totals.Summary.SignedIn; n > 0 && t.drift {
		t.line("Still signed in, although the source has switched them off: ", fmt.Sprint(n), ".")
	}
	return t.flush()
}

// sum writes the line that says what a plan comes to.
func (t *text) sum(totals planner.Totals) {
	if t.drift {
		t.line(driftLine(totals))
		return
	}
	tripped := slices.DeleteFunc(slices.Clone(totals.Guards), func(g planner.GuardResult) bool { return !g.Tripped })
	t.line(t.paint(bold, summaryLine(totals, tripped, t.partial, t.undoes)))
}

// summaryLine is the last line of a plan.
func summaryLine(t planner.Totals, tripped []planner.GuardResult, partial bool, undoes int64) string {
	if t.Summary.Changes() == 0 {
		return nothingLine(t, partial, undoes) + refusal(t, tripped)
	}
	var parts []string
	for _, a := range state.Actions {
		if n := view.Count(t.Summary, a); n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, a))
		}
	}
	parts = append(parts, rest(t.Summary)...)
	return fmt.Sprintf("Plan: %s. %s, %s.", strings.Join(parts, ", "), writes(t.Cost), duration(t.Cost.Seconds)) + refusal(t, tripped)
}

// rest counts what no change is about.
func rest(s planner.Summary) []string {
	var parts []string
	for _, n := range []struct {
		n    int
		word string
	}{{s.Unchanged, "unchanged"}, {s.Skipped, "skipped (no account matches)"}, {s.Blocked, "blocked"}, {s.SignedIn, "still signed in"}, {s.Drifted, "drifted"},
		{s.Aliases, "with aliases to set in Exchange"}} {
		if n.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.n, n.word))
		}
	}
	return parts
}

// nothingLine is the last line of a plan without changes; a partial one does not speak for the whole tenant, nor does one
// that undoes a run.
func nothingLine(t planner.Totals, partial bool, undoes int64) string {
	seen, in := 0, 0
	for _, s := range t.Scopes {
		seen, in = seen+s.Objects, in+s.InScope
	}
	first := "No changes."
	if t.Summary.Blocked+t.Summary.Skipped+t.Summary.Aliases == 0 && !partial {
		first = "No changes. The tenant is as declared."
	}
	if in == 0 && len(t.Scopes) > 0 {
		first = "No changes. Nothing is in scope."
	}
	if undoes > 0 {
		first = fmt.Sprintf("No changes. Of run %d nothing is left to undo but what findings name.", undoes)
	}
	parts := append([]string{plural(seen, "") + " read", fmt.Sprintf("%d in scope", in)}, rest(t.Summary)...)
	return first + " " + strings.Join(parts, ", ") + "."
}

// refusal says why the plan cannot be applied.
func refusal(t planner.Totals, tripped []planner.GuardResult) string {
	if t.Applicable {
		return ""
	}
	if len(tripped) == 0 {
		return " It cannot be applied."
	}
	var limits []string
	for _, g := range tripped {
		limits = append(limits, plain(g.Limit))
	}
	return " It cannot be applied: over the limit of " + strings.Join(limits, ", ") + "."
}

// writes says how many writes a plan takes, and how many of them go to Active Directory.
func writes(c planner.Cost) string {
	text := fmt.Sprintf("%d writes", c.Writes)
	if c.Writes == 1 {
		text = "1 write"
	}
	if c.Source > 0 {
		text += fmt.Sprintf(" (%d to Active Directory)", c.Source)
	}
	return text
}

// duration is an estimate in words.
func duration(seconds int) string {
	switch {
	case seconds < 120:
		return fmt.Sprintf("about %d s", seconds)
	case seconds < 2*60*60:
		return fmt.Sprintf("about %d min", (seconds+59)/60)
	}
	return fmt.Sprintf("about %d h", (seconds+3599)/3600)
}
