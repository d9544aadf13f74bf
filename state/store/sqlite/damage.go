package sqlite

import (
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// explain names the file in a database error. What says already what is wrong, a fault, is left as it is.
func explain(path string, err error) error {
	var known fault.Described
	var database *sqlite.Error
	var row *tables.NotWrittenError
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.As(err, &row):
		return damaged(path, row.Error())
	case errors.As(err, &database) && unreadable(database.Code()), errors.Is(err, sql.ErrNoRows):
		return &fault.Error{Summary: fmt.Sprintf("%s is not readable as a dirform state", path), Hint: restoreIt,
			Detail: fault.Sentence(err), Err: errors.Join(store.ErrDamaged, err)}
	}
	return &fault.Error{Summary: fmt.Sprintf("the state %s cannot be used", path), Err: err}
}

// unreadable reports whether an error of SQLite means that the file is not what dirform wrote. SQLITE_ERROR is one:
// it says that a table or column is missing, since the statements themselves are right.
func unreadable(code int) bool {
	switch code & 0xff {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR:
		return true
	}
	return false
}

// restoreIt is what to do about a state that cannot be read any more.
const restoreIt = "Restore it from a backup, or make it anew from both directories with `dirform state rebuild`."

// damaged is the error of a state that holds what dirform never writes.
func damaged(path, what string) error {
	return &fault.Error{Summary: "the state is damaged", Detail: path + ": " + what + ".", Hint: restoreIt,
		Err: store.ErrDamaged}
}
