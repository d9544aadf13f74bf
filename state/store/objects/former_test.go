package objects_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/objectstest"
)

// alike compares links by what they say.
var alike = cmp.Options{cmp.Comparer(func(a, b *state.Shape) bool {
	none := func(s *state.Shape) bool { return s == nil || s.Len() == 0 }
	return none(a) && none(b) || a != nil && b != nil && slices.Equal(a.Names(), b.Names())
}), cmpopts.EquateEmpty()}

// allLinks are a record's links.
func allLinks(t testing.TB, r store.Record) (all []*state.Link) {
	t.Helper()
	for l, err := range r.Links(t.Context()) {
		must(t, err)
		c := *l
		c.Fingerprints = slices.Clone(l.Fingerprints)
		all = append(all, &c)
	}
	return all
}

// various are links of every form, ordered by anchor: with anchors that are their object's GUID and that are not, of
// accounts and a group, of which one has left its scope, with ids in the usual form and in others, and with no, one and
// three fingerprints.
func various() []*state.Link {
	three, one := state.NewShape("accountEnabled", "displayName", "mail"), state.NewShape("displayName")
	guid := func(n byte) (g state.GUID) {
		for i := range g {
			g[i] = n*37 + byte(i)*91
		}
		return g
	}
	anchor := func(n byte) string { g := guid(n); return base64.StdEncoding.EncodeToString(g[:]) }
	list := []*state.Link{
		{Anchor: anchor(1), Kind: state.User, Scope: "staff", SourceGUID: guid(1), TargetID: guid(101).String(),
			Rule: "created", Shape: three, Fingerprints: []uint64{1, 1 << 63, 0}},
		{Anchor: anchor(2), Kind: state.User, Scope: "staff", SourceGUID: guid(2), TargetID: guid(102).String(),
			Rule: "mail", Left: true, LeftAt: 1_790_000_000, Shape: three, Fingerprints: []uint64{7, 8, 9}},
		{Anchor: anchor(3), Kind: state.User, Scope: "staff", SourceGUID: guid(3),
			TargetID: strings.ToUpper(guid(103).String()), Rule: "created", Shape: three,
			Fingerprints: []uint64{7, 8, 10}},
		{Anchor: anchor(5), Kind: state.User, Scope: "staff", SourceGUID: guid(4), TargetID: guid(104).String(),
			Rule: "created", Shape: one, Fingerprints: []uint64{11}},
		{Anchor: "emp-4711", Kind: state.User, Scope: "staff", SourceGUID: guid(6), TargetID: "4711", Rule: "created",
			Shape: one, Fingerprints: []uint64{12}},
		{Anchor: anchor(7), Kind: state.Group, Scope: "staff", SourceGUID: guid(7), TargetID: guid(107).String(),
			Rule: "created"},
	}
	slices.SortFunc(list, func(a, b *state.Link) int { return strings.Compare(a.Anchor, b.Anchor) })
	return list
}

// former makes a bucket with what a dirform left there that wrote records as SQLite files: the objects of
// testdata/format1.txt, by name and in base64. There is a record in the clear and one under a key, each of two runs, of
// which the second was cut off with a step done and one whose outcome nobody knows. Both have the links of various but
// its last one, which the journal adds.
func former(t testing.TB) (b *objectstest.Memory, keys *seal.Keys) {
	t.Helper()
	key, err := seal.ParseKey(formerKey)
	must(t, err)
	f, err := os.Open("testdata/format1.txt")
	must(t, err)
	defer f.Close()
	b = objectstest.NewMemory()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		content, err := base64.StdEncoding.DecodeString(text)
		must(t, err)
		b.Set(name, content)
	}
	must(t, lines.Err())
	return b, seal.New(key)
}

const formerKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// TestFormer: a record that was written as one SQLite file is read as it is, with its journal; the next run that writes
// leaves it in the form of today.
func TestFormer(t *testing.T) {
	b, keys := former(t)
	for name, o := range map[string]objects.Options{"clear.dfstate": {}, "sealed.dfstate": {Keys: keys}} {
		p := objects.New(b, name, o)
		was := b.Content(name)
		read := func(want []*state.Link, open int) {
			r, err := p.Load(t.Context())
			must(t, err)
			defer r.Close()
			if d := cmp.Diff(want, allLinks(t, r), alike); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
			for _, l := range want {
				got, ok, err := r.Link(t.Context(), l.Anchor)
				if d := cmp.Diff(l, got, alike); err != nil || !ok || d != "" {
					t.Errorf("%s: %v %s", name, err, d)
				}
			}
			if _, ok, err := r.Link(t.Context(), "nobody"); ok || err != nil {
				t.Errorf("%s: %v %v", name, ok, err)
			}
			unfinished, err := r.Unfinished(t.Context())
			ous, more := r.OUs(t.Context())
			its := []state.OU{{Scope: "staff", Declared: "OU=Staff,DC=corp", GUID: state.GUID{1, 2, 3}}}
			if err != nil || more != nil || len(unfinished) != open || !slices.Equal(ous, its) {
				t.Errorf("%s: %v %v, %v %v", name, unfinished, err, ous, more)
			}
		}
		read(various(), 1)
		if !bytes.Equal(b.Content(name), was) {
			t.Errorf("%s: reading has changed it", name)
		}
		b.Set(name+".lock", []byte(`{"nonce":"1","free":true,"ended":true}`)) // nobody is to be kept from writing
		l := lock(t, p)
		w := begin(t, l)
		must(t, w.Intents(t.Context(), []state.Entry{entry(3)}))
		now := b.Content(name)
		must(t, w.Results(t.Context(), []state.Result{{Entry: entry(3), Link: link(1)}}))
		must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
		must(t, l.Close())
		want := append(various(), link(1))
		slices.SortFunc(want, func(a, b *state.Link) int { return strings.Compare(a.Anchor, b.Anchor) })
		read(want, 0)
		says := func(b []byte, format string) bool { return bytes.Contains(b[:40], []byte(format)) }
		if bytes.Equal(now, was) || o.Keys == nil && (!says(was, "dirform 1") || !says(now, "dirform 2")) {
			t.Errorf("%q was upgraded to %q", was[:40], now[:40])
		}
	}
}

// repacked is a record in the clear whose content was changed by somebody who packed it again.
func repacked(t testing.TB, packed []byte, change func(content []byte) []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	must(t, err)
	content, err := io.ReadAll(r)
	must(t, err)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = r.Name
	_, err = w.Write(change(content))
	must(t, errors.Join(err, w.Close()))
	return b.Bytes()
}

// TestLinksDamaged: links that are not as they were written are refused, and the record can be made anew, also where
// the object itself is whole: it was damaged before it was written, or by somebody else who writes such objects.
func TestLinksDamaged(t *testing.T) {
	b := objectstest.NewMemory()
	l := lock(t, place(b))
	w := begin(t, l)
	must(t, w.Records(t.Context(), various()))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	must(t, l.Close())
	whole := b.Content(object)
	links := func(content []byte) []byte { return content[40+binary.LittleEndian.Uint64(content[32:]):] }
	changes := map[string]func([]byte) []byte{
		"cut off": func(c []byte) []byte { return c[:len(c)-3] },
		"none":    func(c []byte) []byte { return c[:len(c)-len(links(c))] },
		"more":    func(c []byte) []byte { return append(c, 0) },
		"another": func(c []byte) []byte {
			copy(links(c)[len(links(c))-200:], "it is something else")
			return c
		},
	}
	for range 3 {
		bit := rand.IntN(8 * len(links(unpacked(t, whole))))
		changes[fmt.Sprintf("bit %d", bit)] = func(c []byte) []byte {
			links(c)[bit/8] ^= 1 << (bit % 8)
			return c
		}
	}
	for what, change := range changes {
		b := objectstest.NewMemory()
		b.Set(object, repacked(t, whole, change))
		r, err := place(b).Load(t.Context())
		must(t, err)
		for _, err = range r.Links(t.Context()) {
		}
		_, _, one := r.Link(t.Context(), "nobody")
		must(t, r.Close())
		_, locked := place(b).Lock(t.Context(), store.Options{})
		_, damaged, rebuilt := place(b).Rebuild(t.Context(), store.Options{})
		for how, err := range map[string]error{"read": err, "asked for one": one, "locked": locked} {
			if !errors.Is(err, store.ErrDamaged) {
				t.Errorf("%s, %s: %v", what, how, err)
			}
		}
		if damaged == nil || rebuilt != nil {
			t.Errorf("%s, made anew: %v %v", what, damaged, rebuilt)
		}
	}
}

func unpacked(t testing.TB, packed []byte) (content []byte) {
	repacked(t, packed, func(c []byte) []byte {
		content = bytes.Clone(c)
		return c
	})
	return content
}
