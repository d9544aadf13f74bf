package main

import (
	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/files"
)

// aliasesHelp is what --aliases-script does, in the help of the commands that have it.
const aliasesHelp = "write the Exchange Online commands for aliases (DF302) to `FILE`, as a PowerShell script"

// writeAliasesScript writes the commands of the plan's findings as a PowerShell script. Nothing of it is run.
func writeAliasesScript(a *cli.App, plan render.Digested, name string, quiet bool) error {
	said, err := files.WriteScript(a.Path(name), name, plan)
	if err == nil && name != "" && !quiet {
		a.Notef("\n%s\n", said)
	}
	return err
}
