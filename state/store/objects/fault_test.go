package objects_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/seal"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/objectstest"
)

const object = "contoso.dfstate"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func place(b objects.Bucket) *objects.Place { return objects.New(b, object, objects.Options{}) }

func lock(t testing.TB, p store.Place) store.Locked {
	t.Helper()
	l, err := p.Lock(t.Context(), store.Options{Holder: "test"})
	must(t, err)
	return l
}

func begin(t testing.TB, l store.Locked) store.Writer {
	t.Helper()
	w, err := l.Begin(t.Context(), store.RunInfo{Lineage: "lineage", SourceSID: "S-1", TenantID: "tenant", Serial: l.Meta().Serial})
	must(t, err)
	return w
}

var shape = state.NewShape("mail")

func link(n int) *state.Link {
	return &state.Link{Anchor: fmt.Sprintf("anchor-%07d", n), Kind: state.User, Scope: "staff", Rule: "created", Shape: shape,
		SourceGUID: state.GUID{byte(n), byte(n >> 8)}, TargetID: fmt.Sprint(n), Fingerprints: []uint64{uint64(n)}}
}

func entry(n int) state.Entry {
	return state.Entry{Seq: int64(n), Key: link(n).Anchor, Kind: state.User, Action: state.ActionCreate, Status: state.StatusDone}
}

