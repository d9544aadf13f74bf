package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts call dirform: the test binary runs again under that name, and is then dirform itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dirform": main, "dirform-counted": countedPlanCommand})
}

// TestScript runs testdata/script/*.txtar, the specification of the command line: <command>_<case>.txtar, whose first line says
// what it shows. UPDATE_SCRIPTS=1 rewrites the expected outputs that "cmp" compares; read the difference before committing it.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireUniqueNames:  true,
		RequireExplicitExec: false,
	})
}
