package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/tables"
)

const linkQuery = "SELECT anchor, tenant_id, source_guid, class, fingerprints, left_at FROM dirform.links WHERE record = $1 AND "

// Links streams all recorded links, ordered by anchor.
func (s *Store) Links(ctx context.Context) iter.Seq2[*state.Link, error] { return tables.Links(ctx, s) }

// Link is the recorded link of an anchor.
func (s *Store) Link(ctx context.Context, anchor string) (l *state.Link, ok bool, err error) {
	return tables.Link(ctx, s, anchor)
}

// LinksAfter fills buf with the links whose anchors follow one, for [tables.Links].
func (s *Store) LinksAfter(ctx context.Context, anchor string, buf []state.Link) (n int, err error) {
	follows := "anchor > $2"
	if anchor == "" {
		follows = "anchor >= $2"
	}
	err = s.readLinks(ctx, linkQuery+follows+" ORDER BY anchor LIMIT "+strconv.Itoa(len(buf)), pgtype.TextOID, anchor,
		func() { n = 0 },
		func(row [][]byte) error {
			n++
			return s.scanLink(row, &buf[n-1])
		})
	return n, err
}

// LinksOf are the recorded links of some anchors, asked for in one query.
func (s *Store) LinksOf(ctx context.Context, anchors []string) (found map[string]*state.Link, err error) {
	err = s.readLinks(ctx, linkQuery+"anchor = ANY($2)", pgtype.TextArrayOID, anchors,
		func() { found = make(map[string]*state.Link, len(anchors)) },
		func(row [][]byte) error {
			var l state.Link
			err := s.scanLink(row, &l)
			found[l.Anchor] = &l
			return err
		})
	return found, err
}

// readLinks gives take the rows of a query with an argument, as they come over the wire in binary. It begins anew, with
// begin, where the connection is lost meanwhile. Of a record that does not exist there are none.
func (s *Store) readLinks(ctx context.Context, query string, oid uint32, arg any, begin func(),
	take func(row [][]byte) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	begin()
	if !s.meta.Exists {
		return nil
	}
	return s.again(ctx, func() error {
		begin()
		return s.connected(ctx, func(tx pgx.Tx) error {
			c := tx.Conn()
			value, err := c.TypeMap().Encode(oid, pgtype.BinaryFormatCode, arg, []byte{}) // nil would be NULL
			if err != nil {
				return err
			}
			record := binary.BigEndian.AppendUint64(nil, uint64(s.id))
			binary := []int16{pgtype.BinaryFormatCode}
			rows := c.PgConn().ExecParams(ctx, query, [][]byte{record, value}, []uint32{pgtype.Int8OID, oid}, binary,
				binary)
			for rows.NextRow() {
				if err := take(rows.Values()); err != nil {
					_, _ = rows.Close()
					return err
				}
			}
			_, err = rows.Close()
			return err
		})
	})
}

func (s *Store) scanLink(v [][]byte, l *state.Link) error {
	const guid = len(l.SourceGUID)
	if len(v) != 6 || len(v[2]) != guid || len(v[3]) != 8 || len(v[5]) != 8 {
		return s.d.damaged("a link is not as dirform has written it")
	}
	s.scratch = append(append(s.scratch[:0], v[0]...), v[1]...)
	text := string(s.scratch) // one allocation for both strings
	l.Anchor, l.TargetID = text[:len(v[0])], text[len(v[0]):]
	copy(l.SourceGUID[:], v[2])
	l.LeftAt = int64(binary.BigEndian.Uint64(v[5]))
	if !s.sealing.Open(l, int64(binary.BigEndian.Uint64(v[3])), v[4]) {
		return s.d.damaged(fmt.Sprintf("the link of anchor %q is not as dirform has written it", l.Anchor))
	}
	return nil
}
