package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// version is the layout of the schema that this program writes. One with a greater version is refused; one with a
// smaller one is read as it is, and brought up to date when a record is locked. Layout 2 checks no longer for each row
// of the two large tables whether the record is there that it belongs to, which took half the time of writing it.
const version = 3

// layouts are the layouts of tables by versions of the schema. From version 3 on it is kept what undoing a step takes.
var layouts = map[int64]int{1: tables.Origin, 2: tables.Origin, 3: tables.Kept}

// upgrades take a layout to the next one: the first is that of layout 1.
var upgrades = []string{
	"ALTER TABLE dirform.links DROP CONSTRAINT links_record_fkey; " +
		"ALTER TABLE dirform.journal DROP CONSTRAINT journal_record_fkey",
	"ALTER TABLE dirform.journal ADD COLUMN kept text NOT NULL DEFAULT ''",
}

// definition makes the schema. The rows of all records stand in the same tables, each with the record that it belongs to. Text is
// ordered by its bytes, as links are streamed. leases.written counts the transactions of the lock that is held.
const definition = `
CREATE SCHEMA IF NOT EXISTS dirform;
CREATE TABLE dirform.schema (version bigint NOT NULL);
CREATE TABLE dirform.leases (name text PRIMARY KEY, fence bigint NOT NULL DEFAULT 0, written bigint NOT NULL DEFAULT 0,
  lock_id text NOT NULL DEFAULT '', holder text NOT NULL DEFAULT '', host text NOT NULL DEFAULT '', ran_by text NOT NULL DEFAULT '',
  ref text NOT NULL DEFAULT '', since timestamptz NOT NULL DEFAULT now(), until timestamptz NOT NULL DEFAULT '-infinity');
CREATE TABLE dirform.records (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE dirform.meta (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, name text, value text NOT NULL,
  PRIMARY KEY (record, name));
CREATE TABLE dirform.shapes (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, id bigint,
  attributes text NOT NULL, PRIMARY KEY (record, id), UNIQUE (record, attributes));
CREATE TABLE dirform.classes (record bigint NOT NULL, id bigint, kind text NOT NULL, scope text NOT NULL, rule text NOT NULL,
  left_scope bigint NOT NULL, shape bigint NOT NULL, PRIMARY KEY (record, id), UNIQUE (record, kind, scope, rule, left_scope, shape),
  FOREIGN KEY (record, shape) REFERENCES dirform.shapes ON DELETE CASCADE);
CREATE TABLE dirform.links (record bigint NOT NULL, anchor text COLLATE "C",
  tenant_id text NOT NULL, source_guid bytea NOT NULL CHECK (octet_length(source_guid) = 16), class bigint NOT NULL,
  fingerprints bytea NOT NULL, left_at bigint NOT NULL, PRIMARY KEY (record, anchor));
CREATE TABLE dirform.ous (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, scope text COLLATE "C",
  declared text COLLATE "C", guid bytea NOT NULL, PRIMARY KEY (record, scope, declared));
CREATE TABLE dirform.runs (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, id bigint, command text NOT NULL,
  serial bigint NOT NULL, started text NOT NULL, finished text NOT NULL, outcome text NOT NULL, counts text NOT NULL,
  plan_digest text NOT NULL, allowed text NOT NULL, scopes text NOT NULL, active text COLLATE "C" NOT NULL, links bigint NOT NULL,
  did text NOT NULL, writes text NOT NULL, ran_by text NOT NULL, ref text NOT NULL, PRIMARY KEY (record, id));
CREATE INDEX runs_active ON dirform.runs (record, active);
CREATE TABLE dirform.journal (record bigint NOT NULL, run bigint, seq bigint,
  key text NOT NULL, kind text NOT NULL, action text NOT NULL, attribute text NOT NULL, status text COLLATE "C" NOT NULL,
  tenant_id text NOT NULL, code text NOT NULL, request_id text NOT NULL, source_writes bigint NOT NULL, tenant_writes bigint NOT NULL,
  deeds text NOT NULL, kept text NOT NULL DEFAULT '', PRIMARY KEY (record, run, seq));
CREATE INDEX journal_open ON dirform.journal (record, run, seq) WHERE status = 'intent';
CREATE INDEX journal_unsure ON dirform.journal (record, run, seq) WHERE status = 'unknown';
`

