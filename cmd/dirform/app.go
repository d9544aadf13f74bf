package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/state/fault"
)

// app is one run of dirform: its environment and the global options. Commands are methods' worth of closures over it.
type app struct {
	env    Environment
	stderr *discreet // what env.Stderr is; nil if the app was not made by Main

	log *slog.Logger // to stderr, from --log-level; nil before that is known: use logger

	chdir    string
	noColor  bool
	logLevel string

	// stop ends at the first signal and is every command's context. kill ends at the second: apply uses stop to start no
	// further write and kill to abandon those in flight.
	stop, kill context.Context
}

// Main runs dirform and returns its exit status.
func Main(env Environment) int {
	a := &app{env: env, stderr: &discreet{w: env.Stderr}}
	a.env.Stderr = a.stderr
	a.stderr.hide(secretsIn(env.Environ))
	done := a.watchSignals()
	defer done()
	root := newRoot(a)
	root.SetArgs(doubleDashes(root, env.Args))
	return a.exitStatus(root.ExecuteContext(a.stop))
}

// newRoot builds the command tree.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "dirform",
		Short: "Plan and apply directory synchronisation from Active Directory to Microsoft Entra",
		Long: `dirform reconciles an on-premises Active Directory with a Microsoft Entra (Office 365) tenant. *.hcl files declare what is
synchronised; plan shows every change it would make and why; apply makes exactly those changes.`,
		Args:              cobra.ArbitraryArgs, // an unknown command becomes our own error
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.prepare() },
		RunE: func(cmd *cobra.Command, args []string) error {
			if show, _ := cmd.Flags().GetBool("version"); show {
				return a.printVersion(false)
			}
			return a.missingCommand(cmd, args)
		},
	}
	root.SetIn(a.env.Stdin)
	root.SetOut(a.env.Stdout)
	root.SetErr(a.env.Stderr)
	root.CompletionOptions.DisableDefaultCmd = true // ours stands at its place in the list
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(a.env.Stdout, cmd) })
	root.Flags().Bool("version", false, "print dirform's version")
	p := root.PersistentFlags()
	p.StringVar(&a.chdir, "chdir", "", "work in `DIR` instead of the current folder; file names are relative to it too")
	p.BoolVar(&a.noColor, "no-color", false, "no colours (also: NO_COLOR in the environment)")
	p.StringVar(&a.logLevel, "log-level", "warn", "log to stderr from `LEVEL` on: debug, info, warn or error")
	p.BoolP("help", "h", false, "show this help")
	exitStatus(root, "0  done, or no changes", "1  error", "2  changes are pending (drift, plan --detailed-exitcode)",
		"3  applied in part: some changes failed or were skipped", "130  interrupted")
	addCommands(root, commands(a)...)
	return root
}

// prepare checks the global options before a command runs.
func (a *app) prepare() error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(a.logLevel)); err != nil {
		return &fault.Error{
			Summary: fmt.Sprintf("Unknown log level %q", a.logLevel),
			Hint:    "Use --log-level with debug, info, warn or error.",
		}
	}
	a.log = slog.New(slog.NewTextHandler(a.env.Stderr, &slog.HandlerOptions{Level: level}))
	if a.chdir == "" {
		return nil
	}
	if info, err := os.Stat(a.dir()); err != nil || !info.IsDir() {
		return &fault.Error{
			Summary: fmt.Sprintf("Cannot work in %s", a.chdir),
			Detail:  "--chdir names a folder that does not exist.",
			Hint:    "Give the folder that holds the *.hcl files.",
		}
	}
	return nil
}

// dir is the configuration's folder: the working directory, or what --chdir names.
func (a *app) dir() string {
	if filepath.IsAbs(a.chdir) {
		return filepath.Clean(a.chdir)
	}
	return filepath.Join(a.env.Dir, a.chdir)
}

// path resolves a file name from the command line; like Terraform's, it is relative to what --chdir names.
func (a *app) path(name string) string { return inDir(a.dir(), name) }

// inDir resolves a path that is relative to dir.
func inDir(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// colour says whether output to a stream may be coloured.
func (a *app) colour(terminal bool) bool {
	return terminal && !a.noColor && a.env.Getenv("NO_COLOR") == "" && a.env.Getenv("TERM") != "dumb"
}

// printf writes a command's result.
func (a *app) printf(format string, args ...any) {
	fmt.Fprintf(a.env.Stdout, format, args...)
}

// notef tells a person what is going on.
func (a *app) notef(format string, args ...any) {
	fmt.Fprintf(a.env.Stderr, format, args...)
}

var errInterrupted = errors.New("interrupted")

// watchSignals turns signals into the contexts stop and kill. The returned function ends the watch.
func (a *app) watchSignals() (done func()) {
	stop, cancelStop := context.WithCancelCause(context.Background())
	kill, cancelKill := context.WithCancelCause(context.Background())
	a.stop, a.kill = stop, kill
	ended := make(chan struct{})
	go func() {
		for n := 1; ; n++ {
			select {
			case <-ended:
				return
			case <-a.env.Signals:
			}
			switch n {
			case 1:
				cancelStop(errInterrupted)
			case 2:
				cancelKill(errInterrupted)
			case 3:
				if a.env.Exit != nil {
					a.env.Exit(exitInterrupted)
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

// missingCommand answers a group of commands that was called without one of them, or with one it doesn't have.
func (a *app) missingCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		writeHelp(a.env.Stderr, cmd)
		return &exitError{code: exitFailure}
	}
	e := &fault.Error{Summary: fmt.Sprintf("Unknown command %q", strings.TrimPrefix(cmd.CommandPath()+" ", "dirform ")+args[0])}
	if near := closest(args[0], commandNames(cmd)); near != "" {
		e.Detail = fmt.Sprintf("Did you mean %q?", near)
	}
	e.Hint = fmt.Sprintf("Run %q for a list of the commands.", strings.TrimSpace("dirform help"+strings.TrimPrefix(cmd.CommandPath(), "dirform")))
	return e
}
