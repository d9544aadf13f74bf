package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/counts"
)

// closeDead closes runs that were cut off. What they did is counted from their journals; when they ended nobody knows.
// counted says that the record's layout has how much each step wrote.
func closeDead(ctx context.Context, tx *sql.Tx, counted bool) error {
	open, err := openRuns(ctx, tx)
	if err != nil {
		return err
	}
	for _, run := range open {
		sum, err := counts.Of(ctx, tx, run)
		if err != nil {
			return err
		}
		text, err := json.Marshal(sum)
		if err != nil {
			return err
		}
		did, err := deedsOf(ctx, tx, run)
		if err != nil {
			return err
		}
		writes := ""
		if counted {
			if writes, err = writesOf(ctx, tx, run); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "UPDATE runs SET outcome = ?, counts = ?, did = ?, writes = ? WHERE id = ?",
			store.OutcomeDied, string(text), did, writes, run); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE journal SET status = 'unknown', code = 'died' WHERE status = 'intent'")
	return err
}

func openRuns(ctx context.Context, tx *sql.Tx) (ids []int64, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT id FROM runs WHERE outcome = ''")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
