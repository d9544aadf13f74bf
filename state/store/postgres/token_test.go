package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/postgres"
	"github.com/dirform/dirform/state/store/storetest"
)

// TestPostgresTokens: a token is the password of each new connection, the one of that time, and is never told.
func TestPostgresTokens(t *testing.T) {
	t.Parallel()
	server := storetest.StartServer(t)
	address := server.Database()
	server.Ask(address, "CREATE ROLE app LOGIN SUPERUSER PASSWORD 'token-1'")
	server.DemandPasswords()
	given := 1
	address = strings.Replace(address, "postgres:pass%40word", "app", 1)
	p, err := postgres.New(address, "contoso")
	if err != nil || !p.NeedsPassword() {
		t.Fatal(err)
	}
	tokens := p.WithTokens(func(context.Context) (string, error) { return fmt.Sprintf("token-%d", given), nil })
	l := lock(t, tokens)
	w := begin(t, l)
	if err := intents(w, 1); err != nil {
		t.Fatal(err)
	}
	// the token has changed when the connection is lost
	given = 2
	server.Ask(address, "ALTER ROLE app PASSWORD 'token-2'; SELECT pg_terminate_backend(pid) FROM "+
		"pg_stat_activity WHERE application_name = 'dirform'")
	if err := w.Records(t.Context(), []*state.Link{link(1)}); err != nil {
		t.Fatal(err)
	}
	given = 3
	if _, err := tokens.Load(t.Context()); err == nil || strings.Contains(err.Error(), "token-3") ||
		!strings.Contains(err.Error(), "password authentication failed") {
		t.Error(err)
	}
	none := errors.New("nobody is signed in")
	if _, err := p.WithTokens(func(context.Context) (string, error) {
		return "",
			none
	}).Load(t.Context()); !errors.Is(err, none) {
		t.Error(err)
	}
	given = 2
}
