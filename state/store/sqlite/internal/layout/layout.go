// Package layout is how a record lies in its SQLite file: the tables, and what takes an older layout to the next one.
package layout

import (
	"context"
	"database/sql"
	"fmt"

	record "github.com/dirform/dirform/state/store/internal/tables"
)

// Version is the layout this program writes. A record with a greater one is refused; one with a smaller one is read as it
// is, and brought up to date in the transaction of the first run that writes. Layout 2 added links.left_at; layout 3 mints a key
// and has fingerprints sealed by it; layout 4 notes what runs did as far as guards count it, and layout 5 how often they wrote to
// each directory; layout 6 seals fingerprints for the whole of their link; layout 7 notes who ran, and for which commit; in
// layout 8 the key may be wrapped; layout 9 keeps what undoing a step takes.
const (
	Version = Kept
	Sealed  = 3
	Deeds   = record.Deeds
	Writes  = record.Writes
	Bound   = 6
	Origin  = record.Origin
	Wrapped = 8
	Kept    = record.Kept
)

// ApplicationID marks a SQLite file as a dirform record ("dfst"), so that another application's database is not touched.
const ApplicationID = 0x64667374

// tables creates an empty record. Links carry a class (kind, scope, rule, left, shape) instead of repeating five columns a
// million times; the view links_readable joins them for people. Fingerprints are as package seal has them. Times are RFC
// 3339 text in UTC, but for links.left_at, which is seconds since 1970 because links are many. What a step counts as, and a run has
// done, is a JSON object by the keys of state.Deeds, or empty; runs.active is when a run last wrote; runs.writes is a state.Writes in
// JSON, empty where it is not known.
const tables = `
CREATE TABLE schema (version INTEGER NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE shapes (id INTEGER PRIMARY KEY, attributes TEXT NOT NULL UNIQUE);
CREATE TABLE classes (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, scope TEXT NOT NULL, rule TEXT NOT NULL,
  left_scope INTEGER NOT NULL, shape INTEGER NOT NULL REFERENCES shapes (id), UNIQUE (kind, scope, rule, left_scope, shape));
CREATE TABLE links (anchor TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, source_guid BLOB NOT NULL CHECK (length(source_guid) = 16),
  class INTEGER NOT NULL REFERENCES classes (id), fingerprints BLOB NOT NULL, left_at INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE ous (scope TEXT NOT NULL, declared TEXT NOT NULL, guid BLOB NOT NULL, PRIMARY KEY (scope, declared)) WITHOUT ROWID;
CREATE TABLE runs (id INTEGER PRIMARY KEY, command TEXT NOT NULL, serial INTEGER NOT NULL, started TEXT NOT NULL,
  finished TEXT NOT NULL, outcome TEXT NOT NULL, counts TEXT NOT NULL, plan_digest TEXT NOT NULL, allowed TEXT NOT NULL,
  scopes TEXT NOT NULL, active TEXT NOT NULL DEFAULT '', links INTEGER NOT NULL DEFAULT 0,
  did TEXT NOT NULL DEFAULT '', writes TEXT NOT NULL DEFAULT '', ran_by TEXT NOT NULL DEFAULT '', ref TEXT NOT NULL DEFAULT '');
CREATE TABLE journal (run INTEGER NOT NULL, seq INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, action TEXT NOT NULL,
  attribute TEXT NOT NULL, status TEXT NOT NULL, tenant_id TEXT NOT NULL, code TEXT NOT NULL, request_id TEXT NOT NULL,
  deeds TEXT NOT NULL DEFAULT '', kept TEXT NOT NULL DEFAULT '', source_writes INTEGER NOT NULL DEFAULT 0, tenant_writes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, seq)) WITHOUT ROWID;
CREATE INDEX journal_open ON journal (run, seq) WHERE status = 'intent';
` + deedIndexes + readableView

// deedIndexes find the runs of the last hours, and the steps of which nobody knows whether they were written.
const deedIndexes = `CREATE INDEX runs_active ON runs (active);
CREATE INDEX journal_unsure ON journal (run, seq) WHERE status = 'unknown';
`

// readableView is the view links_readable.
const readableView = `
CREATE VIEW links_readable AS SELECT l.anchor, c.kind, c.scope, l.tenant_id, hex(l.source_guid) AS source_guid, c.rule,
  c.left_scope, CASE l.left_at WHEN 0 THEN '' ELSE strftime('%Y-%m-%dT%H:%M:%SZ', l.left_at, 'unixepoch') END AS left_at,
  s.attributes FROM links l JOIN classes c ON c.id = l.class JOIN shapes s ON s.id = c.shape;
`

// AddLeftAt takes layout 1 to layout 2.
const AddLeftAt = "ALTER TABLE links ADD COLUMN left_at INTEGER NOT NULL DEFAULT 0; DROP VIEW links_readable;" + readableView

// AddDeeds takes layout 3 to layout 4. What runs before that did is not counted.
const AddDeeds = `ALTER TABLE runs ADD COLUMN active TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN links INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN did TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN deeds TEXT NOT NULL DEFAULT '';
` + deedIndexes

// AddWrites takes layout 4 to layout 5. What runs before that wrote to each directory is not known.
const AddWrites = `ALTER TABLE runs ADD COLUMN writes TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN source_writes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN tenant_writes INTEGER NOT NULL DEFAULT 0;
`

// AddOrigin takes layout 6 to layout 7. Who ran before that is not known.
const AddOrigin = `ALTER TABLE runs ADD COLUMN ran_by TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN ref TEXT NOT NULL DEFAULT '';
`

// AddKept takes layout 8 to layout 9. Of what runs before that wrote over nothing is known.
const AddKept = "ALTER TABLE journal ADD COLUMN kept TEXT NOT NULL DEFAULT '';"

// Create writes an empty record into a database that has no tables yet.
func Create(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, tables); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", ApplicationID)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO schema (version) VALUES (?)", Version)
	return err
}
