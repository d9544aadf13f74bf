package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/postgres"
	"github.com/dirform/dirform/state/store/storetest"
)

func place(t testing.TB, address, name string) store.Place {
	t.Helper()
	p, err := postgres.New(address, name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMain(m *testing.M) {
	storetest.Child(openPlace)
	os.Exit(storetest.Main(m))
}

// openPlace opens a place by its name for tests: the record's name, the word brief if its locks last for a second, or
// usual, and the address.
func openPlace(name string) (store.Place, error) {
	part := strings.Fields(name)
	p, err := postgres.New(part[2], part[0])
	if err == nil && part[1] == "brief" {
		p = p.Brief()
	}
	return p, err
}

// TestPostgresProcesses: several processes, and killed ones, directly and through a pooler.
func TestPostgresProcesses(t *testing.T) {
	t.Parallel()
	server := storetest.SharedServer(t)
	address := server.Database()
	for how, address := range map[string]string{"direct": address, "pooled": server.Pooled(address)} {
		n := 0
		t.Run(how, func(t *testing.T) {
			storetest.RunProcesses(t, openPlace, func(t *testing.T) string {
				n++
				return fmt.Sprintf("%s-%d usual %s", how, n, address)
			})
		})
	}
}

func TestPostgresPlace(t *testing.T) {
	t.Parallel()
	shared := storetest.SharedServer(t).Database() // other records lie beside each in the same tables
	n := 0
	storetest.Run(t, func(t *testing.T) func() store.Place {
		n++
		name := fmt.Sprintf("%s %d", t.Name(), n)
		return func() store.Place { return place(t, shared, name) }
	})
}

// TestPostgresPooledPlace: a pooler that gives each transaction any session makes no difference.
func TestPostgresPooledPlace(t *testing.T) {
	server := storetest.SharedServer(t)
	shared := server.Pooled(server.Database())
	n := 0
	storetest.Run(t, func(t *testing.T) func() store.Place {
		n++
		name := fmt.Sprintf("%s %d", t.Name(), n)
		return func() store.Place { return place(t, shared, name) }
	})
}

// TestPostgresEncryptedPlace: no row of a record that keys have written shows its own key.
func TestPostgresEncryptedPlace(t *testing.T) {
	t.Parallel()
	server := storetest.SharedServer(t)
	shared := server.Database()
	n := 0
	storetest.RunEncrypted(t, func(t *testing.T) func(*seal.Keys) store.Place {
		n++
		name := fmt.Sprintf("%s %d", t.Name(), n)
		return func(keys *seal.Keys) store.Place {
			p, err := postgres.New(shared, name)
			if err != nil {
				t.Fatal(err)
			}
			return p.Encrypted(keys)
		}
	})
	const keys = "SELECT count(*) FILTER (WHERE name = 'key'), count(*) FILTER (WHERE name = 'wrapped_key') > 2 FROM dirform.meta"
	if got := server.Ask(shared, keys); got != "0|t" {
		t.Errorf("records in the clear, and wrapped ones: %s", got)
	}
}

var options = store.Options{Holder: "apply by jane@runner pid 7"}

func lock(t testing.TB, p store.Place) store.Locked {
	t.Helper()
	l, err := p.Lock(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func begin(t testing.TB, l store.Locked) store.Writer {
	t.Helper()
	w, err := l.Begin(t.Context(), store.RunInfo{Lineage: "lineage-1", Serial: l.Meta().Serial,
		SourceSID: l.Meta().SourceSID, TenantID: l.Meta().TenantID})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func link(n int) *state.Link {
	return &state.Link{Anchor: fmt.Sprintf("anchor-%d", n), Kind: state.User}
}

func intents(w store.Writer, seq int64) error {
	return w.Intents(context.Background(), []state.Entry{{Seq: seq, Key: "k", Kind: state.User, Action: state.ActionCreate}})
}

// TestPostgresFence: a holder that was paused for too long and wakes up cannot write, nor free the lock that somebody else has by now.
func TestPostgresFence(t *testing.T) {
	t.Parallel()
	server := storetest.SharedServer(t)
	address := server.Database()
	p := place(t, address, "contoso")
	paused := lock(t, p)
	w := begin(t, paused)
	if err := intents(w, 1); err != nil {
		t.Fatal(err)
	}
	server.Ask(address, "UPDATE dirform.leases SET until = now() - interval '1 second'")
	next := lock(t, p)
	if old, ok := next.TookOver(); !ok || old.Holder != options.Holder {
		t.Errorf("the holder that is replaced is not named: %+v", old)
	}
	for what, err := range map[string]error{"intents": intents(w, 2), "links": w.Records(t.Context(), []*state.Link{link(1)}),
		"end": w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil)} {
		var lost *store.LostError
		if !errors.As(err, &lost) || lost.By == nil {
			t.Errorf("%s were written without the lock: %v", what, err)
		}
	}
	if err := paused.Close(); err != nil {
		t.Error(err)
	}
	var locked *store.LockedError
	if _, err := p.Lock(t.Context(), options); !errors.As(err, &locked) {
		t.Error("the former holder has freed the lock of the next one:", err)
	}
	if err := intents(begin(t, next), 2); err != nil {
		t.Errorf("the holder cannot write: %v", err)
	}
	r, err := p.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	runs, err := r.Runs(t.Context(), 0)
	if err != nil || len(runs) != 2 || runs[1].Outcome != store.OutcomeDied || r.Meta().Serial != 2 {
		t.Errorf("%+v, serial %d, %v", runs, r.Meta().Serial, err)
	}
}

func TestPostgresForceUnlock(t *testing.T) {
	p := place(t, storetest.SharedServer(t).Database(), "contoso")
	w := begin(t, lock(t, p))
	var locked *store.LockedError
	if _, err := p.Lock(t.Context(), options); !errors.As(err, &locked) || locked.Until.IsZero() {
		t.Fatal(err)
	}
	if err := p.ForceUnlock(t.Context(), locked.Info.ID); err != nil {
		t.Fatal(err)
	}
	var lost *store.LostError
	if err := intents(w, 1); !errors.As(err, &lost) || lost.By != nil {
		t.Errorf("a run whose lock was freed goes on: %v", err)
	}
	lock(t, p)
}

// TestPostgresRestart: a run outlives a crash of the server between any two of its calls, and a record has each of them once.
func TestPostgresRestart(t *testing.T) {
	t.Parallel()
	server := storetest.StartServer(t)
	p := place(t, server.Database(), "contoso")
	l := lock(t, p)
	w := begin(t, l)
	crash := func() { server.Stop(); server.Start() }
	crash()
	for n := range 3 {
		if err := intents(w, int64(n+1)); err != nil {
			t.Fatal(err)
		}
		crash()
		if _, _, err := l.Link(t.Context(), link(0).Anchor); err != nil {
			t.Fatal(err)
		}
		crash()
		if err := w.Records(t.Context(), []*state.Link{link(n)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 3}, nil); err != nil {
		t.Fatal(err)
	}
	crash()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := server.Query("records1", "SELECT count(*), sum(serial) FROM dirform.runs"); got != "1|1" {
		t.Errorf("runs and serials: %s", got)
	}
	if got := server.Query("records1", "SELECT count(*) FROM dirform.links"); got != "3" {
		t.Errorf("links: %s", got)
	}
}

// TestPostgresRoles: whoever may only read can plan, but neither lock nor make a record.
func TestPostgresRoles(t *testing.T) {
	server := storetest.SharedServer(t)
	address := server.Database()
	server.Ask(address, "CREATE ROLE reader LOGIN; CREATE ROLE writer LOGIN")
	as := func(role string) store.Place {
		return place(t, strings.Replace(address, "postgres:pass%40word", role, 1), "contoso")
	}
	if r, err := as("reader").Load(t.Context()); err != nil || r.Meta().Exists {
		t.Errorf("a database without records: %v", err)
	} else {
		r.Close()
	}
	if _, err := as("writer").Lock(t.Context(), options); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a schema was made by whom it is not allowed: %v", err)
	}
	l := lock(t, place(t, address, "contoso"))
	if err := begin(t, l).Records(t.Context(), []*state.Link{link(1)}); err != nil {
		t.Fatal(err)
	}
	l.Close()
	server.Ask(address, `GRANT USAGE ON SCHEMA dirform TO reader, writer; GRANT SELECT ON ALL TABLES IN SCHEMA dirform TO reader, writer;
		GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA dirform TO writer`)
	r, err := as("reader").Load(t.Context())
	if err != nil || r.Meta().Serial != 1 {
		t.Fatal(err)
	}
	r.Close()
	if _, err := as("reader").Lock(t.Context(), options); err == nil {
		t.Error("a reader has the lock")
	}
	if err := begin(t, lock(t, as("writer"))).Records(t.Context(), []*state.Link{link(2)}); err != nil {
		t.Error(err)
	}
}

// TestAddresses: off this machine only verified TLS will do, and no error has the password.
func TestAddresses(t *testing.T) {
	for _, env := range []string{"PGHOST", "PGSSLMODE", "PGPASSWORD", "PGUSER", "PGSERVICE"} {
		t.Setenv(env, "")
		os.Unsetenv(env)
	}
	const secret = "Pa55word"
	for address, want := range map[string]string{
		"postgres://u:Pa55word@db.contoso.com/d":                                "",
		"postgres://u:Pa55word@db.contoso.com/d?sslmode=verify-full":            "",
		"postgres://u:Pa55word@127.0.0.1/d":                                     "",
		"postgres://u:Pa55word@localhost/d?sslmode=disable":                     "",
		"postgres://u:Pa55word@[::1]/d":                                         "",
		"postgres://u:Pa55word@/d?host=/run/postgresql":                         "",
		"postgres://u:Pa55word@db.contoso.com/d?sslmode=disable":                "without verified TLS",
		"postgres://u:Pa55word@db.contoso.com/d?sslmode=prefer":                 "without verified TLS",
		"postgres://u:Pa55word@db.contoso.com/d?sslmode=require":                "without verified TLS",
		"postgres://u:Pa55word@db.contoso.com/d?sslmode=verify-ca":              "without verified TLS",
		"postgres://u:Pa55word@127.0.0.1,db.contoso.com/d?sslmode=prefer":       "without verified TLS",
		"postgres://u:Pa55word@127.0.0.1/d?host=db.contoso.com&sslmode=disable": "without verified TLS",
		"postgres://u:Pa55word@db.contoso.com/d?sslrootcert=/no/such/Pa55word":  "cannot be read",
		"postgres://u:Pa55word@db.contoso.com:Pa55word/d":                       "none of PostgreSQL",
		"host=db.contoso.com password=Pa55word":                                 "none of PostgreSQL",
		"postgres://u:Pa55word@db.contoso.com/d?service=Pa55word":               "does not take",
		"postgres://u:Pa55word@db.contoso.com/d?servicefile=/tmp/Pa55word":      "does not take",
		"postgres://u:Pa55word@db.contoso.com/d?passfile=/tmp/Pa55word":         "does not take",
		"postgres://u:Pa55word@db.contoso.com/d?hostaddr=192.0.2.1":             "does not take",
		"postgres://u:Pa55word@db.contoso.com/d?options=-csearch_path=Pa55word": "does not take",
		"postgres://u:Pa55word@db.contoso.com/d?sslrootcert=/dev/zero":          "cannot be read",
		"postgres://u:Pa55word@db.contoso.com/d?sslkey=/dev/zero":               "cannot be read",
		"postgres://u:Pa55word@db.contoso.com/d?sslrootcert=system":             "",
		"mysql://u:Pa55word@db.contoso.com/d":                                   "none of PostgreSQL",
	} {
		p, err := postgres.New(address, "contoso")
		text := fmt.Sprint(err)
		if p != nil {
			text = p.String()
		}
		if (err == nil) != (want == "") || want != "" && !strings.Contains(text, want) || strings.Contains(text, secret) {
			t.Errorf("%s: %s", address, text)
		}
	}
	t.Setenv("PGSSLMODE", "disable")
	if _, err := postgres.New("postgres://u@db.contoso.com/d", "contoso"); err != nil {
		t.Error("the environment has changed what the address leaves open:", err)
	}
	p, err := postgres.New("postgres://u:Pa55word@127.0.0.1:1/d", "contoso")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Load(t.Context()); err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, fault.Describe(err)), secret) {
		t.Error(err)
	}
}

// TestHosts: whichever part of an address names a host, it is among those that get the password.
func TestHosts(t *testing.T) {
	for _, env := range []string{"PGHOST", "PGSSLMODE", "PGPASSWORD", "PGUSER", "PGSERVICE"} {
		t.Setenv(env, "")
		os.Unsetenv(env)
	}
	for address, want := range map[string]string{
		"postgres://127.0.0.1/d":                                                    "",
		"postgres://u@/d?host=/run/postgresql":                                      "",
		"postgres://DB.contoso.com./d":                                              "db.contoso.com",
		"postgres://a.example,b.example:6432/d":                                     "a.example b.example",
		"postgres://127.0.0.1,evil.example/d":                                       "evil.example",
		"postgres://127.0.0.1/d?host=evil.example&sslmode=verify-full":              "evil.example",
		"postgres://db.contoso.com/d?host=/tmp,evil.example":                        "",
		"postgres://[2001:DB8:0::1]/d":                                              "2001:db8::1",
		"postgres://127.1/d":                                                        "127.1",
		"postgres://0.0.0.0/d":                                                      "0.0.0.0",
		"postgres://localhost.evil.example/d":                                       "localhost.evil.example",
		"postgres://evil.postgres.database.azure.com/d":                             "evil.postgres.database.azure.com",
		"postgres://login.microsoftonline.com@evil.example/d":                       "evil.example",
		"postgres://u:p@127.0.0.1%2Cevil.example/d":                                 "",
		"postgres://127.0.0.1/d?host=evil.example&host=/tmp":                        "",
		"postgres://127.0.0.1/d?host=/tmp&host=evil.example":                        "",
		"postgres://127.0.0.1/d?host=%65vil.example&sslmode=verify-full":            "evil.example",
		"postgres:///d?host=@evil.example&sslmode=verify-full":                      "@evil.example",
		"postgres:///d?host=C:%5Cevil.example&sslmode=prefer":                       "",
		"postgres://127.0.0.1/d?host=127.0.0.1,EVIL.example...&sslmode=verify-full": "evil.example..",
	} {
		p, err := postgres.New(address, "contoso")
		if err != nil { // it names a host twice, or one without verified TLS
			if want != "" {
				t.Errorf("%s: %v", address, err)
			}
			continue
		}
		got := slices.Compact(slices.Sorted(slices.Values(p.Hosts())))
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, not %q", address, got, want)
		}
	}
	t.Setenv("PGHOST", "evil.example")
	if p, err := postgres.New("postgres:///d", "contoso"); err != nil || fmt.Sprint(p.Hosts()) != "[evil.example]" {
		t.Error("a host of the environment:", p, err)
	}
}

// TestFirstVersion of the schema keeps nothing of steps: its records are read as they are, and the first run brings it up to date.
func TestFirstVersion(t *testing.T) {
	server := storetest.StartServer(t)
	p := place(t, server.Database(), "contoso")
	run := func() {
		l := lock(t, p)
		m := l.Meta()
		w, err := l.Begin(t.Context(), store.RunInfo{Lineage: "lineage", Serial: m.Serial})
		if err == nil {
			err = w.Intents(t.Context(), []state.Entry{{Seq: 1, Key: "a", Kept: &state.Kept{Scope: "staff"}}})
		}
		if err := errors.Join(err, l.Close()); err != nil {
			t.Fatal(err)
		}
	}
	run()
	server.Query("records1", "ALTER TABLE dirform.journal DROP COLUMN kept; UPDATE dirform.schema SET version = 2")
	kept := func() (scopes []string) {
		r, err := p.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for _, id := range []int64{1, 2} {
			for e, err := range r.Journal(t.Context(), id) {
				switch {
				case err != nil:
					t.Fatal(err)
				case e.Kept == nil:
					scopes = append(scopes, "")
				default:
					scopes = append(scopes, e.Kept.Scope)
				}
			}
		}
		return scopes
	}
	if got := kept(); !slices.Equal(got, []string{""}) {
		t.Errorf("as it is: %q", got)
	}
	run()
	if got := kept(); !slices.Equal(got, []string{"", "staff"}) {
		t.Errorf("brought up to date: %q", got)
	}
}
