package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/lease"
	"github.com/dirform/dirform/state/visible"
)

// times are how long a lock lasts, how often it is renewed, and for how long a transaction is tried again whose
// connection is lost.
type times struct{ lasts, renews, tries time.Duration }

var usual = times{30 * time.Second, 10 * time.Second, 25 * time.Second}

// held is a lock that is held.
type held struct {
	id       string
	fence    int64
	written  int64 // transactions that it has made
	tookOver *store.LockInfo
	watch    *lease.Watch
}

// holder is who has the lock of a record, all times by the server's clock; the id is "" if nobody has it.
func (d *Database) holder(ctx context.Context, tx pgx.Tx, more string) (store.LockedError, error) {
	e := store.LockedError{Path: d.String()}
	var until *time.Time // NULL for infinity
	err := tx.QueryRow(ctx, "SELECT lock_id, holder, host, ran_by, ref, since, CASE WHEN isfinite(until) "+
		"THEN until END, clock_timestamp() FROM dirform.leases WHERE name = $1"+more, d.name).
		Scan(&e.Info.ID, &e.Info.Holder, &e.Info.Host, &e.Info.By, &e.Info.Ref, &e.Info.Since, &until, &e.Now)
	if until != nil {
		e.Until = *until
	}
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return e, d.explain(err)
}

// acquire takes the lock. One that has expired is taken over.
func (d *Database) acquire(ctx context.Context, c *pgx.Conn, o store.Options) (l *held, err error) {
	l = &held{id: store.NewLockID()}
	asked, inUse := time.Now(), false
	err = pgx.BeginTxFunc(ctx, c, writes, func(tx pgx.Tx) error {
		if err := d.prepare(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO dirform.leases (name) VALUES ($1) ON CONFLICT DO NOTHING", d.name)
		var old store.LockedError
		if err == nil {
			old, err = d.holder(ctx, tx, " FOR UPDATE")
		}
		if err != nil {
			inUse = waited(err)
			return err
		}
		if old.Info.ID != "" && !old.Until.Before(old.Now) {
			return &old
		}
		if old.Info.ID != "" {
			l.tookOver = &old.Info
		}
		asked = time.Now()
		return tx.QueryRow(ctx, `UPDATE dirform.leases SET fence = fence + 1, written = 0, lock_id = $1, holder = $2,
			host = $3, ran_by = $4, ref = $5, since = clock_timestamp(), until = clock_timestamp() + $6::text::interval
			WHERE name = $7 RETURNING fence`, l.id, o.Holder,
			origin.Host(), o.Origin.By, o.Origin.Ref, interval(d.lasts), d.name).Scan(&l.fence)
	})
	var locked *store.LockedError
	if errors.As(err, &locked) {
		return nil, locked
	}
	if inUse {
		return nil, d.inUse(ctx, c)
	}
	if err != nil {
		return nil, d.explain(err)
	}
	l.watch = lease.NewWatch(d.String(), d.lasts, asked)
	return l, nil
}

// waited reports whether a statement has waited too long for a row.
func waited(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == lockNotAvailable
}

// inUse is the error of a lock whose row a transaction has locked: of its holder, who may be cut off or asleep in the
// middle of it. Then the server ends it after a while.
func (d *Database) inUse(ctx context.Context, c *pgx.Conn) error {
	var now store.LockedError
	err := pgx.BeginTxFunc(ctx, c, reads, func(tx pgx.Tx) (err error) {
		now, err = d.holder(ctx, tx, "")
		return err
	})
	if err == nil && now.Info.ID != "" {
		return &now
	}
	if err != nil {
		return d.explain(err)
	}
	return &fault.Error{Summary: "the lock of the state is in use", Detail: d.String() + " is written to right now.",
		Hint: "Try again in half a minute: by then the server has ended whatever is only stuck."}
}

func interval(t time.Duration) string { return fmt.Sprintf("%d milliseconds", t.Milliseconds()) }

// renew has a lock last from now on. It reports whether it is still held. step is 1 for a transaction that writes, and written how
// many there were with it.
func (l *held) renew(ctx context.Context, d *Database, tx pgx.Tx, step int64) (written int64, held bool, err error) {
	err = tx.QueryRow(ctx, `UPDATE dirform.leases SET until = clock_timestamp() + $1::text::interval, written = written + $2
		WHERE name = $3 AND fence = $4 AND lock_id = $5 RETURNING written`,
		interval(d.lasts), step, d.name, l.fence, l.id).Scan(&written)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return written, err == nil, d.explain(err)
}

// lost is the error of a run whose lock somebody else took.
func (d *Database) lost(ctx context.Context, tx pgx.Tx) error {
	now, err := d.holder(ctx, tx, "")
	if err != nil {
		return err
	}
	if now.Info.ID == "" {
		return &store.LostError{Path: d.String()}
	}
	return &store.LostError{Path: d.String(), By: &now.Info}
}

// release frees a lock, unless somebody else has it by now.
func (l *held) release(ctx context.Context, d *Database, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "UPDATE dirform.leases SET lock_id = '', until = '-infinity' WHERE name = $1 AND fence = $2 AND lock_id = $3",
		d.name, l.fence, l.id)
	return d.explain(err)
}

// ForceUnlock frees the lock with an id. Its holder, should it still run, cannot write any more.
func (d *Database) ForceUnlock(ctx context.Context, id string) error {
	c, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	err = pgx.BeginTxFunc(ctx, c, writes, func(tx pgx.Tx) error {
		has, err := d.there(ctx, tx)
		if err != nil {
			return err
		}
		var now store.LockInfo
		if has > 0 {
			has, err := d.holder(ctx, tx, " FOR UPDATE")
			if err != nil {
				return err
			}
			now = has.Info
		}
		switch now.ID {
		case "":
			return &fault.Error{Summary: "the state " + d.String() + " is not locked"}
		case id:
			_, err := tx.Exec(ctx, "UPDATE dirform.leases SET lock_id = '', until = '-infinity', fence = fence + 1 WHERE name = $1", d.name)
			return err
		}
		return &fault.Error{Summary: "the state was not unlocked", Detail: visible.Sprintf(
			"%s is held by %q under lock %s, not %s; somebody else may have taken it meanwhile.", d, now.Holder, now.ID, id)}
	})
	if waited(err) {
		return d.inUse(ctx, c)
	}
	return d.explain(err)
}
