package storetest

import (
	"errors"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
)

// RunEncrypted holds places with keys of encryption to what they promise. Each call of place is another place, which holds no
// record yet; calls of what it returns are the same place with some keys, or none, as another process comes to it.
func RunEncrypted(t *testing.T, place func(t *testing.T) (open func(*seal.Keys) store.Place)) {
	t.Run("encrypted", func(t *testing.T) {
		first := seal.New(newKey(t))
		Run(t, func(t *testing.T) func() store.Place {
			open := place(t)
			return func() store.Place { return open(first) }
		})
	})
	t.Run("keys come and change", func(t *testing.T) { testKeys(t, place(t)) })
	t.Run("keys differ on both sides", func(t *testing.T) { testTransferKeys(t, place) })
	t.Run("encrypted from the start", func(t *testing.T) {
		open, keys := place(t), seal.New(newKey(t))
		writeWith(t, open(keys), link(1))
		refused(t, "no key", open(nil), seal.ErrNoKey)
		same(t, "links", links(t, load(t, open(keys))), []*state.Link{link(1)})
	})
}

func newKey(t testing.TB) seal.Key {
	t.Helper()
	k, err := seal.NewKey()
	must(t, err)
	return k
}

// writeWith makes a run that records a link.
func writeWith(t testing.TB, p store.Place, l *state.Link) {
	t.Helper()
	s := lock(t, p)
	w := begin(t, s)
	must(t, w.Records(t.Context(), []*state.Link{l}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
	must(t, s.Close())
}

// refused checks that a record cannot be opened in any way, for the right reason, and that its lock is free afterwards.
func refused(t testing.TB, what string, p store.Place, want error) {
	t.Helper()
	_, load := p.Load(t.Context())
	_, locked := p.Lock(t.Context(), options)
	_, damaged, rebuilt := p.Rebuild(t.Context(), options)
	for how, err := range map[string]error{"to read": load, "to write": locked, "to make it anew": rebuilt} {
		if !errors.Is(err, want) {
			t.Errorf("%s, %s: %v", what, how, err)
		}
	}
	if damaged != nil {
		t.Errorf("%s: the record is called damaged: %v", what, damaged)
	}
}

// testKeys gives keys to a record in the clear, and changes them.
func testKeys(t *testing.T, open func(*seal.Keys) store.Place) {
	a, b := newKey(t), newKey(t)
	first, rotating, second := seal.New(a), seal.New(b, a), seal.New(b)
	writeWith(t, open(nil), link(1))
	key := load(t, open(nil)).Meta().Key
	same(t, "read with keys while in the clear", links(t, load(t, open(first))), []*state.Link{link(1)})
	must(t, lock(t, open(first)).Close())
	same(t, "read in the clear as nothing was written", links(t, load(t, open(nil))), []*state.Link{link(1)})

	writeWith(t, open(first), link(2))
	refused(t, "no key", open(nil), seal.ErrNoKey)
	refused(t, "another key", open(second), seal.ErrWrongKey)
	same(t, "read while the key changes", links(t, load(t, open(rotating))), []*state.Link{link(1), link(2)})
	same(t, "reading changes no key", load(t, open(first)).Meta().Key, key)

	writeWith(t, open(rotating), link(3))
	refused(t, "the earlier key", open(first), seal.ErrWrongKey)
	r := load(t, open(second))
	same(t, "links", links(t, r), []*state.Link{link(1), link(2), link(3)})
	same(t, "the record's own key", r.Meta().Key, key)
}
