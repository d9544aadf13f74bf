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
`)
	codes := slices.SortedFunc(slices.Values(planner.Codes), func(x, y planner.Code) int { return cmp.Compare(x.Code, y.Code) })
	last := ""
	for _, c := range codes {
		if group := c.Code[:3]; group != last {
			fmt.Fprintf(&b, "\n%s\n", groups[group])
			last = group
		}
		fmt.Fprintf(&b, "\n  %s  %s (%s)\n", c.Code, c.Summary, c.Severity)
		for _, part := range []string{c.Cause, c.Cure} {
			b.WriteString(fill(part, 9, 120))
		}
	}
	return b.String()
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
