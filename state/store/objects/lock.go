package objects

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/origin"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/internal/lease"
	"github.com/dirform/dirform/state/visible"
)

// How long a lock lasts unless it is renewed, how often that is done, and how long one renewal may take.
const (
	lasts    = 30 * time.Second
	renews   = 10 * time.Second
	renewing = 8 * time.Second
)

// lockDoc is what the lock's object says.
type lockDoc struct {
	Nonce string `json:"nonce"` // comes first, since by its begin an object is known again
	// Free says that nobody has the lock. Ended says besides that its last holder gave it back, so that he writes no
	// more.
	Free  bool `json:"free,omitempty"`
	Ended bool `json:"ended,omitempty"`
	store.LockInfo
}

// lock is a held lock.
type lock struct {
	p        *Place
	tookOver *store.LockInfo
	// fence says that whoever had the lock before may still run, and has not been kept from writing yet.
	fence bool
	stop  chan struct{} // ends the renewing
	ended chan struct{} // it has ended
	watch *lease.Watch
	doc   lockDoc

	mu      sync.Mutex // not held while the store is asked
	version Version
	lost    error // a [store.LostError] once somebody else has the lock, or nobody
}

// readLock is who has the lock. It is read until two readings are the same: there are servers that, while an object is
// replaced, give what it held with the version that it has now (Versity's S3 gateway, 2026-11-30, 2 of 6,000 readings),
// and whoever takes that for a free lock replaces one that is held.
func (p *Place) readLock(ctx context.Context) (d lockDoc, info Info, err error) {
	const most = 10
	for range most {
		first, before, err := p.readLockOnce(ctx)
		if err != nil {
			return first, before, err
		}
		d, info, err = p.readLockOnce(ctx)
		if err != nil && !errors.Is(err, ErrAbsent) || d.Nonce == first.Nonce && info.Version == before.Version {
			return d, info, err
		}
	}
	return d, info, ErrChanged
}

func (p *Place) readLockOnce(ctx context.Context) (d lockDoc, info Info, err error) {
	r, info, err := p.bucket.Get(ctx, p.lockName())
	if err != nil {
		return d, info, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, bounds.LockObject))
	if err != nil {
		return d, info, err
	}
	if json.Unmarshal(text, &d) != nil || d.Nonce == "" || !d.Free && d.ID == "" {
		return d, info, &fault.Error{Summary: "cannot lock the state", Hint: "Look who put it there, and remove it.",
			Detail: "The object " + p.lockName() + " beside " + p.String() + " is not a lock of dirform."}
	}
	return d, info, nil
}

// writeLock replaces the lock's object.
func (p *Place) writeLock(ctx context.Context, d lockDoc, over Version) (Version, error) {
	d.Nonce = newEpoch()
	text, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	return p.put(ctx, p.lockName(), io.NewSectionReader(bytes.NewReader(text), 0, int64(len(text))), over)
}

// acquire takes the lock. One that has expired is taken over.
func (p *Place) acquire(ctx context.Context, o store.Options) (*lock, error) {
	mine := lockDoc{LockInfo: store.LockInfo{ID: store.NewLockID(), Holder: o.Holder, Host: origin.Host(), Since: o.Now().UTC(),
		By: o.Origin.By, Ref: o.Origin.Ref}}
	for try := 1; ; try++ {
		old, info, err := p.readLock(ctx)
		l := &lock{p: p, doc: mine, fence: !old.Ended}
		switch {
		case errors.Is(err, ErrAbsent):
			info.Version = ""
		case err != nil:
			return nil, err
		case old.Free:
		case info.Now.Sub(info.Modified) <= lasts:
			return nil, &store.LockedError{Path: p.String(), Info: old.LockInfo, Until: info.Modified.Add(lasts)}
		default:
			l.tookOver = &old.LockInfo
		}
		asked := time.Now()
		l.version, err = p.writeLock(ctx, mine, info.Version)
		if err == nil {
			return l.renewing(asked), nil
		}
		if err = again(ctx, try, err); err != nil { // else somebody was faster: look who
			return nil, err
		}
	}
}

