package main

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/files"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state/fault"
)

func newLintCommand(a *cli.App) *cobra.Command {
	o := planOptions{inspect: true}
	var csv string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Judge the values of every object in scope",
		Long: `Lint reads both directories as plan does and prints what is wrong with every object in scope: whatever plan reports, and the
same about objects that no change is about, because they are unchanged, blocked, without an account, or skipped by unmatched =
"skip". It never writes to either directory. The CSV file has one row for each finding and object that it names.`,
		Example: "  dirform lint\n  dirform lint --csv findings.csv\n  dirform lint --csv - | head -n 20",
		Args:    cli.Arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && csv == "-" {
				return &fault.Error{Summary: "Options --json and --csv - both print on standard output", Hint: "Name a file: --csv findings.csv."}
			}
			if err := files.Findings.May(a.Path(csv), csv); err != nil {
				return err
			}
			plan, err := planFromRecord(cmd.Context(), a, &o, "", func(*run.Run) error { return nil })
			if err != nil {
				return err
			}
			defer plan.Close()
			return o.lint(a, plan, asJSON, csv)
		},
	}
	o.register(cmd)
	o.FromSnapshot(cmd)
	cmd.Flags().Lookup("fail-on-blocked").Usage = "exit with status 1 if a finding is an error"
	a.VerboseFlag(cmd)
	cmd.Flags().StringVar(&csv, "csv", "", "write the findings to `FILE` as well, one row for each finding and object; \"-\" prints nothing else")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cli.ExitStatus(cmd, "0  done, whatever was found", "1  could not read or judge; or a finding is an error (only with --fail-on-blocked)")
}

// lint prints the findings in the forms that are asked for.
func (o *planOptions) lint(a *cli.App, plan *planfile.Reader, asJSON bool, csv string) error {
	err := printed(asJSON, func() error {
		switch {
		case csv == "-":
			return render.FindingsCSV(a.Env.Stdout, plan)
		case asJSON:
			return render.LintJSON(a.Env.Stdout, plan)
		}
		return render.Lint(a.Env.Stdout, plan, textOptions(a))
	}, func() error {
		if csv == "-" {
			return nil
		}
		return files.WriteFindings(a.Path(csv), csv, plan)
	})
	if err != nil {
		return err
	}
	n, err := render.CountLint(plan)
	if err == nil && o.failOnBlocked && n.Errors > 0 {
		return &cli.ExitError{Code: cli.ExitFailure}
	}
	return err
}
