package main

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/labcmd"
	"github.com/dirform/dirform/cmd/dirform/internal/recordcmd"
	"github.com/dirform/dirform/cmd/dirform/internal/testcmd"
)

// commands are dirform's commands in the order in which help lists them.
func commands(a *cli.App) []*cobra.Command {
	return []*cobra.Command{
		newInitCommand(a),
		newValidateCommand(a),
		newFmtCommand(a),
		testcmd.New(a),
		newLintCommand(a),
		newPlanCommand(a),
		newApplyCommand(a),
		newShowCommand(a),
		newDriftCommand(a),
		newExplainCommand(a),
		recordcmd.NewSnapshot(a),
		newStateCommand(a),
		newHistoryCommand(a),
		newUndoCommand(a),
		recordcmd.NewForceUnlock(a),
		recordcmd.NewKeygen(a),
		labcmd.New(a),
		cli.NewVersionCommand(a),
		cli.NewHelpCommand(a),
		newCompletionCommand(a),
	}
}
