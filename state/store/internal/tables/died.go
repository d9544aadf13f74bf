package tables

import (
	"context"
	"encoding/json"

	"github.com/dirform/dirform/state/store"
)

// closeDead closes runs that were cut off. What they did is counted from their journals; when they ended nobody knows.
// writesKnown says that the record's layout has how much each step wrote.
func closeDead(ctx context.Context, tx DB, writesKnown bool) error {
	open, err := openRuns(ctx, tx)
	if err != nil {
		return err
	}
	for _, run := range open {
		sum, err := counted(ctx, tx, run)
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
		if writesKnown {
			if writes, err = writesOf(ctx, tx, run); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE {t}runs SET outcome = $1, counts = $2, did = $3, writes = $4 WHERE {mine} AND id = $5",
			store.OutcomeDied, string(text), did, writes, run); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "UPDATE {t}journal SET status = 'unknown', code = 'died' WHERE {mine} AND status = 'intent'")
	return err
}

func openRuns(ctx context.Context, tx DB) (ids []int64, err error) {
	err = tx.Each(ctx, "SELECT id FROM {t}runs WHERE {mine} AND outcome = ''", func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}
