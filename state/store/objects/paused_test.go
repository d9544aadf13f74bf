package objects_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/objects"
	"github.com/dirform/dirform/state/store/objects/objectstest"
)

// hooked is a bucket that something happens to before it lists.
type hooked struct {
	*objectstest.Memory
	list func()
}

func (h *hooked) List(ctx context.Context, prefix string) ([]string, error) {
	if f := h.list; f != nil {
		h.list = nil
		f()
	}
	return h.Memory.List(ctx, prefix)
}

// TestPausedTakingOver: a holder that takes over, and is paused before it looks for what runs have left that were cut off,
// takes nothing from the journal of whoever takes over from it.
func TestPausedTakingOver(t *testing.T) {
	m := objectstest.NewMemory()
	must(t, run(t.Context(), place(m), 100, 2, func(int) {}))
	lock(t, place(m)) // a run that is cut off
	m.Pass(31 * time.Second)
	paused := &hooked{Memory: m}
	paused.list = func() {
		m.Pass(31 * time.Second)
		w := begin(t, lock(t, place(m)))
		for n := 1; n <= 3; n++ {
			must(t, w.Intents(t.Context(), []state.Entry{entry(n)}))
		}
	}
	if l, err := place(paused).Lock(t.Context(), store.Options{Holder: "paused"}); err == nil {
		_ = l.Close()
	}
	if _, _, open := content(t, place(m)); len(open) != 3 {
		t.Errorf("of three durable intents there are left: %v, of %v", open, m.Names())
	}
}

// cut is a bucket that can be cut off, so that no call is ever answered, and one whose answer to a record's write is lost.
type cut struct {
	*objectstest.Memory
	off, loses, refuses atomic.Bool
	late                func() error // carries out the write whose answer was lost
}

func (c *cut) silent(ctx context.Context) error {
	if !c.off.Load() {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

func (c *cut) Stat(ctx context.Context, name string) (objects.Info, error) {
	if err := c.silent(ctx); err != nil {
		return objects.Info{}, err
	}
	return c.Memory.Stat(ctx, name)
}

func (c *cut) Get(ctx context.Context, name string) (io.ReadCloser, objects.Info, error) {
	if err := c.silent(ctx); err != nil {
		return nil, objects.Info{}, err
	}
	return c.Memory.Get(ctx, name)
}

func (c *cut) Put(ctx context.Context, name string, content *io.SectionReader, over objects.Version) (objects.Version, error) {
	if err := c.silent(ctx); err != nil {
		return "", err
	}
	if c.refuses.Load() {
		return "", objects.ErrChanged
	}
	if c.loses.Load() && name == object {
		text, err := io.ReadAll(content)
		if err != nil {
			return "", err
		}
		c.late = func() error {
			_, err := c.Memory.Put(context.Background(), name, io.NewSectionReader(bytes.NewReader(text), 0, int64(len(text))), over)
			return err
		}
		return "", errors.New("no answer")
	}
	return c.Memory.Put(ctx, name, content, over)
}

// TestCutOff: what is done under a lock ends when the lock does, before anybody else can take it over, though the store is
// silent; and so does waiting for the store, whoever waits.
func TestCutOff(t *testing.T) {
	for _, busy := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := &cut{Memory: objectstest.NewMemory()}
			start := time.Now()
			l := lock(t, place(c))
			held := l.(*objects.Store).Held(t.Context())
			w := begin(t, l)
			must(t, w.Intents(t.Context(), []state.Entry{entry(1)}))
			c.off.Store(true)
			var lost *store.LostError
			if busy {
				err := w.Intents(context.WithoutCancel(t.Context()), []state.Entry{entry(2)})
				if took := time.Since(start); !errors.As(err, &lost) || !lost.Expired || took > 31*time.Second {
					t.Errorf("after %v: %v", took, err)
				}
			}
			<-held.Done()
			if took := time.Since(start); took > 30*time.Second || !errors.As(context.Cause(held), &lost) || !lost.Expired {
				t.Errorf("busy=%t: it ended after %v: %v", busy, took, context.Cause(held))
			}
			if err := w.Intents(t.Context(), []state.Entry{entry(3)}); !errors.As(err, &lost) {
				t.Error("an intent under a lock that has expired:", err)
			}
			_ = l.Close()
			c.off.Store(false)
			c.Pass(31 * time.Second)
			must(t, run(t.Context(), place(c), 10, 1, func(int) {}))
		})
	}
}

