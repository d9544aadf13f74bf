package sqlite

import (
	"context"
	"database/sql"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// marks are those of statements: a file has the tables of one record.
var marks = tables.Marks("", "true", "", "")

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// asked is a connection or a transaction.
type asked struct{ q queryer }

// Each runs f for every row of a query.
func (a asked) Each(ctx context.Context, query string, f func(scan func(...any) error) error, args ...any) error {
	rows, err := a.q.QueryContext(ctx, marks.Replace(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// transaction is one of a run.
type transaction struct {
	asked
	tx      *sql.Tx
	sealing tables.Sealing
}

// Exec runs a statement, and tells how many rows it was about.
func (t *transaction) Exec(ctx context.Context, statement string, args ...any) (int64, error) {
	r, err := t.tx.ExecContext(ctx, marks.Replace(statement), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// PutEntries notes steps of a run, in place of those with the same number.
func (t *transaction) PutEntries(ctx context.Context, run int64, n int, entry func(i int) *state.Entry) error {
	st, err := t.tx.PrepareContext(ctx, "INSERT OR REPLACE INTO journal (run, "+tables.EntryColumns+
		", deeds, kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	for i := range n {
		values, err := tables.EntryValues(run, entry(i), t.sealing.Kept)
		if err != nil {
			return err
		}
		if _, err := st.ExecContext(ctx, append([]any{run}, values...)...); err != nil {
			return err
		}
	}
	return nil
}

// PutLinks notes links, in place of those with the same anchor.
func (t *transaction) PutLinks(ctx context.Context, links []*state.Link) error {
	st, err := t.tx.PrepareContext(ctx, "INSERT OR REPLACE INTO links (anchor, tenant_id, source_guid, class, fingerprints, left_at) VALUES (?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer st.Close()
	// the driver starts a goroutine for each statement whose context may end, which takes a quarter of the time
	row := context.WithoutCancel(ctx)
	for _, l := range links {
		class, sealed, err := t.sealing.Row(ctx, t, l)
		if err != nil {
			return err
		}
		if _, err := st.ExecContext(row, l.Anchor, l.TargetID, l.SourceGUID[:], class, sealed, l.LeftAt); err != nil {
			return err
		}
	}
	return nil
}

// DropLinks ends links.
func (t *transaction) DropLinks(ctx context.Context, gone []tables.Gone) error {
	for _, g := range gone {
		const all, one = "DELETE FROM links WHERE anchor = ?", "DELETE FROM links WHERE anchor = ? AND tenant_id = ?"
		statement, args := all, []any{g.Anchor}
		if g.Of != "" {
			statement, args = one, append(args, g.Of)
		}
		if _, err := t.tx.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}
