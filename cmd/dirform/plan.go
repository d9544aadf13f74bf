package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/run"
)

func newPlanCommand(a *app) *cobra.Command {
	var o planOptions
	var out, script string
	var asJSON, detailed bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would change, and why",
		Long: `Plan reads both directories and prints every change that apply would make. It never writes to either. With --out the plan
is saved, to be reviewed and then applied exactly as it is. Aliases (smtp: in proxyAddresses) are compared, but Microsoft Graph
does not take them: a finding gives the Exchange Online command for each object, and --aliases-script writes all of them to a file.`,
		Example: "  dirform plan\n  dirform plan --out monday.dfplan\n  dirform plan --target 'user.staff[\"jdoe@contoso.com\"]'",
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := a.planFromRecord(cmd.Context(), &o, a.outPath(out), func(r *run.Run) error {
				if !asJSON {
					a.noteFirstRun(r.Config, r.Record)
				}
				return nil
			})
			if err != nil {
				return err
			}
			defer plan.Close()
			if err := a.writePlan(plan, asJSON); err != nil {
				return err
			}
			if err := a.writeAliasesScript(plan, script, asJSON); err != nil {
				return err
			}
			switch {
			case out == "" || asJSON:
			case plan.Totals().Applicable:
				a.notef("\nSaved to %s. To carry out exactly this plan: dirform apply %s\n", out, out)
			default:
				a.notef("\nSaved to %s, to be looked at: apply refuses it.\n", out)
			}
			return o.planStatus(plan.Totals(), detailed)
		},
	}
	o.register(cmd)
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "save the plan to `FILE`")
	f.StringVar(&script, "aliases-script", "", aliasesHelp)
	f.BoolVar(&asJSON, "json", false, "print the plan as one JSON document")
	f.BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when changes are pending")
	return exitStatus(cmd, "0  no changes, or changes without --detailed-exitcode", "1  error, or a guard refuses the plan",
		"2  changes are pending (only with --detailed-exitcode)")
}

// planFromRecord loads everything and makes a plan without holding the record's lock: what plan and drift do. before is asked when
// the record has been opened and neither directory has; an error ends the run.
func (a *app) planFromRecord(ctx context.Context, o *planOptions, out string, before func(*run.Run) error) (*planfile.Reader, error) {
	options, err := o.options(out)
	if err != nil {
		return nil, err
	}
	r, done, err := a.openForReading(ctx, &o.variables)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := before(r); err != nil {
		return nil, err
	}
	r.Watch = a.watchReading()
	return r.Plan(ctx, options)
}

// noteFirstRun says that there is no record, and what that is taken for.
func (a *app) noteFirstRun(cfg *config.Config, record run.Record) {
	if !record.Meta().Exists {
		a.notef("There is no state (%s) yet, so this is taken for a first run.\n\n", cfg.StatePath)
	}
}

// writePlan prints a plan.
func (a *app) writePlan(plan *planfile.Reader, asJSON bool) error {
	if asJSON {
		return render.JSON(a.env.Stdout, plan)
	}
	return render.Text(a.env.Stdout, plan, a.textOptions())
}

func (a *app) outPath(out string) string {
	if out == "" {
		return ""
	}
	return a.path(out)
}

// textOptions are how plans are printed on this run's standard output.
func (a *app) textOptions() render.TextOptions {
	return render.TextOptions{Color: a.colour(a.env.Terminal.Out)}
}

// planStatus is a plan's exit status.
func (o *planOptions) planStatus(t planner.Totals, detailed bool) error {
	switch {
	case !t.Applicable, o.failOnBlocked && t.Summary.Blocked > 0:
		return &exitError{code: exitFailure}
	case detailed && t.Summary.Changes() > 0:
		return &exitError{code: exitPending}
	}
	return nil
}
