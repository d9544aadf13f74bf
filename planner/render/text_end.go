package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/state"
)

// findingHead is what a finding begins with.
func (t *text) findingHead(code string, severity planner.Severity, summary string) string {
	symbol, color := "!", red
	if severity != planner.Error {
		symbol, color = "?", yellow
	}
	return t.paint(color, symbol+" "+plain(code)) + " " + t.paint(bold,
		plain(summary)) + " (" + plain(string(severity)) + ")"
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
		t.line(outer, t.paint(bold, t.crowd(n)+verb+" skipped"),
			` (unmatched = "skip"); dirform lint judges their values`)
	}
	t.line(inner, t.ref(planner.ObjectRef{Address: s.Address, SourceDN: s.SourceDN}))
}

// crowd is n objects in scope: people, unless a scope holds others as well, with which nobody signs in.
func (t *text) crowd(n int) string {
	switch {
	case slices.ContainsFunc(t.scopes,
		func(s planner.ScopeSeen) bool { return state.Describe(nil)(s.Kind).UserName == "" }):
		return phrase.Plural(n, "")
	case n == 1:
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// maxWithheld is how many changes are shown that a finding withholds.
const maxWithheld = 5

// withheld shows what a finding withholds: the first few changes, unless everything is to be shown. Several findings
// about one object withhold the same, which is shown with the first of them.
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
		t.line(inner, outer, plain(w.Name), ": ", t.beforeAfter(state.AttributeChange{Name: w.Name, Before: w.Before,
			After: w.After}))
	}
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
		t.line(phrase.Drift(totals))
		return
	}
	t.line(t.paint(bold, phrase.Sum(totals, t.partial, t.undoes)))
}
