package main

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/report"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
)

func newDriftCommand(a *cli.App) *cobra.Command {
	var o planOptions
	var reports report.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Show what somebody else changed since the last apply",
		Long: `Drift reads both directories and prints only where the tenant differs from what dirform applied last: attributes edited by
others, accounts disabled, re-enabled or deleted. It also tells whom a finding keeps signed in although the source has switched
them off. Changes that are pending because the source or the configuration changed are left out; plan shows them. Without a state
nothing is known about what was applied, so drift refuses.`,
		Args: cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := reports.May(a, cmd, asJSON); err != nil {
				return err
			}
			var keys *seal.Keys
			plan, err := planFromRecord(cmd.Context(), a, &o, "", func(r *run.Run) error {
				keys = r.Config.Encryption
				return nothingApplied(r)
			})
			if err != nil {
				return err
			}
			defer plan.Close()
			if err := writeDrift(a, reports.Shown(plan, keys), &reports, asJSON); err != nil {
				return err
			}
			switch s := plan.Totals().Summary; {
			case o.failOnBlocked && s.Blocked > 0:
				return &cli.ExitError{Code: cli.ExitFailure}
			case s.Drifted+s.SignedIn > 0:
				return &cli.ExitError{Code: cli.ExitPending}
			}
			return nil
		},
	}
	o.register(cmd)
	reports.Register(cmd)
	reports.Drift()
	a.VerboseFlag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document, as plan does, with the drifted changes only")
	return cli.ExitStatus(cmd, "0  nothing has drifted", "1  error, or there is no state", "2  something has drifted, or somebody whom the source has switched off is still signed in")
}

// writeDrift prints what drifted, and writes it in the other layouts that are asked for.
func writeDrift(a *cli.App, plan render.Digested, reports *report.Options, asJSON bool) error {
	return printed(asJSON, func() error {
		switch {
		case reports.Alone():
			return nil
		case asJSON:
			return render.DriftJSON(a.Env.Stdout, plan)
		}
		return render.Drift(a.Env.Stdout, plan, textOptions(a))
	}, func() error {
		return reports.Write(a, render.OnlyDrift(plan), "`dirform drift --verbose` has all of it.")
	})
}

// nothingApplied refuses to look for drift without a record: what was applied last is not known then.
func nothingApplied(r *run.Run) error {
	if r.Record.Meta().Exists {
		return nil
	}
	where := r.Config.StateName()
	if !r.Config.Shared() {
		where = cli.InDir(r.Config.Dir, where)
	}
	return &fault.Error{Summary: "There is no state to tell drift by",
		Detail: where + " does not exist, so what was applied last is not known. That is not the same as no drift.",
		Hint: "If nothing was ever applied, run `dirform plan`. Otherwise restore the state from a backup, or make it anew from both directories with " +
			"`dirform state rebuild`."}
}
