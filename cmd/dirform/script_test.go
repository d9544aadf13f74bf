package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/unicode"

	"github.com/dirform/dirform/state/quick"
)

// TestMain lets scripts call dirform: the test binary runs again under that name, and is then dirform itself.
func TestMain(m *testing.M) {
	testscript.Main(waiting{m}, map[string]func(){"dirform": mainBeside, "dirform-at": standingClock, "dirform-counted": countedPlanCommand, "dirform-measured": measuredCommand})
}

// waiting runs twice as many tests at once as there are processors, unless -parallel says otherwise: they wait for a tenant that
// is slow on purpose, and for processes that start.
type waiting struct{ *testing.M }

func (m waiting) Run() int {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
	}
	return m.M.Run()
}

// TestScript runs testdata/script/*.txtar, the specification of the command line: <command>_<case>.txtar, whose first line says
// what it shows. UPDATE_SCRIPTS=1 rewrites the expected outputs that "cmp" compares; read the difference before committing it.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireUniqueNames:  true,
		WorkdirRoot:         quick.Root(t),
		RequireExplicitExec: false,
		Setup: func(e *testscript.Env) error {
			e.Values[rehearsalKey{}] = &rehearsal{}
			e.Setenv("DIRFORM_LAB_RECORD", os.Getenv("DIRFORM_LAB_RECORD"))
			// a thousand short lives: what one of them leaves behind is collected with its process
			e.Setenv("GOGC", "off")
			e.Setenv("GOMEMLIMIT", "200MiB")
			// nor is what they say to directories on the same machine kept from computers of the next decades
			e.Setenv("GODEBUG", "tlsmlkem=0")
			return nil
		},
		Condition: scriptCondition,
		Cmds:      scriptCommands(),
	})
}

// scriptCommands are the commands of scripts beside dirform.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){"status": status, "forge": forge,
		"serve-tenant": serveTenant, "tokens": tokens, "certificate": certificate, "hushed": hushed, "wide": wide}
}

// scriptCondition answers what scripts ask of the machine.
func scriptCondition(name string) (bool, error) {
	if name != "mounts" { // a script may mount a disk of its own
		return false, fmt.Errorf("unknown condition %q", name)
	}
	return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=600k", "none", os.TempDir()).Run() == nil, nil
}

// standingClock is dirform whose clock stands still: "dirform-at 2026-10-20T08:00:00Z plan". Only dirform's own clock does; that of
// an embedded lab goes on, as a directory's does.
func standingClock() {
	env := process()
	if len(env.Args) == 0 {
		env.Args = []string{""}
	}
	at, err := time.Parse(time.RFC3339, env.Args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, "usage: dirform-at TIME COMMAND...:", err)
		os.Exit(1)
	}
	env.Args, env.Now = env.Args[1:], func() time.Time { return at }
	os.Exit(Main(env))
}

// wide is a command of scripts: "wide FILE..." puts files in UTF-8 into UTF-16 with a byte order mark.
func wide(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: wide FILE...")
	}
	for _, name := range args {
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(ts.ReadFile(name))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// status is a command of scripts: "status 2 dirform drift" fails unless dirform drift ends with status 2.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := "0"
	switch {
	case errors.As(err, &exit):
		got = strconv.Itoa(exit.ExitCode())
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("status %s, want %s", got, args[0])
	}
}
