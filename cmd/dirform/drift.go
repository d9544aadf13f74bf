package main

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/planner/render"
)

func newDriftCommand(a *app) *cobra.Command {
	var o planOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Show what somebody else changed since the last apply",
		Long: `Drift reads both directories and prints only where the tenant differs from what dirform applied last: attributes edited by
others, accounts disabled, re-enabled or deleted. Changes that are pending because the source or the configuration changed are
left out; plan shows them.`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := a.planFromRecord(cmd.Context(), &o, "")
			if err != nil {
				return err
			}
			defer plan.Close()
			if asJSON {
				err = render.DriftJSON(a.env.Stdout, plan)
			} else {
				err = render.Drift(a.env.Stdout, plan, a.textOptions())
			}
			if err != nil {
				return err
			}
			switch s := plan.Totals().Summary; {
			case o.failOnBlocked && s.Blocked > 0:
				return &exitError{code: exitFailure}
			case s.Drifted > 0:
				return &exitError{code: exitPending}
			}
			return nil
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document, as plan does, with the drifted changes only")
	return exitStatus(cmd, "0  nothing has drifted", "1  error", "2  something has drifted")
}
