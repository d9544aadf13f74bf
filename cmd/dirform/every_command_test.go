package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// jane is somebody of the quickstart who has a link once that is applied.
const jane = "jdoe@contoso.com"

// sample is a run of a command, and how its folder comes to be.
type sample struct {
	args   string
	before func(t *testing.T, dir string)
}

// printing are runs of all commands that end without an error, in a folder of the quickstart that is applied, as far as before does not make
// another of it.
var printing = []sample{
	{"init --lab lab", func(t *testing.T, dir string) { gone(t, dir, "main.hcl") }},
	{"init", func(t *testing.T, dir string) { gone(t, dir, "main.hcl") }},
	{"validate", nil},
	{"validate --json", nil},
	{"fmt", ugly},
	{"fmt --diff", ugly},
	{"fmt --check --diff", ugly},
	{"fmt -", nil},
	{"fmt - --diff", nil},
	{"test", func(t *testing.T, dir string) {
		write(t, dir, "main.dirtest.hcl", "test \"nobody\" {\n  expect {\n    applicable = true\n  }\n}\n")
	}},
	{"snapshot --out plan.dfsnap", nil},
	{"lint", nil},
	{"lint --csv -", nil},
	{"plan", nil},
	{"plan --json", nil},
	{"plan --markdown -", nil},
	{"plan --detailed-exitcode", unapplied},
	{"apply", unapplied},
	{"apply --auto-approve --json", unapplied},
	{"apply saved.dfplan", unapplied},
	{"apply saved.dfplan --json", unapplied},
	{"show", nil},
	{"show --json", nil},
	{"show saved.dfplan", nil},
	{"drift", nil},
	{"drift --json", nil},
	{"explain " + jane, nil},
	{"explain --json " + jane, nil},
	{"state list", nil},
	{"state list --names", nil},
	{"state list --json", nil},
	{"state show " + jane, nil},
	{"state show --json " + jane, nil},
	{"state rm ANCHOR", nil},
	{"state pull", nil},
	{"state push copy.dfstate", nil},
	{"state migrate --from from.txt", func(t *testing.T, dir string) {
		write(t, dir, "from.txt", "state \"file\" {\n  path = \"former.dfstate\"\n}\n")
		if err := os.Rename(dir+"/dirform.dfstate", dir+"/former.dfstate"); err != nil {
			t.Fatal(err)
		}
	}},
	{"state rebuild", func(t *testing.T, dir string) { gone(t, dir, "dirform.dfstate*") }},
	{"history", nil},
	{"history --json", nil},
	{"history 1", nil},
	{"undo", nil},
	{"undo --json", nil},
	{"force-unlock", nil},
	{"keygen", nil},
	{"lab generate other", nil},
	{"lab serve lab", nil},
	{"lab serve lab --json", nil},
	{"lab show", nil},
	{"lab show " + jane, nil},
	{"lab show --json", nil},
	{"lab set tenant " + jane + " jobTitle=I", nil},
	{"lab move OU=Staff,DC=corp,DC=contoso,DC=com OU=People,DC=corp,DC=contoso,DC=com", nil},
	{"lab remove tenant " + jane, nil},
	{"lab reset", nil},
	{"version", nil},
	{"version --json", nil},
	{"--version", nil},
	{"help", nil},
	{"help json", nil},
	{"help DF410", nil},
	{"plan --help", nil},
	{"completion bash", nil},
	{"completion zsh", nil},
	{"completion fish", nil},
	{"completion powershell", nil},
	{"__complete state s", nil},
}

// TestWhateverLocksCanWait runs every command while somebody else has the state: those that this stops, but for the one that frees it, and
// no others, take --lock-timeout.
func TestWhateverLocksCanWait(t *testing.T) {
	t.Parallel()
	base := quickstart(t)
	visitCommands(&failing{}, func(cmd *cobra.Command) {
		path := strings.TrimPrefix(cmd.CommandPath()+" ", "dirform ")
		i := slices.IndexFunc(printing, func(p sample) bool { return strings.HasPrefix(p.args+" ", path) })
		if i < 0 || cmd.HasSubCommands() || strings.HasPrefix(path, "lab ") {
			return
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			dir := copied(t, base, printing[i])
			held, err := sqlite.At(dir+"/dirform.dfstate", nil).Lock(t.Context(), store.Options{Holder: "test"})
			if err != nil {
				t.Fatal(err)
			}
			defer held.Close()
			_, _, said := runMain(t, cli.Environment{Dir: dir}, strings.Fields(printing[i].args)...)
			stopped := strings.Contains(said, "Error: The state is locked\n")
			if waits := cmd.Flags().Lookup("lock-timeout") != nil; stopped != waits && cmd.Name() != "force-unlock" {
				t.Errorf("it takes --lock-timeout: %v\n%s", waits, said)
			}
			if named := regexp.MustCompile(`Wait for it to end; .*\b` + cmd.Name() + `\b`).MatchString(said); stopped && !named && cmd.Name() != "force-unlock" {
				t.Errorf("it is not among those that wait:\n%s", said)
			}
		})
	})
}

