package store

import (
	"context"
	"errors"
	"time"
)

// LockWithin locks the record at a place, and waits for up to a time for whoever has it, of which tell is told once. The last error
// says who has it.
func LockWithin(ctx context.Context, p Place, o Options, wait time.Duration, tell func(holder string)) (Locked, error) {
	const again = 200 * time.Millisecond
	told := false
	for end := time.Now().Add(wait); ; {
		l, err := p.Lock(ctx, o)
		var locked *LockedError
		if !errors.As(err, &locked) || !time.Now().Before(end) {
			return l, err
		}
		if !told {
			tell(locked.Info.Holder)
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(min(again, time.Until(end))):
		}
	}
}
