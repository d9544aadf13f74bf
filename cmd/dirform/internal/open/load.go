package open

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state/fault"
)

// Variables are the options that give a configuration's variables their values.
type Variables struct {
	vars, files []string
	snapshot    string // see [Variables.FromSnapshot]
	maxAge      string
}

// Register adds the options to a command that loads a configuration.
func (v *Variables) Register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&v.vars, "var", nil, "give a variable a value, `NAME=VALUE`; may be repeated")
	cmd.Flags().StringArrayVar(&v.files, "var-file", nil, "read variables from `FILE` (HCL: name = value); may be repeated")
}

// Again are the options as they were given, without the values of variables that are sensitive; withheld says that there is one.
func (v *Variables) Again(cfg *config.Config) (words []string, withheld bool) {
	for _, given := range v.vars {
		if name, _, _ := strings.Cut(given, "="); slices.Contains(cfg.Hidden, strings.TrimSpace(name)) {
			given, withheld = name+"=…", true
		}
		words = append(words, "--var", given)
	}
	for _, f := range v.files {
		words = append(words, "--var-file", f)
	}
	return words, withheld
}

// LoadOther loads the configuration in another folder, to plan against it. What its providers and its state are is not asked.
func (v *Variables) LoadOther(a *cli.App, dir string) (*config.Config, error) {
	options, err := v.options(a)
	if err != nil {
		return nil, err
	}
	options.Dir, options.SecretsOptional, options.Elsewhere = a.Path(dir), true, true
	cfg, diags := config.Load(options)
	a.Hide(cfg.Secrets)
	return cfg, Diagnose(a, cfg.Files, diags)
}

// LoadConfig loads the configuration in the folder. Its diagnostics go to stderr; if there is an error among them, nothing is
// left to say and the returned error only carries the exit status.
func LoadConfig(a *cli.App, v *Variables) (*config.Config, error) { return LoadChecked(a, v, false) }

// LoadChecked is LoadConfig; with valuesOptional a variable without a value is no mistake.
func LoadChecked(a *cli.App, v *Variables, valuesOptional bool) (*config.Config, error) {
	cfg, diags, err := LoadDiagnosed(a, v, valuesOptional)
	if err != nil {
		return nil, err
	}
	return cfg, Diagnose(a, cfg.Files, diags)
}

// Diagnose prints diagnostics. With an error among them nothing is left to say.
func Diagnose(a *cli.App, files map[string]*hcl.File, diags hcl.Diagnostics) error {
	a.Diagnostics(files, diags)
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			return &cli.ExitError{Code: cli.ExitFailure, Said: &fault.Error{Summary: d.Summary, Detail: d.Detail,
				Hint: "\"diagnostics\" has all mistakes of the configuration, with their places, as " +
					"\"dirform validate --json\" has."},
				Diagnostics: config.DiagnosticsJSON(files, diags).Diagnostics}
		}
	}
	return nil
}

// LoadDiagnosed loads the configuration and hands its diagnostics back. The configuration is never nil without an error; with
// diagnostics that have errors it only serves to print them. With valuesOptional a variable without a value is no mistake.
func LoadDiagnosed(a *cli.App, v *Variables, valuesOptional bool) (*config.Config, hcl.Diagnostics, error) {
	options, err := v.options(a)
	if err != nil {
		return nil, nil, err
	}
	options.ValuesOptional, options.SecretsOptional = valuesOptional, v.snapshot != ""
	cfg, diags := config.Load(options)
	a.Hide(cfg.Secrets)
	return cfg, diags, nil
}

// ForTests loads the configuration with values of variables besides those of the options, for tests: without what credentials hold.
// With valuesOptional a variable without a value is no mistake.
func (v *Variables) ForTests(a *cli.App) (func(more map[string]string, valuesOptional bool) (*config.Config, hcl.Diagnostics), error) {
	options, err := v.options(a)
	options.Secretless = true
	return func(more map[string]string, valuesOptional bool) (*config.Config, hcl.Diagnostics) {
		o := options
		o.ValuesOptional = valuesOptional
		o.Vars = maps.Clone(options.Vars)
		maps.Copy(o.Vars, more)
		cfg, diags := config.Load(o)
		a.Hide(cfg.Secrets)
		return cfg, diags
	}, err
}

// options are those of reading the configuration in the folder.
func (v *Variables) options(a *cli.App) (o config.Options, err error) {
	files := make([]string, len(v.files))
	for i, f := range v.files {
		files[i] = a.Path(f)
	}
	vars, err := splitVariables(v.vars)
	return config.Options{
		Dir: a.Dir(), Vars: vars, VarFiles: files, Environ: a.Env.Environ, Version: cli.Version,
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema},
	}, err
}

// splitVariables splits NAME=VALUE options; of two values for one name the later counts.
func splitVariables(list []string) (map[string]string, error) {
	values := map[string]string{}
	for _, v := range list {
		name, value, ok := strings.Cut(v, "=")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, &fault.Error{
				Summary: "Option --var needs a name and a value",
				Detail:  "It was given something without an equal sign, which is not repeated here because it may be a secret.",
				Hint:    "Write --var NAME=VALUE, or set DIRFORM_VAR_NAME in the environment; secrets in DIRFORM_SECRET_NAME or a --var-file.",
			}
		}
		values[strings.TrimSpace(name)] = value
	}
	return values, nil
}
