package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dirform/dirform/state/fault"
)

// The exit statuses.
const (
	exitDone        = 0
	exitFailure     = 1
	exitPending     = 2 // changes are pending
	exitPartial     = 3 // applied in part
	exitInterrupted = 130
)

// exitError ends a command with a status of its own. With a nil err everything that is to say was said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exitStatus prints err and maps it to the exit status. It is the only place that does either.
func (a *app) exitStatus(err error) int {
	var exit *exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		if exit.err != nil {
			a.printError(exit.err)
		}
		return exit.code
	case errors.Is(err, context.Canceled) && a.stop.Err() != nil, errors.Is(err, errInterrupted):
		a.printError(&fault.Error{Summary: "Interrupted"})
		return exitInterrupted
	}
	a.printError(err)
	return exitFailure
}

// printError prints an error as a block: summary, detail, hint (see package fault).
func (a *app) printError(err error) {
	e := fault.Describe(err)
	red, bold, reset := "", "", ""
	if a.colour(a.env.Terminal.Err) {
		red, bold, reset = "\x1b[31m", "\x1b[1m", "\x1b[0m"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%sError:%s %s%s%s\n", red+bold, reset, bold, e.Summary, reset)
	for _, part := range []string{e.Detail, e.Hint} {
		if part != "" {
			fmt.Fprintf(&b, "\n%s\n", strings.TrimRight(part, "\n"))
		}
	}
	io.WriteString(a.env.Stderr, b.String())
}

// flagError turns pflag's errors into ours.
func flagError(cmd *cobra.Command, err error) error {
	e := &fault.Error{
		Summary: err.Error(),
		Hint:    fmt.Sprintf("Run %q for its options.", "dirform help"+strings.TrimPrefix(cmd.CommandPath(), "dirform")),
	}
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		e.Summary = "Unknown option " + dashes(name)
		if near := closest(name, flagNames(cmd)); near != "" {
			e.Detail = fmt.Sprintf("Did you mean --%s?", near)
		}
	case errors.As(err, &missing):
		e.Summary = fmt.Sprintf("Option --%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		e.Summary = fmt.Sprintf("Option --%s does not take %q", invalid.GetFlag().Name, invalid.GetValue())
		e.Detail = fault.Sentence(invalid.Unwrap())
	}
	return e
}

func dashes(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// arguments checks how many arguments a command gets and says which it expects.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && (most < 0 || len(args) <= most) {
			return nil
		}
		e := &fault.Error{Summary: fmt.Sprintf("%q got too few arguments", cmd.CommandPath())}
		if len(args) > least {
			e.Summary = fmt.Sprintf("%q got an argument too many: %q", cmd.CommandPath(), args[most])
		}
		e.Detail = "Usage: " + usageLine(cmd)
		e.Hint = fmt.Sprintf("Run %q for more.", "dirform help"+strings.TrimPrefix(cmd.CommandPath(), "dirform"))
		return e
	}
}