// TestLateWrite: a write of the whole record whose answer was lost, and which comes through when the next run is under way
// already, takes nothing from that run's journal.
func TestLateWrite(t *testing.T) {
	c := &cut{Memory: objectstest.NewMemory()}
	must(t, run(t.Context(), place(c), 100, 2, func(int) {}))
	l := lock(t, place(c))
	w := begin(t, l)
	must(t, w.Intents(t.Context(), []state.Entry{entry(1)}))
	must(t, w.Results(t.Context(), []state.Result{{Entry: entry(1), Link: link(1)}}))
	c.loses.Store(true)
	if err := w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil); err == nil {
		t.Error("an answer was lost, and nobody says so")
	}
	_ = l.Close()
	c.loses.Store(false)
	l = lock(t, place(c))
	w = begin(t, l)
	if _, links, open := content(t, place(c)); !links[link(1).Anchor] && !open[link(1).Anchor] {
		t.Error("links", links, "open", open)
	}
	if c.late() == nil {
		t.Error("the write comes through after the next run has begun")
	}
	must(t, w.Intents(t.Context(), []state.Entry{entry(50)}))
	must(t, w.Results(t.Context(), []state.Result{{Entry: entry(50), Link: link(50)}}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
	must(t, l.Close())
	if _, links, open := content(t, place(c)); !links[link(50).Anchor] {
		t.Error("links", links, "open", open)
	}
}

// TestReplaced: an intent is refused once the record is another one, for which the journal counts for nothing.
func TestReplaced(t *testing.T) {
	m := objectstest.NewMemory()
	must(t, run(t.Context(), place(m), 100, 2, func(int) {}))
	earlier := m.Content(object)
	must(t, run(t.Context(), place(m), 102, 2, func(int) {}))
	w := begin(t, lock(t, place(m)))
	m.Set(object, earlier)
	if err := w.Intents(t.Context(), []state.Entry{entry(1)}); err == nil {
		t.Error("an intent is taken for durable that no record has")
	}
}

// torn is a bucket whose lock, once it was replaced, is read once as what it held with the version that it has.
type torn struct {
	*objectstest.Memory
	held atomic.Pointer[[]byte]
}

func (o *torn) Get(ctx context.Context, name string) (io.ReadCloser, objects.Info, error) {
	r, info, err := o.Memory.Get(ctx, name)
	if held := o.held.Swap(nil); err == nil && held != nil && name == object+".lock" {
		must := r.Close()
		return io.NopCloser(bytes.NewReader(*held)), info, must
	}
	return r, info, err
}

// TestTorn: who reads a lock that is being replaced takes none that somebody else has, and loses none that is his.
func TestTorn(t *testing.T) {
	b := &torn{Memory: objectstest.NewMemory()}
	must(t, lock(t, place(b)).Close())
	free := b.Content(object + ".lock")
	l := lock(t, place(b))
	defer l.Close()
	mine := b.Content(object + ".lock")
	b.held.Store(&free)
	var locked *store.LockedError
	if _, err := place(b).Lock(t.Context(), store.Options{Holder: "other"}); !errors.As(err, &locked) {
		t.Fatal("a lock that is held was taken:", err)
	}
	must(t, place(b).ForceUnlock(t.Context(), locked.Info.ID))
	other := lock(t, place(b))
	defer other.Close()
	b.held.Store(&mine)
	var lost *store.LostError
	if err := begin(t, l).Intents(t.Context(), []state.Entry{entry(1)}); !errors.As(err, &lost) {
		t.Error("who has lost the lock takes another's for his own:", err)
	}
	b.held.Store(&mine)
	if err := place(b).ForceUnlock(t.Context(), locked.Info.ID); err == nil {
		t.Error("another's lock was freed")
	}
}

// TestAlwaysChanged: a store that refuses every write as one over another version is not asked for ever.
func TestAlwaysChanged(t *testing.T) {
	c := &cut{Memory: objectstest.NewMemory()}
	c.refuses.Store(true)
	if _, err := place(c).Lock(t.Context(), store.Options{Holder: "test"}); !errors.Is(err, objects.ErrChanged) {
		t.Error(err)
	}
	c.refuses.Store(false)
	lock(t, place(c))
	var locked *store.LockedError
	if _, err := place(c).Lock(t.Context(), store.Options{}); !errors.As(err, &locked) {
		t.Fatal(err)
	}
	c.refuses.Store(true)
	if err := place(c).ForceUnlock(t.Context(), locked.Info.ID); !errors.Is(err, objects.ErrChanged) {
		t.Error(err)
	}
}
