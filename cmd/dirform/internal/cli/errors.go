package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/near"
	"github.com/dirform/dirform/state/visible"
)

// The exit statuses.
const (
	ExitDone        = 0   // all is done, or there was nothing to do
	ExitFailure     = 1   // an error, or a refusal
	ExitPending     = 2   // changes are pending
	ExitPartial     = 3   // applied in part
	ExitInterrupted = 130 // by a signal
)

// ExitError ends a command with a status of its own. With a nil Err everything that is to say was said already.
type ExitError struct {
	Code int
	Err  error
	Said error // what was said on standard error, for a result that is JSON; nil if the result says it itself
	// Diagnostics are all mistakes of a configuration that cannot be used, of which Said is the first, in the form of
	// validate --json; nil if it is about something else.
	Diagnostics any
}

// Error is the error's text, or the status.
func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit status %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap is the error, nil if everything was said.
func (e *ExitError) Unwrap() error { return e.Err }

// exitStatus prints err and maps it to the exit status. It is the only place that does either.
func (a *App) exitStatus(err error) int {
	var exit *ExitError
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, context.Canceled) && a.Stop.Err() != nil, errors.Is(err, ErrInterrupted):
		a.printError(cmp.Or(context.Cause(a.Stop), ErrInterrupted))
		return ExitInterrupted
	case errors.As(err, &exit):
		if exit.Err != nil {
			a.printError(exit.Err)
		} else if exit.Said != nil {
			a.errorJSON(exit.Said, fault.Describe(exit.Said), exit.Diagnostics)
		}
		return exit.Code
	}
	a.printError(err)
	return ExitFailure
}

// Lost is why something of the result did not get out, nil if all of it did.
func (a *App) Lost() error { return a.stdout.Lost() }

// ended is how a command has ended that returned err. One whose result was lost has failed, whatever else it has done; an error that
// says so in other words says it in these.
func (a *App) ended(err error) error {
	lost, exit := a.Lost(), &ExitError{Code: ExitFailure}
	switch own := errors.As(err, &exit); {
	case lost == nil, err != nil && !errors.Is(err, lost) && (!own || exit.Err != nil || exit.Said != nil):
		return err
	case exit.Code == ExitPending:
		return lost
	}
	return &ExitError{Code: exit.Code, Err: lost}
}

// printError prints an error as a block: summary, detail, hint (see package fault).
func (a *App) printError(err error) {
	e := fault.Describe(err)
	if a.lines != nil {
		a.lines.Log(slog.LevelError, e.Summary, "detail", e.Detail, "hint", e.Hint, "code", codeOf(err))
		a.errorJSON(err, e, nil)
		return
	}
	red, bold, reset := "", "", ""
	if a.Colour(a.Env.Terminal.Err) {
		red, bold, reset = "\x1b[31m", "\x1b[1m", "\x1b[0m"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%sError:%s %s%s%s\n", red+bold, reset, bold, visible.Line(e.Summary), reset)
	var file *fs.PathError
	if errors.As(err, &file) { // the system's words have the name as it is
		e.Detail = strings.ReplaceAll(e.Detail, file.Path, visible.Line(file.Path))
	}
	for _, part := range []string{e.Detail, e.Hint} {
		if part != "" {
			fmt.Fprintf(&b, "\n%s\n", strings.TrimRight(part, "\n"))
		}
	}
	io.WriteString(a.Env.Stderr, b.String())
	a.errorJSON(err, e, nil)
}

// errorDocument is an error in JSON.
type errorDocument struct {
	Error struct {
		Summary string  `json:"summary"`
		Detail  string  `json:"detail"`
		Hint    string  `json:"hint"`
		Code    *string `json:"code"` // of a finding; null if none is behind the error
	} `json:"error"`
	Diagnostics any `json:"diagnostics,omitempty"`
}

// errorJSON prints an error where the result is JSON, as one line. err may know the finding behind it.
func (a *App) errorJSON(err error, e fault.Description, diagnostics any) {
	if !a.asJSON {
		return
	}
	d := errorDocument{Diagnostics: diagnostics}
	d.Error.Summary, d.Error.Detail, d.Error.Hint = a.stderr.Without(e.Summary), a.stderr.Without(e.Detail), a.stderr.Without(e.Hint)
	if code := codeOf(err); code != "" {
		d.Error.Code = &code
	}
	_ = WriteJSONLine(a.Env.Stdout, d) // standard error has it too
}

// codeOf is the code of the finding behind an error, "" if there is none.
func codeOf(err error) string {
	var coded interface{ FindingCode() string }
	if errors.As(err, &coded) {
		return coded.FindingCode()
	}
	return ""
}

// Diagnostics tells mistakes of a configuration, whose files show where.
func (a *App) Diagnostics(files map[string]*hcl.File, diags hcl.Diagnostics) {
	if a.lines == nil {
		config.WriteDiagnostics(a.Env.Stderr, files, diags, a.Colour(a.Env.Terminal.Err))
		return
	}
	for _, d := range diags {
		level, at := slog.LevelWarn, ""
		if d.Severity == hcl.DiagError {
			level = slog.LevelError
		}
		if d.Subject != nil {
			at = fmt.Sprintf("%s:%d", d.Subject.Filename, d.Subject.Start.Line)
		}
		a.lines.Log(level, d.Summary, "detail", d.Detail, "at", at)
	}
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
		if near := near.Meant(name, flagNames(cmd)); near != "" {
			e.Detail = fmt.Sprintf("Did you mean --%s?", near)
		}
		if other := instead(dashes(name)); other != "" {
			e.Detail = other
		}
	case errors.As(err, &missing):
		e.Summary = fmt.Sprintf("Option --%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		e.Summary = fmt.Sprintf("Option --%s does not take %q", invalid.GetFlag().Name, invalid.GetValue())
		if e.Detail = kinds[invalid.GetFlag().Value.Type()]; e.Detail == "" {
			e.Detail = fault.Sentence(invalid.Unwrap())
		}
	}
	return e
}

// kinds are what options of a type take, in words.
var kinds = map[string]string{"bool": "It stands alone, or takes =true or =false.", "duration": "It takes a time such as 30s, 5m or 2h.",
	"int": "It takes a whole number.", "int64": "It takes a whole number.", "float64": "It takes a number."}

func dashes(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// Arguments checks how many arguments a command gets and says which it expects.
func Arguments(least, most int) cobra.PositionalArgs {
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
