package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// Replace puts a copy of another record in place of what is here, in one transaction. A record that does not exist yet is made
// beside its place and takes it when it is whole.
func (s *Store) Replace(ctx context.Context, from store.Record) error {
	if s.lock == nil {
		return fmt.Errorf("the state %s was opened for reading only", s.name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.meta.Exists {
		if err := s.replace(ctx, from); err != nil {
			return err
		}
		return s.eraseReplaced(ctx)
	}
	err := s.create(ctx)
	if err == nil {
		err = s.replace(ctx, from)
	}
	if err == nil {
		err = s.install(ctx)
	}
	if err != nil {
		s.discard()
	}
	return err
}

func (s *Store) replace(ctx context.Context, from store.Record) error {
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return explain(s.name, err)
	}
	meta, there := s.meta, s.meta.Exists
	t := &transaction{asked: asked{tx}, tx: tx, sealing: tables.Sealing{Classes: &s.classes}}
	if there {
		err = s.upgrade(ctx, tx, &meta)
	} else {
		err = layout.Create(ctx, tx)
	}
	if err == nil {
		meta, err = tables.Import(ctx, t, &t.sealing, from, s.keys)
	}
	if err == nil && there { // unused parts of the file hold what was replaced, which may have been its key in the clear
		err = tables.PutMeta(ctx, t, metaErase, "pending")
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		tx.Rollback()
		if there {
			err = errors.Join(err, s.classes.Load(context.WithoutCancel(ctx), asked{s.conn}))
		}
		return explain(s.name, err)
	}
	s.meta, s.layout, s.sealer, s.rewrap, s.erase = meta, layout.Version, t.sealing.Sealer, false, there
	return nil
}

// MarkMoved notes that the record goes on elsewhere.
func (s *Store) MarkMoved(ctx context.Context, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil || !s.meta.Exists {
		return fmt.Errorf("the state %s does not exist, or was opened for reading only", s.name)
	}
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return explain(s.name, err)
	}
	defer tx.Rollback()
	if err = tables.MarkMoved(ctx, &transaction{asked: asked{tx}, tx: tx}, to); err == nil {
		err = tx.Commit()
	}
	return explain(s.name, err)
}
