package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state/fault"
)

func newUndoCommand(a *cli.App) *cobra.Command {
	o := planOptions{undo: run.LastRun}
	var out string
	var asJSON, detailed bool
	var cfg *config.Config
	cmd := &cobra.Command{
		Use:   "undo [RUN]",
		Short: "Plan what undoes a run",
		Long: `Undo plans what takes back the run with that number, or the last one that wrote. It writes to neither directory: save the
plan with --out, review it, and apply it with the command that undo prints, which says --undo RUN once more where encryption is
not configured. Accounts that the run disabled are enabled again, those that it deleted come back from the recycle bin, those that
it created go there unless they are in use by now, those that it linked are let go or go back to the object that had them, and
attributes get the values that they had, also where no mapping manages them any more. All guards hold, and accounts that no plan may
touch are not touched.

Values that runs write over are kept only where encryption is configured, sealed in the state; elsewhere undo names the
attributes. What somebody has changed since, be it a later run, stays as it is. Undoing changes no source object and no
configuration: unless these change, the next plan asks again for what was undone.`,
		Example: "  dirform undo --out undo.dfplan\n  dirform undo 12 --target 'user.staff[\"jdoe@contoso.com\"]'",
		Args:    cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) == 1 {
				if o.undo, err = strconv.ParseInt(args[0], 10, 64); err != nil || o.undo < 1 {
					return &fault.Error{Summary: fmt.Sprintf("%q is not the number of a run", args[0]), Hint: `Run "dirform history" for a list of runs.`}
				}
			}
			plan, err := planFromRecord(cmd.Context(), a, &o, outPath(a, out), func(r *run.Run) error {
				cfg = r.Config
				return nil
			})
			if err != nil {
				return err
			}
			defer plan.Close()
			if err := writePlan(a, plan, asJSON); err != nil {
				return err
			}
			if !asJSON {
				a.Notef("\nThis would undo run %d. Unless the source or the configuration changes, the next plan asks for the same again.\n", plan.Header().Undoes)
			}
			if out != "" && !asJSON {
				noteSaved(a, &o, cfg, plan, out)
			}
			return o.planStatus(plan.Totals(), detailed)
		},
	}
	o.register(cmd)
	a.VerboseFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "save the plan to `FILE`")
	f.BoolVar(&asJSON, "json", false, "print the plan as one JSON document")
	f.BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when there is something to undo")
	return cli.ExitStatus(cmd, "0  done", "1  error, or a guard refuses the plan", "2  there is something to undo (only with --detailed-exitcode)")
}
