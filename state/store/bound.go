package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/seal"
)

// A link's fingerprints are sealed for the whole of the link, so that none of it is another one without a word: a bit that
// flips in an account's id would else give the link to somebody else.

// appendBound appends what a link's fingerprints are sealed for to b; label is its class's.
func appendBound(b []byte, l *state.Link, label [16]byte) []byte {
	b = append(append(b, l.Anchor...), 0)
	b = append(append(b, l.TargetID...), 0)
	b = append(b, l.SourceGUID[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(l.LeftAt))
	return append(b, label[:]...)
}

// label stands for everything that a class says of its links.
func (c *classes) label(id int64) [16]byte {
	if l, ok := c.labels[id]; ok {
		return l
	}
	cl := c.byID[id]
	var text []byte
	for _, part := range append([]string{string(cl.kind), cl.scope, cl.rule}, c.shapes[cl.shape].Names()...) {
		text = append(append(text, part...), 0)
	}
	if cl.left {
		text = append(text, 1)
	}
	sum := sha256.Sum256(text)
	c.labels[id] = [16]byte(sum[:16])
	return c.labels[id]
}

// bindOld seals for the whole of their links what layouts before 6 have sealed for an anchor alone.
func (s *Store) bindOld(ctx context.Context, tx *sql.Tx, key state.Key) error {
	sealer, err := seal.New(key)
	if err != nil {
		return err
	}
	if err := s.classes.load(ctx, tx); err != nil {
		return err
	}
	put, err := tx.PrepareContext(ctx, "UPDATE links SET fingerprints = ? WHERE anchor = ?")
	if err != nil {
		return err
	}
	for last, more := "", true; more; {
		page, err := s.boundPage(ctx, tx, sealer, last)
		if err != nil {
			return err
		}
		for _, l := range page {
			if _, err := put.ExecContext(ctx, l.sealed, l.anchor); err != nil {
				return err
			}
			last = l.anchor
		}
		more = len(page) == chunk
	}
	return nil
}

// boundLink is a link's fingerprints sealed for all of it.
type boundLink struct {
	anchor string
	sealed []byte
}

// boundPage seals the fingerprints of up to chunk links that follow an anchor.
func (s *Store) boundPage(ctx context.Context, tx *sql.Tx, sealer *seal.Sealer, after string) (page []boundLink, err error) {
	const query = `SELECT anchor, tenant_id, source_guid, class, fingerprints, left_at FROM links
		WHERE anchor > ? AND length(fingerprints) > 0 ORDER BY anchor LIMIT ?`
	err = each(ctx, tx, query, func(scan func(...any) error) error {
		var l state.Link
		var guid, sealed []byte
		var class int64
		if err := scan(&l.Anchor, &l.TargetID, &guid, &class, &sealed, &l.LeftAt); err != nil {
			return err
		}
		copy(l.SourceGUID[:], guid)
		prints, err := sealer.Open(nil, []byte(l.Anchor), sealed)
		if c, ok := s.classes.byID[class]; err != nil || !ok || s.classes.shapes[c.shape] == nil {
			return notAsWritten(s.path, l.Anchor)
		}
		page = append(page, boundLink{l.Anchor, sealer.Seal(nil, appendBound(nil, &l, s.classes.label(class)), prints)})
		return nil
	}, after, chunk)
	return page, err
}
