package store

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// LockInfo is what a lock says about its holder.
type LockInfo struct {
	ID     string    `json:"id"`     // what force-unlock must be given
	Holder string    `json:"holder"` // who: "apply by user@host pid 123"
	Host   string    `json:"host"`
	Since  time.Time `json:"since"`
	By     string    `json:"by,omitempty"`  // the address of the CI system's run, or user@host; "" if that is not known
	Ref    string    `json:"ref,omitempty"` // the commit; "" likewise
}

// LockedError says that somebody else has the state. It names the holder and the way out.
type LockedError struct {
	Path  string // of the state
	Info  LockInfo
	Alive bool      // the holder is a running process on this host; otherwise it runs, or ran, on another one
	Until time.Time // when the lock ends by itself unless its holder renews it; zero for one that does not
	Now   time.Time // what the clock said that Info.Since and Until are by; the zero time for this machine's
}

// Error says who holds the lock and since when.
func (e *LockedError) Error() string { return "the state " + e.holder() }

func (e *LockedError) holder() string {
	text := visible.Sprintf("%s is locked by %q since %s", e.Path, e.Info.Holder, e.Info.Since.UTC().Format(time.RFC3339))
	now := e.Now
	if now.IsZero() {
		now = time.Now()
	}
	if age := now.Sub(e.Info.Since).Round(time.Second); age > 0 {
		text += ", for " + age.String()
	}
	if e.Info.By != "" {
		text += visible.Sprintf(", run by %s", e.Info.By)
	}
	if e.Info.Ref != "" {
		text += visible.Sprintf(" for commit %s", e.Info.Ref)
	}
	return text + visible.Sprintf(" (lock %s)", e.Info.ID)
}

// waits is what waits for a lock by itself.
const waits = "apply and state rm, push, migrate and rebuild do so with --lock-timeout 5m"

// Fault says also how the lock comes free.
func (e *LockedError) Fault() *fault.Error {
	f := &fault.Error{Summary: "the state is locked", Detail: e.holder() + ".", Hint: "Wait for it to end; " + waits + "."}
	switch {
	case !e.Until.IsZero():
		f.Hint = visible.Sprintf("Wait for it to end; "+waits+". If that run is dead, its lock on host %q ends by itself at %s; to free it before: "+
			"dirform force-unlock %s", e.Info.Host, e.Until.UTC().Format(time.RFC3339), e.Info.ID)
	case !e.Alive:
		f.Hint = visible.Sprintf("If that run is dead (it was on host %q, so this host cannot tell), free it with: "+
			"dirform force-unlock %s",
			e.Info.Host, e.Info.ID)
	}
	return f
}

// LostError says that a run has lost its lock: it expired while the run was paused or cut off, and somebody took it or freed it.
// Nothing was recorded, and nothing may be written to a directory any more.
type LostError struct {
	Path    string    // of the state
	By      *LockInfo // who has the lock now; nil if nobody has, or that is not known
	Expired bool      // it could not be renewed in time, so that anybody may have it by now
}

// Error says who has the lock.
func (e *LostError) Error() string {
	switch {
	case e.By == nil && e.Expired:
		return visible.Sprintf("the lock of the state %s has expired: it could not be renewed in time", e.Path)
	case e.By == nil:
		return visible.Sprintf("the lock of the state %s was lost: it was freed", e.Path)
	}
	return visible.Sprintf("the lock of the state %s was lost to %q (lock %s)", e.Path, e.By.Holder, e.By.ID)
}

// Fault says what to do.
func (e *LostError) Fault() *fault.Error {
	return &fault.Error{Summary: "the lock of the state was lost", Detail: e.Error() + ". This run was paused, or did not reach the state, for too long.",
		Hint: "This run has stopped before its next write. Plan again: the next plan sees what was written."}
}

// NewLockID makes the id of a lock.
func NewLockID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
