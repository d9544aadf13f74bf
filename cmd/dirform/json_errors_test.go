package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// trouble is a folder and a command line that hardly any command gets along with.
type trouble struct {
	args    []string
	files   map[string]string // of the folder, in place of those of the company; nil removes them all
	environ []string
	stopped bool // a signal has come
}

// troubles are kinds of errors, by name.
func troubles(t *testing.T, env cli.Environment) map[string]trouble {
	t.Helper()
	text := func(name string) string {
		b, err := os.ReadFile(filepath.Join(env.Dir, name))
		must(t, err)
		return string(b)
	}
	const key, other = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
	main, state := text("main.hcl"), text("dirform.dfstate")
	keyed := main + encrypting
	write(t, env.Dir, "main.hcl", keyed)
	withKey := env
	withKey.Environ = []string{"DIRFORM_SECRET_key=" + key}
	succeed(t, withKey, "apply", "--auto-approve")
	sealed := text("dirform.dfstate")
	with := func(name, content string) map[string]string {
		files := map[string]string{"main.hcl": main, "dirform.dfstate": state}
		files[name] = content
		return files
	}
	all := with("main.hcl", main)
	return map[string]trouble{
		"an unknown option":             {args: []string{"--nonsense"}, files: all},
		"an option without its value":   {args: []string{"--log-level"}, files: all},
		"a value of the wrong type":     {args: []string{"--no-color=perhaps"}, files: all},
		"an argument too many":          {args: []string{"a", "b", "c"}, files: all},
		"a folder that is not there":    {args: []string{"--chdir", "nowhere"}, files: all},
		"an unknown log level":          {args: []string{"--log-level=loud"}, files: all},
		"no configuration":              {},
		"mistakes in the configuration": {files: with("main.hcl", "\nscope \"staff\" { ou = 3 }\nscope \"more\" { ou = 4 }\n")},
		"a broken configuration":        {files: with("main.hcl", "scope \"staff\" {\n")},
		"a damaged record":              {files: with("dirform.dfstate", state[:4000]+strings.Repeat("x", len(state)-4000))},
		"no key":                        {files: with("main.hcl", keyed)},
		"another key":                   {files: map[string]string{"main.hcl": keyed, "dirform.dfstate": sealed}, environ: []string{"DIRFORM_SECRET_key=" + other}},
		"a refused sign-in":             {files: with("main.hcl", regexp.MustCompile(`access_token = ".*"`).ReplaceAllString(main, `access_token = "expired-token"`))},
		"a refused bind":                {files: with("main.hcl", regexp.MustCompile(`password = ".*"`).ReplaceAllString(main, `password = "another-password"`))},
		"a guard":                       {files: with("main.hcl", main+"guard \"x\" {\n  updates {\n    count = 0\n  }\n}\n")},
		"a signal":                      {files: all, stopped: true},
	}
}

// taking are the commands with an option, with the arguments that they cannot do without.
func taking(option string) (list [][]string) {
	visitCommands(io.Discard, func(cmd *cobra.Command) {
		if cmd.LocalFlags().Lookup(option) == nil {
			return
		}
		args := strings.Fields(cmd.CommandPath())[1:]
		if words := strings.Fields(cmd.Use); len(words) > 1 && !strings.HasPrefix(words[1], "[") {
			args = append(args, "nobody")
		}
		list = append(list, args)
	})
	return list
}

// TestErrorsInJSON lets everything go wrong that may with every command that prints JSON: standard output has one
// document, which says so and is as the schema has it, and with --log-format json each line of standard error is an
// object. In the short form a part of what begins with reading the configuration is tried.
func TestErrorsInJSON(t *testing.T) {
	t.Parallel()
	_, env := servedCompany(t)
	schema := closedSchema(t, "errors")
	commands := taking("json")
	if len(commands) < 10 {
		t.Fatalf("only %v", commands)
	}
	failed := map[string]int{}
	for kind, trouble := range troubles(t, env) {
		env := cli.Environment{Dir: t.TempDir(), Environ: trouble.environ}
		for name, content := range trouble.files {
			write(t, env.Dir, name, content)
		}
		for _, command := range commands {
			if len(trouble.args) == 0 && quick.Skips(2) {
				continue
			}
			if trouble.stopped {
				signals := make(chan os.Signal, 1)
				signals <- os.Interrupt
				env.Signals = signals
			}
			args := slices.Concat(command, []string{"--log-format", "json", "--json"}, trouble.args)
			if command[0] == "apply" {
				args = append(args, "--auto-approve")
			}
			status, stdout, stderr := runMain(t, env, args...)
			onlyObjects(t, args, stderr)
			if status == cli.ExitDone {
				continue
			}
			failed[strings.Join(command, " ")]++
			if status != cli.ExitFailure && status != cli.ExitPending && (status != cli.ExitInterrupted || !trouble.stopped) {
				t.Errorf("%s: %q: status %d", kind, args, status)
			}
			switch {
			case status == cli.ExitPending:
			case status == cli.ExitInterrupted && strings.Contains(stdout, `"interrupted":true`):
				onlyObjects(t, args, stdout) // the signal was not looked at before the apply had begun, whose events these are
			default:
				oneError(t, kind, args, stdout, schema)
			}
		}
	}
	t.Log(failed)
	for _, command := range commands {
		if n := failed[strings.Join(command, " ")]; n < 6 {
			t.Errorf("%q has failed in %d ways only", command, n)
		}
	}
}

