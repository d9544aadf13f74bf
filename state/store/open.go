package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/dirform/dirform/state/fault"
)

// Meta identifies a record.
type Meta struct {
	Exists    bool // false: nothing was ever applied; the other fields are zero
	Lineage   string
	Serial    int64  // number of runs that wrote
	SourceSID string // domain SID of the source directory
	TenantID  string
}

// Options say who opens a record for writing.
type Options struct {
	Holder string           // for the lock: "apply by user@host pid 123"
	Now    func() time.Time // nil means time.Now
}

// Store is an open record. Its methods are safe for concurrent use.
type Store struct {
	path string
	lock *lock // nil when read-only
	now  func() time.Time

	mu      sync.Mutex // serialises the use of conn
	db      *sql.DB    // nil while there is no file
	conn    *sql.Conn
	meta    Meta
	layout  int // of the file as it is, see [schemaVersion]; 0 while there is none
	classes classes
}

// Open opens the record at path for writing and locks it. A record that does not exist yet is created by the first write of the
// first run, not before. If another process has it, the error is a [*LockedError].
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	l, err := acquire(path, o.Holder, o.Now())
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, lock: l, now: o.Now}
	if fileSize(path) == 0 {
		return s, nil
	}
	if err := s.connect(ctx, "rw"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenReadOnly opens the record at path for reading: one consistent snapshot as of now, whatever a running apply writes
// meanwhile, without waiting for it. A missing file is an empty record.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	s := &Store{path: path, now: time.Now}
	if fileSize(path) == 0 {
		return s, nil
	}
	err := s.connect(ctx, "rw")
	if err != nil && !writable(path) {
		s.disconnect()
		err = s.connect(ctx, "ro")
	}
	if err == nil {
		// links are read once, from end to end: keeping their pages would keep the whole file in memory
		_, err = s.conn.ExecContext(ctx, "PRAGMA query_only = 1; PRAGMA cache_size = -4096")
	}
	if err == nil { // the snapshot starts with the first read inside the transaction, which loads the identity again
		_, err = s.conn.ExecContext(ctx, "BEGIN")
	}
	if err == nil && s.meta.Exists {
		err = s.load(ctx)
	}
	if err != nil {
		return nil, errors.Join(explain(path, err), s.Close())
	}
	return s, nil
}

// fileSize is the size of the file at path; 0 also if there is none.
func fileSize(path string) int64 {
	fi, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return fi.Size()
}

// writable reports whether path and its folder take writes, which SQLite's write-ahead log needs even for reading.
func writable(path string) bool {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	f.Close()
	t, err := os.CreateTemp(filepath.Dir(path), ".dirform-*")
	if err != nil {
		return false
	}
	t.Close()
	os.Remove(t.Name())
	return true
}

// connect opens the SQLite file, which must exist, in mode "rw" or "ro".
func (s *Store) connect(ctx context.Context, mode string) error {
	db, err := sql.Open("sqlite", dataSource(s.path, mode))
	if err != nil {
		return explain(s.path, err)
	}
	db.SetMaxOpenConns(1)
	s.db = db
	if s.conn, err = db.Conn(ctx); err != nil {
		return explain(s.path, err)
	}
	if s.layout, err = checkLayout(ctx, s.conn, s.path); err != nil || s.layout == 0 {
		return err
	}
	return s.load(ctx)
}

// dataSource is the driver's name for the file. In a folder that cannot be written and without a log beside it, the file cannot
// change and is read as it is.
func dataSource(path, mode string) string {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}}
	q["_pragma"] = []string{"busy_timeout(10000)", "cache_size(-65536)"}
	if mode == "ro" {
		if fileSize(path+"-wal") == 0 {
			q.Set("immutable", "1")
		}
	} else {
		q["_pragma"] = append(q["_pragma"], "synchronous(FULL)", "foreign_keys(1)", "temp_store(MEMORY)")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // C:/state becomes file:///C:/state
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: abs, RawQuery: q.Encode()}).String()
}

// create makes an empty database for a record that does not exist yet: its owner alone may read it, because of the key.
func (s *Store) create(ctx context.Context) error {
	if s.db != nil {
		return s.setLayoutPragmas(ctx)
	}
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return &fault.Error{Summary: "cannot create the state", Err: err}
	}
	f.Close()
	if err := s.connect(ctx, "rw"); err != nil {
		return err
	}
	return s.setLayoutPragmas(ctx)
}

// setLayoutPragmas sets what a database keeps for good, before its first table.
func (s *Store) setLayoutPragmas(ctx context.Context) error {
	for _, p := range []string{"page_size = 8192", "journal_mode = WAL"} {
		if _, err := s.conn.ExecContext(ctx, "PRAGMA "+p); err != nil {
			return explain(s.path, err)
		}
	}
	return nil
}

// load reads the record's identity and its classes.
func (s *Store) load(ctx context.Context) error {
	m := Meta{Exists: true}
	rows, err := s.conn.QueryContext(ctx, "SELECT name, value FROM meta")
	if err != nil {
		return explain(s.path, err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return explain(s.path, err)
		}
		if err := m.set(name, value); err != nil {
			return damaged(s.path, fmt.Sprintf("its %s is not as dirform writes it: %v", name, err))
		}
	}
	if err := rows.Err(); err != nil {
		return explain(s.path, err)
	}
	s.meta = m
	return s.classes.load(ctx, s.conn)
}

// set takes one entry of the meta table. Unknown names are left alone.
func (m *Meta) set(name, value string) (err error) {
	switch name {
	case "lineage":
		m.Lineage = value
	case "serial":
		m.Serial, err = strconv.ParseInt(value, 10, 64)
	case "source_sid":
		m.SourceSID = value
	case "tenant_id":
		m.TenantID = value
	}
	return err
}

// Meta is the record's identity.
func (s *Store) Meta() Meta {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta
}

// TookOver is the holder of the lock that Open found dead and replaced. ok is false if there was none.
func (s *Store) TookOver() (holder LockInfo, ok bool) {
	if s.lock == nil || s.lock.tookOver == nil {
		return LockInfo{}, false
	}
	return *s.lock.tookOver, true
}

// Close closes the record and frees its lock.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.disconnect()
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

// explain names the file in a database error. What says already what is wrong, a fault, is left as it is.
func explain(path string, err error) error {
	var known fault.Described
	var database *sqlite.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.As(err, &database) && (database.Code()&0xff == sqlite3.SQLITE_NOTADB || database.Code()&0xff == sqlite3.SQLITE_CORRUPT):
		return &fault.Error{Summary: fmt.Sprintf("%s is not readable as a dirform state", path), Hint: restoreIt, Err: err}
	}
	return &fault.Error{Summary: fmt.Sprintf("the state %s cannot be used", path), Err: err}
}

// restoreIt is what to do about a state that cannot be read any more.
const restoreIt = "Restore it from a backup, or remove it to have it rebuilt from both directories."

// damaged is the error of a state that holds what dirform never writes.
func damaged(path, what string) error {
	return &fault.Error{Summary: "the state is damaged", Detail: path + ": " + what + ".", Hint: restoreIt}
}
