package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state/quick"
)

// besideVariable has dirform, in scripts, make each plan from a snapshot too.
const besideVariable = "DIRFORM_TEST_BESIDE"

// TestPlansFromSnapshots runs all scripts about plans once more, where each plan is held against one from a snapshot that was taken of
// the same configuration, directories and state: they are the same but for their headers. In the short form it is a few of the scripts.
func TestPlansFromSnapshots(t *testing.T) {
	var files []string
	for _, pattern := range []string{"plan_*", "apply_*", "names_*", "privilege_*", "directory_sync_*", "encryption_*"} {
		found, err := filepath.Glob("testdata/script/" + pattern + ".txtar")
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		files = append(files, found...)
	}
	// a filter that names an attribute by its object identifier, which a snapshot cannot tell, is refused
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "plan_unknown_names.txtar") || quick.Skips(12) })
	testscript.Run(t, testscript.Params{Files: files, WorkdirRoot: quick.Root(t), RequireExplicitExec: false,
		Setup: func(e *testscript.Env) error {
			e.Values[rehearsalKey{}] = &rehearsal{}
			e.Setenv(besideVariable, e.WorkDir)
			return nil
		},
		Condition: scriptCondition, Cmds: scriptCommands()})
}

// mainBeside is dirform; where a script is run for it, a plan from a snapshot beside each plan has to be the same.
func mainBeside() {
	env := process()
	if dir := os.Getenv(besideVariable); dir != "" && len(env.Args) > 0 && env.Args[0] == "plan" && !slices.Contains(env.Args, "--snapshot") {
		if err := plansAlike(env, dir); err != nil {
			fmt.Fprintln(os.Stderr, "BESIDE:", err)
			os.Exit(97)
		}
	}
	main()
}

// ownHeader is what no two plans share.
var ownHeader = regexp.MustCompile(`"created_at":"[^"]*",|"snapshot":\{[^}]*\},|"lineage":"[^"]*",`)

func plansAlike(env cli.Environment, dir string) error {
	at := env.Now()
	run := func(args ...string) (string, int) {
		var out, errs bytes.Buffer
		e := cli.Environment{Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: io.MultiWriter(&errs), Environ: env.Environ, Dir: env.Dir,
			Now: func() time.Time { return at }}
		status := cli.Main(e, commands)
		return ownHeader.ReplaceAllString(out.String(), ""), status
	}
	variables, limits := kept(env.Args, "--var", "--var-file"), kept(env.Args, "--target", "--exclude", "--allow")
	file := filepath.Join(dir, "beside.dfsnapshot")
	live, status := run(slices.Concat([]string{"plan", "--json"}, variables, limits)...)
	if !strings.HasPrefix(live, `{"format_version"`) {
		return nil // no plan can be made
	}
	if _, s := run(slices.Concat([]string{"snapshot", "--out", file}, variables)...); s != 0 {
		out, _ := run(slices.Concat([]string{"snapshot", "--out", file, "--log-format", "json"}, variables)...)
		return fmt.Errorf("no snapshot: %s", out)
	}
	defer os.Remove(file)
	from, s := run(slices.Concat([]string{"plan", "--json", "--snapshot", file}, variables, limits)...)
	if from == live && s == status {
		return nil
	}
	return fmt.Errorf("status %d, and %d from a snapshot\nlive:     %s\nsnapshot: %s", status, s, differing(live, from), differing(from, live))
}

// differing are the lines of a that b does not have.
func differing(a, b string) string {
	have := strings.Split(b, "\n")
	var lines []string
	for line := range strings.SplitSeq(a, "\n") {
		if !slices.Contains(have, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// kept are the options of these names with their values.
func kept(args []string, names ...string) (list []string) {
	for i, a := range args {
		name, _, joined := strings.Cut(a, "=")
		if slices.Contains(names, name) {
			list = append(list, a)
			if !joined && i+1 < len(args) {
				list = append(list, args[i+1])
			}
		}
	}
	return list
}
