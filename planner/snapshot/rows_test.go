package snapshot

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/state"
)

// TestRowsRoundTrip: what is written into a row is what is read from it, and no part of a row is taken for a whole one
// that says something else.
func TestRowsRoundTrip(t *testing.T) {
	shape := state.NewShape("a", "b", "c")
	values := rapid.OneOf(rapid.Just(state.Null()), rapid.Map(rapid.String(), state.String), rapid.Map(rapid.Int64(),
		state.Int),
		rapid.Map(rapid.Bool(), state.Bool), rapid.Map(rapid.SliceOf(rapid.String()), state.List))
	rapid.Check(t, func(t *rapid.T) {
		o := &state.Object{GUID: state.GUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "guid")),
			DN: rapid.String().Draw(t, "dn"),
			ID: rapid.String().Draw(t, "id"), Shape: shape, Values: rapid.SliceOfN(values, 3, 3).Draw(t, "values")}
		b := appendObject(nil, o)
		got := &state.Object{Shape: shape, Values: make([]state.Value, 3)}
		if err := (&row{s: string(b)}).object(got); err != nil {
			t.Fatal(err)
		}
		if got.GUID != o.GUID || got.DN != o.DN || got.ID != o.ID || !slices.EqualFunc(got.Values, o.Values,
			state.Value.Equal) {
			t.Fatalf("%v became %v", o, got)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		_ = (&row{s: string(b[:cut])}).object(got) // ends, whatever it gives
		l := &state.Link{Anchor: o.DN, Kind: state.User, Scope: "s", SourceGUID: o.GUID, TargetID: o.ID,
			Rule: "created", Left: cut%2 == 0,
			LeftAt: int64(cut), Shape: shape, Fingerprints: []uint64{1, uint64(cut), 1 << 63}}
		b = appendLink(nil, l)
		same, err := (&row{s: string(b)}).link(map[string]*state.Shape{})
		if err != nil || !bytes.Equal(appendLink(nil, same), b) {
			t.Fatalf("%v became %v: %v", l, same, err)
		}
		if _, err := (&row{s: string(b[:rapid.IntRange(0, len(b)-1).Draw(t,
			"part")])}).link(map[string]*state.Shape{}); err == nil {
			t.Fatal("a part of a link is taken for one")
		}
	})
}

// TestEveryChangedByteIsFound: whatever byte of a snapshot is changed, and wherever it is cut off, it is refused.
func TestEveryChangedByteIsFound(t *testing.T) {
	from := filepath.Join(t.TempDir(), "s")
	to, err := named(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := newWriter(to)
	w.begin(linkSection, nil)
	l := &state.Link{Anchor: "a", Kind: state.User, Shape: state.NewShape("x"), Fingerprints: []uint64{7}}
	if err := w.add(func(b []byte) []byte { return appendLink(b, l) }); err != nil {
		t.Fatal(err)
	}
	if err := w.end(); err != nil {
		t.Fatal(err)
	}
	f, err := w.close(&facts{Tenant: &tenantFacts{}})
	if err != nil {
		t.Fatal(err)
	}
	for got, err := range f.Links(context.Background()) {
		if err != nil || got.Anchor != "a" {
			t.Fatal(got, err)
		}
	}
	f.Close()
	path := filepath.Join(t.TempDir(), "changed")
	whole, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(b []byte, what string, at int) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if f, err := Open(path, nil); err == nil {
			f.Close()
			t.Errorf("%s at %d is not found", what, at)
		}
	}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		refused(changed, "a change", i)
		refused(whole[:i], "a cut", i)
	}
	refused(append(bytes.Clone(whole), 'x'), "an addition", len(whole))
}
