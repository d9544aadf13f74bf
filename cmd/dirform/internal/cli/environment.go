package cli

import (
	"io"
	"os"
	"strings"
	"time"
)

// Environment is everything a command takes from outside. Nothing below Main looks at the process itself, so a test runs a
// command by handing it another environment.
type Environment struct {
	Args     []string // without the program's name
	Stdin    io.Reader
	Stdout   io.Writer // the result
	Stderr   io.Writer // everything else
	Environ  []string  // NAME=VALUE
	Dir      string    // the working directory
	Now      func() time.Time
	Terminal Terminal
	Secret   func(prompt string) (string, error) // asks a terminal, which does not show the answer; nil without one
	Signals  <-chan os.Signal                    // interrupts and requests to end; may be nil
	Exit     func(code int)                      // ends the process at the third signal; may be nil
}

// Terminal says which of the streams are terminals.
type Terminal struct {
	In         bool // somebody types what is read
	Out, Err   bool
	OutColumns int        // how wide standard output's is, 0 if that is not known
	ErrColumns func() int // how wide standard error's is now, 0 if that is not known; may be nil
}

// Getenv is the value of the named variable, "" if it is not set. Of several settings the last counts, as in os/exec.
func (e *Environment) Getenv(name string) string {
	value, _ := e.Lookup(name)
	return value
}

// Lookup is Getenv that tells a variable without a value from one that is not set.
func (e *Environment) Lookup(name string) (value string, set bool) {
	for _, kv := range e.Environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			value, set = v, true
		}
	}
	return value, set
}
