package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// version is the layout of the schema that this program writes. One with a greater version is refused.
const version = 1

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
CREATE TABLE dirform.links (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, anchor text COLLATE "C",
  tenant_id text NOT NULL, source_guid bytea NOT NULL CHECK (octet_length(source_guid) = 16), class bigint NOT NULL,
  fingerprints bytea NOT NULL, left_at bigint NOT NULL, PRIMARY KEY (record, anchor));
CREATE TABLE dirform.ous (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, scope text COLLATE "C",
  declared text COLLATE "C", guid bytea NOT NULL, PRIMARY KEY (record, scope, declared));
CREATE TABLE dirform.runs (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, id bigint, command text NOT NULL,
  serial bigint NOT NULL, started text NOT NULL, finished text NOT NULL, outcome text NOT NULL, counts text NOT NULL,
  plan_digest text NOT NULL, allowed text NOT NULL, scopes text NOT NULL, active text COLLATE "C" NOT NULL, links bigint NOT NULL,
  did text NOT NULL, writes text NOT NULL, ran_by text NOT NULL, ref text NOT NULL, PRIMARY KEY (record, id));
CREATE INDEX runs_active ON dirform.runs (record, active);
CREATE TABLE dirform.journal (record bigint NOT NULL REFERENCES dirform.records ON DELETE CASCADE, run bigint, seq bigint,
  key text NOT NULL, kind text NOT NULL, action text NOT NULL, attribute text NOT NULL, status text COLLATE "C" NOT NULL,
  tenant_id text NOT NULL, code text NOT NULL, request_id text NOT NULL, source_writes bigint NOT NULL, tenant_writes bigint NOT NULL,
  deeds text NOT NULL, PRIMARY KEY (record, run, seq));
CREATE INDEX journal_open ON dirform.journal (record, run, seq) WHERE status = 'intent';
CREATE INDEX journal_unsure ON dirform.journal (record, run, seq) WHERE status = 'unknown';
`

// there reports whether the schema is there, and refuses one of a newer dirform.
func (d *Database) there(ctx context.Context, tx pgx.Tx) (bool, error) {
	var found bool
	// not by to_regclass: within a transaction that has missed the schema once, it may go on missing it
	const asked = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'dirform' AND relname = 'schema')"
	if err := tx.QueryRow(ctx, asked).Scan(&found); err != nil || !found {
		return false, d.explain(err)
	}
	var has int64
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM dirform.schema").Scan(&has); err != nil {
		return false, d.explain(err)
	}
	if has > version {
		return false, &fault.Error{Summary: "the state was written by a newer dirform", Hint: "Upgrade dirform.",
			Detail: fmt.Sprintf("%v: its schema has layout %d; this dirform knows layouts up to %d.", d, has, version)}
	}
	if has < 1 {
		return false, d.damaged(fmt.Sprintf("it says that it has layout %d", has))
	}
	return true, nil
}

// prepare makes the schema if it is not there, one of several runs that come at once.
func (d *Database) prepare(ctx context.Context, tx pgx.Tx) error {
	if found, err := d.there(ctx, tx); found || err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('dirform schema', 0))"); err != nil {
		return d.explain(err)
	}
	if found, err := d.there(ctx, tx); found || err != nil {
		return err
	}
	_, err := tx.Exec(ctx, definition+"INSERT INTO dirform.schema VALUES ("+strconv.Itoa(version)+")", pgx.QueryExecModeSimpleProtocol)
	return d.explain(err)
}

// marksOf are those of statements about the record with an id.
func marksOf(id int64) func(string) string {
	n := strconv.FormatInt(id, 10)
	return tables.Marks("dirform.", "record = "+n, "record,", n+",").Replace
}
