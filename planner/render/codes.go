package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
)

// CodesHelp is what there is to know about all codes of findings, made from the planner's own table, as lines of at
// most 120 characters.
func CodesHelp() string {
	groups := map[string]string{
		"DF1": "VALUES", "DF2": "MATCHING AND UNIQUENESS", "DF3": "WHAT THE TENANT'S API CANNOT DO",
		"DF4": "GUARDS AND THE SOURCE'S HEALTH", "DF5": "PERMISSIONS AND SERVICE",
	}
	var b strings.Builder
	b.WriteString(`FINDINGS

A plan's findings name the objects concerned, the attribute and the value. An error blocks the objects it names: nothing
is written to them, and the rest of the plan goes on; one that says so refuses the whole plan. A warning blocks nothing.
"dirform help DF202" shows one code in full, and "dirform help InvalidSoftMatch" the findings that foresee an error.
`)
	last := ""
	for _, c := range sortedCodes() {
		if group := c.Code[:3]; group != last {
			fmt.Fprintf(&b, "\n%s\n", groups[group])
			last = group
		}
		writeFinding(&b, c)
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

// writeFinding writes a code's entry in the list of all.
func writeFinding(b *strings.Builder, c planner.Code) {
	severity := string(c.Severity)
	if slices.Contains(planner.PlanWide, c.Code) {
		severity += ", refuses the whole plan"
	}
	fmt.Fprintf(b, "\n  %s  %s (%s)\n", c.Code, c.Summary, severity)
	parts := []string{"Cause: " + c.Cause, "Cure: " + c.Cure}
	if names := foreseenNames(c); len(names) > 0 {
		parts = append(parts, "Foresees: "+strings.Join(names, ", "))
	}
	for _, part := range parts {
		b.WriteString(fill(part, 9, 120))
	}
}

// foreseenNames are the names of the errors that a finding tells of beforehand. Errors known only by a sentence stand
// at the end of the list and under the code.
func foreseenNames(c planner.Code) (names []string) {
	for _, e := range c.Foresees() {
		if !strings.HasSuffix(e.Name, ".") {
			names = append(names, e.Name)
		}
	}
	return names
}

func sortedCodes() []planner.Code {
	return slices.SortedFunc(slices.Values(planner.Codes), func(x, y planner.Code) int {
		return cmp.Compare(x.Code, y.Code)
	})
}

// CodeHelp is the help about one code, or about the codes that foresee an error of another engine or of the service; ""
// if name is neither.
func CodeHelp(name string) string {
	var texts []string
	for _, c := range sortedCodes() {
		foreseen := slices.ContainsFunc(c.Foresees(), func(e planner.Foreseen) bool {
			return strings.EqualFold(e.Name, name)
		})
		if foreseen || strings.EqualFold(c.Code, name) {
			texts = append(texts, codeText(c))
		}
	}
	return strings.Join(texts, "\n")
}

// codeText is everything about one code.
func codeText(c planner.Code) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s (%s)\n\nCAUSE\n%s\nCURE\n%s",
		c.Code, c.Summary, c.Severity, fill(c.Cause, 2, 120), fill(c.Cure, 2, 120))
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
