package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/tables"
	"github.com/dirform/dirform/state/store/sqlite"
)

// When the whole record is written instead of another entry, and pending operations before there are intents.
const (
	mostEntries = 1000
	mostPending = 20_000 // links, steps and containers
)

// Store is a locked record. It is read from the copy.
type Store struct {
	store.Locked // the copy

	p     *Place
	o     store.Options
	dir   string
	lock  *lock
	anew  bool   // it is made anew, and nothing of it is put into the bucket before its run has finished
	aside string // the name of the copy of the damaged record that it replaces; "" if there is none

	mu      sync.Mutex // serialises what writes
	clock   time.Time  // of what is being recorded in the copy
	at      standing
	pending []op
	size    int // of pending
	shapes  shapes
	err     error // why nothing can be recorded any more
}

// open makes the copy. Whoever had the lock before, and did not give it back, is kept from writing.
func (s *Store) open(ctx context.Context) (err error) {
	const tries = 20
	for range tries {
		if s.at, err = s.p.fetch(ctx, s.dir); err == nil {
			err = s.p.fill(ctx, &s.at)
		}
		if err != nil {
			return err
		}
		// so what was read is older than whoever takes the lock over from here on, and what he writes has another version
		if err := s.lock.check(ctx); err != nil {
			return err
		}
		if err := s.openLocal(ctx); err != nil || !s.lock.fence || s.at.version == "" {
			return err
		}
		err = s.p.append(ctx, entryDoc{Epoch: s.at.epoch, Number: s.at.entries + 1, Ops: []op{{At: s.o.Now().UTC()}}})
		if err == nil {
			s.at.entries++
			left := s.left(ctx)
			if err = s.whole(ctx); err == nil {
				s.p.discard(ctx, left)
				return nil
			}
		}
		if !errors.Is(err, ErrChanged) { // what the former holder wrote last is read too
			return err
		}
		if err := s.Locked.Close(); err != nil {
			return err
		}
	}
	return err
}

// openLocal opens the copy.
func (s *Store) openLocal(ctx context.Context) (err error) {
	s.clock = s.o.Now()
	s.Locked, err = s.p.local(s.at.file).Lock(ctx, store.Options{Holder: s.o.Holder, Origin: s.o.Origin,
		Now: func() time.Time { return s.clock }, Moved: s.o.Moved})
	return err
}

// left are the entries of journals that there are. Once the record is replaced, which fails if anybody else has done so
// meanwhile, none of these means anything any more: they are of runs that were cut off. One that is written later may be of
// whoever took the lock over from this holder, so that it is never looked for then.
func (s *Store) left(ctx context.Context) []string {
	names, err := s.p.bucket.List(ctx, s.p.journalPrefix())
	if err != nil {
		return nil // they only take up room
	}
	own := s.p.journalPrefix() + s.at.epoch + "/" // which goes with its record
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, own) })
}

// TookOver is the holder of the lock that had expired and was replaced.
func (s *Store) TookOver() (store.LockInfo, bool) {
	if s.lock.tookOver == nil {
		return store.LockInfo{}, false
	}
	return *s.lock.tookOver, true
}

// Held is ctx while the lock is held. When it is lost, or could not be renewed so that it may be, the context ends, and its cause is
// a [*store.LostError].
func (s *Store) Held(ctx context.Context) context.Context { return s.lock.watch.Held(ctx) }

// under does something that asks the store, for as long as the lock is held.
func (s *Store) under(ctx context.Context, f func(context.Context) error) error {
	ctx, done := s.lock.watch.Under(ctx)
	defer done()
	err := s.changed(ctx, f(ctx))
	var lost *store.LostError
	if err != nil && errors.As(context.Cause(ctx), &lost) {
		return lost
	}
	return err
}

// Begin starts a run for a plan. It writes nothing yet, but refuses a plan that does not fit the record.
func (s *Store) Begin(ctx context.Context, info store.RunInfo) (store.Writer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.o.Now()
	w, err := s.Locked.Begin(ctx, info)
	if err != nil {
		return nil, err
	}
	return &writer{s: s, run: w.(*tables.Writer), started: s.clock.UTC()}, nil
}

// RemoveLinks forgets the links of some anchors, in a run of its own.
func (s *Store) RemoveLinks(ctx context.Context, anchors ...string) error {
	return s.wholly(ctx, func() error { return s.Locked.RemoveLinks(ctx, anchors...) })
}

