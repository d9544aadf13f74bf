package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// companions are the names beside a SQLite file that belong to it.
var companions = []string{"", "-wal", "-shm", "-journal"}

// create begins the file of a record that does not exist yet. It stands beside its place under a temporary name until
// it is whole, so that nothing is left where the record belongs when its making is cut off. Its owner alone may read
// it, because of the key.
func (s *Store) create(ctx context.Context) error {
	if s.fresh != "" {
		return nil
	}
	fresh, err := makeFresh(s.path)
	if err != nil {
		return &fault.Error{Summary: "cannot create the state", Err: err}
	}
	s.fresh = fresh
	err = s.dial(ctx, fresh, "rw")
	// what a database keeps for good, before its first table
	for _, p := range []string{fmt.Sprintf("page_size = %d", newPage), "journal_mode = WAL"} {
		if err == nil {
			_, err = s.conn.ExecContext(ctx, "PRAGMA "+p)
		}
	}
	if err != nil {
		s.discard()
	}
	return explain(s.name, err)
}

// newPage is the size of a new record's pages, in bytes.
const newPage = 8192

// makeFresh makes the empty file beside path of a record that is being made, and removes what a run that was cut off has left of one:
// the lock is ours. A file of that name that is nothing of the kind belongs to somebody, and the record takes another name.
func makeFresh(path string) (string, error) {
	fresh := path + ".new"
	if headerOf(fresh) != otherHeader {
		removeAll(fresh)
	} else if _, err := os.Lstat(fresh); errors.Is(err, fs.ErrNotExist) {
		removeAll(fresh) // its log, which would become that of the new one
	}
	f, err := os.OpenFile(fresh, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		f, err = os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	}
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// install puts the new record in its place.
func (s *Store) install(ctx context.Context) error {
	if s.fresh == "" {
		return nil
	}
	var busy, logged, moved int
	err := s.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &logged, &moved)
	if err == nil && busy != 0 {
		err = fmt.Errorf("%s is in use", s.fresh)
	}
	if err == nil {
		err = s.disconnect()
	}
	if err == nil && s.aside != "" {
		err = keep(s.path, s.aside)
	}
	if err == nil {
		err = os.Rename(s.fresh, s.path)
	}
	if err != nil {
		return &fault.Error{Summary: "cannot create the state", Err: err}
	}
	s.fresh, s.aside = "", ""
	syncDir(filepath.Dir(s.path))
	return s.connect(ctx, "rw", checkedToWrite)
}

// keep gives what is at path another name, with what belongs to it. Its log goes first: it must never lie beside another file. The
// file itself stays where it is too, if the system lets it have two names, until the new record takes its place: at no moment is
// there none.
func keep(path, aside string) error {
	if err := rename(path, aside, companions[1:]); err != nil {
		return err
	}
	if os.Link(path, aside) == nil {
		return nil
	}
	return rename(path, aside, companions[:1])
}

func rename(from, to string, suffixes []string) error {
	for _, c := range slices.Backward(suffixes) {
		if err := os.Rename(from+c, to+c); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// discard gives up a record that has not taken its place: there is none then.
func (s *Store) discard() {
	if s.fresh == "" {
		return
	}
	s.disconnect() // what it says about the file does not matter any more
	removeAll(s.fresh)
	s.fresh, s.meta, s.layout, s.sealer, s.classes = "", store.Meta{}, 0, nil, tables.Classes{}
}

// removeAll removes a SQLite file of ours with what belongs to it.
func removeAll(file string) {
	for _, c := range companions {
		os.Remove(file + c)
	}
}

// syncDir makes a rename durable where the system can; not all of them let a folder be synced.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
