package main

import "github.com/spf13/cobra"

// commands are dirform's commands in the order in which help lists them.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		newInitCommand(a),
		newValidateCommand(a),
		newFmtCommand(a),
		newPlanCommand(a),
		newApplyCommand(a),
		newShowCommand(a),
		newDriftCommand(a),
		newExplainCommand(a),
		newStateCommand(a),
		newHistoryCommand(a),
		newForceUnlockCommand(a),
		newLabCommand(a),
		newVersionCommand(a),
		newHelpCommand(a),
		newCompletionCommand(a),
	}
}
