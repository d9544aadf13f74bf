package state_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
)

// A key gets into nothing that is printed, whatever holds it and however it is written.
func TestKeyIsNotPrinted(t *testing.T) {
	var key state.Key
	for i := range key {
		key[i] = 0xAB
	}
	type meta struct {
		Key     state.Key
		Pointer *state.Key
	}
	m := meta{key, &key}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d", "%q", "%o"} {
		fmt.Fprintf(&out, verb+"\n", key)
		fmt.Fprintf(&out, verb+"\n", m)
		fmt.Fprintf(&out, verb+"\n", key[:0])
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", key, "meta", m)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", key, "meta", m)
	for _, shown := range []string{"abab", "ABAB", "171", "253", "q6ur"} {
		if strings.Contains(out.String(), shown) {
			t.Errorf("the key is shown as %s:\n%s", shown, &out)
		}
	}
}

func TestSealer(t *testing.T) {
	key, err := state.NewKey()
	if err != nil || key.IsZero() {
		t.Fatal(err, key.IsZero())
	}
	seal := func(k state.Key) *state.Sealer {
		s, err := state.NewSealer(k)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := seal(key)
	prints := []uint64{1, 0, 1 << 63, 1}
	a, b := s.Seal(nil, "anchor", prints), s.Seal(nil, "anchor", prints)
	if len(a) != s.SealedSize(len(prints)) || string(a) == string(b) {
		t.Errorf("%d bytes; twice the same: %v", len(a), string(a) == string(b))
	}
	if got, err := s.Open(nil, "anchor", a); err != nil || !slices.Equal(got, prints) {
		t.Error(got, err)
	}
	if got, err := s.Open([]uint64{9}, "anchor", s.Seal(nil, "anchor", nil)); err != nil || !slices.Equal(got, []uint64{9}) || s.SealedSize(0) != 0 {
		t.Error("no fingerprints:", got, err)
	}
	other := key
	other[31]++
	b[3]++
	for what, err := range map[string]error{
		"another anchor": second(s.Open(nil, "anchor2", a)), "another key": second(seal(other).Open(nil, "anchor", a)),
		"changed": second(s.Open(nil, "anchor", b)), "cut": second(s.Open(nil, "anchor", a[:9])),
	} {
		if err == nil {
			t.Errorf("%s: it opens", what)
		}
	}
}

func second(_ []uint64, err error) error { return err }
