package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/cmd/dirform/internal/report"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/files"
	"github.com/dirform/dirform/planner/run"
)

func newPlanCommand(a *cli.App) *cobra.Command {
	var o planOptions
	var reports report.Options
	var out, script string
	var asJSON, detailed bool
	var cfg *config.Config
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would change, and why",
		Long: `Plan reads both directories and prints every change that apply would make. It never writes to either. With --out the plan
is saved, to be reviewed and then applied exactly as it is. Aliases (smtp: in proxyAddresses) are compared, but Microsoft Graph
does not take them: a finding gives the Exchange Online command for each object, and --aliases-script writes all of them to a file.`,
		Example: "  dirform plan\n  dirform plan --out monday.dfplan\n  dirform plan --target 'user.staff[\"jdoe@contoso.com\"]'",
		Args:    cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := files.Script.May(a.Path(script), script); err != nil {
				return err
			}
			if err := reports.May(a, cmd, asJSON); err != nil {
				return err
			}
			plan, err := planFromRecord(cmd.Context(), a, &o, outPath(a, out), func(r *run.Run) error {
				if !asJSON {
					noteFirstRun(a, r.Config, r.Record)
				}
				cfg = r.Config
				return reports.Recall(cmd.Context(), r.Record)
			})
			if err != nil {
				return err
			}
			defer plan.Close()
			if err := writePlanAndFiles(a, plan, reports.Shown(plan, cfg.Encryption), &reports, script, asJSON); err != nil {
				return err
			}
			if out != "" && !asJSON {
				noteSaved(a, &o, cfg, plan, out)
			}
			return o.planStatus(plan.Totals(), detailed)
		},
	}
	o.register(cmd)
	o.FromSnapshot(cmd)
	cmd.Flags().StringVar(&o.against, "against", "", "tell what changes against the configuration in the folder `DIR`, such as the base branch's")
	reports.Register(cmd)
	a.VerboseFlag(cmd)
	a.InputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "save the plan to `FILE`")
	f.StringVar(&script, "aliases-script", "", aliasesHelp)
	f.BoolVar(&asJSON, "json", false, "print the plan as one JSON document")
	f.BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when changes are pending, or somebody whom the source has switched off is still signed in")
	return cli.ExitStatus(cmd, "0  no changes, or changes without --detailed-exitcode", "1  error, or a guard refuses the plan",
		"2  changes are pending, or somebody whom the source has switched off is still signed in (only with --detailed-exitcode)")
}

// noteSaved says what a saved plan is for, and that who may read it can read all of it. What apply is to be run with, it has to be
// told again: a saved plan says nothing about how the configuration is read, and orders nothing.
func noteSaved(a *cli.App, o *planOptions, cfg *config.Config, plan *planfile.Reader, out string) {
	if plan.Totals().Applicable {
		line, withheld := o.applyLine(a, cfg, plan.Header().Undoes, out)
		a.Notef("\nSaved to %s. To carry out exactly this plan: %s\n", out, line)
		if withheld {
			a.Notef("Where … stands, give the value again, which is sensitive; in DIRFORM_SECRET_NAME no list of processes shows it.\n")
		}
	} else {
		a.Notef("\nSaved to %s, to be looked at: apply refuses it.\n", out)
	}
	if cfg.Encryption == nil {
		a.Notef("%s holds personal data in the clear; `dirform help privacy` says how to have it encrypted.\n", out)
	}
}

// planFromRecord loads everything and makes a plan without holding the record's lock: what plan and drift do. before is asked when
// the record has been opened and neither directory has; an error ends the run.
func planFromRecord(ctx context.Context, a *cli.App, o *planOptions, out string, before func(*run.Run) error) (*planfile.Reader, error) {
	options, err := o.options(out)
	if err != nil {
		return nil, err
	}
	r, done, err := open.ForReading(ctx, a, &o.Variables)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := before(r); err != nil {
		return nil, err
	}
	if o.against != "" {
		if options.Against, err = o.LoadOther(a, o.against); err != nil {
			return nil, err
		}
	}
	r.Watch = open.WatchReading(a)
	return r.Plan(ctx, options)
}

// noteFirstRun says that there is no record, and what that is taken for.
func noteFirstRun(a *cli.App, cfg *config.Config, record run.Record) {
	if !record.Meta().Exists {
		a.Notef("There is no state (%s) yet, so this is taken for a first run.\n\n", cfg.StateName())
	}
}

// writePlan prints a plan.
func writePlan(a *cli.App, plan render.Source, asJSON bool) error {
	if asJSON {
		return render.JSON(a.Env.Stdout, plan)
	}
	return render.Text(a.Env.Stdout, plan, textOptions(a))
}

// writePlanAndFiles prints a plan as it is shown, and writes it in other layouts and its script where that is asked for.
func writePlanAndFiles(a *cli.App, plan, shown render.Digested, reports *report.Options, script string, asJSON bool) error {
	return printed(asJSON, func() error {
		if reports.Alone() {
			return nil
		}
		return writePlan(a, shown, asJSON)
	}, func() error {
		if err := reports.Write(a, shown, "`dirform show FILE` has all of a saved plan."); err != nil {
			return err
		}
		return writeAliasesScript(a, plan, script, asJSON)
	})
}

// printed prints a result and writes a file beside it. Before a JSON document the file is written: an error about it is then the only
// document.
func printed(asJSON bool, print, file func() error) error {
	if asJSON {
		print, file = file, print
	}
	if err := print(); err != nil {
		return err
	}
	return file()
}

func outPath(a *cli.App, out string) string {
	if out == "" {
		return ""
	}
	return a.Path(out)
}

// textOptions are how plans are printed on this run's standard output.
func textOptions(a *cli.App) render.TextOptions {
	return render.TextOptions{Color: a.Colour(a.Env.Terminal.Out), Width: a.Width(), Verbose: a.Verbose}
}

// planStatus is a plan's exit status.
func (o *planOptions) planStatus(t planner.Totals, detailed bool) error {
	switch {
	case !t.Applicable, o.failOnBlocked && t.Summary.Blocked > 0:
		return &cli.ExitError{Code: cli.ExitFailure}
	case detailed && t.Summary.Changes()+t.Summary.SignedIn > 0:
		return &cli.ExitError{Code: cli.ExitPending}
	}
	return nil
}
