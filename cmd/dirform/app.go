package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

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

// hide leaves secrets out of what is said on standard error from now on.
func (a *app) hide(secrets []string) {
	if a.stderr != nil {
		a.stderr.hide(secrets)
	}
}

// logger is the log; before the options are known nobody reads it.
func (a *app) logger() *slog.Logger {
	if a.log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return a.log
}

// logsInfo reports whether anything below warnings is shown.
func (a *app) logsInfo() bool { return a.logger().Enabled(context.Background(), slog.LevelInfo) }

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
