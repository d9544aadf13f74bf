//go:build unix

package postgres_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/storetest"
)

// TestPostgresPausedProcess: a holder that is stopped for longer than its lock lasts and goes on after somebody else
// has taken over writes nothing any more, and knows it.
func TestPostgresPausedProcess(t *testing.T) {
	t.Parallel()
	server := storetest.SharedServer(t)
	address := server.Database()
	holder := storetest.Start(t, "contoso brief "+address, "hold")
	if said := holder.Hear(); said != "holds" {
		t.Fatal(said)
	}
	holder.Say("write")
	if said := holder.Hear(); said != "written" {
		t.Fatal(said)
	}
	if err := syscall.Kill(holder.ID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	p := brief(t, address)
	l, err := store.LockWithin(t.Context(), p, options, 20*time.Second, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, ok := l.TookOver(); !ok {
		t.Error("nobody was taken over")
	}
	w := begin(t, l)
	if err := w.Records(t.Context(), []*state.Link{link(1)}); err != nil {
		t.Fatal(err)
	}
	holder.Say("write")
	if err := syscall.Kill(holder.ID(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if said := holder.Hear(); said != "lost" {
		t.Errorf("the former holder: %s", said)
	}
	if err := w.Records(t.Context(), []*state.Link{link(2)}); err != nil {
		t.Error(err)
	}
	if got := server.Ask(address, "SELECT string_agg(run || ' ' || seq || ' ' || status, ', ') FROM "+
		"dirform.journal"); got != "1 100 unknown" {
		t.Errorf("the journal: %s", got)
	}
	var locked *store.LockedError
	if _, err := p.Lock(t.Context(), options); !errors.As(err, &locked) {
		t.Error(err)
	}
}
