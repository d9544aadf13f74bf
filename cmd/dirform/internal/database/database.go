// Package database finds records in PostgreSQL for the commands.
//
// It stands by itself for the sake of those who build dirform: the Go command compiles what is imported first before the rest. The
// types of PostgreSQL's driver take half a gigabyte to compile and SQLite more, and a small machine has no room for both at once.
package database

import (
	"fmt"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/state/store/postgres"
)

// At is the place of a record in the database that a configuration declares. Where neither its address nor PostgreSQL's own
// environment has a password, it is a token of Entra, fetched anew for each connection, if the environment signs in there. admit says
// whether hosts may get either; without its word nothing is sent.
func At(declared *config.Database, getenv func(string) string, admit func(hosts []string) error) (*postgres.Database, error) {
	p, err := postgres.New(declared.URL, declared.Name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", declared.DeclaredAt, err)
	}
	if err := admit(p.Hosts()); err != nil {
		return nil, err
	}
	if !p.NeedsPassword() {
		return p, nil
	}
	get, ok, err := entra.DatabaseTokens(p.Hosts(), getenv)
	if err != nil {
		return nil, err
	}
	if ok {
		p = p.WithTokens(get)
	}
	return p, nil
}
