package harness_test

import (
	"context"
	"sync"
	"time"
)

// clock lets time pass only while somebody waits for the tenant, so that waiting takes none.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func newClock() *clock { return &clock{} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.ahead += max(d, 0)
	c.mu.Unlock()
	return ctx.Err()
}
