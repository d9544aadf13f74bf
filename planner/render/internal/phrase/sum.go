package phrase

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
)

// Sum is a plan in a sentence or two: what it does, what that takes, and why it cannot be applied if so. partial says
// that it is limited to some objects, undoes which run it undoes; 0 is none.
func Sum(t planner.Totals, partial bool, undoes int64) string {
	tripped := slices.DeleteFunc(slices.Clone(t.Guards), func(g planner.GuardResult) bool { return !g.Tripped })
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
	return fmt.Sprintf("Plan: %s. %s, %s.", strings.Join(parts, ", "), Writes(t.Cost),
		Duration(t.Cost.Seconds)) + refusal(t, tripped)
}

// rest counts what no change is about.
func rest(s planner.Summary) []string {
	var parts []string
	for _, n := range []struct {
		n    int
		word string
	}{{s.Unchanged, "unchanged"}, {s.Skipped, "skipped (no account matches)"}, {s.Blocked, "blocked"}, {s.SignedIn,
		"still signed in"}, {s.Drifted, "drifted"},
		{s.Aliases, "with aliases to set in Exchange"}} {
		if n.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.n, n.word))
		}
	}
	return parts
}

// nothingLine is the last line of a plan without changes; a partial one does not speak for the whole tenant, nor does
// one that undoes a run.
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
	parts := append([]string{Plural(seen, "") + " read", fmt.Sprintf("%d in scope", in)}, rest(t.Summary)...)
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
		limits = append(limits, Plain(g.Limit))
	}
	return " It cannot be applied: over the limit of " + strings.Join(limits, ", ") + "."
}

// Writes says how many writes a plan takes, and how many of them go to Active Directory.
func Writes(c planner.Cost) string {
	text := fmt.Sprintf("%d writes", c.Writes)
	if c.Writes == 1 {
		text = "1 write"
	}
	if c.Source > 0 {
		text += fmt.Sprintf(" (%d to Active Directory)", c.Source)
	}
	return text
}

// Age is how long ago something was, in words.
func Age(seconds int64) string {
	switch {
	case seconds < 120:
		return fmt.Sprintf("%d s", seconds)
	case seconds < 2*60*60:
		return fmt.Sprintf("%d min", seconds/60)
	case seconds < 48*60*60:
		return fmt.Sprintf("%d h", seconds/3600)
	}
	return fmt.Sprintf("%d days", seconds/(24*3600))
}

// Duration is an estimate in words.
func Duration(seconds int) string {
	switch {
	case seconds < 120:
		return fmt.Sprintf("about %d s", seconds)
	case seconds < 2*60*60:
		return fmt.Sprintf("about %d min", (seconds+59)/60)
	}
	return fmt.Sprintf("about %d h", (seconds+3599)/3600)
}

// Drift is what somebody else changed, in a sentence.
func Drift(t planner.Totals) string {
	switch n := t.Summary.Drifted; n {
	case 0:
		return "No drift. The tenant is as it was last applied."
	case 1:
		return "Drift: 1 object was changed outside dirform since it was last applied."
	default:
		return fmt.Sprintf("Drift: %d objects were changed outside dirform since they were last applied.", n)
	}
}
