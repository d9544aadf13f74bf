// Package counts counts what became of the changes of a run that has not told it, by its journal.
package counts

import (
	"context"
	"database/sql"

	"github.com/dirform/dirform/state"
)

// Queryer is a connection or a transaction.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// ofAll counts what became of a run's changes. A change has one entry of its own and one for each of its references; one
// that consists of references alone has its own entry last, so that it is missing if the run was cut off before. A reference that
// was not written counts by itself only if its change was done otherwise.
const ofAll = `
WITH changes AS (
  SELECT sum(attribute = '') AS own, sum(attribute = '' AND status = 'done') AS done, sum(attribute = '' AND status = 'failed') AS failed,
    sum(attribute = '' AND status = 'skipped') AS skipped, sum(attribute = '' AND status IN ('unknown', 'intent')) AS unknown,
    sum(attribute <> '' AND status <> 'done') AS refs, max(CASE WHEN attribute <> '' AND status <> 'done' THEN status END) AS worst
  FROM journal WHERE run = ? GROUP BY key, kind, action)
SELECT coalesce(sum(done + (own = 0 AND worst IS NULL)), 0), coalesce(sum(failed + (own = 0 AND worst IS 'failed')), 0),
  coalesce(sum(skipped + (own = 0 AND worst IS 'skipped')), 0),
  coalesce(sum(unknown + (own = 0 AND (worst IS 'unknown' OR worst IS 'intent'))), 0), coalesce(sum(CASE WHEN done THEN refs ELSE 0 END), 0)
FROM changes`

// byAction counts the changes that ofAll counts as done, by action.
const byAction = `
SELECT action, count(*) FROM (
  SELECT action, sum(attribute = '') AS own, sum(attribute = '' AND status = 'done') AS done,
    max(CASE WHEN attribute <> '' AND status <> 'done' THEN status END) AS worst
  FROM journal WHERE run = ? GROUP BY key, kind, action)
WHERE done OR own = 0 AND worst IS NULL GROUP BY action`

// Of counts the changes of a run by its journal. An intent without a result may have happened or not.
func Of(ctx context.Context, q Queryer, run int64) (c state.Counts, err error) {
	err = q.QueryRowContext(ctx, ofAll, run).Scan(&c.Applied, &c.Failed, &c.Skipped, &c.Unknown, &c.References)
	if err != nil || c.Applied == 0 {
		return c, err
	}
	rows, err := q.QueryContext(ctx, byAction, run)
	if err != nil {
		return c, err
	}
	defer rows.Close()
	c.Actions = map[state.Action]int{}
	for rows.Next() {
		var action state.Action
		var n int
		if err := rows.Scan(&action, &n); err != nil {
			return c, err
		}
		c.Actions[action] = n
	}
	return c, rows.Err()
}
