package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// checkLayout gives the layout of the record that the database holds, and refuses what is not one or was written by a newer dirform.
func checkLayout(ctx context.Context, c *sql.Conn, path string) (version int, err error) {
	var tables, app int64
	if err := c.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return 0, explain(path, err)
	}
	if tables == 0 {
		return 0, damaged(path, "it holds nothing, not even an empty record")
	}
	if err := c.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return 0, explain(path, err)
	}
	if app != layout.ApplicationID {
		return 0, &fault.Error{Summary: "this is not a dirform state", Hint: "Name another file in state \"file\" { path }.",
			Detail: path + " is a SQLite database that belongs to another application."}
	}
	if err := plainTables(ctx, c, path); err != nil {
		return 0, err
	}
	if err := c.QueryRowContext(ctx, "SELECT version FROM schema").Scan(&version); err != nil {
		return 0, explain(path, err)
	}
	if version > layout.Version {
		return 0, &fault.Error{Summary: "the state was written by a newer dirform", Hint: "Upgrade dirform.",
			Detail: fmt.Sprintf("%s has layout %d; this dirform knows layouts up to %d.", path, version, layout.Version)}
	}
	if version < 1 {
		return 0, damaged(path, fmt.Sprintf("it says that it has layout %d", version))
	}
	return version, nil
}

// What a record's schema has: tables with indexes, and one view for people, which nothing here reads. The texts are as SQLite
// writes them down (https://www.sqlite.org/schematab.html); a row of another text would make something else of its name.
const (
	otherThanTables = `SELECT count(*) FROM sqlite_schema WHERE (
		type = 'table' AND sql LIKE 'CREATE TABLE %'
		OR type = 'index' AND (sql IS NULL OR sql LIKE 'CREATE INDEX %')
		OR type = 'view' AND name = 'links_readable' AND sql LIKE 'CREATE VIEW links_readable AS %') IS NOT TRUE`
	computedColumns = `SELECT count(*) FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c
		WHERE t.type = 'table' AND c.hidden <> 0`
)

// plainTables refuses a file in which reading a table may compute what is read: a view has rows without end, or others each time,
// or is larger than memory, and a trigger writes. Files come from others too, and nothing else is read of one before.
func plainTables(ctx context.Context, c *sql.Conn, path string) error {
	for _, query := range []string{otherThanTables, computedColumns} {
		var n int
		if err := c.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return explain(path, err)
		}
		if n > 0 {
			return damaged(path, "it has views, triggers, virtual tables or computed columns, which dirform never makes")
		}
	}
	return nil
}
