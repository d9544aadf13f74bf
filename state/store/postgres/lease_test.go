package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/postgres"
	"github.com/dirform/dirform/state/store/storetest"
)

// brief is a place whose locks last for a second.
func brief(t testing.TB, address string) store.Place {
	return place(t, address, "contoso").(*postgres.Database).Brief()
}

// ends waits until what is done under a lock has to stop, and tells why.
func ends(t *testing.T, held context.Context, within time.Duration) (why *store.LostError) {
	t.Helper()
	select {
	case <-held.Done():
	case <-time.After(within):
		t.Fatal("nobody was told that the lock is lost")
	}
	if !errors.As(context.Cause(held), &why) {
		t.Fatal(context.Cause(held))
	}
	return why
}

// TestPostgresLossIsTold: whoever works under a lock is told that it is lost, without a call to the record.
func TestPostgresLossIsTold(t *testing.T) {
	t.Parallel()
	server := storetest.SharedServer(t)
	t.Run("freed", func(t *testing.T) {
		p := brief(t, server.Database())
		held := lock(t, p).Held(t.Context())
		var locked *store.LockedError
		if _, err := p.Lock(t.Context(), options); !errors.As(err, &locked) {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond) // it is renewed
		if held.Err() != nil {
			t.Fatal(context.Cause(held))
		}
		if err := p.ForceUnlock(t.Context(), locked.Info.ID); err != nil {
			t.Fatal(err)
		}
		if why := ends(t, held, 5*time.Second); why.By != nil || why.Expired {
			t.Errorf("%+v", why)
		}
	})
	t.Run("taken over after the network was cut", func(t *testing.T) {
		address := server.Database()
		proxy, through := storetest.NewProxy(t, address)
		l := lock(t, brief(t, through))
		held, w := l.Held(t.Context()), begin(t, l)
		start := time.Now()
		proxy.Cut()
		if why := ends(t, held, 10*time.Second); !why.Expired {
			t.Errorf("%+v", why)
		}
		if took := time.Since(start); took > 1500*time.Millisecond {
			t.Errorf("it was told after %v of a lock that lasts for a second", took)
		}
		next, err := store.LockWithin(t.Context(), place(t, address, "contoso"), options, 10*time.Second, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		defer next.Close()
		if old, ok := next.TookOver(); !ok || old.Holder != options.Holder {
			t.Errorf("the holder that is replaced is not named: %+v", old)
		}
		proxy.Mend() // what was sent meanwhile arrives now
		var lost *store.LostError
		if err := intents(w, 1); !errors.As(err, &lost) || lost.By == nil {
			t.Errorf("a former holder writes: %v", err)
		}
	})
	t.Run("cut for a moment", func(t *testing.T) {
		proxy, through := storetest.NewProxy(t, server.Database())
		l := lock(t, place(t, through, "contoso"))
		w := begin(t, l)
		if err := intents(w, 1); err != nil {
			t.Fatal(err)
		}
		proxy.Cut()
		time.AfterFunc(500*time.Millisecond, proxy.Mend)
		if err := intents(w, 2); err != nil {
			t.Error("a moment without network has ended a run:", err)
		}
		proxy.Drop()
		if err := intents(w, 3); err != nil {
			t.Error("a lost connection has ended a run:", err)
		}
		if held := l.Held(t.Context()); held.Err() != nil {
			t.Error(context.Cause(held))
		}
	})
}

// TestPostgresStuck: nobody waits for long for a holder who is stuck in the middle of a transaction, and who has it is told.
func TestPostgresStuck(t *testing.T) {
	t.Parallel()
	address := storetest.SharedServer(t).Database()
	p := place(t, address, "contoso")
	lock(t, p)
	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), "BEGIN; SELECT FROM dirform.leases FOR UPDATE", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	freed := make(chan error, 1)
	go func() { freed <- p.(*postgres.Database).ForceUnlock(ctx, "x") }()
	_, err = store.LockWithin(ctx, p, options, time.Second, func(string) {})
	for _, err := range []error{err, <-freed} {
		var locked *store.LockedError
		if !errors.As(err, &locked) || locked.Info.Holder != options.Holder {
			t.Error(err)
		}
	}
}

// TestPostgresSilent: an intent waits for a server that is silent no longer than the lock lasts.
func TestPostgresSilent(t *testing.T) {
	t.Parallel()
	proxy, through := storetest.NewProxy(t, storetest.SharedServer(t).Database())
	w := begin(t, lock(t, brief(t, through)))
	if err := intents(w, 1); err != nil {
		t.Fatal(err)
	}
	proxy.Cut()
	start, done := time.Now(), make(chan error, 1)
	go func() { done <- intents(w, 2) }()
	select {
	case err := <-done:
		var lost *store.LostError
		if took := time.Since(start); !errors.As(err, &lost) || took > 3*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	case <-time.After(10 * time.Second):
		t.Error("an intent waits, though the lock has long expired")
	}
}

// TestPostgresClock: how long somebody has the lock is told by the server's clock, whatever the clocks of holder and
// asker say.
func TestPostgresClock(t *testing.T) {
	server := storetest.SharedServer(t)
	address := server.Database()
	p := place(t, address, "contoso")
	l, err := p.Lock(t.Context(), store.Options{Holder: "x",
		Now: func() time.Time { return time.Now().Add(-1000 * time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	server.Ask(address, "UPDATE dirform.leases SET since = now() - interval '3 minutes'")
	var locked *store.LockedError
	if _, err := p.Lock(t.Context(), options); !errors.As(err, &locked) || !strings.Contains(err.Error(), ", for 3m") {
		t.Error(err)
	}
	ahead := time.Hour // of this machine is the server
	locked.Info.Since, locked.Now = locked.Info.Since.Add(ahead), locked.Now.Add(ahead)
	if !strings.Contains(locked.Error(), ", for 3m") {
		t.Error(locked)
	}
}