// Replace puts a copy of another record in place of what is here: it is here with the write of one object, or not at all.
func (s *Store) Replace(ctx context.Context, from store.Record) error {
	return s.wholly(ctx, func() error { return s.Locked.Replace(ctx, from) })
}

// MarkMoved notes that the record goes on elsewhere.
func (s *Store) MarkMoved(ctx context.Context, to string) error {
	return s.wholly(ctx, func() error { return s.Locked.MarkMoved(ctx, to) })
}

// wholly changes the copy without a run, and puts it in the record's place.
func (s *Store) wholly(ctx context.Context, change func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	s.clock = s.o.Now()
	if err := change(); err != nil {
		return err
	}
	s.err = s.under(ctx, s.whole)
	return s.err
}

// Close closes the record and frees its lock. What was recorded and not written yet is.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), lasts)
	defer cancel()
	var err error
	done := s.err == nil
	if done {
		err = s.changed(ctx, s.flush(ctx))
		done = err == nil // else an attempt whose outcome is not known may still come through
	}
	s.pending, s.err = nil, errors.New("the state is closed")
	if s.Locked != nil {
		err = errors.Join(err, s.Locked.Close())
		s.Locked = nil
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.release(ctx, done))
		s.lock = nil
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// usable fails if nothing can be recorded any more.
func (s *Store) usable(ctx context.Context) error {
	if s.err == nil {
		_, s.err = s.lock.known()
	}
	return s.err
}

// flush puts what is pending into the journal; or writes the whole record, if there is none yet, or is to be sealed anew, or
// has a long journal.
func (s *Store) flush(ctx context.Context) error {
	if len(s.pending) == 0 || s.anew {
		return nil
	}
	if s.at.version == "" || !s.at.current || s.at.entries >= mostEntries {
		return s.whole(ctx)
	}
	d := entryDoc{Epoch: s.at.epoch, Number: s.at.entries + 1, Shapes: s.shapes.names, Ops: s.pending}
	if err := s.p.append(ctx, d); err != nil {
		return err
	}
	s.at.entries++
	s.written()
	return nil
}

// written forgets what was pending.
func (s *Store) written() { s.pending, s.size, s.shapes = nil, 0, shapes{} }

// whole puts the copy in the record's place.
func (s *Store) whole(ctx context.Context) error {
	packed, epoch := filepath.Join(s.dir, "packed"), newEpoch()
	defer os.Remove(packed)
	if err := s.p.packRecord(ctx, s.Locked.(*sqlite.Store), packed, epoch); err != nil {
		return err
	}
	if s.aside != "" {
		if err := s.keep(ctx); err != nil {
			return err
		}
	}
	v, err := s.upload(ctx, packed, s.p.name, s.at.version)
	if err != nil {
		return err
	}
	old := make([]string, s.at.entries)
	for i := range old {
		old[i] = s.p.entryName(s.at.epoch, i+1)
	}
	s.at.version, s.at.epoch, s.at.entries, s.at.current, s.aside = v, epoch, 0, true, ""
	s.written()
	s.lock.fence = false // whoever had the lock before can replace no version of the record that he knows
	s.p.discard(ctx, old)
	return nil
}

// keep copies the damaged record that is about to be replaced.
func (s *Store) keep(ctx context.Context) error {
	file := filepath.Join(s.dir, "damaged")
	if _, err := s.p.download(ctx, s.p.name, file); err != nil {
		return err
	}
	defer os.Remove(file)
	_, err := s.upload(ctx, file, s.aside, "")
	return err
}

func (s *Store) upload(ctx context.Context, file, name string, over Version) (Version, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	return s.p.put(ctx, name, io.NewSectionReader(f, 0, info.Size()), over)
}

// changed explains why a write found another version than it was to replace: somebody else has written.
func (s *Store) changed(ctx context.Context, err error) error {
	if !errors.Is(err, ErrChanged) {
		return err
	}
	if lost := s.lock.check(ctx); lost != nil {
		return lost
	}
	return &fault.Error{Summary: "the state was changed by somebody who has not locked it", Err: err,
		Detail: fmt.Sprintf("%v, or its journal, is not as this run left it.", s.p),
		Hint:   "Find out who writes there. This run has stopped before its next write; plan again."}
}

// writer records one run.
type writer struct {
	s       *Store
	run     *tables.Writer // in the copy
	started time.Time
	epoch   string // the journal that has the run's begin; "" for none
}

