// Package cli is the environment of a command: streams, global options, errors, exit status and help.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/discreet"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/loglines"
	"github.com/dirform/dirform/state/sink"
	"github.com/dirform/dirform/state/visible"
)

// App is one run of dirform: its environment and the global options. Commands are closures over it. The zero value has
// no streams.
type App struct {
	Env    Environment
	stderr *discreet.Writer // what Env.Stderr is; nil if the app was not made by Main
	stdout *sink.Output     // what Env.Stdout writes to; nil likewise

	log   *slog.Logger    // to stderr, from --log-level; nil before that is known: use Logger
	lines *loglines.Lines // what Env.Stderr is with --log-format json; else nil

	chdir     string
	noColor   bool
	input     bool // questions may be asked
	logLevel  string
	logFormat string
	asJSON    bool // the result is JSON, and so is an error
	Verbose   bool // of a plan, everything is printed: nothing folded, no list cut

	// Stop ends at the first signal and is every command's context. Kill ends at the second: apply uses Stop to start no
	// further write and Kill to abandon those in flight.
	Stop, Kill context.Context
	writes     atomic.Bool // see Writes
}

// Writes says that the command writes to a directory or makes a record. The first signal lets its writes in flight end, however long
// that takes, and the second cuts them off; any other command ends at the first.
func (a *App) Writes() { a.writes.Store(true) }

// patience is how long a command that only reads may take to end by itself once it is signalled: what waits for a reader of its output,
// or for input, does not end.
const patience = time.Second

// endSoon ends a command that only reads and does not end by itself.
func (a *App) endSoon(ended <-chan struct{}) {
	if a.writes.Load() || a.Env.Exit == nil {
		return
	}
	select {
	case <-ended:
		return
	case <-time.After(patience):
	}
	time.AfterFunc(patience/10, func() { a.Env.Exit(ExitInterrupted) }) // whoever does not read on may have standard error, too
	a.Env.Exit(a.exitStatus(ErrInterrupted))
}

// prepare checks the global options before a command runs.
func (a *App) prepare() error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.logLevel)); err != nil {
		return &fault.Error{
			Summary: fmt.Sprintf("Unknown log level %q", a.logLevel),
			Hint:    "Use --log-level with debug, info, warn or error.",
		}
	}
	o := &slog.HandlerOptions{Level: level}
	switch a.logFormat {
	case "text":
		a.log = slog.New(slog.NewTextHandler(a.Env.Stderr, o))
	case "json":
		a.logLines()
		a.log = a.lines.Logger(level)
	default:
		return &fault.Error{Summary: fmt.Sprintf("Unknown log format %q", a.logFormat), Hint: "Use --log-format with text or json."}
	}
	if a.chdir == "" {
		return nil
	}
	if info, err := os.Stat(a.Dir()); err != nil || !info.IsDir() {
		return &fault.Error{
			Summary: fmt.Sprintf("Cannot work in %s", a.chdir),
			Detail:  "--chdir names a folder that does not exist.",
			Hint:    "Give the folder that holds the *.hcl files.",
		}
	}
	return nil
}

// Folder is what --chdir says, "" if nothing.
func (a *App) Folder() string { return a.chdir }

// Dir is the configuration's folder: the working directory, or what --chdir names.
func (a *App) Dir() string {
	if filepath.IsAbs(a.chdir) {
		return filepath.Clean(a.chdir)
	}
	return filepath.Join(a.Env.Dir, a.chdir)
}

// Again begins the command line of another command that is to work in the same folder, when it is run where this one was.
func (a *App) Again(command string) []string {
	if a.chdir == "" {
		return []string{"dirform", command}
	}
	return []string{"dirform", command, "--chdir", a.chdir}
}

// Path resolves a file name from the command line; like Terraform's, it is relative to what --chdir names.
func (a *App) Path(name string) string { return InDir(a.Dir(), name) }

// InDir resolves a path that is relative to dir.
func InDir(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// Colour says whether output to a stream may be coloured: on a terminal that can, or where FORCE_COLOR asks for it, as in the log
// of a CI system; never with --no-color or NO_COLOR.
func (a *App) Colour(terminal bool) bool {
	if a.noColor || a.Env.Getenv("NO_COLOR") != "" {
		return false
	}
	if force := a.Env.Getenv("FORCE_COLOR"); force != "" {
		return force != "0" && force != "false"
	}
	return terminal && a.Env.Getenv("TERM") != "dumb"
}

// Width is how many columns lines on standard output may have: as many as COLUMNS says, else as the terminal has. 0 stands for
// any number, as in a file or a log.
func (a *App) Width() int {
	if n, err := strconv.Atoi(a.Env.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	return a.Env.Terminal.OutColumns
}

// logLines has standard error be a log in JSON alone: what people are told is lines of it. No line is drawn there.
func (a *App) logLines() {
	if a.lines != nil {
		return
	}
	a.lines = loglines.New(a.Env.Stderr)
	a.Env.Stderr, a.Env.Terminal.Err = a.lines, false
	if ask := a.Env.Secret; ask != nil {
		a.Env.Secret = func(prompt string) (string, error) {
			a.lines.Log(slog.LevelInfo, prompt)
			return ask("")
		}
	}
}

// InputFlag gives a command that asks the option --input.
func (a *App) InputFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.input, "input", true, "ask where an answer is needed; with --input=false that is an error")
}

