// Package postgres keeps records in a PostgreSQL database that all runners reach: several of them, by name, in the schema dirform.
//
// It works through a pooler in transaction mode: nothing is kept in a session, and no statement is prepared by name.
//
// # Lock
//
// A record's lock is a row that says who has it until when. It lasts 30 s and is renewed every 10 s and with each transaction; one
// that has expired may be taken over. Whoever takes it raises its fence, and every transaction that writes checks the fence of its
// own lock in the same row: a holder that was paused and wakes up cannot write any more.
//
// # Lost connections
//
// A transaction whose connection is lost is tried again while the lock lasts. Each has a number in the lock's row, so that one
// whose commit went through without an answer is not made twice.
//
// # Roles
//
// A role that plans reads the tables, one that applies writes them, and their owner makes them and brings them up to
// date, with the first lock: `dirform help sign-in` has the statements.
package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
	"github.com/dirform/dirform/state/visible"
)

// Database is the place of a record in a PostgreSQL database.
type Database struct {
	name   string
	config *pgx.ConnConfig
	times
	// token is a password for each connection; nil if there is none.
	token func(context.Context) (string, error)
	// keys are those of encryption, which wrap the record's key; nil leaves it in the clear.
	keys *seal.Keys
}

var _ store.Place = (*Database)(nil)

// keys are what an address may say. Whoever writes a configuration writes the address, so it can neither have other
// files read than certificates and their keys (service, servicefile, passfile), nor set the session up (options, role,
// search_path).
var keys = []string{"host", "port", "user", "password", "dbname", "connect_timeout", "target_session_attrs",
	"channel_binding", "require_auth", "sslmode", "sslnegotiation", "sslrootcert", "sslcert", "sslkey"}

// files are the keys that name files.
var files = []string{"sslrootcert", "sslcert", "sslkey"}

// New names a record in the database at an address, which is a secret: it may hold a password. What it leaves open,
// such as the password, PostgreSQL's own environment variables say, but for sslmode. Nothing is connected to.
func New(address, name string) (*Database, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, &fault.Error{Summary: "the address of the state's database is none of PostgreSQL",
			Hint: "Write it as postgres://USER:PASSWORD@HOST/DATABASE; characters such as @ and / in a password as %40 and %2F."}
	}
	if err := checkQuery(u.Query()); err != nil {
		return nil, err
	}
	if q := u.Query(); q.Get("sslmode") == "" && !local(u.Hostname()) && !strings.HasPrefix(q.Get("host"), "/") {
		q.Set("sslmode", "verify-full")
		u.RawQuery = q.Encode()
	}
	var o pgx.ParseConfigOptions
	o.ConnStringAllowedKeys = append([]string{"database"}, keys...) // what pgx calls dbname, and the path
	config, err := pgx.ParseConfigWithOptions(u.String(), o)
	if err != nil { // its text may hold parts of the address
		return nil, &fault.Error{Summary: "the address of the state's database cannot be used",
			Detail: "One of its parameters, or a file that it names, is not as PostgreSQL has it.",
			Hint:   "Try it with psql; dirform verifies TLS, so sslrootcert must be a readable file if it is given."}
	}
	if config.Host == "" {
		return nil, &fault.Error{Summary: "the address of the state's database names no host"}
	}
	if !verified(config.Host, config.TLSConfig) {
		return nil, unverified(config.Host)
	}
	for _, f := range config.Fallbacks {
		if !verified(f.Host, f.TLSConfig) {
			return nil, unverified(f.Host)
		}
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.RuntimeParams["application_name"] = "dirform"
	config.ConnectTimeout = 10 * time.Second
	return &Database{name: name, config: config, times: usual}, nil
}

