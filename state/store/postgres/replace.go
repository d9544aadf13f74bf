package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// Replace puts a copy of another record in place of what is here, in one transaction. The lock's row is locked by it meanwhile, so
// that nobody takes over a lock that has expired before the copy is there.
func (s *Store) Replace(ctx context.Context, from store.Record) error {
	if s.lease == nil {
		return fmt.Errorf("the state %v was opened for reading only", s.d)
	}
	w := writing{s}
	_, err := w.transact(ctx, func(tx pgx.Tx, before *outcome) (o *outcome, err error) {
		o = &outcome{id: w.id, whole: w.anew}
		if o.written, err = w.renewed(ctx, tx, before); err != nil {
			return nil, err
		}
		if o.id == 0 {
			if o.id, err = w.make(ctx, tx); err != nil {
				return nil, err
			}
		}
		t := &transaction{asked: asked{tx, marksOf(o.id)}, record: o.id, sealing: tables.Sealing{Classes: &tables.Classes{}}}
		if o.meta, err = tables.Import(ctx, t, &t.sealing, from, w.d.keys); err != nil {
			return nil, err
		}
		o.sealing = t.sealing
		if o.whole {
			err = w.install(ctx, tx, o.id)
		}
		return o, err
	})
	return err
}

// MarkMoved notes that the record goes on elsewhere.
func (s *Store) MarkMoved(ctx context.Context, to string) error {
	if s.lease == nil || !s.Meta().Exists {
		return fmt.Errorf("the state %v does not exist, or was opened for reading only", s.d)
	}
	w := writing{s}
	_, err := w.transact(ctx, func(tx pgx.Tx, before *outcome) (o *outcome, err error) {
		o = &outcome{id: w.id, meta: w.meta, sealing: w.sealing}
		if o.written, err = w.renewed(ctx, tx, before); err != nil {
			return nil, err
		}
		return o, tables.MarkMoved(ctx, asked{tx, marksOf(o.id)}, to)
	})
	return err
}
