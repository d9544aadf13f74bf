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
