package bound

import (
	"context"
	"database/sql"
	"encoding/binary"
)

// Clear is a link's fingerprints as layouts 1 and 2 have them, which seal nothing.
type Clear struct {
	Anchor       string
	Fingerprints []uint64
}

// ClearPage reads up to chunk links that follow an anchor.
func ClearPage(ctx context.Context, tx *sql.Tx, after string, chunk int) (page []Clear, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT anchor, fingerprints FROM links WHERE anchor > ? AND length(fingerprints) > 0
		ORDER BY anchor LIMIT ?`, after, chunk)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l Clear
		var b []byte
		if err := rows.Scan(&l.Anchor, &b); err != nil {
			return nil, err
		}
		for ; len(b) >= 8; b = b[8:] {
			l.Fingerprints = append(l.Fingerprints, binary.LittleEndian.Uint64(b))
		}
		page = append(page, l)
	}
	return page, rows.Err()
}
