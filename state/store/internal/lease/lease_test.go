package lease_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/lease"
)

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := lease.NewWatch("x", 30*time.Second, start)
		held := w.Held(t.Context())
		for range 5 { // a renewal counts from when it was asked for
			time.Sleep(10 * time.Second)
			w.Renewed(time.Now().Add(-2 * time.Second))
		}
		w.Renewed(start) // an old answer takes nothing away
		<-held.Done()
		if took := time.Since(start); took != 78*time.Second {
			t.Errorf("it ended after %v", took)
		}
		var lost *store.LostError
		if !errors.As(context.Cause(held), &lost) || !lost.Expired {
			t.Error(context.Cause(held))
		}
	})
}

// TestSlept: whoever asks right before a write is told that the machine has slept for longer than the lock lasts,
// though no timer has run; and so is everybody else then. A nap ends nothing, nor does sleep once the lock was given
// back.
func TestSlept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := lease.NewWatch("x", 30*time.Second, time.Now())
		held, other := w.Held(t.Context()), w.Held(t.Context())
		part, stop := context.WithCancel(held)
		defer stop()
		w.Sleep(29 * time.Second)
		if held.Err() != nil || w.Ended() != nil {
			t.Error("a nap:", context.Cause(held))
		}
		w.Sleep(2 * time.Second)
		if part.Err() != nil {
			t.Error("nobody has looked at the clock:", context.Cause(part))
		}
		var lost *store.LostError
		if held.Err() != context.Canceled || !errors.As(context.Cause(held), &lost) || !lost.Expired {
			t.Error(held.Err(), context.Cause(held))
		}
		if !errors.As(context.Cause(part), &lost) || !errors.As(w.Ended(), &lost) || other.Err() == nil {
			t.Error(context.Cause(part), w.Ended(), other.Err())
		}
		select {
		case <-held.Done():
		default:
			t.Error("it has an error and is not done")
		}
	})
	w := lease.NewWatch("x", 30*time.Second, time.Now())
	held := w.Held(t.Context())
	w.Stop()
	w.Sleep(time.Hour)
	if held.Err() != nil {
		t.Error("of a lock that was given back:", context.Cause(held))
	}
}

func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := lease.NewWatch("x", 30*time.Second, time.Now())
		held, why := w.Held(t.Context()), errors.New("somebody else has it")
		w.Lost(why)
		<-held.Done()
		if context.Cause(held) != why {
			t.Error(context.Cause(held))
		}
		w.Stop()
	})
}
