// Package lease watches over a lock that lasts for a time and has to be renewed, as those of records are that many
// machines reach.
package lease

import (
	"context"
	"sync"
	"time"

	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/store"
)

// Watch knows until when a lock is held, by what its server has said, and tells whoever works under it when that is
// over. It is safe for concurrent use.
type Watch struct {
	lasts   time.Duration
	expired error // what ends it when it has not been renewed
	held    context.Context
	lose    context.CancelCauseFunc

	mu      sync.Mutex
	until   time.Time
	timer   *time.Timer
	stopped bool
	wall    func() time.Time // the clock on the wall
}

// NewWatch begins with a lock that lasts for a time. asked is when it was asked for, which is before the server's time
// began. path names the record for the error.
func NewWatch(path string, lasts time.Duration, asked time.Time) *Watch {
	w := &Watch{lasts: lasts, expired: &store.LostError{Path: path, Expired: true}, until: asked.Add(lasts),
		wall: func() time.Time { return time.Now().Round(0) }}
	w.held, w.lose = context.WithCancelCause(context.Background())
	w.timer = time.AfterFunc(time.Until(w.until), w.check)
	return w
}

// check looks at the clocks when the lock's time may be over.
func (w *Watch) check() {
	defer crash.Guard()
	w.mu.Lock()
	defer w.mu.Unlock()
	if left, held := w.left(); held {
		w.timer.Reset(left)
	}
}

// left is how long the lock lasts. What is done under one whose time is over ends. The clock on the wall counts, too:
// the other one, by which timers go, may stand still while a machine sleeps.
func (w *Watch) left() (left time.Duration, held bool) {
	left = min(time.Until(w.until), w.until.Round(0).Sub(w.wall()))
	if left <= 0 && !w.stopped {
		w.lose(w.expired)
	}
	return left, left > 0 && !w.stopped
}

// Renewed says that a renewal has come through, which was asked for then.
func (w *Watch) Renewed(asked time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if until := asked.Add(w.lasts); until.After(w.until) {
		w.until = until
	}
}

// Lost says that the lock is not held any more, and why.
func (w *Watch) Lost(err error) { w.lose(err) }

// Ended is why the lock is not held any more, a [*store.LostError], by what the clocks say now; nil while it is.
func (w *Watch) Ended() error {
	w.mu.Lock()
	w.left()
	w.mu.Unlock()
	return context.Cause(w.held)
}

// Under is ctx for one thing that is done under the lock: it ends with the lock, so that a server which is silent keeps
// nobody waiting. What is done when it has ended already, such as noting what was written before, may take as long as a
// lock lasts. Call done in the end.
func (w *Watch) Under(ctx context.Context) (under context.Context, done func()) {
	if w.Ended() != nil {
		return context.WithTimeout(ctx, w.lasts)
	}
	c, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(w.held, func() { cancel(w.Ended()) })
	return c, func() { stop(); cancel(nil) }
}

// Stop ends the watching, without a word.
func (w *Watch) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

// Held is ctx while the lock is held. It ends with the cause that the lock was lost for, a [*store.LostError]. Its Err
// looks at the clocks. So whoever asks for that right before a write is told although the machine has slept since, or
// the process was stopped, and no timer has run yet. A context that is made of this one does not look.
func (w *Watch) Held(ctx context.Context) context.Context {
	c, cancel := context.WithCancelCause(ctx)
	context.AfterFunc(w.held, func() { cancel(w.Ended()) })
	return held{c, w, cancel}
}

type held struct {
	context.Context
	watch *Watch
	end   context.CancelCauseFunc
}

// Err is why the context has ended, by what the clocks say now.
func (h held) Err() error {
	if why := h.watch.Ended(); why != nil {
		h.end(why) // before anybody sees it otherwise
	}
	return h.Context.Err()
}
