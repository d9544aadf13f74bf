package main

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
)

func newValidateCommand(a *cli.App) *cobra.Command {
	var v open.Variables
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration without asking any directory",
		Long: `Validate reads the configuration as plan does and reports all mistakes at once, each with its line. It works offline: it asks
no directory and needs neither credentials nor values for variables.`,
		Args: cli.Arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return validateJSON(a, &v)
			}
			cfg, err := open.LoadChecked(a, &v, true)
			if err != nil {
				return err
			}
			a.Printf("The configuration is valid: %s, %s.\n", cli.Count(len(cfg.Scopes), "scope"), cli.Count(len(cfg.Mappings), "mapping"))
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
	if err := a.PrintJSON(config.DiagnosticsJSON(cfg.Files, diags)); err != nil {
		return err
	}
	if diags.HasErrors() {
		return &cli.ExitError{Code: cli.ExitFailure}
	}
	return nil
}
