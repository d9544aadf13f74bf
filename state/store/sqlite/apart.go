package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
	"github.com/dirform/dirform/state/store/sqlite/internal/layout"
)

// CopyWithoutLinks writes the record as it is now into a new file, all but its links, for a place where these are kept
// in another way, in the latest layout. [Encrypted.AddLinks] puts them into such a file again.
func (s *Store) CopyWithoutLinks(ctx context.Context, file string) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.layout < layout.Bound {
		return damaged(s.name, fmt.Sprintf("its layout %d is older than any place that keeps links apart", s.layout))
	}
	if err := createIn(ctx, file); err != nil {
		return explain(s.name, err)
	}
	if _, err := s.conn.ExecContext(ctx, "ATTACH ? AS bare", file); err != nil {
		return explain(s.name, err)
	}
	err = s.copyRows(ctx)
	_, detached := s.conn.ExecContext(context.WithoutCancel(ctx), "DETACH bare")
	return explain(s.name, errors.Join(err, detached))
}

// createIn makes an empty record in a new file.
func createIn(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", dataSource(file, "rwc"))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	// what is cut off in the middle is thrown away
	const fast = "PRAGMA page_size = %d; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"
	_, err = db.ExecContext(ctx, fmt.Sprintf(fast, newPage))
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := layout.Create(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// copyRows copies the rows of all tables but that of links. From layout 6 on, layouts differ in columns that were added
// with what they hold of older rows; a layout that does more has to do it here as well.
func (s *Store) copyRows(ctx context.Context) error {
	if _, err := s.conn.ExecContext(ctx, "PRAGMA bare.journal_mode = OFF; PRAGMA bare.synchronous = OFF"); err != nil {
		return err
	}
	for _, table := range []string{"meta", "shapes", "classes", "ous", "runs", "journal"} {
		var columns []string
		const query = "SELECT name FROM pragma_table_info(?, 'main')"
		err := asked{s.conn}.Each(ctx, query, func(scan func(...any) error) error {
			var name string
			err := scan(&name)
			columns = append(columns, `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
			return err
		}, table)
		if err != nil {
			return err
		}
		const insert = "INSERT INTO bare.%[1]s (%[2]s) SELECT %[2]s FROM main.%[1]s"
		_, err = s.conn.ExecContext(ctx, fmt.Sprintf(insert, table, strings.Join(columns, ", ")))
		if err != nil {
			return err
		}
	}
	return nil
}

// AddLinks puts links into a file that has none, as [Store.CopyWithoutLinks] made it, ordered by anchor; they are asked
// for with the record's key. After an error, which is that of links or the file's, the file is good for nothing.
func (e Encrypted) AddLinks(ctx context.Context, links func(key state.Key) iter.Seq2[*state.Link, error]) error {
	s, err := open(ctx, e, store.Options{Holder: "copy", Moved: true})
	if err != nil {
		return err
	}
	return errors.Join(s.addLinks(ctx, links(s.Meta().Key)), s.Close())
}

func (s *Store) addLinks(ctx context.Context, links iter.Seq2[*state.Link, error]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var some bool
	if err := s.conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM links)").Scan(&some); err != nil {
		return explain(s.name, err)
	}
	if some || s.layout < layout.Bound {
		return damaged(s.name, "it has its links in two places")
	}
	var broken error // what links end with
	told := func(yield func(*state.Link, error) bool) {
		for l, err := range links {
			broken = err
			if !yield(l, err) {
				return
			}
		}
	}
	if err := s.insertLinks(ctx, told); err != nil && broken == nil {
		return explain(s.name, err)
	}
	return broken
}

func (s *Store) insertLinks(ctx context.Context, links iter.Seq2[*state.Link, error]) error {
	const fast = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = 0"
	if _, err := s.conn.ExecContext(ctx, fast); err != nil {
		return err
	}
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	t := &transaction{asked: asked{tx}, tx: tx, sealing: tables.Sealing{Classes: &s.classes}}
	if err = t.sealing.By(s.meta.Key, false); err == nil {
		err = tables.ImportLinks(ctx, t, links)
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = s.conn.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	return err
}
