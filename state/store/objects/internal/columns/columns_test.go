package columns_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store/objects/internal/columns"
)

var key = state.Key{1, 31: 2}

func write(t testing.TB, key state.Key, links []*state.Link) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := columns.NewWriter(&b, key)
	for _, l := range links {
		if err == nil {
			err = w.Add(l)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read reads links, and tells how many bytes are left behind them.
func read(key state.Key, b []byte) (links []*state.Link, left int, err error) {
	from := bufio.NewReader(bytes.NewReader(b))
	for l, err := range columns.Read(from, key) {
		if err != nil {
			return links, 0, err
		}
		c := *l
		c.Fingerprints = slices.Clone(l.Fingerprints)
		links = append(links, &c)
	}
	rest, err := io.ReadAll(from)
	return links, len(rest), err
}

var alike = cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b *state.Shape) bool {
	return a != nil && b != nil && slices.Equal(a.Names(), b.Names())
})}

// drawn draws links of all forms.
func drawn(t *rapid.T) (links []*state.Link) {
	shapes := []*state.Shape{state.NewShape(), state.NewShape("mail"), state.NewShape("displayName", "mail", "manager")}
	anchors := map[string]bool{}
	for n := range rapid.IntRange(0, 40).Draw(t, "links") {
		l := &state.Link{Kind: rapid.SampledFrom([]state.Kind{state.User, state.Group}).Draw(t, "kind"),
			Scope: rapid.SampledFrom([]string{"staff", "züge", ""}).Draw(t, "scope"), Rule: "created",
			Left:   rapid.Bool().Draw(t, "left"),
			LeftAt: rapid.SampledFrom([]int64{0, 1, 1_790_000_000, 1<<35 - 1}).Draw(t, "time"),
			Shape:  rapid.SampledFrom(shapes).Draw(t, "shape")}
		copy(l.SourceGUID[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "guid"))
		sum := sha256.Sum256([]byte{byte(n)})
		id := state.GUID(sum[:16])
		ids := []string{id.String(), "{" + id.String() + "}", strings.ToUpper(id.String()), "", "4711"}
		l.TargetID = rapid.SampledFrom(ids).Draw(t, "id")
		l.Anchor = rapid.SampledFrom([]string{base64.StdEncoding.EncodeToString(l.SourceGUID[:]), fmt.Sprint("emp-", n),
			base64.StdEncoding.EncodeToString(sum[:])}).Draw(t, "anchor")
		for range l.Shape.Len() {
			l.Fingerprints = append(l.Fingerprints, rapid.Uint64().Draw(t, "fingerprint"))
		}
		if !anchors[l.Anchor] {
			anchors[l.Anchor] = true
			links = append(links, l)
		}
	}
	slices.SortFunc(links, func(a, b *state.Link) int { return cmpText(a.Anchor, b.Anchor) })
	return links
}

func cmpText(a, b string) int { return bytes.Compare([]byte(a), []byte(b)) }

// TestLinks: what was written is read, and nothing behind it. What was changed, cut, or written for another record is
// refused before any link of the block is handed out.
func TestLinks(t *testing.T) {
	quick.Checks(t, 500)
	rapid.Check(t, func(rt *rapid.T) {
		links := drawn(rt)
		b := write(t, key, links)
		got, left, err := read(key, append(bytes.Clone(b), "more"...))
		if d := cmp.Diff(links, got, alike); err != nil || left != 4 || d != "" {
			rt.Fatalf("%v, %d bytes left: %s", err, left, d)
		}
		refused := func(what string, key state.Key, b []byte) {
			got, _, err := read(key, b)
			if !errors.Is(err, columns.ErrDamaged) || len(got) > 0 && !cmp.Equal(got, links, alike) {
				rt.Fatalf("%s: %d links, %v", what, len(got), err)
			}
		}
		refused("cut", key, b[:rapid.IntRange(0, len(b)-1).Draw(rt, "cut")])
		bit := rapid.IntRange(0, len(b)*8-1).Draw(rt, "bit")
		flipped := bytes.Clone(b)
		flipped[bit/8] ^= 1 << (bit % 8)
		refused("flipped", key, flipped)
		other := key
		other[31]++
		refused("another record's", other, b)
	})
}

// TestBlocks: links of many blocks are read, and no block is left out, repeated, moved or taken from another time.
func TestBlocks(t *testing.T) {
	const most = 4096
	shape := state.NewShape("mail")
	var links []*state.Link
	for n := range 2*most + 10 {
		l := &state.Link{Anchor: fmt.Sprintf("a%07d", n), Kind: state.User, Scope: "staff", Rule: "created",
			Shape: shape, Fingerprints: []uint64{uint64(n)}}
		binary.LittleEndian.PutUint64(l.SourceGUID[:], uint64(n))
		l.TargetID = l.SourceGUID.String()
		links = append(links, l)
	}
	first, second, all := write(t, key, links[:most]), write(t, key, links[:2*most]), write(t, key, links)
	got, _, err := read(key, all)
	if err != nil || !reflect.DeepEqual(links, got) { // cmp takes a second
		t.Fatalf("%d links of %d, and not the same: %v", len(got), len(links), err)
	}
	// an end is a block of two zeros, a sealed number and what sealing adds, and nothing in a block tells where it
	// stands
	const end = 2 + 8 + 28
	one, two := len(first)-end, len(second)-end
	a, b, rest := all[:one], all[one:two], all[two:]
	for what, parts := range map[string][][]byte{"left out": {a, rest}, "repeated": {a, b, b, rest},
		"moved":              {a, rest, b},
		"another time's end": {a, b, first[one:]}} {
		got, _, err := read(key, bytes.Join(parts, nil))
		if !errors.Is(err, columns.ErrDamaged) || len(got) > 2*most {
			t.Errorf("%s: %d links, %v", what, len(got), err)
		}
	}
}

// TestOrder: links that are sealed and out of order, so that one takes the place of another, are refused.
func TestOrder(t *testing.T) {
	var b bytes.Buffer
	w, err := columns.NewWriter(&b, key)
	shape := state.NewShape()
	for _, anchor := range []string{"b", "b"} {
		if err == nil {
			err = w.AddAfterAny(&state.Link{Anchor: anchor, Shape: shape})
		}
	}
	if err == nil {
		err = w.Close()
	}
	if _, _, read := read(key, b.Bytes()); err != nil || !errors.Is(read, columns.ErrDamaged) {
		t.Error(err, read)
	}
}

// TestMisfits: what could not be read back is not written.
func TestMisfits(t *testing.T) {
	link := func(anchor string, prints int) *state.Link {
		return &state.Link{Anchor: anchor, Shape: state.NewShape("mail"), Fingerprints: make([]uint64, prints)}
	}
	for what, list := range map[string][]*state.Link{"no anchor": {link("", 1)}, "fingerprints": {link("a", 2)},
		"order": {link("b", 1), link("a", 1)}, "twice": {link("a", 1), link("a", 1)}} {
		w, err := columns.NewWriter(io.Discard, key)
		for _, l := range list {
			if err == nil {
				err = w.Add(l)
			}
		}
		if err == nil {
			t.Errorf("%s: it is written", what)
		}
	}
}