// checkQuery refuses what an address may not say, and files that might never end.
func checkQuery(q url.Values) error {
	for key := range q {
		if !slices.Contains(keys, key) {
			return &fault.Error{
				Summary: "the address of the state's database has a parameter that dirform does not take",
				Detail:  "It may have: " + strings.Join(keys, ", ") + ".",
				Hint: "Leave others out. Where a service file, a password file or options are needed, " +
					"PGSERVICE, PGPASSFILE and PGOPTIONS name them."}
		}
	}
	for _, key := range files {
		for _, file := range q[key] {
			if _, err := bounds.ReadFile(file, bounds.Credential); err != nil && file != "" && file != "system" {
				return &fault.Error{Summary: "the " + key + " in the address of the state's database cannot be read",
					Detail: "It has to be a regular file, of certificates or of a key.", Err: &hidden{err}}
			}
		}
	}
	return nil
}

// Encrypted is the place of the same record with its key wrapped by keys, by the first of them from the first run on that
// writes. Without keys it is in the clear.
func (d *Database) Encrypted(keys *seal.Keys) *Database {
	e := *d
	e.keys = keys
	return &e
}

// NeedsPassword reports whether neither the address nor PostgreSQL's own environment has a password.
func (d *Database) NeedsPassword() bool { return d.config.Password == "" }

// WithTokens is the place of the same record with a password that is taken anew for each connection.
func (d *Database) WithTokens(get func(context.Context) (string, error)) *Database {
	t := *d
	t.token = get
	return &t
}

// local reports whether a host is this machine: a loopback address, or the folder of a Unix socket.
func local(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasPrefix(host, "/") || err == nil && ip.IsLoopback()
}

// verified reports whether a server is known to be the one that it is taken for.
func verified(host string, c *tls.Config) bool {
	return local(host) || c != nil && !c.InsecureSkipVerify && c.ServerName != ""
}

func unverified(host string) error {
	return &fault.Error{Summary: "the state's database would be asked without verified TLS",
		Detail: visible.Sprintf("The address asks for an sslmode below verify-full, and %s is not this machine.", host),
		Hint:   "Leave sslmode out, or write sslmode=verify-full; sslrootcert=FILE names a certificate authority of your own."}
}

// Hosts are the hosts that the password is sent to; none on this machine.
func (d *Database) Hosts() (hosts []string) {
	all := []string{d.config.Host}
	for _, f := range d.config.Fallbacks {
		all = append(all, f.Host)
	}
	for _, h := range all {
		if local(h) {
			continue
		}
		h = strings.TrimSuffix(strings.ToLower(h), ".")
		if ip, err := netip.ParseAddr(h); err == nil {
			h = ip.String()
		}
		hosts = append(hosts, h)
	}
	return hosts
}

// String names the record, its database and the server, without user and password.
func (d *Database) String() string {
	return visible.Sprintf("%q in PostgreSQL database %q on %s", d.name, d.config.Database, d.config.Host)
}

// connect opens a connection.
func (d *Database) connect(ctx context.Context) (*pgx.Conn, error) {
	config := d.config.Copy()
	if d.token != nil {
		var err error
		if config.Password, err = d.token(ctx); err != nil {
			return nil, err
		}
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, d.explain(err, config.Password)
	}
	return c, nil
}

// explain names the record in a database error, and keeps the password out of it.
func (d *Database) explain(err error, secrets ...string) error {
	var known fault.Described
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	var row *tables.NotWrittenError
	if errors.As(err, &row) {
		return d.damaged(row.Error())
	}
	text := err.Error()
	for _, secret := range append(secrets, d.config.Password) {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "***")
			}
		}
	}
	hint := ""
	var answer *pgconn.PgError
	if errors.As(err, &answer) && answer.Code == insufficientPrivilege {
		hint = "\"dirform help sign-in\" has the rights that planning and applying take, and how the tables are made."
	}
	return &fault.Error{Summary: "the state " + d.String() + " cannot be used", Detail: text + ".", Hint: hint,
		Err: &hidden{err}}
}

// hidden is an error whose own text is not shown.
type hidden struct{ err error }

func (h *hidden) Error() string { return "the database refused" }
func (h *hidden) Unwrap() error { return h.err }

func (d *Database) damaged(what string) error {
	return &fault.Error{Summary: "the state is damaged", Detail: d.String() + ": " + what + ".", Err: store.ErrDamaged,
		Hint: "Restore it from a backup, or make it anew from both directories with `dirform state rebuild`."}
}