// run makes a run of batches of one step each, as an apply does: the intent, a write to the directory, which tells, and its
// result. It ends with the first error.
func run(ctx context.Context, p store.Place, first, batches int, wrote func(n int)) (err error) {
	l, err := p.Lock(ctx, store.Options{Holder: "test"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	w, err := l.Begin(ctx, store.RunInfo{Lineage: "lineage", SourceSID: "S-1", TenantID: "tenant", Serial: l.Meta().Serial})
	if err != nil {
		return err
	}
	for n := first; n < first+batches; n++ {
		if err := w.Intents(ctx, []state.Entry{entry(n)}); err != nil {
			return err
		}
		wrote(n)
		if err := w.Results(ctx, []state.Result{{Entry: entry(n), Link: link(n)}}); err != nil {
			return err
		}
	}
	return w.Finish(ctx, store.OutcomeApplied, state.Counts{Applied: batches}, nil)
}

// content is what a record holds: its serial, links, and the steps whose outcome is not known.
func content(t testing.TB, p store.Place) (serial int64, links, open map[string]bool) {
	t.Helper()
	r, err := p.Load(t.Context())
	must(t, err)
	defer r.Close()
	links, open = map[string]bool{}, map[string]bool{}
	for l, err := range r.Links(t.Context()) {
		must(t, err)
		links[l.Anchor] = true
	}
	unfinished, err := r.Unfinished(t.Context())
	must(t, err)
	for _, e := range unfinished {
		open[e.Key] = true
	}
	return r.Meta().Serial, links, open
}

var errDead = errors.New("killed")

// next is how far it is to the next call at which something happens: in the short form it does not at each, but at others every time.
func next() int {
	if quick.Long() {
		return 1
	}
	if testing.Short() { // as under the race detector, where everything takes many times as long
		return 1 + rand.IntN(60)
	}
	return 1 + rand.IntN(9)
}

// TestKilledAtEveryCall kills a run before and after each of its calls of the bucket. What was written to the directory is
// always in the record, as a link or as a step whose outcome is not known; the next run goes on once the lock has expired.
func TestKilledAtEveryCall(t *testing.T) {
	keys := seal.New(newKey(t))
	for _, o := range []objects.Options{{}, {Keys: keys}} {
		t.Run(fmt.Sprintf("encrypted=%t", o.Keys != nil), func(t *testing.T) {
			base := objectstest.NewMemory()
			must(t, run(t.Context(), objects.New(base, object, o), 100, 2, func(int) {}))
			for _, start := range []*objectstest.Memory{objectstest.NewMemory(), base} {
				points := 0
				for at := 1; ; at += next() {
					if !killedAt(t, start.Clone(), o, at) {
						break
					}
					points = at
				}
				if points < 20 && !testing.Short() {
					t.Errorf("killed at %d calls only", points)
				}
			}
		})
	}
}

// killedAt kills a run at the half call of a number; false if it has fewer.
func killedAt(t *testing.T, b *objectstest.Memory, o objects.Options, at int) (killed bool) {
	var mu sync.Mutex
	calls, dead := 0, false
	b.Inject(func(call, name string, after bool) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == at {
			dead = true
		}
		if dead {
			return errDead
		}
		return nil
	})
	before := 0
	if b.Content(object) != nil {
		before = 2
	}
	var wrote []int
	err := run(t.Context(), objects.New(b, object, o), 1, 3, func(n int) { wrote = append(wrote, n) })
	b.Inject(nil)
	if !dead {
		must(t, err)
	}
	p := objects.New(b, object, o)
	serial, links, open := content(t, p)
	for _, n := range wrote {
		if a := link(n).Anchor; !links[a] && !open[a] {
			t.Fatalf("killed at %d: %s was written to the directory, and the record does not know: %v %v", at, a, links, open)
		}
	}
	if len(links)+len(open) > before+len(wrote)+1 || len(wrote) > 0 && serial == 0 {
		t.Fatalf("killed at %d: serial %d, %d written, links %v, open %v", at, serial, len(wrote), links, open)
	}
	b.Pass(31 * time.Second)
	must(t, run(t.Context(), p, 10, 2, func(int) {}))
	again, after, open := content(t, p)
	if again != serial+1 || len(open) != 0 || !after[link(11).Anchor] {
		t.Fatalf("killed at %d: the next run leaves serial %d after %d, links %v, open %v", at, again, serial, after, open)
	}
	for a := range links {
		if !after[a] {
			t.Fatalf("killed at %d: the next run has lost %s", at, a)
		}
	}
	if names := b.Names(); len(names) > 2+8 {
		t.Fatalf("killed at %d: left lying about: %v", at, names)
	}
	return dead
}

// TestLostAnswers loses the answer to each call that was carried out, once: the run does not notice.
func TestLostAnswers(t *testing.T) {
	for at := 1; ; at++ {
		b, calls := objectstest.NewMemory(), 0
		b.Inject(func(call, name string, after bool) error {
			if call == "put" && after {
				if calls++; calls == at {
					return objects.ErrChanged // as a client says that has tried again by itself
				}
			}
			return nil
		})
		must(t, run(t.Context(), place(b), 1, 3, func(int) {}))
		if _, links, open := content(t, place(b)); len(links) != 3 || len(open) != 0 {
			t.Fatalf("answer %d lost: %v %v", at, links, open)
		}
		if calls < at {
			break
		}
	}
}

// TestPausedHolder: a holder that was paused while somebody else took the lock over, at each of its calls, writes nothing to
// the directory after that, and takes nothing from the other's record: whether that run has ended meanwhile, or goes on.
func TestPausedHolder(t *testing.T) {
	for _, begun := range []bool{false, true} {
		for _, ends := range []bool{false, true} {
			at := 1
			for pausedAt(t, at, begun, ends) {
				at += next()
			}
			if at < 10 && !testing.Short() {
				t.Errorf("paused at %d calls only", at-1)
			}
		}
	}
}

// pausedAt pauses a run at the half call of a number; false if it has fewer. begun says that there is a record before, and
// ends that the other run ends during the pause.
func pausedAt(t *testing.T, at int, begun, ends bool) (paused bool) {
	b := objectstest.NewMemory()
	if begun {
		must(t, run(t.Context(), place(b), 100, 1, func(int) {}))
	}
	var mu sync.Mutex
	var other store.Locked
	var w store.Writer
	calls := 0
	var held, late bool // the paused one had the lock before; one of its intents succeeded after the pause
	var hook func(call, name string, after bool) error
	hook = func(call, name string, after bool) error {
		mu.Lock()
		calls++
		held = held || call == "put" && strings.HasSuffix(name, ".lock") && after && !paused
		now := calls == at
		paused = paused || now
		mu.Unlock()
		if !now {
			return nil
		}
		b.Inject(nil)
		b.Pass(31 * time.Second)
		other = lock(t, place(b))
		w = begin(t, other)
		must(t, w.Intents(t.Context(), []state.Entry{entry(50)}))
		if ends {
			must(t, w.Results(t.Context(), []state.Result{{Entry: entry(50), Link: link(50)}}))
			must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
			must(t, other.Close())
		}
		b.Inject(hook)
		return nil
	}
	b.Inject(hook)
	before := false
	err := run(t.Context(), place(b), 1, 2, func(int) {
		late = late || before && held
		before = paused
	})
	b.Inject(nil)
	if !paused {
		must(t, err)
		return false
	}
	if late {
		t.Fatalf("paused at %d: an intent succeeded after the lock was taken over: %v", at, err)
	}
	if !ends {
		must(t, w.Intents(t.Context(), []state.Entry{entry(51)}))
		must(t, w.Results(t.Context(), []state.Result{{Entry: entry(50), Link: link(50)}, {Entry: entry(51), Link: link(51)}}))
		must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
		must(t, other.Close())
	}
	if _, links, open := content(t, place(b)); !links[link(50).Anchor] || !ends && !links[link(51).Anchor] {
		t.Fatalf("paused at %d: the other's links are lost: %v, open %v, the paused one: %v", at, links, open, err)
	}
	return true
}

// TestLostLock: what a run is told whose lock was taken over, or freed.
func TestLostLock(t *testing.T) {
	for _, freed := range []bool{false, true} {
		b := objectstest.NewMemory()
		must(t, run(t.Context(), place(b), 100, 1, func(int) {}))
		l := lock(t, place(b))
		w := begin(t, l)
		must(t, w.Intents(t.Context(), []state.Entry{entry(1)}))
		var by store.Locked
		if freed {
			var locked *store.LockedError
			_, err := place(b).Lock(t.Context(), store.Options{Holder: "second"})
			if !errors.As(err, &locked) || locked.Until.IsZero() {
				t.Fatal(err)
			}
			must(t, place(b).ForceUnlock(t.Context(), locked.Info.ID))
		} else {
			b.Pass(31 * time.Second)
			by = lock(t, place(b))
			if dead, ok := by.TookOver(); !ok || dead.Holder != "test" {
				t.Error("took over:", dead, ok)
			}
		}
		var lost *store.LostError
		held := l.(*objects.Store).Held(t.Context())
		if held.Err() != nil {
			t.Error("lost before anybody has noticed:", context.Cause(held))
		}
		for range 2 {
			err := w.Intents(t.Context(), []state.Entry{entry(2)})
			if !errors.As(err, &lost) || (lost.By == nil) != freed {
				t.Errorf("freed=%t: %v", freed, err)
			}
		}
		select {
		case <-held.Done():
			if !errors.As(context.Cause(held), &lost) {
				t.Error(context.Cause(held))
			}
		case <-time.After(10 * time.Second):
			t.Error("what is done under the lock goes on")
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if by != nil {
			must(t, begin(t, by).Intents(t.Context(), []state.Entry{entry(3)}))
			must(t, by.Close())
			isEntry := func(n string) bool { return strings.Contains(n, ".journal/") }
			if names := b.Names(); len(names)-slices.IndexFunc(names, isEntry) != 2 { // entry 3's, and the lock
				t.Error("something is left over:", names)
			}
		}
		_, _, open := content(t, place(b))
		if open[link(2).Anchor] && !freed || by != nil && !open[link(3).Anchor] {
			t.Error("open:", open)
		}
	}
}

func newKey(t testing.TB) seal.Key {
	t.Helper()
	k, err := seal.NewKey()
	must(t, err)
	return k
}

// TestDamage: whatever is changed of a record or its journal is found, and a record is made anew in its place, of which a
// copy is kept.
func TestDamage(t *testing.T) {
	keys, others := seal.New(newKey(t)), seal.New(newKey(t))
	journal := func(b *objectstest.Memory) (names []string) {
		for _, n := range b.Names() {
			if strings.Contains(n, ".journal/") {
				names = append(names, n)
			}
		}
		return names
	}
	// died is a record with a journal of a run that was cut off
	died := func(o objects.Options) *objectstest.Memory {
		b := objectstest.NewMemory()
		must(t, run(t.Context(), objects.New(b, object, o), 100, 1, func(int) {}))
		l := lock(t, objects.New(b, object, o))
		w := begin(t, l)
		for n := range 3 {
			must(t, w.Intents(t.Context(), []state.Entry{entry(n + 1)}))
		}
		must(t, l.Close())
		if len(journal(b)) != 3 {
			t.Fatal(b.Names())
		}
		return b
	}
	for _, o := range []objects.Options{{}, {Keys: keys}} {
		for what, change := range map[string]func(b *objectstest.Memory){
			"empty":          func(b *objectstest.Memory) { b.Set(object, []byte{}) },
			"truncated":      func(b *objectstest.Memory) { c := b.Content(object); b.Set(object, c[:len(c)-9]) },
			"half":           func(b *objectstest.Memory) { c := b.Content(object); b.Set(object, c[:len(c)/2]) },
			"foreign":        func(b *objectstest.Memory) { b.Set(object, []byte("<html>something else</html>")) },
			"appended":       func(b *objectstest.Memory) { b.Set(object, append(bytes.Clone(b.Content(object)), 7)) },
			"entry missing":  func(b *objectstest.Memory) { b.Set(journal(b)[1], nil) },
			"entry cut":      func(b *objectstest.Memory) { n := journal(b)[2]; c := b.Content(n); b.Set(n, c[:len(c)-3]) },
			"entry foreign":  func(b *objectstest.Memory) { b.Set(journal(b)[2], []byte("x")) },
			"entries change": func(b *objectstest.Memory) { b.Set(journal(b)[2], b.Content(journal(b)[1])) },
			"entry of another": func(b *objectstest.Memory) {
				other := died(o)
				b.Set(journal(b)[2], other.Content(journal(other)[2]))
			},
		} {
			if what == "appended" && o.Keys == nil {
				what += " in the clear"
			}
			b := died(o)
			change(b)
			damagedRecord(t, fmt.Sprintf("%s, encrypted=%t", what, o.Keys != nil), b, o)
		}
		// a bit anywhere
		b := died(o)
		for _, name := range append(journal(b)[:1], object) {
			size := len(b.Content(name))
			for at := 0; at < size*8; at += 1 + size*8/40 {
				c := b.Clone()
				changed := bytes.Clone(b.Content(name))
				changed[at/8] ^= 1 << (at % 8)
				c.Set(name, changed)
				_, err := objects.New(c, object, o).Load(t.Context())
				if err != nil {
					continue
				}
				// in the clear some bits of the compression mean nothing
				serial, links, open := content(t, objects.New(c, object, o))
				if o.Keys != nil || serial != 2 || len(links) != 1 || len(open) != 3 {
					t.Errorf("bit %d of %s (%d bytes) was flipped, encrypted=%t: nobody noticed", at, name, size, o.Keys != nil)
				}
			}
		}
	}
	b := died(objects.Options{Keys: keys})
	for want, o := range map[error]objects.Options{seal.ErrNoKey: {}, seal.ErrWrongKey: {Keys: others, EncryptExisting: true}} {
		if _, err := objects.New(b, object, o).Load(t.Context()); !errors.Is(err, want) || errors.Is(err, store.ErrDamaged) {
			t.Error(want, err)
		}
	}
	// whoever lacks the key makes one in the clear
	clear := died(objects.Options{})
	for n, p := range map[string]objects.Options{"a record in the clear": {Keys: keys}} {
		if _, err := objects.New(clear, object, p).Load(t.Context()); !errors.Is(err, seal.ErrClear) || !strings.Contains(fmt.Sprint(err), "without the key") {
			t.Error(n, err)
		}
	}
	forged := died(objects.Options{Keys: keys})
	name := journal(forged)[2]
	var text bytes.Buffer
	z := gzip.NewWriter(&text)
	z.Name = "dirform 1"
	fmt.Fprintf(z, `{"epoch":%q,"number":3,"ops":[]}`, strings.Split(name, "/")[1])
	must(t, z.Close())
	forged.Set(name, text.Bytes())
	if _, err := objects.New(forged, object, objects.Options{Keys: keys, EncryptExisting: true}).Load(t.Context()); !errors.Is(err, store.ErrDamaged) {
		t.Error("an entry in the clear:", err)
	}
	// what is no lock is not overwritten
	b = died(objects.Options{})
	b.Set(object+".lock", []byte("somebody's"))
	if _, err := place(b).Lock(t.Context(), store.Options{}); err == nil || !strings.Contains(err.Error(), "not a lock of dirform") {
		t.Error(err)
	}
}

// damagedRecord checks that a record is refused as damaged and can be made anew.
func damagedRecord(t *testing.T, what string, b *objectstest.Memory, o objects.Options) {
	t.Helper()
	p, was := objects.New(b, object, o), b.Content(object)
	if _, err := p.Load(t.Context()); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), p.String()) {
		t.Errorf("%s: %v", what, err)
	}
	if _, err := p.Lock(t.Context(), store.Options{}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("%s, locked: %v", what, err)
	}
	l, damaged, err := p.Rebuild(t.Context(), store.Options{})
	if err != nil || damaged == nil || !errors.Is(damaged.Reason, store.ErrDamaged) {
		t.Fatalf("%s, to make it anew: %v %v", what, damaged, err)
	}
	w := begin(t, l)
	must(t, w.Records(t.Context(), []*state.Link{link(7)}))
	if !bytes.Equal(b.Content(object), was) {
		t.Errorf("%s: replaced before its run has finished", what)
	}
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	must(t, l.Close())
	if !bytes.Equal(b.Content(damaged.KeptAs), was) {
		t.Errorf("%s: it was not kept as %s", what, damaged.KeptAs)
	}
	if _, links, _ := content(t, p); len(links) != 1 {
		t.Errorf("%s: made anew: %v", what, links)
	}
}

// TestLongJournal: a run whose journal grows long writes the whole record and goes on with the run that it began.
func TestLongJournal(t *testing.T) {
	b := objectstest.NewMemory()
	must(t, run(t.Context(), place(b), 5000, 1, func(int) {}))
	l := lock(t, place(b))
	w := begin(t, l)
	const batches = 1010
	for n := range batches {
		must(t, w.Intents(t.Context(), []state.Entry{entry(n + 1)}))
		must(t, w.Results(t.Context(), []state.Result{{Entry: entry(n + 1), Link: link(n + 1)}}))
	}
	if names := b.Names(); len(names) > 20 {
		t.Errorf("%d objects", len(names))
	}
	must(t, l.Close())
	serial, links, _ := content(t, place(b))
	if serial != 2 || len(links) != batches+1 {
		t.Error(serial, len(links))
	}
	r, err := place(b).Load(t.Context())
	must(t, err)
	defer r.Close()
	runs, err := r.Runs(t.Context(), 0)
	if err != nil || len(runs) != 2 || runs[0].Counts.Applied != batches {
		t.Errorf("%+v %v", runs, err)
	}
}