// again waits before the next try of a write that has found another version; err is what comes of it otherwise, and
// also after some tries: there are stores that always say so.
func again(ctx context.Context, try int, err error) error {
	const most = 10
	if !errors.Is(err, ErrChanged) || try == most {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(time.Duration(try) * 20 * time.Millisecond):
		return nil
	}
}

// renewing has the lock renewed until it is released.
func (l *lock) renewing(asked time.Time) *lock {
	l.stop, l.ended, l.watch = make(chan struct{}), make(chan struct{}), lease.NewWatch(l.p.String(), lasts, asked)
	go func() {
		defer crash.Guard()
		defer close(l.ended)
		for t := time.NewTicker(renews); ; {
			select {
			case <-l.stop:
				t.Stop()
				return
			case <-t.C:
				ctx, cancel := context.WithTimeout(context.Background(), renewing)
				l.renew(ctx)
				cancel()
			}
		}
	}()
	return l
}

// renew has the lock last from now on. What goes wrong otherwise than that it is lost, the next renewal may do better.
func (l *lock) renew(ctx context.Context) {
	over, lost := l.known()
	if lost != nil {
		return
	}
	asked := time.Now()
	v, err := l.p.writeLock(ctx, l.doc, over)
	if err == nil {
		l.learn(over, v)
		l.watch.Renewed(asked)
	}
	if errors.Is(err, ErrChanged) {
		_ = l.look(ctx, over)
	}
}

// known is the version of the lock's object that this holder knows, and why it is not his any more.
func (l *lock) known() (Version, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.version, l.lost
}

// learn notes a version of the lock's object that has followed another one, unless a later one is known.
func (l *lock) learn(over, v Version) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.version == over {
		l.version = v
	}
}

// check fails with a [store.LostError] if the lock is not this holder's any more, and with another error if that cannot
// be found out.
func (l *lock) check(ctx context.Context) error {
	v, lost := l.known()
	if lost != nil {
		return lost
	}
	info, err := l.p.bucket.Stat(ctx, l.p.lockName())
	if err == nil && info.Version == v {
		return nil
	}
	if err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	return l.look(ctx, v)
}

// look finds out who has the lock, whose object is not the known version. A renewal whose answer was lost, or is yet to
// come, is this holder's own.
func (l *lock) look(ctx context.Context, known Version) error {
	now, info, err := l.p.readLock(ctx)
	lost := &store.LostError{Path: l.p.String()}
	switch {
	case err == nil && !now.Free && now.ID == l.doc.ID:
		l.learn(known, info.Version)
		return nil
	case err == nil && !now.Free:
		lost.By = &now.LockInfo
	case err != nil && !errors.Is(err, ErrAbsent):
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost == nil {
		l.lost = lost
	}
	l.watch.Lost(l.lost)
	return l.lost
}

// release frees the lock, unless somebody else has it by now. done says that nothing of what its holder has asked for
// may still be written.
func (l *lock) release(ctx context.Context, done bool) error {
	close(l.stop)
	<-l.ended
	l.watch.Stop()
	for range 2 {
		v, lost := l.known()
		if lost != nil {
			return nil
		}
		_, err := l.p.writeLock(ctx, lockDoc{Free: true, Ended: done && !l.fence}, v)
		if !errors.Is(err, ErrChanged) {
			return err
		}
		if err = l.look(ctx, v); err != nil {
			return nil // it is somebody else's
		}
	}
	return nil
}

// ForceUnlock frees the lock with an id. Its holder, should it still run, stops before its next write.
func (p *Place) ForceUnlock(ctx context.Context, id string) error {
	for try := 1; ; try++ {
		now, info, err := p.readLock(ctx)
		switch {
		case errors.Is(err, ErrAbsent), err == nil && now.Free:
			return &fault.Error{Summary: fmt.Sprintf("the state %v is not locked", p)}
		case err != nil:
			return err
		case now.ID != id:
			return &fault.Error{Summary: "the state was not unlocked", Detail: visible.Sprintf(
				"%v is held by %q under lock %s, not %s; somebody else may have taken it meanwhile.", p, now.Holder, now.ID, id)}
		}
		_, err = p.writeLock(ctx, lockDoc{Free: true}, info.Version)
		if err == nil {
			return nil
		}
		if err = again(ctx, try, err); err != nil { // else it was renewed, as it is now and then
			return err
		}
	}
}
