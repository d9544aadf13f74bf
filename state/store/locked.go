package store

import (
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/visible"
)

// LockInfo is what a lock file says about its holder.
type LockInfo struct {
	ID     string    `json:"id"`     // what force-unlock must be given
	Holder string    `json:"holder"` // who: "apply by user@host pid 123"
	Host   string    `json:"host"`
	Since  time.Time `json:"since"`
}

// LockedError says that another process has the state. It names the holder and the way out.
type LockedError struct {
	Path  string // of the state
	Info  LockInfo
	Alive bool // the holder is a running process on this host; otherwise it runs, or ran, on another one
}

// Error says who holds the lock and since when.
func (e *LockedError) Error() string { return "the state " + e.holder() }

func (e *LockedError) holder() string {
	return visible.Sprintf("%s is locked by %q since %s (lock %s)",
		e.Path, e.Info.Holder, e.Info.Since.UTC().Format(time.RFC3339), e.Info.ID)
}

// Fault says also how the lock comes free.
func (e *LockedError) Fault() *fault.Error {
	f := &fault.Error{Summary: "the state is locked", Detail: e.holder() + ".", Hint: "Wait for it to end."}
	if !e.Alive {
		f.Hint = visible.Sprintf("If that run is dead (it was on host %q, so this host cannot tell), free it with: "+
			"dirform force-unlock %s",
			e.Info.Host, e.Info.ID)
	}
	return f
}