// quickstart is a folder of the quickstart, applied.
func quickstart(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/quickstart")); err != nil {
		t.Fatal(err)
	}
	env := cli.Environment{Dir: dir}
	succeed(t, env, "plan", "--out", "saved.dfplan")
	succeed(t, env, "apply", "--auto-approve")
	succeed(t, env, "state", "pull", "--out", "copy.dfstate")
	return dir
}

// copied is a copy of a folder in which p is run.
func copied(t *testing.T, base string, p sample) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
		t.Fatal(err)
	}
	if p.before != nil {
		p.before(t, dir)
	}
	return dir
}

// ugly is a folder with a file that fmt changes.
func ugly(t *testing.T, dir string) { write(t, dir, "ugly.hcl", "locals {\na=1\n}\n") }

// unapplied is a folder as before the apply.
func unapplied(t *testing.T, dir string) {
	gone(t, dir, "dirform.dfstate*")
	succeed(t, cli.Environment{Dir: dir}, "lab", "reset")
}

func gone(t *testing.T, dir, pattern string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// failing is a standard output of which a write fails: that with the number, 0 for none.
type failing struct {
	writes, at int
	err        error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.writes++; f.writes == f.at {
		return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: f.err}
	}
	return len(p), nil
}

// TestALostOutputIsTold runs every command with a standard output that is full, or that nobody reads any more, from the first write on or
// at the last.
func TestALostOutputIsTold(t *testing.T) {
	t.Parallel()
	base := quickstart(t)
	anchor := strings.Fields(succeed(t, cli.Environment{Dir: base}, "state", "list"))[1]
	run := func(t *testing.T, c sample, out *failing) (int, string) {
		var stderr bytes.Buffer
		signals := make(chan os.Signal, 1)
		if strings.HasPrefix(c.args, "lab serve") && out.at == 0 {
			signals <- os.Interrupt
		}
		status := Main(cli.Environment{Args: strings.Fields(strings.Replace(c.args, "ANCHOR", anchor, 1)), Stdin: strings.NewReader(""), Stdout: out, Stderr: &stderr, Dir: copied(t, base, c),
			Now: time.Now, Signals: signals, Environ: []string{"DIRFORM_LAB_RECORD=" + os.Getenv("DIRFORM_LAB_RECORD")}})
		return status, stderr.String()
	}
	for _, c := range printing {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			var whole failing
			status, said := run(t, c, &whole)
			if strings.Contains(said, "Error:") || status == cli.ExitPartial || status == cli.ExitInterrupted {
				t.Fatalf("status %d\n%s", status, said)
			}
			for _, at := range slices.Compact([]int{min(1, whole.writes), whole.writes}) {
				if at == 0 {
					break
				}
				status, said := run(t, c, &failing{at: at, err: syscall.ENOSPC})
				// what is done and recorded is told all the same
				partial := status == cli.ExitPartial && (strings.Contains(said, "\nApply complete: 4 changes.\n") ||
					strings.Contains(said, "\nRecorded 3 links in dirform.dfstate.\n"))
				if status != cli.ExitFailure && !partial || !strings.Contains(said, "Error: Write /dev/stdout: no space left on device\n") {
					t.Errorf("full at write %d of %d: status %d\n%s", at, whole.writes, status, said)
				}
				status, said = run(t, c, &failing{at: at, err: syscall.EPIPE})
				if status != cli.ExitInterrupted || !strings.Contains(said, "Error: Nobody reads standard output any more\n") ||
					strings.Count(said, "Error:") != 1 {
					t.Errorf("unread from write %d of %d on: status %d\n%s", at, whole.writes, status, said)
				}
			}
		})
	}
	visitCommands(&failing{}, func(cmd *cobra.Command) {
		path := strings.TrimPrefix(cmd.CommandPath()+" ", "dirform ")
		for _, c := range printing {
			if strings.HasPrefix(c.args+" ", path) || cmd.HasSubCommands() {
				return
			}
		}
		t.Errorf("%s is not among the commands that are run", cmd.CommandPath())
	})
}
