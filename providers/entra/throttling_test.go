package entra_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/providers/entra"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
)

// sharedClock is a clock for several that wait on it: time passes once all of them sleep, up to the first that wakes.
type sharedClock struct {
	mu      sync.Mutex
	changed *sync.Cond
	now     time.Time
	awake   int         // those that work
	wakes   []time.Time // of those that sleep
}

func newSharedClock(sleepers int) *sharedClock {
	c := &sharedClock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), awake: sleepers}
	c.changed = sync.NewCond(&c.mu)
	return c
}

func (c *sharedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *sharedClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	wake := c.now.Add(max(d, 0))
	c.wakes = append(c.wakes, wake)
	c.awake--
	for c.pass(); wake.After(c.now); {
		c.changed.Wait()
	}
	return ctx.Err()
}

// pass lets time pass if nobody is awake, and wakes whose time has come.
func (c *sharedClock) pass() {
	if c.awake > 0 || len(c.wakes) == 0 {
		return
	}
	next := c.wakes[0]
	for _, w := range c.wakes {
		if w.Before(next) {
			next = w
		}
	}
	if next.After(c.now) {
		c.now = next
	}
	still := c.wakes[:0]
	for _, w := range c.wakes {
		if w.After(c.now) {
			still = append(still, w)
		} else {
			c.awake++
		}
	}
	c.wakes = still
	c.changed.Broadcast()
}

// leave is called by one that will not sleep any more.
func (c *sharedClock) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awake--
	c.pass()
}

// quota is the service's token bucket, as documented: 3,000 writes in 150 seconds.
type quota struct {
	clock   *sharedClock
	silent  bool          // it does not say how much is used
	latency time.Duration // of a batch

	mu      sync.Mutex
	level   float64
	last    time.Time
	writes  int // carried out
	refused int
	early   int // sent before the service wanted to be asked again
	again   map[string]time.Time
}

func (q *quota) take(id string) answer {
	now := q.clock.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.level, q.last = min(3000, q.level+20*now.Sub(q.last).Seconds()), now
	if now.Before(q.again[id]) {
		q.early++
	}
	if q.level < 1 {
		q.refused++
		wait := math.Ceil((1 - q.level) / 20)
		q.again[id] = now.Add(time.Duration(wait) * time.Second)
		return answer{status: 429, body: graphError("TooManyRequests", "Please retry again later."),
			headers: map[string]string{"Retry-After": strconv.Itoa(int(wait))}}
	}
	q.level--
	q.writes++
	a := answer{status: 204, headers: map[string]string{}}
	if used := 1 - q.level/3000; used > 0.8 && !q.silent {
		a.headers["x-ms-throttle-limit-percentage"] = strconv.FormatFloat(used, 'f', 2, 64)
	}
	return a
}

// drain has processes with four workers each, as apply has, write so much each, and returns how long it took.
func (q *quota) drain(t *testing.T, processes, writesEach int) time.Duration {
	t.Helper()
	const workers = 4
	clock := newSharedClock(processes * workers)
	q.clock, q.level, q.last, q.again = clock, 3000, clock.now, map[string]time.Time{}
	inner := batches(func(p part) answer { return q.take(p.URL) })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		clock.Sleep(r.Context(), q.latency/2)
		inner(w, r)
		clock.Sleep(r.Context(), q.latency/2)
	})
	s.config.Clock = clock
	start := clock.now
	var wg sync.WaitGroup
	for p := range processes {
		w, err := entra.OpenWriter(t.Context(), s.config)
		if err != nil {
			t.Fatal(err)
		}
		for worker := range workers {
			wg.Go(func() {
				defer clock.leave()
				for n := 0; n < writesEach/workers; n += providers.MaxBatch {
					var batch []providers.Write
					for i := range min(providers.MaxBatch, writesEach/workers-n) {
						batch = append(batch, patch(fmt.Sprintf("u-%d-%d-%d", p, worker, n+i), change("city", state.Null())))
					}
					for _, r := range w.Write(t.Context(), batch) {
						if r.Err != nil {
							t.Error(r.Err)
						}
					}
				}
			})
		}
	}
	wg.Wait()
	return clock.now.Sub(start)
}

// TestTenThousandWrites: at full speed a run stays inside the quota, and close to what it allows; two that know nothing of each
// other hardly ever go beyond it.
func TestTenThousandWrites(t *testing.T) {
	for _, c := range []struct {
		name      string
		processes int
		latency   time.Duration
		silent    bool
		refused   float64 // the share that may be
		ideal     float64 // the share of the quota that must be used
		long      bool    // for the long form
	}{
		{"alone", 1, 250 * time.Millisecond, false, 0, 0.95, false},
		{"alone, quick replies", 1, 20 * time.Millisecond, false, 0, 0.95, true},
		{"alone, slow replies", 1, time.Second, false, 0, 0.95, true},
		{"alone, nothing told", 1, 250 * time.Millisecond, true, 0, 0.95, true},
		{"two", 2, 250 * time.Millisecond, false, 0.01, 0.9, false},
		{"two, quick replies", 2, 20 * time.Millisecond, false, 0.01, 0.9, true},
		{"two, slow replies", 2, time.Second, false, 0.01, 0.9, true},
		{"three", 3, 250 * time.Millisecond, false, 0.01, 0.9, true},
		{"two, nothing told", 2, 250 * time.Millisecond, true, 0.05, 0.8, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.long && !quick.Long() {
				t.Skip("part of the long form: DIRFORM_LONG=1")
			}
			const each = 10_000
			q := &quota{latency: c.latency, silent: c.silent}
			took := q.drain(t, c.processes, each)
			writes := c.processes * each
			ideal := time.Duration(float64(writes-3000) / 20 * float64(time.Second))
			share, refused := ideal.Seconds()/took.Seconds(), float64(q.refused)/float64(writes)
			t.Logf("%d writes in %v, ideal %v (%.1f %%), %d refused (%.2f %%)", q.writes, took.Round(time.Second), ideal,
				100*share, q.refused, 100*refused)
			if q.writes != writes || q.early > 0 {
				t.Errorf("%d of %d were carried out, %d were sent again too early", q.writes, writes, q.early)
			}
			if share < c.ideal || refused > c.refused {
				t.Errorf("%.1f %% of the quota, %.2f %% refused", 100*share, 100*refused)
			}
		})
	}
}
