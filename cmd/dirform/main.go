// Samba makes certificates with negative serial numbers for itself; Go refuses them unless asked not to. Nothing else about
// their verification changes.
//go:debug x509negativeserial=1

// Command dirform plans and applies the synchronisation of an on-premises Active Directory with a Microsoft Entra tenant.
//
// This package and its internal ones are the only place with flags, environment, terminal, clock and exit status. A command
// file reads as the flow of its command, top to bottom. What several commands need stands in internal/cli (global options,
// streams, errors, exit status, help) and internal/open (from a configuration to open directories); the commands of
// "dirform lab" stand in internal/labcmd, those about the state as a whole in internal/recordcmd.
package main

import (
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state/visible"
)

func main() {
	debug.SetTraceback("crash") // what nobody can catch, as a stack that overflows, ends by a signal and not with status 2
	withoutCore()
	cli.TuneCollector()
	os.Exit(Main(process()))
}

// process is this process as an Environment.
func process() cli.Environment {
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	// A write to a pipe that nobody reads is to fail, rather than to end the process in the middle of an apply. It is not told
	// from a connection that breaks, so nobody listens.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	var secret func(string) (string, error)
	var shown *term.State // of a terminal that hides what is typed: to be put back, however the process ends
	if in := int(os.Stdin.Fd()); term.IsTerminal(in) && term.IsTerminal(int(os.Stderr.Fd())) {
		secret = func(prompt string) (string, error) {
			os.Stderr.WriteString(visible.Line(prompt))
			shown, _ = term.GetState(in)
			answer, err := term.ReadPassword(in)
			if prompt != "" { // else the log has it, as a line of its own
				os.Stderr.WriteString("\n")
			}
			return string(answer), err
		}
	}
	return cli.Environment{
		Args:    os.Args[1:],
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Environ: os.Environ(),
		Dir:     dir,
		Now:     time.Now,
		Terminal: cli.Terminal{
			In:         term.IsTerminal(int(os.Stdin.Fd())),
			Out:        term.IsTerminal(int(os.Stdout.Fd())),
			Err:        term.IsTerminal(int(os.Stderr.Fd())),
			OutColumns: columns(os.Stdout),
			ErrColumns: func() int { return columns(os.Stderr) },
		},
		Secret:  secret,
		Signals: signals,
		Exit: func(code int) {
			if shown != nil {
				_ = term.Restore(int(os.Stdin.Fd()), shown)
			}
			os.Exit(code)
		},
	}
}

// columns is how wide a terminal is; 0 if f is none.
func columns(f *os.File) int {
	n, _, _ := term.GetSize(int(f.Fd())) // 0 with the error
	return n
}

// Main runs dirform and returns its exit status.
func Main(env cli.Environment) int { return cli.Main(env, commands) }
