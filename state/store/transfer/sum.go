package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// Sum is what a record holds, summed up: two records with equal sums hold the same, wherever they are and however they are
// encrypted.
type Sum struct {
	Links, Runs, Steps int
	Pairs              [sha256.Size]byte // of identity, links and containers: what plans are made from
	All                [sha256.Size]byte // of these and the history with its journals
}

// Of sums up a record, reading all of it.
func Of(ctx context.Context, r store.Record) (s Sum, err error) {
	h := sha256.New()
	if err := identity(ctx, h, r); err != nil {
		return s, err
	}
	if s.Links, err = links(ctx, h, r); err != nil {
		return s, err
	}
	h.Sum(s.Pairs[:0])
	if s.Runs, s.Steps, err = history(ctx, h, r); err != nil {
		return s, err
	}
	h.Sum(s.All[:0])
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

func identity(ctx context.Context, h hash.Hash, r store.Record) error {
	m := r.Meta()
	ous, err := r.OUs(ctx)
	if err != nil {
		return err
	}
	// of the key only the half by which fingerprints are made: records of the first layouts have no other
	return put(h, []any{m.Lineage, m.Serial, m.SourceSID, m.TenantID, m.Key[:len(m.Key)/2], ous})
}

func links(ctx context.Context, h hash.Hash, r store.Record) (n int, err error) {
	shapes := map[*state.Shape][sha256.Size]byte{} // of their names: there are few of them, and links are many
	var b []byte
	for l, err := range r.Links(ctx) {
		if err != nil {
			return n, err
		}
		shape, ok := shapes[l.Shape]
		if !ok {
			of := sha256.New()
			if err := put(of, l.Shape.Names()); err != nil {
				return n, err
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
		n++
	}
	return n, nil
}

// bare is a step without the values that it has kept, which a place without encryption does not take. Where they are, they are sealed.
func bare(e *state.Entry) state.Entry {
	b := *e
	if b.Kept != nil {
		b.Kept = b.Kept.WithoutValues()
	}
	return b
}

func history(ctx context.Context, h hash.Hash, r store.Record) (runs, steps int, err error) {
	hosts, recorded, err := r.Hosts(ctx)
	if err == nil {
		err = put(h, []any{hosts, recorded})
	}
	positions, errPositions := r.Positions(ctx)
	if err == nil {
		err = errPositions
	}
	if err == nil {
		err = put(h, positions)
	}
	if err != nil {
		return 0, 0, err
	}
	past, err := r.Past(ctx)
	for i := range past {
		if err == nil {
			err = put(h, past[i])
		}
		for e, failed := range r.Journal(ctx, past[i].ID) {
			if err == nil {
				err = failed
			}
			if err == nil {
				err = put(h, bare(e))
			}
			if err != nil {
				return 0, 0, err
			}
			steps++
		}
	}
	return len(past), steps, err
}
