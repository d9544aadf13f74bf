package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/kept"
	"github.com/dirform/dirform/state/store/internal/seal"
	"github.com/dirform/dirform/state/store/internal/tables"
	"github.com/dirform/dirform/state/store/internal/wrap"
)

// Store is an open record. Its methods are safe for concurrent use.
type Store struct {
	tables.Record

	d       *Database
	version int64 // of the schema
	lease   *held // nil when read-only
	now     func() time.Time
	from    origin.Origin
	moved   bool          // a record that goes on elsewhere is opened too
	stop    chan struct{} // ends the renewing
	ended   chan struct{} // it has ended

	mu       sync.Mutex // serialises the use of conn
	conn     *pgx.Conn
	snapshot pgx.Tx // of a record that is only read
	id       int64  // of the record; 0 while there is none
	aside    string // the name that a damaged record gets when this one, which is made anew, takes its place; "" if there is none
	anew     bool   // the record is made anew
	meta     store.Meta
	rewrap   bool // the record has its key otherwise than the configured keys want it
	sealing  tables.Sealing
	scratch  []byte
}

// settings are those of every transaction, which end with it. Tables have no statistics where ANALYZE has not come to
// them since the first apply, and whoever may write rows may not analyze. Then the server takes what follows an anchor
// for a handful of rows, and would sort a million of them for each page, or compile the query. There is an index for
// everything that is asked.
const settings = "; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = " +
	"off; SET LOCAL jit = off"

// Transactions that write, and one for all that is read. Between two readings of the latter directories are read, for
// as long as that takes.
//
// One that writes has the row of its record's lock locked. Its holder may be cut off or asleep in the middle of it: then the
// server ends it when the lock would have expired, at the latest, and whoever waits for the row waits for a few seconds.
var (
	writes = pgx.TxOptions{BeginQuery: "BEGIN" + settings +
		"; SET LOCAL idle_in_transaction_session_timeout = '25s'; SET LOCAL lock_timeout = '5s'; " +
		"SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 3"}
	reads = pgx.TxOptions{BeginQuery: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" + settings +
		"; SET LOCAL idle_in_transaction_session_timeout = 0"}
)

// Load opens the record for reading: one snapshot as of now. The server keeps it until the record is closed.
func (d *Database) Load(ctx context.Context) (store.Record, error) {
	c, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	s := d.store(c, nil, store.Options{})
	s.snapshot, err = c.BeginTx(ctx, reads)
	if err == nil {
		if s.version, err = d.there(ctx, s.snapshot); s.version > 0 {
			err = s.load(ctx, s.snapshot)
		}
	}
	if err != nil {
		return nil, errors.Join(d.explain(err), s.Close())
	}
	return s, nil
}

