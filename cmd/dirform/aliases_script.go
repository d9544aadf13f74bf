package main

import (
	"bufio"
	"fmt"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/state/atomicfile"
	"github.com/dirform/dirform/state/fault"
)

// aliasesHelp is what --aliases-script does, in the help of the commands that have it.
const aliasesHelp = "write the Exchange Online commands for aliases (DF302) to `FILE`, as a PowerShell script"

// writeAliasesScript writes the commands of the plan's findings as a PowerShell script, in place of any file of that name once it is
// complete. Nothing of it is run.
func writeAliasesScript(a *cli.App, plan *planfile.Reader, name string, quiet bool) error {
	if name == "" {
		return nil
	}
	n, without, err := writeScript(a.Path(name), plan)
	switch {
	case err != nil:
		return &fault.Error{Summary: fmt.Sprintf("Cannot write the script %s", name), Detail: err.Error() + ".", Err: err,
			Hint: "Name a file in a folder that exists and may be written to."}
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

// writeScript returns how many objects the script has commands for, and how many have aliases to set without one.
func writeScript(path string, plan *planfile.Reader) (n, without int, err error) {
	file, err := atomicfile.Create(path, 0o600) // addresses are personal data
	if err != nil {
		return 0, 0, err
	}
	defer file.Discard()
	w := bufio.NewWriterSize(file, 64<<10)
	n, without, err = render.AliasesScript(w, plan)
	for _, step := range []func() error{w.Flush, file.Commit} {
		if err == nil {
			err = step()
		}
	}
	return n, without, err
}
