package tables

import (
	"context"

	"github.com/dirform/dirform/state"
)

// ofAll counts what became of a run's changes. A change has one entry of its own and one for each of its references; one
// that consists of references alone has its own entry last, so that it is missing if the run was cut off before. A reference that
// was not written counts by itself only if its change was done otherwise.
const ofAll = `
WITH changes AS (
  SELECT count(*) FILTER (WHERE attribute = '') AS own, count(*) FILTER (WHERE attribute = '' AND status = 'done') AS done,
    count(*) FILTER (WHERE attribute = '' AND status = 'failed') AS failed,
    count(*) FILTER (WHERE attribute = '' AND status = 'skipped') AS skipped,
    count(*) FILTER (WHERE attribute = '' AND status IN ('unknown', 'intent')) AS unsure,
    count(*) FILTER (WHERE attribute <> '' AND status <> 'done') AS refs,
    max(CASE WHEN attribute <> '' AND status <> 'done' THEN status END) AS worst
  FROM {t}journal WHERE {mine} AND run = $1 GROUP BY key, kind, action)
SELECT coalesce(CAST(sum(done + CASE WHEN own = 0 AND worst IS NULL THEN 1 ELSE 0 END) AS bigint), 0),
  coalesce(CAST(sum(failed + CASE WHEN own = 0 AND worst = 'failed' THEN 1 ELSE 0 END) AS bigint), 0),
  coalesce(CAST(sum(skipped + CASE WHEN own = 0 AND worst = 'skipped' THEN 1 ELSE 0 END) AS bigint), 0),
  coalesce(CAST(sum(unsure + CASE WHEN own = 0 AND worst IN ('unknown', 'intent') THEN 1 ELSE 0 END) AS bigint), 0),
  coalesce(CAST(sum(CASE WHEN done > 0 THEN refs ELSE 0 END) AS bigint), 0)
FROM changes`

// byAction counts the changes that ofAll counts as done, by action.
const byAction = `
SELECT action, count(*) FROM (
  SELECT action, count(*) FILTER (WHERE attribute = '') AS own, count(*) FILTER (WHERE attribute = '' AND status = 'done') AS done,
    max(CASE WHEN attribute <> '' AND status <> 'done' THEN status END) AS worst
  FROM {t}journal WHERE {mine} AND run = $1 GROUP BY key, kind, action) AS changes
WHERE done > 0 OR own = 0 AND worst IS NULL GROUP BY action`

// counted counts the changes of a run by its journal. An intent without a result may have happened or not.
func counted(ctx context.Context, q Reader, run int64) (c state.Counts, err error) {
	err = q.Each(ctx, ofAll, func(scan func(...any) error) error {
		return scan(&c.Applied, &c.Failed, &c.Skipped, &c.Unknown, &c.References)
	}, run)
	if err != nil || c.Applied == 0 {
		return c, err
	}
	c.Actions = map[state.Action]int{}
	err = q.Each(ctx, byAction, func(scan func(...any) error) error {
		var action string
		var n int
		if err := scan(&action, &n); err != nil {
			return err
		}
		c.Actions[state.Action(action)] = n
		return nil
	}, run)
	return c, err
}
