package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// runMain runs dirform in this process.
func runMain(t *testing.T, env Environment, args ...string) (code int, stdout, stderr string) {
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

func TestDoubleDashes(t *testing.T) {
	root := &cobra.Command{Use: "x"}
	root.PersistentFlags().String("chdir", "", "")
	root.PersistentFlags().BoolP("help", "h", false, "")
	plan := &cobra.Command{Use: "plan"}
	plan.Flags().String("out", "", "")
	plan.Flags().Bool("json", false, "")
	plan.Flags().StringArray("var", nil, "")
	root.AddCommand(plan)
	for _, c := range []struct{ in, want string }{
		{"-chdir=d plan -out=x -json", "--chdir=d plan --out=x --json"},
		{"plan -out x", "plan --out x"},
		{"--chdir d plan --out=x", "--chdir d plan --out=x"},
		{"plan -h", "plan -h"},
		{"plan --out -json", "plan --out -json"},
		{"plan -var -json=1 -json", "plan --var -json=1 --json"},
		{"plan -json -5 -12", "plan --json -5 -12"},
		{"plan -json=false -", "plan --json=false -"},
		{"plan -- -json", "plan -- -json"},
		{"plan -jsn", "plan --jsn"},
		{"__complete plan -j", "__complete plan -j"},
	} {
		if got := strings.Join(doubleDashes(root, strings.Fields(c.in)), " "); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

// One option name means one type in all commands: doubleDashes must know whether the next argument is its value.
func TestOptionNamesHaveOneType(t *testing.T) {
	types := map[string]string{}
	walk(newRoot(&app{}), func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if seen, ok := types[f.Name]; ok && seen != f.Value.Type() {
				t.Errorf("%s: --%s is a %s, elsewhere a %s", cmd.CommandPath(), f.Name, f.Value.Type(), seen)
			}
			types[f.Name] = f.Value.Type()
		})
	})
}

func TestEveryHelpEndsWithItsExitStatus(t *testing.T) {
	walk(newRoot(&app{}), func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		var b bytes.Buffer
		writeHelp(&b, cmd)
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

func TestClosest(t *testing.T) {
	names := []string{"plan", "apply", "validate", "version", "state"}
	for in, want := range map[string]string{
		"plam": "plan", "paln": "plan", "aply": "apply", "PLAN": "plan", "valid": "validate", "verison": "version", "x": "", "frobnicate": "", "": "",
	} {
		if got := closest(in, names); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSecondOfTwoSettingsCounts(t *testing.T) {
	env := Environment{Environ: []string{"A=1", "AB=2", "A=3"}}
	if diff := cmp.Diff([]string{"3", "2", ""}, []string{env.Getenv("A"), env.Getenv("AB"), env.Getenv("B")}); diff != "" {
		t.Error(diff)
	}
}

func TestErrorsAreColouredOnATerminalOnly(t *testing.T) {
	terminal := Environment{Terminal: Terminal{Err: true}}
	noColour := Environment{Terminal: Terminal{Err: true}, Environ: []string{"NO_COLOR=1"}}
	for _, c := range []struct {
		name string
		env  Environment
		args []string
		want bool
	}{
		{"terminal", terminal, []string{"plam"}, true},
		{"not a terminal", Environment{}, []string{"plam"}, false},
		{"NO_COLOR", noColour, []string{"plam"}, false},
		{"--no-color", terminal, []string{"plam", "--no-color"}, false},
	} {
		code, _, stderr := runMain(t, c.env, c.args...)
		if code != exitFailure || strings.Contains(stderr, "\x1b[") != c.want {
			t.Errorf("%s: status %d, coloured should be %v: %q", c.name, code, c.want, stderr)
		}
	}
}

func TestSignals(t *testing.T) {
	var stderr bytes.Buffer
	signals := make(chan os.Signal, 2)
	a := &app{env: Environment{Signals: signals, Stderr: &stderr}}
	done := a.watchSignals()
	defer done()
	signals <- os.Interrupt
	<-a.stop.Done()
	if a.kill.Err() != nil {
		t.Error("the first signal ended what is in flight")
	}
	signals <- os.Interrupt
	<-a.kill.Done()
	if code := a.exitStatus(a.stop.Err()); code != exitInterrupted {
		t.Errorf("status %d after an interrupt", code)
	}
}
