package main

import (
	"fmt"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render/files"
)

// aliasesHelp is what --aliases-script does, in the help of the commands that have it.
const aliasesHelp = "write the Exchange Online commands for aliases (DF302) to `FILE`, as a PowerShell script"

// writeAliasesScript writes the commands of the plan's findings as a PowerShell script. Nothing of it is run.
func writeAliasesScript(a *cli.App, plan *planfile.Reader, name string, quiet bool) error {
	n, without, err := files.WriteScript(a.Path(name), name, plan)
	switch {
	case err != nil || name == "":
		return err
	case quiet:
	case n == 0:
		what := "no alias to set"
		if without > 0 {
			what = "no alias that a command can set" + leftOutOf(without, "object")
		}
		a.Notef("\nThere is %s; %s says so.\n", what, name)
	default:
		a.Notef("\nThe aliases of %s are to be set by %s%s. Read it, and run it in PowerShell after the plan is applied.\n", cli.Count(n, "object"), name, leftOutOf(without, "more object"))
	}
	return nil
}

// leftOutOf tells of the objects with aliases to set for which there is no command: with those that have one they make the number in
// the plan's last line.
func leftOutOf(without int, what string) string {
	if without == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s left out: the plan says why, %s)", cli.Count(without, what), planner.AliasesCode)
}
