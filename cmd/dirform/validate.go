package main

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/dirtest"
)

func newValidateCommand(a *cli.App) *cobra.Command {
	var v open.Variables
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration without asking any directory",
		Long: `Validate reads the configuration as plan does and reports all mistakes at once, each with its line. It works offline: it asks
no directory and needs neither credentials nor values for variables. Tests (*.dirtest.hcl) are checked, too, and not run.`,
		Args: cli.Arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return validateJSON(a, &v)
			}
			cfg, diags, err := open.LoadDiagnosed(a, &v, true)
			if err != nil {
				return err
			}
			n, more := dirtest.Validate(a.Dir(), cfg.Files)
			if err := open.Diagnose(a, cfg.Files, append(diags, more...)); err != nil {
				return err
			}
			tests := ""
			if n > 0 {
				tests = ", " + cli.Count(n, "test")
			}
			a.Printf("The configuration is valid: %s, %s%s.\n", cli.Count(len(cfg.Scopes), "scope"), cli.Count(len(cfg.Mappings), "mapping"), tests)
			return nil
		},
	}
	v.Register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cli.ExitStatus(cmd, "0  the configuration is valid; there may be warnings", "1  the configuration has errors")
}

func validateJSON(a *cli.App, v *open.Variables) error {
	cfg, diags, err := open.LoadDiagnosed(a, v, true)
	if err != nil {
		return err
	}
	_, more := dirtest.Validate(a.Dir(), cfg.Files)
	diags = append(diags, more...)
	if err := a.PrintJSON(config.DiagnosticsJSON(cfg.Files, diags)); err != nil {
		return err
	}
	if diags.HasErrors() {
		return &cli.ExitError{Code: cli.ExitFailure}
	}
	return nil
}
