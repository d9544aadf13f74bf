package lease

import "time"

// Sleep has the machine sleep: the clock on the wall goes on, and the one by which timers go does not.
func (w *Watch) Sleep(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	wall := w.wall
	w.wall = func() time.Time { return wall().Add(d) }
}
