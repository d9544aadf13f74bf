// Package bound says what a link's fingerprints are sealed for: the whole of the link, so that none of it is another one
// without a word. A bit that flips in an account's id would else give the link to somebody else.
package bound

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/seal"
)

// Label stands for everything that a class says of its links.
type Label [16]byte

// NewLabel is the label of links that have all this in common.
func NewLabel(kind state.Kind, scope, rule string, left bool, shape *state.Shape) Label {
	var text []byte
	for _, part := range append([]string{string(kind), scope, rule}, shape.Names()...) {
		text = append(append(text, part...), 0)
	}
	if left {
		text = append(text, 1)
	}
	sum := sha256.Sum256(text)
	return Label(sum[:16])
}

// Append appends what the fingerprints of a link with a label are sealed for to b.
func Append(b []byte, l *state.Link, label Label) []byte {
	b = append(append(b, l.Anchor...), 0)
	b = append(append(b, l.TargetID...), 0)
	b = append(b, l.SourceGUID[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(l.LeftAt))
	return append(b, label[:]...)
}

// Labels gives the label of a class; ok is false for a class that is not known.
type Labels func(class int64) (l Label, ok bool)

// Refuse makes the error for the link of an anchor that is not as it was written.
type Refuse func(anchor string) error

// Old seals for the whole of their links what layouts before 6 have sealed for an anchor alone, chunk of them at a time.
func Old(ctx context.Context, tx *sql.Tx, s *seal.Sealer, chunk int, label Labels, refuse Refuse) error {
	put, err := tx.PrepareContext(ctx, "UPDATE links SET fingerprints = ? WHERE anchor = ?")
	if err != nil {
		return err
	}
	defer put.Close()
	for last, more := "", true; more; {
		list, err := page(ctx, tx, s, last, chunk, label, refuse)
		if err != nil {
			return err
		}
		for _, l := range list {
			if _, err := put.ExecContext(ctx, l.sealed, l.anchor); err != nil {
				return err
			}
			last = l.anchor
		}
		more = len(list) == chunk
	}
	return nil
}

// link is a link's fingerprints sealed for all of it.
type link struct {
	anchor string
	sealed []byte
}

// page seals the fingerprints of up to chunk links that follow an anchor.
func page(ctx context.Context, tx *sql.Tx, s *seal.Sealer, after string, chunk int, label Labels,
	refuse Refuse) (list []link, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT anchor, tenant_id, source_guid, class, fingerprints, left_at FROM links
		WHERE anchor > ? AND length(fingerprints) > 0 ORDER BY anchor LIMIT ?`, after, chunk)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l state.Link
		var guid, sealed []byte
		var class int64
		if err := rows.Scan(&l.Anchor, &l.TargetID, &guid, &class, &sealed, &l.LeftAt); err != nil {
			return nil, err
		}
		copy(l.SourceGUID[:], guid)
		prints, err := s.Open(nil, []byte(l.Anchor), sealed)
		label, ok := label(class)
		if err != nil || !ok {
			return nil, refuse(l.Anchor)
		}
		list = append(list, link{l.Anchor, s.Seal(nil, Append(nil, &l, label), prints)})
	}
	return list, rows.Err()
}
