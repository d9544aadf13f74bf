package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// runMain runs dirform in this process.
func runMain(t *testing.T, env cli.Environment, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	env.Args, env.Stdin, env.Stdout, env.Stderr = args, strings.NewReader(""), &out, &err
	if env.Dir == "" {
		env.Dir = t.TempDir()
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	env.Environ = append(env.Environ, "DIRFORM_LAB_RECORD="+os.Getenv("DIRFORM_LAB_RECORD"))
	code = Main(env)
	return code, out.String(), err.String()
}

// visitCommands visits dirform and all its commands, which print their help to w.
func visitCommands(w io.Writer, visit func(*cobra.Command)) {
	a := &cli.App{Env: cli.Environment{Stdout: w}}
	for list := []*cobra.Command{cli.NewRoot(a, commands(a))}; len(list) > 0; list = list[1:] {
		visit(list[0])
		list = append(list, list[0].Commands()...)
	}
}

// One option name means one type in all commands: the reader of single dashes must know whether the next argument is its value.
func TestOptionNamesHaveOneType(t *testing.T) {
	types := map[string]string{}
	visitCommands(io.Discard, func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if seen, ok := types[f.Name]; ok && seen != f.Value.Type() {
				t.Errorf("%s: --%s is a %s, elsewhere a %s", cmd.CommandPath(), f.Name, f.Value.Type(), seen)
			}
			types[f.Name] = f.Value.Type()
		})
	})
}

func TestEveryHelpEndsWithItsExitStatus(t *testing.T) {
	var b bytes.Buffer
	visitCommands(&b, func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		b.Reset()
		cmd.Help()
		_, status, ok := strings.Cut(b.String(), "\nEXIT STATUS\n")
		if !ok || !strings.HasPrefix(status, "  0    ") {
			t.Errorf("%s: no exit status at the end of\n%s", cmd.CommandPath(), b.String())
		}
		if cmd.Short == "" {
			t.Errorf("%s: no short description", cmd.CommandPath())
		}
		for line := range strings.Lines(b.String()) {
			if len([]rune(line)) > 133 {
				t.Errorf("%s: line too long: %s", cmd.CommandPath(), line)
			}
		}
	})
}

func TestErrorsAreColouredOnATerminalOnly(t *testing.T) {
	terminal := cli.Environment{Terminal: cli.Terminal{Err: true}}
	noColour := cli.Environment{Terminal: cli.Terminal{Err: true}, Environ: []string{"NO_COLOR=1"}}
	for _, c := range []struct {
		name string
		env  cli.Environment
		args []string
		want bool
	}{
		{"terminal", terminal, []string{"plam"}, true},
		{"not a terminal", cli.Environment{}, []string{"plam"}, false},
		{"NO_COLOR", noColour, []string{"plam"}, false},
		{"--no-color", terminal, []string{"plam", "--no-color"}, false},
	} {
		code, _, stderr := runMain(t, c.env, c.args...)
		if code != cli.ExitFailure || strings.Contains(stderr, "\x1b[") != c.want {
			t.Errorf("%s: status %d, coloured should be %v: %q", c.name, code, c.want, stderr)
		}
	}
}

// TestDiscreetErrors: an error that quotes a secret, as a server's or a library's could, is printed without it.
func TestDiscreetErrors(t *testing.T) {
	dir := t.TempDir()
	env := cli.Environment{Dir: dir, Environ: []string{"DIRFORM_SECRET_pw=long-secret"}}
	code, stdout, stderr := runMain(t, env, "show", "long-secret.dfplan")
	if code != cli.ExitFailure || stdout != "" || !bytes.Contains([]byte(stderr), []byte("(sensitive value).dfplan")) {
		t.Errorf("status %d\n%s\n%s", code, stdout, stderr)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Who ends the input at a terminal says no, and where no person is, nothing but labs is changed.
func TestEndOfInput(t *testing.T) {
	for _, typed := range []bool{true, false} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS("../../examples/quickstart")); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := runMain(t, cli.Environment{Dir: dir, Now: time.Now, Terminal: cli.Terminal{In: typed}}, "apply")
		_, err := os.Stat(dir + "/dirform.dfstate")
		switch applied := err == nil && code == cli.ExitDone; {
		case typed && (applied || !strings.Contains(stderr, "Not applied")):
			t.Errorf("on a terminal: status %d, %s", code, stderr)
		case !typed && (!applied || !strings.Contains(stderr, "embedded labs, so the changes are made")):
			t.Errorf("without one: status %d, %s", code, stderr)
		}
	}
}