// there tells which layout the schema has, 0 if it is not there, and refuses that of a newer dirform.
func (d *Database) there(ctx context.Context, tx pgx.Tx) (has int64, err error) {
	var found bool
	// not by to_regclass: within a transaction that has missed the schema once, it may go on missing it
	const asked = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'dirform' AND relname = 'schema')"
	if err := tx.QueryRow(ctx, asked).Scan(&found); err != nil || !found {
		return 0, d.explain(err)
	}
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM dirform.schema").Scan(&has); err != nil {
		return 0, d.explain(err)
	}
	if has > version {
		return 0, &fault.Error{Summary: "the state was written by a newer dirform", Hint: "Upgrade dirform.",
			Detail: fmt.Sprintf("%v: its schema has layout %d; this dirform knows layouts up to %d.", d, has, version)}
	}
	if has < 1 {
		return 0, d.damaged(fmt.Sprintf("it says that it has layout %d", has))
	}
	return has, nil
}

// prepare makes the schema if it is not there, or brings it up to date, one of several runs that come at once.
func (d *Database) prepare(ctx context.Context, tx pgx.Tx) error {
	has, err := d.there(ctx, tx)
	if has == version || err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('dirform schema', 0))"); err != nil {
		return d.explain(err)
	}
	if has, err = d.there(ctx, tx); has == version || err != nil {
		return err
	}
	if has > 0 {
		return d.upgrade(ctx, tx, has)
	}
	_, err = tx.Exec(ctx, definition+"INSERT INTO dirform.schema VALUES ("+strconv.Itoa(version)+")",
		pgx.QueryExecModeSimpleProtocol)
	return d.explain(err)
}

// upgrade brings a schema up to date. Whoever reads a record has it wait, and would have everybody else wait behind it.
func (d *Database) upgrade(ctx context.Context, tx pgx.Tx, has int64) error {
	statements := append([]string{"SET LOCAL lock_timeout = '3s'"}, upgrades[has-1:]...)
	statements = append(statements, "UPDATE dirform.schema SET version = "+strconv.Itoa(version))
	_, err := tx.Exec(ctx, strings.Join(statements, "; "), pgx.QueryExecModeSimpleProtocol)
	refused := &fault.Error{Summary: "the state has to be brought up to date", Err: &hidden{err},
		Detail: fmt.Sprintf("%v: its schema has layout %d, and this dirform writes layout %d. Nothing was changed.",
			d, has, version)}
	var answer *pgconn.PgError
	switch {
	case !errors.As(err, &answer):
		return d.explain(err)
	case answer.Code == insufficientPrivilege:
		refused.Hint = "Run `dirform force-unlock` without an ID as the role that made the schema: only its owner may change it."
	case answer.Code == lockNotAvailable:
		refused.Hint = "Other runs are reading the tables. Try again when they have ended."
	default:
		return d.explain(err)
	}
	return refused
}

// Codes of errors (PostgreSQL 15, appendix A).
const insufficientPrivilege, lockNotAvailable, idleInTransaction = "42501", "55P03", "25P03"

// forget deletes records with all that belongs to them, by their name.
func forget(ctx context.Context, tx pgx.Tx, name string) error {
	for _, table := range []string{"links", "journal"} {
		_, err := tx.Exec(ctx, "DELETE FROM dirform."+table+" WHERE record IN (SELECT id FROM dirform.records "+
			"WHERE name = $1)", name)
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "DELETE FROM dirform.records WHERE name = $1", name)
	return err
}

// marksOf are those of statements about the record with an id.
func marksOf(id int64) func(string) string {
	n := strconv.FormatInt(id, 10)
	return tables.Marks("dirform.", "record = "+n, "record,", n+",").Replace
}
