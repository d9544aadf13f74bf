package postgres

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/dirform/dirform/state"
)

// chunk is how many links one query of the stream fetches.
const chunk = 2048

const linkQuery = "SELECT anchor, tenant_id, source_guid, class, fingerprints, left_at FROM dirform.links WHERE record = $1 AND "

// Links streams all recorded links, ordered by anchor. A link is valid until the next one is asked for.
func (s *Store) Links(ctx context.Context) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		buf := make([]state.Link, chunk)
		for last := ""; ; {
			n, err := s.readLinks(ctx, linkQuery+"anchor > $2 ORDER BY anchor LIMIT "+strconv.Itoa(chunk), last, buf)
			for i := range n {
				if buf[i].Anchor <= last {
					yield(nil, s.d.damaged("its links are not in order"))
					return
				}
				last = buf[i].Anchor
				if !yield(&buf[i], nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if n < chunk {
				return
			}
		}
	}
}

// Link is the recorded link of an anchor.
func (s *Store) Link(ctx context.Context, anchor string) (l *state.Link, ok bool, err error) {
	links, err := s.linksOf(ctx, []string{anchor})
	l = links[anchor]
	return l, l != nil, err
}

func (s *Store) linksOf(ctx context.Context, anchors []string) (map[string]*state.Link, error) {
	found := make(map[string]*state.Link, len(anchors))
	for _, a := range anchors {
		buf := make([]state.Link, 1)
		n, err := s.readLinks(ctx, linkQuery+"anchor = $2", a, buf)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			found[a] = &buf[0]
		}
	}
	return found, nil
}

// readLinks fills buf with a query's links, reusing the fingerprint slices it holds, and returns how many there were. It takes
// columns as they come over the wire, in binary.
func (s *Store) readLinks(ctx context.Context, query, anchor string, buf []state.Link) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.meta.Exists {
		return 0, nil
	}
	err = s.again(ctx, func() error {
		n = 0
		return s.connected(ctx, func(tx pgx.Tx) error {
			record := strconv.FormatInt(s.id, 10)
			const int8OID, textOID = 20, 25
			rows := tx.Conn().PgConn().ExecParams(ctx, query, [][]byte{[]byte(record), []byte(anchor)}, []uint32{int8OID, textOID}, nil, []int16{1})
			for rows.NextRow() && n < len(buf) {
				if err := s.scanLink(rows.Values(), &buf[n]); err != nil {
					_, _ = rows.Close()
					return err
				}
				n++
			}
			_, err := rows.Close()
			return err
		})
	})
	return n, err
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
