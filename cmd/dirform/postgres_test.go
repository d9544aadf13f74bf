package main

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state/store/storetest"
)

// TestPostgres runs testdata/postgres/*.txtar, each with a database of its own at $POSTGRES, or at $POSTGRES_NOBODY
// without a user. The command grant carries out the statements of a paragraph of "dirform help sign-in", of which its
// argument is the beginning, in that database.
func TestPostgres(t *testing.T) {
	server := storetest.StartServer(t)
	t.Run("lost lock", func(t *testing.T) { lostLockInJSON(t, server.Database()) })
	testscript.Run(t, testscript.Params{
		Dir: "testdata/postgres",
		Setup: func(e *testscript.Env) error {
			address := server.Database()
			e.Setenv("POSTGRES", address)
			e.Setenv("POSTGRES_NOBODY", strings.Replace(address, "postgres:pass%40word@", "", 1)) // PGUSER says who
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"grant": func(ts *testscript.TestScript, _ bool,
			args []string) {
			_, text, _ := runMain(t, cli.Environment{}, "help", "sign-in")
			at := strings.Index(text, "\n    "+args[0])
			if at < 0 {
				ts.Fatalf("the help has no statement that begins with %s", args[0])
			}
			statements, _, _ := strings.Cut(text[at:], "\n\n")
			address := ts.Getenv("POSTGRES")
			database := address[strings.LastIndex(address, "/")+1:]
			server.Ask(address, strings.ReplaceAll(statements, "DATABASE contoso", "DATABASE "+database))
		}},
	})
}
