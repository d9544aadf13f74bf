package seal_test

import (
	"slices"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/seal"
)

func TestSealer(t *testing.T) {
	key, err := store.NewKey()
	if err != nil || key.IsZero() {
		t.Fatal(err, key.IsZero())
	}
	sealer := func(k state.Key) *seal.Sealer {
		s, err := seal.New(k)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := sealer(key)
	prints := []uint64{1, 0, 1 << 63, 1}
	a, b := s.Seal(nil, []byte("anchor"), prints), s.Seal(nil, []byte("anchor"), prints)
	if len(a) != s.SealedSize(len(prints)) || string(a) == string(b) {
		t.Errorf("%d bytes; twice the same: %v", len(a), string(a) == string(b))
	}
	if got, err := s.Open(nil, []byte("anchor"), a); err != nil || !slices.Equal(got, prints) {
		t.Error(got, err)
	}
	if got, err := s.Open([]uint64{9}, []byte("anchor"), s.Seal(nil, []byte("anchor"), nil)); err != nil || !slices.Equal(got, []uint64{9}) || s.SealedSize(0) != 0 {
		t.Error("no fingerprints:", got, err)
	}
	other := key
	other[31]++
	b[3]++
	for what, err := range map[string]error{
		"another anchor": second(s.Open(nil, []byte("anchor2"), a)), "another key": second(sealer(other).Open(nil, []byte("anchor"), a)),
		"changed": second(s.Open(nil, []byte("anchor"), b)), "cut": second(s.Open(nil, []byte("anchor"), a[:9])),
	} {
		if err == nil {
			t.Errorf("%s: it opens", what)
		}
	}
}

func second(_ []uint64, err error) error { return err }
