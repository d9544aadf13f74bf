package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
)

// findingsText is "dirform help findings", made from the planner's own table.
func findingsText() string {
	groups := map[string]string{
		"DF1": "VALUES", "DF2": "MATCHING AND UNIQUENESS", "DF3": "WHAT THE TENANT'S API CANNOT DO",
		"DF4": "GUARDS AND THE SOURCE'S HEALTH", "DF5": "PERMISSIONS AND SERVICE",
	}
	var b strings.Builder
	b.WriteString(`FINDINGS

A plan's findings name the objects concerned, the attribute and the value. An error blocks the objects it names: nothing is
written to them, and the rest of the plan goes on. A warning blocks nothing. A tripped guard (DF401, DF402) stops the whole plan.
"dirform help DF202" shows one code in full, and "dirform help InvalidSoftMatch" the findings that foresee an error.
`)
	last := ""
	for _, c := range sortedCodes() {
		if group := c.Code[:3]; group != last {
			fmt.Fprintf(&b, "\n%s\n", groups[group])
			last = group
		}
		fmt.Fprintf(&b, "\n  %s  %s (%s)\n", c.Code, c.Summary, c.Severity)
		for _, part := range []string{c.Cause, c.Cure} {
			b.WriteString(fill(part, 9, 120))
		}
	}
	b.WriteString("\nERRORS OF OTHERS AND THE FINDINGS THAT FORESEE THEM\n")
	by := ""
	for _, e := range planner.ForeseenErrors {
		if e.By != by {
			by = e.By
			fmt.Fprintf(&b, "\n  %s\n", by)
		}
		b.WriteString(fill(strings.TrimSuffix(e.Name, ".")+": "+strings.Join(e.Codes, ", "), 4, 120))
	}
	return b.String()
}

func sortedCodes() []planner.Code {
	return slices.SortedFunc(slices.Values(planner.Codes), func(x, y planner.Code) int { return cmp.Compare(x.Code, y.Code) })
}

// aboutFinding is the help about one code, or about the codes that foresee an error of another engine or of the service; "" if
// name is neither.
func aboutFinding(name string) string {
	var texts []string
	for _, c := range sortedCodes() {
		foreseen := slices.ContainsFunc(c.Foresees(), func(e planner.Foreseen) bool { return strings.EqualFold(e.Name, name) })
		if foreseen || strings.EqualFold(c.Code, name) {
			texts = append(texts, codeText(c))
		}
	}
	return strings.Join(texts, "\n")
}

// codeText is everything about one code.
func codeText(c planner.Code) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s (%s)\n\nCAUSE\n%s\nCURE\n%s", c.Code, c.Summary, c.Severity, fill(c.Cause, 2, 120), fill(c.Cure, 2, 120))
	if errors := c.Foresees(); len(errors) > 0 {
		b.WriteString("\nFORESEES\n")
		for _, e := range errors {
			b.WriteString(fill(e.By+": "+e.Name, 2, 120))
		}
	}
	b.WriteString("\nEFFECT\n" + fill(effect(c), 2, 120))
	return b.String()
}

// effect says what a finding of a code does to a plan.
func effect(c planner.Code) string {
	switch {
	case c.Severity == planner.Warning:
		return "A warning: the plan goes on as it is."
	case slices.Contains(planner.PlanWide, c.Code):
		return "The whole plan cannot be applied."
	}
	return "The objects named first are blocked: nothing is written to them, and the rest of the plan goes on."
}

// fill breaks text into lines of at most width characters, indented.
func fill(text string, indent, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
			b.WriteString(strings.Repeat(" ", indent))
			column = indent
		case column+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String() + "\n"
}
