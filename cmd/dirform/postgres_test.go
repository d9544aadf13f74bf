package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dirform/dirform/state/store/storetest"
)

// TestPostgres runs testdata/postgres/*.txtar, each with a database of its own at $POSTGRES.
func TestPostgres(t *testing.T) {
	server := storetest.StartServer(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/postgres",
		Setup: func(e *testscript.Env) error {
			e.Setenv("POSTGRES", server.Database())
			return nil
		},
	})
}
