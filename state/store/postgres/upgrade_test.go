package postgres_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/storetest"
)

// oldRecord makes a record as the version of dirform that had layout 1 left it, with three links.
func oldRecord(t *testing.T, server *storetest.Server) (address string) {
	t.Helper()
	made := server.Database()
	fill(t, place(t, made, "contoso"), []*state.Link{link(1), link(2), link(3)})
	address = server.Database()
	schema, err := os.ReadFile("testdata/layout1.sql")
	if err != nil {
		t.Fatal(err)
	}
	server.Ask(address, string(schema))
	server.CopyRows(made, address, "dirform.records", "dirform.meta", "dirform.shapes", "dirform.classes",
		"dirform.links", "dirform.runs", "dirform.journal")
	return address
}

func version(server *storetest.Server, address string) string {
	return server.Ask(address, "SELECT version, (SELECT count(*) FROM pg_constraint WHERE conname IN "+
		"('links_record_fkey', 'journal_record_fkey')) FROM dirform.schema")
}

// TestPostgresOldLayout: a schema of layout 1 is read as it is, without a change; who locks a record brings it up to
// date, one of many who come at once, and loses nothing.
func TestPostgresOldLayout(t *testing.T) {
	server := storetest.SharedServer(t)
	address := oldRecord(t, server)
	p := place(t, address, "contoso")
	if n := read(t, p); n != 3 || version(server, address) != "1|2" {
		t.Fatalf("%d links, layout %s", n, version(server, address))
	}
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		all.Go(func() {
			l, err := place(t, address, name).Lock(t.Context(), options)
			if err != nil {
				t.Error(err)
				return
			}
			l.Close()
		})
	}
	all.Wait()
	if got := version(server, address); got != "3|0" {
		t.Errorf("after locking it has layout %s", got)
	}
	l := lock(t, p)
	if err := begin(t, l).Records(t.Context(), []*state.Link{link(4)}); err != nil || l.Meta().Serial != 2 {
		t.Error(err, l.Meta().Serial)
	}
	if n := read(t, p); n != 4 {
		t.Errorf("%d links", n)
	}
}

// TestPostgresOldLayoutRefused: a role that may not change the schema is told who can, and while somebody reads nobody
// waits.
func TestPostgresOldLayoutRefused(t *testing.T) {
	t.Parallel()
	server := storetest.SharedServer(t)
	address := oldRecord(t, server)
	role := server.Role(address, "GRANT USAGE ON SCHEMA dirform TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE "+
		"ON ALL TABLES IN SCHEMA dirform TO {role}")
	refused := func(p store.Place, want string) {
		t.Helper()
		_, err := p.Lock(t.Context(), options)
		if err == nil || !strings.Contains(fault.Describe(err).Hint, want) || version(server, address) != "1|2" {
			t.Errorf("%v, layout %s", err, version(server, address))
		}
	}
	refused(place(t, role, "contoso"), "only its owner may change it")
	if n := read(t, place(t, role, "contoso")); n != 3 {
		t.Errorf("%d links", n)
	}
	r, err := place(t, address, "contoso").Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range r.Links(t.Context()) {
		break
	}
	refused(place(t, address, "contoso"), "Try again")
	r.Close()
	lock(t, place(t, address, "contoso"))
}

// TestPostgresNewerLayout: the schema of a newer dirform is refused, and left as it is.
func TestPostgresNewerLayout(t *testing.T) {
	server := storetest.SharedServer(t)
	address := server.Database()
	p := place(t, address, "contoso")
	fill(t, p, []*state.Link{link(1)})
	server.Ask(address, "UPDATE dirform.schema SET version = 99")
	_, read := p.Load(t.Context())
	_, locked := p.Lock(t.Context(), options)
	for _, err := range []error{read, locked} {
		if err == nil || !strings.Contains(err.Error(), "written by a newer dirform") {
			t.Error(err)
		}
	}
	if got := version(server, address); got != "99|0" {
		t.Error(got)
	}
}

func TestPostgresDamagedPlace(t *testing.T) {
	t.Parallel()
	server := storetest.SharedServer(t)
	shared := server.Database()
	storetest.RunDamaged(t, 4, func(t *testing.T) (func() store.Place, func(func(table, mine string) string)) {
		name := strings.ReplaceAll(t.Name(), "'", "")
		return func() store.Place { return place(t, shared, name) }, func(marks func(table, mine string) string) {
			server.Ask(shared, marks("dirform.", "record = (SELECT id FROM dirform.records WHERE name = '"+name+"')"))
		}
	})
}
