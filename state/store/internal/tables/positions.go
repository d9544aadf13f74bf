package tables

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dirform/dirform/state/store"
)

// Positions are those of the domain controllers that the last apply read, by the name of the provider; none where a provider has
// one server only.
func (r *Record) Positions(ctx context.Context) (positions map[string]store.Position, err error) {
	err = r.from.Each(ctx, "SELECT value FROM {t}meta WHERE {mine} AND name = 'positions'", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &positions); err != nil {
			return r.from.Damaged(fmt.Sprintf("its positions of domain controllers are not as dirform writes them: %v", err))
		}
		return nil
	})
	return positions, err
}

// notePositions notes the positions of a run in place of those of the last one; nil leaves them.
func notePositions(ctx context.Context, tx DB, positions map[string]store.Position) error {
	if positions == nil {
		return nil
	}
	text, err := json.Marshal(positions)
	if err != nil {
		return err
	}
	return PutMeta(ctx, tx, "positions", string(text))
}
