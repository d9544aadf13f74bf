package entra

import (
	"net/http"
	"sync"
	"time"

	"github.com/dirform/dirform/providers"
)

// freshFor is how long after its creation an object may be missing on some of the service's replicas.
const freshFor = 10 * time.Minute

// maxFreshAttempts bounds how often a write to such an object is repeated: a little over two minutes of pauses.
const maxFreshAttempts = 12

// freshIDs are the objects that this process has created, restored or taken over a short while ago. The directory is eventually
// consistent, so a write that follows may meet a replica that doesn't know them yet.
type freshIDs struct {
	now   func() time.Time
	mu    sync.Mutex
	since map[string]time.Time
	swept time.Time
}

func newFreshIDs(now func() time.Time) *freshIDs {
	return &freshIDs{now: now, since: map[string]time.Time{}, swept: now()}
}

func (f *freshIDs) add(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Sub(f.swept) > freshFor { // forget the old ones, lest a million creates stay in memory
		for id, t := range f.since {
			if now.Sub(t) > freshFor {
				delete(f.since, id)
			}
		}
		f.swept = now
	}
	f.since[id] = now
}

func (f *freshIDs) has(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.since[id]
	return ok && f.now().Sub(t) <= freshFor
}

// notYetThere reports a failure that a fresh object explains: the item's own, or the one it refers to. The service answers
// 404, or on a fresh reference 400 "One or more property values specified are invalid".
func (w *Writer) notYetThere(it *item, e *providers.ServiceError) bool {
	if it.attempts >= maxFreshAttempts || it.write.Op == providers.OpCreate || it.write.Op == providers.OpRestore {
		return false
	}
	target := ""
	if it.write.Op == providers.OpSetReference {
		target = it.write.Attributes[0].After.Str()
	}
	switch {
	case e.Status == http.StatusNotFound:
	case e.Status == http.StatusBadRequest && target != "" && contains(e.Message, "one or more property values specified are invalid"):
	default:
		return false
	}
	return w.fresh.has(it.write.ID) || target != "" && w.fresh.has(target)
}
