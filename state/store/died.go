package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/dirform/dirform/state"
)

// closeDead closes runs that were cut off. What they did is counted from their journals; when they ended nobody knows.
// counted says that the record's layout has how much each step wrote.
func closeDead(ctx context.Context, tx *sql.Tx, counted bool) error {
	open, err := openRuns(ctx, tx)
	if err != nil {
		return err
	}
	for _, run := range open {
		counts, err := journalled(ctx, tx, run)
		if err != nil {
			return err
		}
		text, err := json.Marshal(counts)
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
			OutcomeDied, string(text), did, writes, run); err != nil {
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

// journalCounts counts what became of a run's changes. A change has one entry of its own and one for each of its references; one
// that consists of references alone has its own entry last, so that it is missing if the run was cut off before. A reference that
// was not written counts by itself only if its change was done otherwise.
const journalCounts = `
WITH changes AS (
  SELECT sum(attribute = '') AS own, sum(attribute = '' AND status = 'done') AS done, sum(attribute = '' AND status = 'failed') AS failed,
    sum(attribute = '' AND status = 'skipped') AS skipped, sum(attribute = '' AND status IN ('unknown', 'intent')) AS unknown,
    sum(attribute <> '' AND status <> 'done') AS refs, max(CASE WHEN attribute <> '' AND status <> 'done' THEN status END) AS worst
  FROM journal WHERE run = ? GROUP BY key, kind, action)
SELECT coalesce(sum(done + (own = 0 AND worst IS NULL)), 0), coalesce(sum(failed + (own = 0 AND worst IS 'failed')), 0),
  coalesce(sum(skipped + (own = 0 AND worst IS 'skipped')), 0),
  coalesce(sum(unknown + (own = 0 AND (worst IS 'unknown' OR worst IS 'intent'))), 0), coalesce(sum(CASE WHEN done THEN refs ELSE 0 END), 0)
FROM changes`

// journalled counts the changes of a run that has not told its counts. An intent without a result may have happened or not.
func journalled(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, run int64) (c state.Counts, err error) {
	err = q.QueryRowContext(ctx, journalCounts, run).Scan(&c.Applied, &c.Failed, &c.Skipped, &c.Unknown, &c.References)
	return c, err
}
