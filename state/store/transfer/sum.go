package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash"
	"iter"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/visible"
)

// Sum is what a record holds, summed up: two records with equal sums hold the same, wherever they are and however they are
// encrypted.
type Sum struct {
	Links, Runs, Steps int
	Pairs              [sha256.Size]byte // of identity, links and containers: what plans are made from
	All                [sha256.Size]byte // of these and the history with its journals
}

// Of sums up a record, reading all of it.
func Of(ctx context.Context, r store.Record) (Sum, error) {
	c := &summed{Record: r, journals: map[int64]journal{}}
	_, err := c.OUs(ctx)
	if err == nil {
		err = drain(c.Links(ctx))
	}
	if err == nil {
		_, _, err = c.Hosts(ctx)
	}
	if err == nil {
		_, err = c.Positions(ctx)
	}
	if err != nil {
		return Sum{}, err
	}
	past, err := c.Past(ctx)
	for i := range past {
		if err == nil {
			err = drain(c.Journal(ctx, past[i].ID))
		}
	}
	if err != nil {
		return Sum{}, err
	}
	return c.sum()
}

func drain[T any](all iter.Seq2[T, error]) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// summed is a record that sums up what is read of it: each of its lists as it was read last. Once all were, the sum is that of
// what the reader has got.
type summed struct {
	store.Record
	want Sum // for Check

	links                       [sha256.Size]byte
	count                       int // of links
	ous, hosts, positions, past any
	runs                        []int64
	journals                    map[int64]journal // by run
}

type journal struct {
	sum   [sha256.Size]byte
	steps int
}

var _ store.Checked = &summed{}

// errChanged says that a record was read twice, and was not the same.
var errChanged = errors.New("what was read of it the second time is not what was read the first time")

// Check holds what was read against the sum that was wanted.
func (c *summed) Check() error {
	got, err := c.sum()
	if err == nil && got != c.want {
		err = &fault.Error{Summary: "the state that is copied cannot be trusted", Err: errChanged,
			Detail: visible.Sprintf("It has %d links and %d runs, and had %d and %d before.", got.Links, got.Runs, c.want.Links, c.want.Runs),
			Hint:   "Nothing was written. Look at the disk or the server that it is on, and at where it comes from."}
	}
	return err
}

func (c *summed) sum() (s Sum, err error) {
	h := sha256.New()
	m := c.Meta()
	// of the key only the half by which fingerprints are made: records of the first layouts have no other
	for _, v := range []any{[]any{m.Lineage, m.Serial, m.SourceSID, m.FormerSID, m.TenantID, m.Key[:len(m.Key)/2], c.ous}, c.links[:]} {
		if err := put(h, v); err != nil {
			return s, err
		}
	}
	h.Sum(s.Pairs[:0])
	for _, v := range []any{c.hosts, c.positions, c.past} {
		if err := put(h, v); err != nil {
			return s, err
		}
	}
	for _, run := range c.runs {
		j := c.journals[run]
		h.Write(j.sum[:])
		s.Steps += j.steps
	}
	h.Sum(s.All[:0])
	s.Links, s.Runs = c.count, len(c.runs)
	return s, nil
}

// put adds a value to a sum, with its length, so that no two lists of values are alike.
func put(h hash.Hash, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(b))))
	h.Write(b)
	return nil
}

func (c *summed) OUs(ctx context.Context) ([]state.OU, error) {
	ous, err := c.Record.OUs(ctx)
	c.ous = ous
	return ous, err
}

func (c *summed) Hosts(ctx context.Context) ([]string, bool, error) {
	hosts, recorded, err := c.Record.Hosts(ctx)
	c.hosts = []any{hosts, recorded}
	return hosts, recorded, err
}

func (c *summed) Positions(ctx context.Context) (map[string]store.Position, error) {
	positions, err := c.Record.Positions(ctx)
	c.positions = positions
	return positions, err
}

func (c *summed) Past(ctx context.Context) ([]store.Past, error) {
	past, err := c.Record.Past(ctx)
	c.past, c.runs = past, nil
	for i := range past {
		c.runs = append(c.runs, past[i].ID)
	}
	return past, err
}

func (c *summed) Links(ctx context.Context) iter.Seq2[*state.Link, error] {
	return func(yield func(*state.Link, error) bool) {
		h, n := sha256.New(), 0
		add := linkSummer(h)
		for l, err := range c.Record.Links(ctx) {
			if err == nil {
				err = add(l)
			}
			if n++; !yield(l, err) || err != nil {
				return
			}
		}
		h.Sum(c.links[:0])
		c.count = n
	}
}

// linkSummer is what adds links to a sum.
func linkSummer(h hash.Hash) func(l *state.Link) error {
	shapes := map[*state.Shape][sha256.Size]byte{} // of their names: there are few of them, and links are many
	var b []byte
	return func(l *state.Link) error {
		shape, ok := shapes[l.Shape]
		if !ok {
			of := sha256.New()
			if err := put(of, l.Shape.Names()); err != nil {
				return err
			}
			of.Sum(shape[:0])
			shapes[l.Shape] = shape
		}
		b = b[:0]
		for _, text := range []string{l.Anchor, string(l.Kind), l.Scope, l.TargetID, l.Rule} {
			b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
		}
		left := uint64(l.LeftAt) << 1
		if l.Left {
			left |= 1
		}
		b = binary.LittleEndian.AppendUint64(append(append(b, l.SourceGUID[:]...), shape[:]...), left)
		for _, f := range l.Fingerprints {
			b = binary.LittleEndian.AppendUint64(b, f)
		}
		h.Write(b)
		return nil
	}
}

// bare is a step without the values that it has kept, which a place without encryption does not take. Where they are, they are sealed.
func bare(e *state.Entry) state.Entry {
	b := *e
	if b.Kept != nil {
		b.Kept = b.Kept.WithoutValues()
	}
	return b
}

func (c *summed) Journal(ctx context.Context, run int64) iter.Seq2[*state.Entry, error] {
	return func(yield func(*state.Entry, error) bool) {
		h, j := sha256.New(), journal{}
		for e, err := range c.Record.Journal(ctx, run) {
			if err == nil {
				err = put(h, bare(e))
			}
			if j.steps++; !yield(e, err) || err != nil {
				return
			}
		}
		h.Sum(j.sum[:0])
		c.journals[run] = j
	}
}