// oneError checks what a command that has failed prints: an error, or a document in which its failing stands.
func oneError(t *testing.T, kind string, args []string, stdout string, schema *jsonschema.Resolved) {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(stdout), &d); err != nil {
		t.Errorf("%s: %q: %v:\n%s", kind, args, err, stdout)
		return
	}
	if d["valid"] == false || d["applicable"] == false {
		return
	}
	if err := schema.Validate(d); err != nil {
		t.Errorf("%s: %q: %v\n%s", kind, args, err, stdout)
		return
	}
	e := d["error"].(map[string]any)
	code, coded := e["code"].(string)
	if e["summary"] == "" || coded != (kind == "a guard" && args[0] == "apply") || coded && !strings.HasPrefix(code, "DF") {
		t.Errorf("%s: %q: %v", kind, args, e)
	}
	if kind == "mistakes in the configuration" && args[0] != "lab" {
		if n := strings.Count(stdout, `"filename":"main.hcl"`); n != 2 || !strings.Contains(stdout, `"start":{"line":2,`) {
			t.Errorf("%q: not both mistakes with their places: %s", args, stdout)
		}
	}
}

// onlyObjects checks that each line of a log is a JSON object with a time, a level and a message.
func onlyObjects(t *testing.T, args []string, stderr string) {
	t.Helper()
	for line := range strings.Lines(stderr) {
		var r struct{ Time, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Time == "" || r.Level == "" || r.Msg == "" {
			t.Errorf("%q: %v: %q", args, err, line)
		}
	}
}

// A lock that another run holds, and one document of several that a command line may ask for, are errors of apply and
// of those that write a file beside their document.
func TestMoreErrorsInJSON(t *testing.T) {
	t.Parallel()
	_, env := servedCompany(t)
	schema := closedSchema(t, "errors")
	held, err := sqlite.Open(t.Context(), filepath.Join(env.Dir, "dirform.dfstate"), store.Options{Holder: "jane", Now: time.Now})
	must(t, err)
	defer held.Close()
	succeed(t, env, "plan", "--out", "saved.dfplan")
	for _, args := range [][]string{
		{"apply", "--auto-approve", "--json"}, {"apply", "saved.dfplan", "--json=1"}, {"apply", "-json"},
		{"plan", "--json", "--aliases-script", "nowhere/x"}, {"show", "saved.dfplan", "--json=T", "--aliases-script", "nowhere/x"},
		{"lint", "--json", "--csv", "nowhere/x"}, {"plan", "--json", "--out", "nowhere/x"}, {"undo", "99", "--json"}, {"show", "main.hcl", "--json"},
		{"history", "99", "--json"}, {"plan", "--json", "--target", "user.nobody"},
	} {
		status, stdout, stderr := runMain(t, env, append(args, "--log-format=json")...)
		if status != cli.ExitFailure {
			t.Errorf("%q: status %d\n%s", args, status, stderr)
		}
		onlyObjects(t, args, stderr)
		oneError(t, "more", args, stdout, schema)
	}
	_, stdout, stderr := runMain(t, env, "apply", "--auto-approve", "--json", "--log-format=json", "--lock-timeout", "20ms")
	onlyObjects(t, []string{"a wait"}, stderr)
	if oneError(t, "more", []string{"a wait"}, stdout, schema); !strings.Contains(stderr, `"level":"INFO","msg":"Waiting for up to 20ms: the state is locked by `) {
		t.Error(stderr)
	}
	// what only looks like the option is none
	for _, args := range [][]string{{"plan", "--target", "--json"}, {"plan", "--json", "--json=false", "--target", "user.nobody"}, {"explain", "--", "--json"}} {
		if status, stdout, _ := runMain(t, env, args...); status != cli.ExitFailure || bytes.ContainsAny([]byte(stdout), "{") {
			t.Errorf("%q: status %d\n%s", args, status, stdout)
		}
	}
}