// Lock opens the record for writing.
func (d *Database) Lock(ctx context.Context, o store.Options) (store.Locked, error) {
	s, err := d.lock(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := pgx.BeginTxFunc(ctx, s.conn, writes, func(tx pgx.Tx) error { return s.load(ctx, tx) }); err != nil {
		return nil, errors.Join(d.explain(err), s.Close())
	}
	return s.renewing(), nil
}

func (d *Database) lock(ctx context.Context, o store.Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	c, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	l, err := d.acquire(ctx, c, o)
	if err != nil {
		c.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return d.store(c, l, o), nil
}

func (d *Database) store(c *pgx.Conn, l *held, o store.Options) *Store {
	s := &Store{d: d, version: version, conn: c, lease: l, now: o.Now, from: o.Origin, moved: o.Moved}
	s.Record, s.sealing.Classes = tables.NewRecord(s), &tables.Classes{}
	return s
}

// Rebuild locks the record to make it anew beside itself.
func (d *Database) Rebuild(ctx context.Context, o store.Options) (store.Locked, *store.Damaged, error) {
	s, err := d.lock(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	var damaged *store.Damaged
	switch err := s.readThrough(ctx); {
	case errors.Is(err, store.ErrDamaged):
		s.aside = fmt.Sprintf("%s.damaged-%s", d.name, s.now().UTC().Format("20060102T150405Z"))
		damaged = &store.Damaged{Reason: err, KeptAs: s.aside}
	case err != nil:
		return nil, nil, errors.Join(err, s.Close())
	case s.meta.Exists:
		return nil, nil, errors.Join(&fault.Error{Summary: "there is a state already",
			Detail: fmt.Sprintf("%v is whole: it has serial %d.", d, s.meta.Serial),
			Hint:   "It may be the better one: it knows what was applied last. To make one anew all the same, give the state block another name."},
			s.Close())
	}
	s.id, s.meta, s.anew, s.sealing = 0, store.Meta{}, true, tables.Sealing{Classes: &tables.Classes{}}
	return s.renewing(), damaged, nil
}

// readThrough reads everything of the record. The error of what is no whole record wraps [store.ErrDamaged].
func (s *Store) readThrough(ctx context.Context) error {
	if err := pgx.BeginTxFunc(ctx, s.conn, writes, func(tx pgx.Tx) error { return s.load(ctx, tx) }); err != nil {
		return s.d.explain(err)
	}
	for _, err := range s.Links(ctx) {
		if err != nil {
			return err
		}
	}
	_, err := s.Runs(ctx, 0)
	if err == nil {
		_, err = s.OUs(ctx)
	}
	return err
}

// load reads the record's identity and its classes.
func (s *Store) load(ctx context.Context, tx pgx.Tx) error {
	s.id, s.meta, s.rewrap = 0, store.Meta{}, false
	err := tx.QueryRow(ctx, "SELECT id FROM dirform.records WHERE name = $1", s.d.name).Scan(&s.id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	q := asked{tx, marksOf(s.id)}
	values, err := tables.Values(ctx, q)
	if err != nil {
		return err
	}
	meta, what := tables.Identity(values)
	if what != "" {
		return s.d.damaged(what)
	}
	if meta.MovedTo != "" && !s.moved {
		return &store.MovedError{Path: s.d.String(), To: meta.MovedTo}
	}
	meta.Key, s.rewrap, err = wrap.Key(values, s.d.keys, meta.Lineage, s.d.String())
	if errors.Is(err, wrap.ErrNotAsWritten) {
		return s.d.damaged(err.Error())
	}
	if err != nil {
		return err
	}
	if s.sealing.Sealer, err = seal.New(meta.Key); err != nil {
		return err
	}
	s.meta = meta
	return s.sealing.Classes.Load(ctx, q)
}

// renewing has the lock renewed until the record is closed, or the lock is lost.
func (s *Store) renewing() *Store {
	s.stop, s.ended = make(chan struct{}), make(chan struct{})
	go func() {
		defer crash.Guard()
		defer close(s.ended)
		for t := time.NewTicker(s.d.renews); ; {
			select {
			case <-s.stop:
				t.Stop()
				return
			case <-t.C:
				if err := s.renew(); err != nil {
					s.lease.watch.Lost(err)
				}
			}
		}
	}()
	return s
}

// renew renews the lock. The error is that of a lost one; whatever else goes wrong may do better the next time, while
// the lock lasts.
func (s *Store) renew() (lost error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.d.renews)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := time.Now()
	err := s.connected(ctx, func(tx pgx.Tx) error {
		_, held, err := s.lease.renew(ctx, s.d, tx, 0)
		if err == nil && !held {
			lost = s.d.lost(ctx, tx)
		}
		return err
	})
	if err == nil && lost == nil {
		s.lease.watch.Renewed(asked)
	}
	var known *store.LostError
	if !errors.As(lost, &known) {
		return nil
	}
	return lost
}

// Held is ctx while the lock is held.
func (s *Store) Held(ctx context.Context) context.Context { return s.lease.watch.Held(ctx) }

// connected runs f in a transaction, on a new connection if the old one is lost.
func (s *Store) connected(ctx context.Context, f func(pgx.Tx) error) error {
	if s.snapshot != nil {
		return f(s.snapshot)
	}
	if s.conn == nil || s.conn.IsClosed() {
		c, err := s.d.connect(ctx)
		if err != nil {
			return err
		}
		s.conn = c
	}
	return pgx.BeginTxFunc(ctx, s.conn, writes, f)
}

// broken reports whether an error means that the connection is lost, or the server is starting or stopping, so that another
// attempt may do better.
func (s *Store) broken(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return strings.HasPrefix(refused.Code, "57P0") || strings.HasPrefix(refused.Code, "40") ||
			refused.Code == lockNotAvailable || refused.Code == idleInTransaction
	}
	var unreached *pgconn.ConnectError
	return err != nil && (errors.As(err, &unreached) || s.conn != nil && s.conn.IsClosed())
}

// again runs f until it does not fail for a lost connection, or for too long.
func (s *Store) again(ctx context.Context, f func() error) error {
	for end := time.Now().Add(s.d.tries); ; {
		err := f()
		if s.snapshot != nil || ctx.Err() != nil || !s.broken(err) || !time.Now().Before(end) {
			return s.d.explain(err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Each runs f for every row of a small query; there are none while the record does not exist.
func (s *Store) Each(ctx context.Context, query string, f func(scan func(...any) error) error, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.meta.Exists {
		return nil
	}
	return s.again(ctx, func() error {
		given := false
		err := s.connected(ctx, func(tx pgx.Tx) error {
			return asked{tx, marksOf(s.id)}.Each(ctx, query, func(scan func(...any) error) error {
				given = true
				return f(scan)
			}, args...)
		})
		if given && err != nil && s.broken(err) { // f must not be given rows twice
			s.conn = nil
			return &fault.Error{Summary: "the state " + s.d.String() + " cannot be read", Err: err}
		}
		return err
	})
}

// Layout is what the tables have.
func (s *Store) Layout() int { return layouts[s.version] }

// KeptBy opens what steps have kept.
func (s *Store) KeptBy() (*kept.Sealer, error) { return kept.New(s.Meta().Key) }

// Damaged is the error of a record that holds what dirform never writes.
func (s *Store) Damaged(what string) error { return s.d.damaged(what) }

// Meta is the record's identity.
func (s *Store) Meta() store.Meta {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta
}

// TookOver is the holder of the lock that had expired and was replaced.
func (s *Store) TookOver() (store.LockInfo, bool) {
	if s.lease == nil || s.lease.tookOver == nil {
		return store.LockInfo{}, false
	}
	return *s.lease.tookOver, true
}

// Close closes the record and frees its lock. One that is made anew and not finished is gone.
func (s *Store) Close() error {
	if s.stop != nil {
		close(s.stop)
		<-s.ended
		s.stop = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), s.d.renews)
	defer cancel()
	var err error
	if s.snapshot != nil {
		_ = s.snapshot.Rollback(ctx) // nothing was written
		s.snapshot = nil
	}
	if s.lease != nil {
		s.lease.watch.Stop()
		err = s.again(ctx, func() error {
			return s.connected(ctx, func(tx pgx.Tx) error {
				if s.anew {
					if err := forget(ctx, tx, s.d.name+anewSuffix); err != nil {
						return err
					}
				}
				return s.lease.release(ctx, s.d, tx)
			})
		})
		s.lease = nil
	}
	if s.conn != nil {
		err = errors.Join(err, s.conn.Close(ctx))
		s.conn = nil
	}
	return s.d.explain(err)
}
