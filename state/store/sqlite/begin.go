package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// Begin starts a run for a plan. It writes nothing yet, but refuses a plan that does not fit the record; that error wraps
// [store.ErrOtherState].
func (s *Store) Begin(ctx context.Context, info store.RunInfo) (store.Writer, error) {
	w, err := s.begin(ctx, info)
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *Store) begin(ctx context.Context, info store.RunInfo) (*tables.Writer, error) {
	if s.lock == nil {
		return nil, fmt.Errorf("the state %s was opened for reading only", s.name)
	}
	return tables.Begin(ctx, writing{s}, s.name, s.Meta(), info)
}

// Held is ctx: the system takes the lock of a file from nobody who runs.
func (s *Store) Held(ctx context.Context) context.Context { return ctx }

// RemoveLinks forgets the links of some anchors without touching either directory. It is a run of its own: the serial is raised,
// so that plans made before are refused. Anchors without a link are an error, and then none is removed.
func (s *Store) RemoveLinks(ctx context.Context, anchors ...string) error {
	return tables.RemoveLinks(ctx, s.name, s.Meta(), s.begin, anchors)
}

// writing is a record that runs write to.
type writing struct{ *Store }

// Origin says who runs.
func (w writing) Origin() origin.Origin { return w.from }

// Now is the time.
func (w writing) Now() time.Time { return w.now() }

// Transact runs f in one durable transaction, entering the run in the history and raising the serial if it is the run's first.
// What ends the run puts a record that is made anew in its place.
func (w writing) Transact(ctx context.Context, run *tables.Writer, raise bool, f func(tx tables.Tx, run int64) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.write(ctx, run, raise, f)
	if err == nil && !raise {
		err = w.install(ctx)
	}
	if err == nil && !raise {
		err = w.eraseReplaced(ctx)
	}
	return err
}

func (s *Store) write(ctx context.Context, w *tables.Writer, raise bool, f func(tx tables.Tx, run int64) error) error {
	if s.meta.Exists {
		return s.commit(ctx, w, raise, f)
	}
	err := s.create(ctx)
	if err == nil {
		err = s.commit(ctx, w, raise, f)
	}
	if err == nil && !s.whole {
		err = s.install(ctx)
	}
	if err != nil {
		s.discard()
		w.Run = 0
	}
	return err
}

// commit runs f in a transaction of the file that there is. What the file was made for or is upgraded to counts once it is committed.
func (s *Store) commit(ctx context.Context, w *tables.Writer, raise bool, f func(tx tables.Tx, run int64) error) error {
	if s.conn == nil { // install has put the file in its place, and could not open it there
		return &fault.Error{Summary: fmt.Sprintf("the state %s is not open", s.name), Detail: "An earlier error has said why."}
	}
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return explain(s.name, err)
	}
	meta, run, erase := s.meta, w.Run, s.erase
	t := &transaction{asked: asked{tx}, tx: tx}
	if meta.Exists {
		erase = erase || s.layout < layout.Sealed || s.rewrap
		err = s.upgrade(ctx, tx, &meta)
		if err == nil {
			err = s.wrapAnew(ctx, t, meta)
		}
	}
	if err == nil && run == 0 {
		run, err = s.enter(ctx, t, w, &meta, raise)
	}
	t.sealing.Classes = &s.classes
	if err == nil {
		err = t.sealing.By(meta.Key, s.keys != nil)
	}
	if err == nil {
		err = f(t, run)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		tx.Rollback()
		if s.meta.Exists { // ids handed out inside the transaction are gone with it
			err = errors.Join(err, s.classes.Load(context.WithoutCancel(ctx), asked{s.conn}))
		}
		return explain(s.name, err)
	}
	s.meta, s.layout, s.sealer, s.rewrap, s.erase, w.Run = meta, layout.Version, t.sealing.Sealer, false, erase, run
	return nil
}

// enter adds the run to the history, creating the record's tables for the first run of all. m becomes the record's identity as it
// will be.
func (s *Store) enter(ctx context.Context, t *transaction, w *tables.Writer, m *store.Meta, raise bool) (run int64, err error) {
	if !m.Exists {
		if err = layout.Create(ctx, t.tx); err == nil {
			err = s.classes.Load(ctx, t)
		}
		if err == nil {
			*m, err = w.Found(ctx, t, s.keys)
		}
		if err != nil {
			return 0, err
		}
	}
	return w.Enter(ctx, t, m, raise, s.layout >= layout.Writes)
}
