package main

import (
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/config"
)

func newValidateCommand(a *app) *cobra.Command {
	var v variables
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration without asking any directory",
		Long: `Validate reads the configuration as plan does and reports all mistakes at once, each with its line. It works offline: it asks
no directory and needs neither credentials nor values for variables.`,
		Args: arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return a.validateJSON(&v)
			}
			cfg, err := a.loadChecked(&v, true)
			if err != nil {
				return err
			}
			a.printf("The configuration is valid: %s, %s.\n", count(len(cfg.Scopes), "scope"), count(len(cfg.Mappings), "mapping"))
			return nil
		},
	}
	v.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return exitStatus(cmd, "0  the configuration is valid; there may be warnings", "1  the configuration has errors")
}

func (a *app) validateJSON(v *variables) error {
	cfg, diags, err := a.loadDiagnosed(v, true)
	if err != nil {
		return err
	}
	if err := a.printJSON(config.DiagnosticsJSON(cfg.Files, diags)); err != nil {
		return err
	}
	if diags.HasErrors() {
		return &exitError{code: exitFailure}
	}
	return nil
}
