package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"modernc.org/sqlite" // the driver "sqlite" too
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	hidden "github.com/dirform/dirform/state/store/internal/seal"
	"github.com/dirform/dirform/state/store/internal/tables"
)

// Store is an open record. Its methods are safe for concurrent use.
type Store struct {
	tables.Record

	path   string
	name   string // of the record in messages
	lock   *lock  // nil when read-only
	now    func() time.Time
	from   origin.Origin
	keys   *seal.Keys // of encryption, which wrap the record's key; nil leaves it in the clear
	sealed bool       // see [Encrypted]
	moved  bool       // a record that goes on elsewhere is opened too
	whole  bool       // a record that is being made takes its place at the end of its run, not with its first transaction

	mu      sync.Mutex // serialises the use of conn
	db      *sql.DB    // nil while there is no file
	conn    *sql.Conn
	aside   string // the name that a damaged file gets when the record being made takes its place; "" if there is none
	fresh   string // temporary name of a record that is being made and has not taken its place yet; else ""
	meta    store.Meta
	layout  int            // of the file as it is, see [layout.Version]; 0 while there is none
	sealer  *hidden.Sealer // nil in layouts that have fingerprints in the clear
	rewrap  bool           // the file has the key otherwise than keys want it
	erase   bool           // the file still holds what an upgrade has replaced, see [Store.eraseReplaced]
	classes tables.Classes
	bound   []byte // scratch: what the fingerprints that are opened next were sealed for
}

// Open opens the record at path for writing and locks it. A record that does not exist yet is created by the first
// write of the first run, not before. What is there and is no whole record is refused. If another process has it, the
// error is a [*LockedError].
func Open(ctx context.Context, path string, o store.Options) (*Store, error) {
	return open(ctx, Encrypted{File: File(path)}, o)
}

func open(ctx context.Context, e Encrypted, o store.Options) (*Store, error) {
	s, err := lockStore(e, o)
	if err != nil {
		return nil, err
	}
	there, err := exists(s.path)
	if there {
		keepPrivate(s.path)
		err = s.connect(ctx, "rw", checkedToWrite)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// lockStore locks a record without looking at it.
func lockStore(e Encrypted, o store.Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	l, err := acquire(string(e.File), o)
	if err != nil {
		return nil, err
	}
	s := newStore(e)
	s.lock, s.now, s.from, s.moved = l, o.Now, o.Origin, o.Moved
	return s, nil
}

// newStore is a record that is not opened yet.
func newStore(e Encrypted) *Store {
	s := &Store{path: string(e.File), name: cmp.Or(e.Name, string(e.File)), now: time.Now, keys: e.Keys,
		sealed: e.Sealed && e.Keys != nil}
	s.Record = tables.NewRecord(s)
	return s
}

// OpenReadOnly opens the record at path for reading: one consistent snapshot as of now, whatever a running apply
// writes meanwhile, without waiting for it. Without a file, Meta.Exists is false. What is there and is no whole
// record is refused.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	return load(ctx, Encrypted{File: File(path)})
}

func load(ctx context.Context, e Encrypted) (*Store, error) {
	s := newStore(e)
	if there, err := exists(s.path); !there {
		return s, err
	}
	err := s.connect(ctx, "rw", checkedToRead)
	if err != nil && !writable(s.path) {
		s.disconnect()
		err = s.connect(ctx, "ro", checkedToRead)
	}
	if err == nil {
		// links are read once, from end to end: keeping their pages would keep the whole file in memory
		_, err = s.conn.ExecContext(ctx, "PRAGMA query_only = 1; PRAGMA cache_size = -4096")
	}
	if err == nil { // the snapshot starts with the first read inside the transaction, which loads the identity again
		_, err = s.conn.ExecContext(ctx, "BEGIN")
	}
	if err == nil {
		err = s.load(ctx)
	}
	if err != nil {
		return nil, errors.Join(explain(s.name, err), s.Close())
	}
	return s, nil
}

// connect opens the record's file, which must exist, in mode "rw" or "ro", and makes sure that it is a whole record; checked
// is for checkPages.
func (s *Store) connect(ctx context.Context, mode string, checked int64) error {
	if err := s.dial(ctx, s.path, mode); err != nil {
		return err
	}
	var err error
	if s.layout, err = checkLayout(ctx, s.conn, s.name); err != nil {
		return err
	}
	if err := s.checkPages(ctx, checked); err != nil {
		return err
	}
	return s.load(ctx)
}

// dial opens a SQLite file, which must exist.
func (s *Store) dial(ctx context.Context, file, mode string) error {
	db, err := sql.Open("sqlite", dataSource(file, mode))
	if err != nil {
		return explain(s.name, err)
	}
	db.SetMaxOpenConns(1)
	s.db = db
	if s.conn, err = db.Conn(ctx); err == nil {
		_, err = sqlite.Limit(s.conn, sqlite3.SQLITE_LIMIT_LENGTH, bounds.RecordValue)
	}
	return explain(s.name, err)
}

// TookOver is the holder of the lock that Open found dead and replaced. ok is false if there was none.
func (s *Store) TookOver() (holder store.LockInfo, ok bool) {
	if s.lock == nil || s.lock.tookOver == nil {
		return store.LockInfo{}, false
	}
	return *s.lock.tookOver, true
}

// Close closes the record and frees its lock. A record that has not taken its place yet is gone.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.disconnect()
	s.discard()
	if s.lock != nil {
		err = errors.Join(err, s.lock.release())
		s.lock = nil
	}
	return err
}

func (s *Store) disconnect() error {
	var err error
	if s.conn != nil {
		err = s.conn.Close()
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	s.conn, s.db = nil, nil
	return err
}
