package store

import (
	"context"
	"errors"
	"time"
)

// LockWithin locks the record at a place, and waits for up to a time for whoever has it, of which tell is told once. The last error
// says who has it.
func LockWithin(ctx context.Context, p Place, o Options, wait time.Duration, tell func(holder string)) (l Locked, err error) {
	err = within(ctx, wait, tell, func() error { l, err = p.Lock(ctx, o); return err })
	return l, err
}

// RebuildWithin is [LockWithin] for a record that is to be made anew.
func RebuildWithin(ctx context.Context, p Place, o Options, wait time.Duration, tell func(holder string)) (l Locked, damaged *Damaged, err error) {
	err = within(ctx, wait, tell, func() error { l, damaged, err = p.Rebuild(ctx, o); return err })
	return l, damaged, err
}

func within(ctx context.Context, wait time.Duration, tell func(holder string), lock func() error) error {
	const again = 200 * time.Millisecond
	told := false
	for end := time.Now().Add(wait); ; {
		err := lock()
		var locked *LockedError
		if !errors.As(err, &locked) || !time.Now().Before(end) {
			return err
		}
		if !told {
			tell(locked.Info.Holder)
			told = true
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(min(again, time.Until(end))):
		}
	}
}
