// Package files is what is told of a plan in files of their own: how an earlier one is known, which a new one may take
// the place of.
package files

import (
	"bytes"
	"fmt"
	"io"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/markdown"
	"github.com/dirform/dirform/planner/render/page"
	"github.com/dirform/dirform/state/outfile"
	"github.com/dirform/dirform/state/visible"
)

// Findings is a list of findings in CSV.
var Findings = outfile.Kind{Cannot: "Cannot write the findings to", No: "is no list of findings",
	Example: "findings.csv",
	Own:     func(begin []byte) bool { return bytes.HasPrefix(begin, []byte(render.FindingsTitle())) }}

// Script is a script that sets aliases.
var Script = outfile.Kind{Cannot: "Cannot write the script", No: "is no script of aliases", Example: "aliases.ps1",
	Own: func(begin []byte) bool { return bytes.HasPrefix(begin, []byte(render.ScriptTitle)) }}

// Page is a plan in HTML.
var Page = outfile.Kind{Cannot: "Cannot write the page to", No: "is no plan in HTML", Example: "plan.html",
	Own: page.Is}

// Plan is a plan in CSV.
var Plan = outfile.Kind{Cannot: "Cannot write the plan to", No: "is no plan in CSV", Example: "plan.csv",
	Own: func(begin []byte) bool { return bytes.HasPrefix(begin, []byte(render.CSVTitle())) }}

// Markdown is a plan for a pull request.
var Markdown = outfile.Kind{Cannot: "Cannot write the Markdown to", No: "is no plan in Markdown", Example: "plan.md",
	Own: markdown.Is}

// WriteFindings writes a plan's findings to the file path, which people call name; "" is none.
func WriteFindings(path, name string, plan render.Source) error {
	return Findings.Write(path, name, func(w io.Writer) error { return render.FindingsCSV(w, plan) })
}

// WriteScript writes the script of a plan as [render.AliasesScript] does, to the file path, which people call name; ""
// is none. said is what it has, in a sentence.
func WriteScript(path, name string, plan render.Digested) (said string, err error) {
	var n, without int
	err = Script.Write(path, name, func(w io.Writer) (err error) {
		n, without, err = render.AliasesScript(w, plan)
		return err
	})
	if n > 0 {
		return fmt.Sprintf("The aliases of %s are to be set by %s%s. Read it, and run it in PowerShell after the plan is applied.",
			visible.Count(n, "object"), name, leftOut(without, "more object")), err
	}
	what := "no alias to set"
	if without > 0 {
		what = "no alias that a command can set" + leftOut(without, "object")
	}
	return fmt.Sprintf("There is %s; %s says so.", what, name), err
}

// leftOut tells of the objects with aliases to set for which there is no command: with those that have one they make
// the number in the plan's last line.
func leftOut(without int, what string) string {
	if without == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s left out: the plan says why, %s)", visible.Count(without, what), planner.AliasesCode)
}
