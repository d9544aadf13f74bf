package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/bound"
	"github.com/dirform/dirform/state/store/internal/seal"
	"github.com/dirform/dirform/state/store/internal/tables"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// upgrade brings a record of an older layout up to date. meta becomes what the record says afterwards.
func (s *Store) upgrade(ctx context.Context, tx *sql.Tx, meta *store.Meta) (err error) {
	if s.layout >= layout.Version {
		return nil
	}
	if s.layout < 2 {
		_, err = tx.ExecContext(ctx, layout.AddLeftAt)
	}
	if err == nil && s.layout < layout.Sealed {
		err = s.sealOld(ctx, tx, meta)
	}
	if err == nil && s.layout < layout.Deeds {
		_, err = tx.ExecContext(ctx, layout.AddDeeds)
	}
	if err == nil && s.layout < layout.Writes {
		_, err = tx.ExecContext(ctx, layout.AddWrites)
	}
	if err == nil && s.layout < layout.Bound {
		err = s.bindOld(ctx, tx, meta.Key)
	}
	if err == nil && s.layout < layout.Origin {
		_, err = tx.ExecContext(ctx, layout.AddOrigin)
	}
	if err == nil && s.layout < layout.Kept {
		_, err = tx.ExecContext(ctx, layout.AddKept)
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, "UPDATE schema SET version = ?", layout.Version)
	}
	if err != nil {
		return fmt.Errorf("the state's layout %d could not be brought up to date: %w", s.layout, err)
	}
	return nil
}

// sealOld mints a key and seals the fingerprints. They are what was last applied and cannot be made again, so they go
// on as they are: fingerprints by the derived key, and hidden by the random half of the new one.
func (s *Store) sealOld(ctx context.Context, tx *sql.Tx, meta *store.Meta) error {
	key, err := store.NewKey()
	if err != nil {
		return err
	}
	copy(key[:16], meta.Key[:16])
	meta.Key = key
	sealer, err := seal.New(key)
	if err != nil {
		return err
	}
	put, err := tx.PrepareContext(ctx, "UPDATE links SET fingerprints = ? WHERE anchor = ?")
	if err != nil {
		return err
	}
	var sealed []byte
	for last, more := "", true; more; {
		page, err := bound.ClearPage(ctx, tx, last, tables.LinkChunk)
		if err != nil {
			return err
		}
		for _, l := range page {
			sealed = sealer.Seal(sealed[:0], []byte(l.Anchor), l.Fingerprints)
			if _, err := put.ExecContext(ctx, sealed, l.Anchor); err != nil {
				return err
			}
			last = l.Anchor
		}
		more = len(page) == tables.LinkChunk
	}
	t := &transaction{asked: asked{tx}, tx: tx}
	if err := tables.NoteKey(ctx, t, *meta, s.keys); err != nil {
		return err
	}
	return tables.PutMeta(ctx, t, metaErase, "pending")
}

// bindOld seals for the whole of their links what older layouts have sealed for an anchor alone.
func (s *Store) bindOld(ctx context.Context, tx *sql.Tx, key state.Key) error {
	sealer, err := seal.New(key)
	if err == nil {
		err = s.classes.Load(ctx, asked{tx})
	}
	if err != nil {
		return err
	}
	return bound.Old(ctx, tx, sealer, tables.LinkChunk, s.classes.Label,
		func(anchor string) error { return notAsWritten(s.name, anchor) })
}

// wrapAnew puts the key into the table meta as the configured keys want it, if it is there otherwise. The file has to
// be rewritten then, since the key as it was lies in its unused parts.
func (s *Store) wrapAnew(ctx context.Context, t *transaction, m store.Meta) error {
	if !s.rewrap {
		return nil
	}
	if err := tables.NoteKey(ctx, t, m, s.keys); err != nil {
		return err
	}
	return tables.PutMeta(ctx, t, metaErase, "pending")
}

// eraseReplaced rewrites a file that an upgrade has sealed, or whose key was wrapped anew: until then the fingerprints,
// or the key, as they were before lie in its unused parts. The file says that it has to be done, so that a run that is
// cut off before leaves it to the next one.
func (s *Store) eraseReplaced(ctx context.Context) error {
	if !s.erase {
		return nil
	}
	for _, q := range []string{"PRAGMA temp_store = FILE", "VACUUM", "PRAGMA temp_store = MEMORY"} {
		if _, err := s.conn.ExecContext(ctx, q); err != nil {
			return explain(s.name, fmt.Errorf(
				"the run is recorded, but what was encrypted anew could not be erased from the file as it was: %w", err))
		}
	}
	// a run does not end later because somebody is reading the file as it was: then the next one does it
	var busy, logged, moved int
	_, err := s.conn.ExecContext(ctx, "PRAGMA busy_timeout = 500")
	if err == nil {
		err = s.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &logged, &moved)
	}
	if err == nil {
		_, err = s.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", busyTimeout.Milliseconds()))
	}
	if err != nil || busy != 0 {
		return explain(s.name, err)
	}
	if _, err := s.conn.ExecContext(ctx, "DELETE FROM meta WHERE name = ?", metaErase); err != nil {
		return explain(s.name, err)
	}
	s.erase = false
	return nil
}
