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
