// Package testcmd is the command that runs the tests of a configuration.
package testcmd

import (
	"context"
	"fmt"
	"io"
	"regexp"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/dirtest"
	"github.com/dirform/dirform/state/fault"
)

// tests is one run of test.
type tests struct {
	open.Variables
	only, junit     string
	verbose, asJSON bool
}

// New makes the command.
func New(a *cli.App) *cobra.Command {
	var t tests
	cmd := &cobra.Command{
		Use:   "test [FILE]...",
		Short: "Run the tests of the configuration, offline",
		Long: `Test runs the tests in the folder's *.dirtest.hcl files, or in those that are named. A test says what is in Active Directory, in the
tenant and in the record, and what the plan is to be. Nothing is read but files: no directory is asked, no provider block is used,
and no secret is needed. "dirform help tests" has the language.`,
		Example: "  dirform test\n  dirform test --run leaver --verbose\n  dirform test --junit tests.xml",
		RunE:    func(cmd *cobra.Command, args []string) error { return t.run(cmd.Context(), a, args) },
	}
	t.Variables.Register(cmd)
	f := cmd.Flags()
	f.StringVar(&t.only, "run", "", "run only tests whose names match `REGEX`")
	f.BoolVarP(&t.verbose, "verbose", "v", false, "print tests that pass, too")
	f.BoolVar(&t.asJSON, "json", false, "print one JSON document")
	f.StringVar(&t.junit, "junit", "", "write the results to `FILE` as well, as JUnit's XML for CI systems")
	return cli.ExitStatus(cmd, "0  all tests passed", "1  a test failed, there is none, or a file has errors")
}

func (t *tests) run(ctx context.Context, a *cli.App, names []string) error {
	only, err := regexp.Compile(t.only)
	if err != nil {
		return &fault.Error{Summary: "Option --run got no regular expression", Detail: err.Error() + ".",
			Hint: "Quote what is meant as it is: --run 'a \\(new\\) leaver'."}
	}
	if err := dirtest.JUnitFile.May(a.Path(t.junit), t.junit); err != nil {
		return err
	}
	load, err := t.Variables.ForTests(a)
	if err != nil {
		return err
	}
	cfg, diags := load(nil, true) // a test may give values, but corrects nothing else
	if err := open.Diagnose(a, cfg.Files, diags); err != nil {
		return err
	}
	suite, err := read(a, names)
	if err != nil {
		return err
	}
	p := &dirtest.Printer{W: a.Env.Stdout, Verbose: t.verbose}
	if t.asJSON {
		p.W = io.Discard
	}
	with := func(variables map[string]string) (*config.Config, hcl.Diagnostics) { return load(variables, false) }
	results, err := suite.Run(ctx, dirtest.Options{Load: with, Now: a.Env.Now, Version: cli.Version,
		Only: only.MatchString, Done: p.Done})
	if err != nil {
		return err
	}
	p.End()
	if len(results) == 0 {
		return &fault.Error{Summary: "No test was run",
			Detail: fmt.Sprintf("None of the folder's %s has a name that matches %q.", cli.Count(len(suite.Tests),
				"test"), t.only),
			Hint: "\"dirform test --verbose\" lists them."}
	}
	if err := dirtest.JUnitFile.Write(a.Path(t.junit), t.junit, func(w io.Writer) error {
		return dirtest.JUnit(w,
			results)
	}); err != nil {
		return err
	}
	if t.asJSON {
		if err := a.PrintJSON(dirtest.JSON(results, cli.Version)); err != nil {
			return err
		}
	} else {
		a.Printf("\n%s\n", dirtest.Sum(results))
	}
	if dirtest.Failed(results) {
		return &cli.ExitError{Code: cli.ExitFailure}
	}
	return nil
}

// read reads the tests. That there are none is an error: whoever runs them relies on them.
func read(a *cli.App, names []string) (*dirtest.Suite, error) {
	if len(names) == 0 {
		var err error
		if names, err = dirtest.Files(a.Dir()); err != nil {
			return nil, err
		}
	}
	suite, diags, err := dirtest.Load(a.Dir(), names)
	if err != nil {
		return nil, err
	}
	if err := open.Diagnose(a, suite.Files, diags); err != nil {
		return nil, err
	}
	if len(suite.Tests) == 0 {
		return nil, &fault.Error{Summary: "No tests", Detail: fmt.Sprintf("The folder %s has no *%s file with a test.",
			a.Dir(), dirtest.Suffix),
			Hint: "\"dirform help tests\" says how to write one."}
	}
	return suite, nil
}
