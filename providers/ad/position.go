package ad

import (
	"context"
	"fmt"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/ad/internal/replication"
)

// Position is how far the server's copy of the directory has come.
func (r *Reader) Position(ctx context.Context) (p providers.Position, err error) {
	err = r.s.with(ctx, func(c *conn) (err error) {
		p, err = replication.Position(ctx, c.entry, r.s.root.domain)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("active directory: how far the server has come: %w", explainSearch(err))
	}
	return p, nil
}
