package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts call dirform: the test binary runs again under that name, and is then dirform itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dirform": main, "dirform-counted": countedPlanCommand, "dirform-measured": measuredCommand})
}

// TestScript runs testdata/script/*.txtar, the specification of the command line: <command>_<case>.txtar, whose first line says
// what it shows. UPDATE_SCRIPTS=1 rewrites the expected outputs that "cmp" compares; read the difference before committing it.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireUniqueNames:  true,
		RequireExplicitExec: false,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DIRFORM_LAB_RECORD", os.Getenv("DIRFORM_LAB_RECORD"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
	})
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
