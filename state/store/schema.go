package store

import (
	"context"
	"database/sql"
	"fmt"
)

// schemaVersion is the layout this program writes. A record with a greater one is refused.
const schemaVersion = 1

// applicationID marks a SQLite file as a dirform record ("dfst"), so that another application's database is not touched.
const applicationID = 0x64667374

// layout creates an empty record. Links carry a class (kind, scope, rule, left, shape) instead of repeating five columns a
// million times; the view links_readable joins them for people. Times are RFC 3339 text in UTC.
const layout = `
CREATE TABLE schema (version INTEGER NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE shapes (id INTEGER PRIMARY KEY, attributes TEXT NOT NULL UNIQUE);
CREATE TABLE classes (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, scope TEXT NOT NULL, rule TEXT NOT NULL,
  left_scope INTEGER NOT NULL, shape INTEGER NOT NULL REFERENCES shapes (id), UNIQUE (kind, scope, rule, left_scope, shape));
CREATE TABLE links (anchor TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, source_guid BLOB NOT NULL CHECK (length(source_guid) = 16),
  class INTEGER NOT NULL REFERENCES classes (id), fingerprints BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE ous (scope TEXT NOT NULL, declared TEXT NOT NULL, guid BLOB NOT NULL, PRIMARY KEY (scope, declared)) WITHOUT ROWID;
CREATE TABLE runs (id INTEGER PRIMARY KEY, command TEXT NOT NULL, serial INTEGER NOT NULL, started TEXT NOT NULL,
  finished TEXT NOT NULL, outcome TEXT NOT NULL, counts TEXT NOT NULL, plan_digest TEXT NOT NULL, allowed TEXT NOT NULL,
  scopes TEXT NOT NULL);
CREATE TABLE journal (run INTEGER NOT NULL, seq INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, action TEXT NOT NULL,
  attribute TEXT NOT NULL, status TEXT NOT NULL, tenant_id TEXT NOT NULL, code TEXT NOT NULL, request_id TEXT NOT NULL,
  PRIMARY KEY (run, seq)) WITHOUT ROWID;
CREATE INDEX journal_open ON journal (run, seq) WHERE status = 'intent';
CREATE VIEW links_readable AS SELECT l.anchor, c.kind, c.scope, l.tenant_id, hex(l.source_guid) AS source_guid, c.rule,
  c.left_scope, s.attributes FROM links l JOIN classes c ON c.id = l.class JOIN shapes s ON s.id = c.shape;
`

// createLayout writes an empty record into a database that has no tables yet.
func createLayout(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, layout); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO schema (version) VALUES (?)", schemaVersion)
	return err
}

// checkLayout says whether the database holds a record, and refuses what is not one or was written by a newer dirform.
func checkLayout(ctx context.Context, c *sql.Conn, path string) (exists bool, err error) {
	var tables, app int64
	if err := c.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return false, explain(path, err)
	}
	if tables == 0 {
		return false, nil // created, but cut off before its first transaction: nothing was recorded
	}
	if err := c.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return false, explain(path, err)
	}
	if app != applicationID {
		return false, fmt.Errorf("%s is a SQLite database, but not a dirform state: it belongs to another application; "+
			"name another file in state \"file\" { path }", path)
	}
	var version int
	if err := c.QueryRowContext(ctx, "SELECT version FROM schema").Scan(&version); err != nil {
		return false, explain(path, err)
	}
	if version > schemaVersion {
		return false, fmt.Errorf("the state %s has layout %d, written by a newer dirform; this one knows layouts up to %d: upgrade dirform",
			path, version, schemaVersion)
	}
	return true, nil
}