// Asks says whether a person may be asked; --input=false says that nobody is there.
func (a *App) Asks() bool { return a.input }

// Printf writes a command's result. A text among args is part of a line: only the format has line feeds.
func (a *App) Printf(format string, args ...any) {
	visible.Fprintf(a.Env.Stdout, format, args...)
}

// Notef tells a person what is going on. A text among args is part of a line.
func (a *App) Notef(format string, args ...any) {
	visible.Fprintf(a.Env.Stderr, format, args...)
}

// raiseWalls puts the walls in front of both streams that keep what names and values hold from a terminal and from a
// CI system (package visible). They stand here, where every byte passes, and not only where values are put into
// lines: a new output is behind them without knowing of them. Lowering them writes what they hold back.
func (a *App) raiseWalls() (lower func()) {
	forced := a.Colour(false) // before options are known: --no-color only means that nothing is coloured
	err := visible.NewWriter(a.Env.Stderr, a.Env.Terminal.Err || forced)
	a.stderr = discreet.New(err) // first, since it looks for secrets as they are
	out := visible.NewWriter(a.Env.Stdout, a.Env.Terminal.Out || forced)
	a.Env.Stdout, a.Env.Stderr = out, a.stderr
	return func() {
		if a.lines != nil {
			a.lines.Close()
		}
		out.Close()
		err.Close()
	}
}

// FileOut is standard output for what is a file and no text for people, such as a script for a shell: byte by byte as
// it is, without a wall. Nothing that comes from a directory or a server may be part of it, but for the ids and codes that
// a copy of the record holds.
func (a *App) FileOut() io.Writer {
	if a.stdout == nil {
		return a.Env.Stdout
	}
	return a.stdout
}

// Hide leaves secrets out of what is said on standard error from now on.
func (a *App) Hide(secrets []string) {
	if a.stderr != nil {
		a.stderr.Hide(secrets)
	}
}

// Logger is the log; before the options are known nobody reads it.
func (a *App) Logger() *slog.Logger {
	if a.log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return a.log
}

// LogsInfo reports whether anything below warnings is shown.
func (a *App) LogsInfo() bool { return a.Logger().Enabled(context.Background(), slog.LevelInfo) }

// ErrInterrupted is why a signal ends what was waited for.
var ErrInterrupted = errors.New("interrupted")

// errUnread is why a run ends whose output nobody reads any more.
var errUnread = &fault.Error{Summary: "nobody reads standard output any more", Err: ErrInterrupted,
	Detail: "What read it has ended, and dirform with it, as at an interrupt."}

// watchSignals turns signals into the contexts Stop and Kill. The returned function ends the watch.
func (a *App) watchSignals() (done func()) {
	stop, cancelStop := context.WithCancelCause(context.Background())
	kill, cancelKill := context.WithCancelCause(context.Background())
	a.Stop, a.Kill = stop, kill
	// a run that nobody reads any more ends as an interrupted one does: with a true record
	if a.Env.Stdout != nil {
		a.stdout = sink.New(a.Env.Stdout, func() error { cancelStop(errUnread); return errUnread })
		a.Env.Stdout = a.stdout
	}
	ended := make(chan struct{})
	go func() {
		defer crash.Guard()
		for n := 1; ; n++ {
			select {
			case <-ended:
				return
			case <-a.Env.Signals:
			}
			switch n {
			case 1:
				cancelStop(ErrInterrupted)
				go func() {
					defer crash.Guard()
					a.endSoon(ended)
				}()
			case 2:
				cancelKill(ErrInterrupted)
			case 3:
				if a.Env.Exit != nil {
					a.Env.Exit(ExitInterrupted)
				}
			}
		}
	}()
	return func() {
		close(ended)
		cancelStop(nil)
		cancelKill(nil)
	}
}

// VerboseFlag gives a command that prints a plan the option --verbose.
func (a *App) VerboseFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.Verbose, "verbose", false, "print everything: nothing folded, no value or list cut, system objects that are left out by name")
}