// do records something in the copy and notes it for the journal; durable has it written at once. n is how much it is.
func (w *writer) do(ctx context.Context, n int, durable bool, apply func() error, note func(*op)) error {
	s := w.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	if err := s.lock.watch.Ended(); err != nil && durable {
		return err // what was written before can be noted still
	}
	s.clock = s.o.Now()
	begun := w.run.Run
	if err := apply(); err != nil {
		return err
	}
	if s.anew {
		return nil
	}
	if w.epoch == "" || w.epoch != s.at.epoch {
		at := w.started
		d := &beginDoc{RunInfo: w.run.Info, Run: begun, Origin: s.o.Origin}
		s.pending = append(s.pending, op{At: at, Begin: d})
		w.epoch = s.at.epoch
	}
	o := op{At: s.clock.UTC()}
	note(&o)
	s.pending, s.size = append(s.pending, o), s.size+n
	if !durable && s.size < mostPending && s.at.version != "" {
		return nil
	}
	s.err = s.under(ctx, func(ctx context.Context) error {
		if err := s.flush(ctx); err != nil || !durable {
			return err
		}
		if err := s.lock.check(ctx); err != nil {
			s.withdraw(ctx, err)
			return err
		}
		return s.current(ctx)
	})
	return s.err
}

// withdraw removes the last entry of the journal if whoever has taken the lock meanwhile has replaced the record, so that
// nobody looks for the entry any more, nor tidies it up. Else it may have been read, and is left. It does nothing if err
// does not say that the lock is lost.
func (s *Store) withdraw(ctx context.Context, err error) {
	var lost *store.LostError
	if s.at.entries == 0 || !errors.As(err, &lost) {
		return
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), renewing)
	defer done()
	if errors.Is(s.current(ctx), ErrChanged) {
		s.p.discard(ctx, []string{s.p.entryName(s.at.epoch, s.at.entries)})
	}
}

// current fails with [ErrChanged] if the record is not the one that the journal belongs to: then what is in the journal
// counts for nothing.
func (s *Store) current(ctx context.Context) error {
	info, err := s.p.bucket.Stat(ctx, s.p.name)
	if errors.Is(err, ErrAbsent) || err == nil && info.Version != s.at.version {
		return ErrChanged
	}
	return err
}

// Intents journals steps that are about to be written. When it returns nil they are durable.
func (w *writer) Intents(ctx context.Context, entries []state.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return w.do(ctx, len(entries), true, func() error { return w.run.Intents(ctx, entries) },
		func(o *op) { o.Intents = w.s.p.fit(entries) })
}

// fit are entries as a journal may hold them: without encryption, without the values that their steps write over.
func (p *Place) fit(entries []state.Entry) []state.Entry {
	if p.o.Keys != nil {
		return entries
	}
	bare := slices.Clone(entries)
	for i := range bare {
		if bare[i].Kept != nil {
			bare[i].Kept = bare[i].Kept.WithoutValues()
		}
	}
	return bare
}

// Results notes what became of steps. It is durable with the next intents, or once the record is closed.
func (w *writer) Results(ctx context.Context, results []state.Result) error {
	if len(results) == 0 {
		return nil
	}
	return w.do(ctx, len(results), false, func() error { return w.run.Results(ctx, results) },
		func(o *op) { o.Results = w.s.shapes.results(results) })
}

// Records notes links that needed no write to a directory. They are durable as results are.
func (w *writer) Records(ctx context.Context, links []*state.Link) error {
	if len(links) == 0 {
		return nil
	}
	return w.do(ctx, len(links), false, func() error { return w.run.Records(ctx, links) },
		func(o *op) { o.Links = w.s.shapes.links(links) })
}

// Links are the recorded links of some anchors, as this run has left them so far.
func (w *writer) Links(ctx context.Context, anchors []string) (map[string]*state.Link, error) {
	return w.run.Links(ctx, anchors)
}

// OUs notes the containers of the scopes that occur in ous.
func (w *writer) OUs(ctx context.Context, ous []state.OU) error {
	if len(ous) == 0 {
		return nil
	}
	return w.do(ctx, len(ous), false, func() error { return w.run.OUs(ctx, ous) }, func(o *op) { o.OUs = ous })
}

// Finish closes the run, and writes the whole record.
func (w *writer) Finish(ctx context.Context, outcome string, counts state.Counts, scopes []store.ScopeCount) error {
	s := w.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	s.clock = s.o.Now()
	if err := w.run.Finish(ctx, outcome, counts, scopes); err != nil {
		return err
	}
	s.err = s.under(ctx, s.whole)
	if s.err == nil {
		s.anew = false
	}
	return s.err
}
