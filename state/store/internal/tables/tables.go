// Package tables is a record as tables of a SQL database: what is asked of them and written to them, whichever database has them.
// The dialect is what SQLite and PostgreSQL share. A database may have the tables of one record or of many; so statements are
// written with marks, which [Marks] replaces:
//
//	{t}        what stands before a table's name
//	{mine}     the condition that holds for the rows of this record
//	{record,}  the column, with a comma, that says whose row it is
//	{its,}     the value of that column, with a comma
package tables

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/kept"
)

// From which layout on tables have what: see the layouts of the package that keeps a record in SQLite.
const (
	Deeds  = 4 // what steps count as for guards
	Writes = 5 // how often they wrote
	Origin = 7 // who ran
	Kept   = 9 // what undoing a step takes
)

// Marks replaces the marks of statements.
func Marks(table, mine, column, value string) *strings.Replacer {
	return strings.NewReplacer("{t}", table, "{mine}", mine, "{record,}", column, "{its,}", value)
}

// NotWrittenError says that a row holds what dirform never writes.
type NotWrittenError struct {
	What string // such as "shape 1"
	err  error
}

// Error says which row, and what is wrong with it.
func (e *NotWrittenError) Error() string {
	return fmt.Sprintf("%s is not as dirform writes it: %v", e.What, e.err)
}

// unmarshal takes a text in JSON of a row.
func unmarshal(what, text string, to any) error {
	if err := json.Unmarshal([]byte(text), to); err != nil {
		return &NotWrittenError{what, err}
	}
	return nil
}

// Reader asks a database.
type Reader interface {
	// Each runs f for every row of a query, which must be a small one.
	Each(ctx context.Context, query string, f func(scan func(...any) error) error, args ...any) error
}

// DB is a transaction.
type DB interface {
	Reader
	// Exec runs a statement, and tells how many rows it was about.
	Exec(ctx context.Context, statement string, args ...any) (rows int64, err error)
}

// Tx is a transaction of a run.
type Tx interface {
	DB
	// PutEntries notes steps of a run, in place of those with the same number.
	PutEntries(ctx context.Context, run int64, n int, entry func(i int) *state.Entry) error
	// PutLinks notes links, in place of those with the same anchor.
	PutLinks(ctx context.Context, links []*state.Link) error
	// DropLinks ends links; what is not there is gone already.
	DropLinks(ctx context.Context, gone []Gone) error
}

// From is where a record is read from.
type From interface {
	Reader // asks nothing, and finds nothing, while there is no record
	// Layout is that of the tables.
	Layout() int
	// KeptBy opens what steps have kept.
	KeptBy() (*kept.Sealer, error)
	// Damaged is the error of a record that holds what dirform never writes.
	Damaged(what string) error
}

// Record answers what is asked of a record, but for its links.
type Record struct{ from From }

// NewRecord reads from tables.
func NewRecord(from From) Record { return Record{from} }

// To is where a run is recorded.
type To interface {
	From
	// Transact runs f in one durable transaction. The first one of a run enters it, see [Writer.Enter], and raises the serial if
	// raise says so.
	Transact(ctx context.Context, w *Writer, raise bool, f func(tx Tx, run int64) error) error
	Pages
	// Now is the time.
	Now() time.Time
	// Origin says who runs.
	Origin() origin.Origin
}

// OUs are the scopes' containers as last applied, ordered by scope and declared name.
func (r *Record) OUs(ctx context.Context) ([]state.OU, error) {
	var ous []state.OU
	const query = "SELECT scope, declared, guid FROM {t}ous WHERE {mine} ORDER BY scope, declared"
	err := r.from.Each(ctx, query, func(scan func(...any) error) error {
		var o state.OU
		var guid []byte
		if err := scan(&o.Scope, &o.Declared, &guid); err != nil {
			return err
		}
		copy(o.GUID[:], guid)
		ous = append(ous, o)
		return nil
	})
	return ous, err
}

// whoWrote says who raised the serial since a plan was made. A run that was cut off is the plan's own.
func (r *Record) whoWrote(ctx context.Context, info store.RunInfo) string {
	others := 0
	err := r.from.Each(ctx, "SELECT count(*) FROM {t}runs WHERE {mine} AND serial > $1 AND plan_digest <> $2",
		func(scan func(...any) error) error { return scan(&others) }, info.Serial, info.PlanDigest)
	if err == nil && others == 0 && info.PlanDigest != "" {
		return "a run of this very plan has written since"
	}
	return "another run has written since"
}
