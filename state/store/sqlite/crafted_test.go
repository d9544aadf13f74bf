package sqlite_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// TestCraftedFiles: a file that somebody made so that reading it does not end, or gives something else each time, is refused before
// that is read, in whichever way it is opened.
func TestCraftedFiles(t *testing.T) {
	endless := "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) "
	for what, statements := range map[string]string{
		"a layout without end": "DROP TABLE schema; CREATE VIEW schema AS " + endless + "AS version FROM c",
		"an identity without end": `ALTER TABLE meta RENAME TO was;
			CREATE VIEW meta AS SELECT name, value FROM was UNION ALL SELECT * FROM (` + endless + `, '' FROM c)`,
		"other links each time": `PRAGMA foreign_keys = 0; DROP VIEW links_readable; ALTER TABLE links RENAME TO was;
			CREATE VIEW links AS SELECT hex(randomblob(16)) AS anchor, tenant_id, source_guid, class, fingerprints, left_at FROM was`,
		"another view for people": "CREATE VIEW more AS SELECT * FROM links",
		"a trigger":               "CREATE TRIGGER t AFTER UPDATE ON meta BEGIN DELETE FROM links; END",
		"a virtual table":         "CREATE VIRTUAL TABLE v USING fts5(a)",
		"a computed column":       "ALTER TABLE meta ADD COLUMN large BLOB AS (zeroblob(900000000))",
		"a trigger as a table": `PRAGMA writable_schema = 1; INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
			VALUES ('table', 't', 'meta', 0, 'CREATE TRIGGER t AFTER UPDATE ON meta BEGIN DELETE FROM links; END')`,
	} {
		t.Run(what, func(t *testing.T) {
			path, _ := aRecord(t, 3)
			execute(t, path, statements)
			_, reading := sqlite.OpenReadOnly(t.Context(), path)
			_, writing := sqlite.Open(t.Context(), path, store.Options{Holder: "test"})
			for _, err := range []error{reading, writing} {
				if !errors.Is(err, store.ErrDamaged) {
					t.Error(err)
				}
			}
		})
	}
	path, _ := aRecord(t, 3)
	execute(t, path, "UPDATE meta SET value = CAST(zeroblob(70000000) AS TEXT) WHERE name = 'tenant_id'")
	if _, err := sqlite.OpenReadOnly(t.Context(), path); err == nil || !strings.Contains(err.Error(), "too big") {
		t.Error(err)
	}
}
