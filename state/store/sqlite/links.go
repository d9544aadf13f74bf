package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"io"
	"iter"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store/internal/bound"
	"github.com/dirform/dirform/state/store/internal/kept"
	"github.com/dirform/dirform/state/store/internal/tables"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// linkColumns packs a link into one blob, because the driver spends more on a column than on its content, and rows are many.
// The concatenation keeps every byte: the parts are taken apart by their lengths, which share a number with left_at.
func (s *Store) linkColumns() string {
	leftAt := "left_at"
	if s.layout < 2 {
		leftAt = "0"
	}
	return "CAST(source_guid || fingerprints || tenant_id || anchor AS BLOB), (" + leftAt +
		" << 28) | (octet_length(tenant_id) << 16) | octet_length(fingerprints), class"
}

// Links streams all recorded links, ordered by anchor.
func (s *Store) Links(ctx context.Context) iter.Seq2[*state.Link, error] { return tables.Links(ctx, s) }

// Link is the recorded link of an anchor.
func (s *Store) Link(ctx context.Context, anchor string) (l *state.Link, ok bool, err error) {
	return tables.Link(ctx, s, anchor)
}

// LinksAfter fills buf with the links whose anchors follow one, for [tables.Links].
func (s *Store) LinksAfter(ctx context.Context, anchor string, buf []state.Link) (n int, err error) {
	follows := " FROM links WHERE anchor > ?"
	if anchor == "" {
		follows = " FROM links WHERE anchor >= ?"
	}
	return s.readLinks(ctx, "SELECT "+s.linkColumns()+follows+" ORDER BY anchor LIMIT ?", []any{anchor, len(buf)}, buf)
}

// LinksOf are the recorded links of some anchors.
func (s *Store) LinksOf(ctx context.Context, anchors []string) (map[string]*state.Link, error) {
	found := make(map[string]*state.Link, len(anchors))
	for _, a := range anchors {
		buf := make([]state.Link, 1)
		n, err := s.readLinks(ctx, "SELECT "+s.linkColumns()+" FROM links WHERE anchor = ?", []any{a}, buf)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			found[a] = &buf[0]
		}
	}
	return found, nil
}

// readLinks fills buf with a query's links, reusing the fingerprint slices it holds, and returns how many there were. It reads
// below database/sql, whose conversions cost more than the query itself.
func (s *Store) readLinks(ctx context.Context, query string, args []any, buf []state.Link) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.meta.Exists {
		return 0, nil
	}
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		if v, ok := a.(int); ok {
			a = int64(v)
		}
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	err = s.conn.Raw(func(dc any) error {
		rows, err := dc.(driver.QueryerContext).QueryContext(ctx, query, named)
		if err != nil {
			return err
		}
		defer rows.Close()
		values := make([]driver.Value, 3)
		for n < len(buf) {
			if err := rows.Next(values); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := s.scanLink(values, &buf[n]); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	if err != nil {
		return n, explain(s.name, err)
	}
	return n, nil
}

// scanLink takes one row of linkColumns.
func (s *Store) scanLink(v []driver.Value, l *state.Link) error {
	b, okB := v[0].([]byte)
	lengths, okN := v[1].(int64)
	id, okI := v[2].(int64)
	if !okB || !okN || !okI || !s.classes.Describe(l, id) {
		return damaged(s.name, "the class of a link is not known")
	}
	const guid = len(l.SourceGUID)
	n, fingerprints := int(lengths>>16&tables.MaxTenantID), int(lengths&tables.MaxFingerprints)
	if len(b) < guid+fingerprints+n {
		return damaged(s.name, "a link is shorter than it says")
	}
	text := string(b[guid+fingerprints:]) // one allocation for both strings
	l.TargetID, l.Anchor = text[:n], text[n:]
	l.LeftAt = lengths >> 28
	copy(l.SourceGUID[:], b)
	s.bound = append(s.bound[:0], l.Anchor...)
	if s.layout >= layout.Bound {
		label, _ := s.classes.Label(id)
		s.bound = bound.Append(s.bound[:0], l, label)
	}
	return s.openFingerprints(l, b[guid:guid+fingerprints])
}

// openFingerprints takes a link's fingerprints as its layout has them.
func (s *Store) openFingerprints(l *state.Link, b []byte) (err error) {
	l.Fingerprints = l.Fingerprints[:0]
	if s.sealer != nil {
		l.Fingerprints, err = s.sealer.Open(l.Fingerprints, s.bound, b)
	} else {
		for ; len(b) >= 8; b = b[8:] {
			l.Fingerprints = append(l.Fingerprints, binary.LittleEndian.Uint64(b))
		}
	}
	if err != nil || len(l.Fingerprints) != l.Shape.Len() {
		return notAsWritten(s.name, l.Anchor)
	}
	return nil
}

func notAsWritten(path, anchor string) error {
	return damaged(path, fmt.Sprintf("the link of anchor %q is not as dirform has written it", anchor))
}

// Each runs f for every row of a small query; there are none while the record does not exist.
func (s *Store) Each(ctx context.Context, query string, f func(scan func(...any) error) error, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.meta.Exists {
		return nil
	}
	return explain(s.name, asked{s.conn}.Each(ctx, query, f, args...))
}

// KeptBy opens what steps have kept.
func (s *Store) KeptBy() (*kept.Sealer, error) { return kept.New(s.Meta().Key) }

// Layout is that of the record as it is.
func (s *Store) Layout() int { return s.layout }

// Damaged is the error of a record that holds what dirform never writes.
func (s *Store) Damaged(what string) error { return damaged(s.name, what) }
