package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/visible"
)

// How long a lock lasts, how often it is renewed, and for how long a transaction is tried again whose connection is lost.
const (
	lasts  = 30 * time.Second
	renews = 10 * time.Second
	tries  = 25 * time.Second
)

// lease is a held lock.
type lease struct {
	id       string
	fence    int64
	written  int64 // transactions that it has made
	tookOver *store.LockInfo
}

// holder is who has the lock of a record; ended says that it has expired, and the id is "" if nobody has it.
func (d *Database) holder(ctx context.Context, tx pgx.Tx, more string) (l store.LockInfo, until time.Time, ended bool, err error) {
	var at *time.Time // NULL for infinity
	err = tx.QueryRow(ctx, "SELECT lock_id, holder, host, ran_by, ref, since, CASE WHEN isfinite(until) THEN until END, "+
		"until < clock_timestamp() FROM dirform.leases WHERE name = $1"+more, d.name).
		Scan(&l.ID, &l.Holder, &l.Host, &l.By, &l.Ref, &l.Since, &at, &ended)
	if at != nil {
		until = *at
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return l, until, true, nil
	}
	return l, until, ended, d.explain(err)
}

// acquire takes the lock. One that has expired is taken over.
func (d *Database) acquire(ctx context.Context, c *pgx.Conn, o store.Options) (l *lease, err error) {
	l = &lease{id: store.NewLockID()}
	err = pgx.BeginTxFunc(ctx, c, writes, func(tx pgx.Tx) error {
		if err := d.prepare(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO dirform.leases (name) VALUES ($1) ON CONFLICT DO NOTHING", d.name); err != nil {
			return err
		}
		old, until, ended, err := d.holder(ctx, tx, " FOR UPDATE")
		if err != nil {
			return err
		}
		if old.ID != "" && !ended {
			return &store.LockedError{Path: d.String(), Info: old, Until: until}
		}
		if old.ID != "" {
			l.tookOver = &old
		}
		return tx.QueryRow(ctx, `UPDATE dirform.leases SET fence = fence + 1, written = 0, lock_id = $1, holder = $2, host = $3, ran_by = $4,
			ref = $5, since = $6, until = clock_timestamp() + $7::text::interval WHERE name = $8 RETURNING fence`, l.id, o.Holder, origin.Host(),
			o.Origin.By, o.Origin.Ref, o.Now().UTC(), interval(lasts), d.name).Scan(&l.fence)
	})
	var locked *store.LockedError
	if errors.As(err, &locked) {
		return nil, locked
	}
	return l, d.explain(err)
}

func interval(t time.Duration) string { return fmt.Sprintf("%d seconds", int(t.Seconds())) }

// renew has a lock last from now on. It reports whether it is still held. step is 1 for a transaction that writes, and written how
// many there were with it.
func (l *lease) renew(ctx context.Context, d *Database, tx pgx.Tx, step int64) (written int64, held bool, err error) {
	err = tx.QueryRow(ctx, `UPDATE dirform.leases SET until = clock_timestamp() + $1::text::interval, written = written + $2
		WHERE name = $3 AND fence = $4 AND lock_id = $5 RETURNING written`, interval(lasts), step, d.name, l.fence, l.id).Scan(&written)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return written, err == nil, d.explain(err)
}

// lost is the error of a run whose lock somebody else took.
func (d *Database) lost(ctx context.Context, tx pgx.Tx) error {
	now, _, _, err := d.holder(ctx, tx, "")
	if err != nil {
		return err
	}
	if now.ID == "" {
		return &store.LostError{Path: d.String()}
	}
	return &store.LostError{Path: d.String(), By: &now}
}

// release frees a lock, unless somebody else has it by now.
func (l *lease) release(ctx context.Context, d *Database, tx pgx.Tx) error {
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
	return d.explain(pgx.BeginTxFunc(ctx, c, writes, func(tx pgx.Tx) error {
		found, err := d.there(ctx, tx)
		if err != nil {
			return err
		}
		var now store.LockInfo
		if found {
			if now, _, _, err = d.holder(ctx, tx, " FOR UPDATE"); err != nil {
				return err
			}
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
	}))
}
