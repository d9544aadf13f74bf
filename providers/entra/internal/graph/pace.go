package graph

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The service's write quota for one application in one tenant is 3,000 writes in 150 seconds, kept as a token bucket
// (Microsoft's page "throttling limits", identity and access). The margin of 1 to 2 % absorbs differences between clocks and in
// the time requests take, so that a full-speed run meets no 429.
const (
	writeBurst = 2940
	writeRate  = 19.8 // per second
)

// Pacer hands out the write quota to all calls of one Writer.
type Pacer struct {
	clock Clock
	mu    sync.Mutex
	limit *rate.Limiter
	until time.Time // nobody writes before
	slow  time.Time // half the rate until then
}

// NewPacer is a pacer with the whole quota; an unpaced one has no quota until the service says that it has.
func NewPacer(clock Clock, unpaced bool) *Pacer {
	limit := rate.Limit(writeRate)
	if unpaced {
		limit = rate.Inf
	}
	return &Pacer{clock: clock, limit: rate.NewLimiter(limit, writeBurst)}
}

// Wait takes n writes out of the quota and waits until they may be sent.
func (p *Pacer) Wait(ctx context.Context, n int) error {
	if d := p.reserve(n); d > 0 {
		return p.clock.Sleep(ctx, d)
	}
	return ctx.Err()
}

func (p *Pacer) reserve(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if !p.slow.IsZero() && now.After(p.slow) {
		p.limit.SetLimitAt(now, writeRate)
		p.slow = time.Time{}
	}
	return max(p.limit.ReserveN(now, n).DelayFrom(now), p.until.Sub(now))
}

// Observe learns from a reply. From 80 % of a quota on the service says how much is used: then the burst is given up and
// writes go on at the sustained rate, at more than 100 % at half of it for a while. After a 429 nobody writes until the service
// wants to be asked again.
func (p *Pacer) Observe(h http.Header, replies []*Reply) {
	used := limitUsed(h)
	throttled := false
	for _, r := range replies {
		if r == nil {
			continue
		}
		rh := r.Header()
		used = max(used, limitUsed(rh))
		throttled = throttled || r.Status == http.StatusTooManyRequests
	}
	if used < 0.8 && !throttled {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if p.limit.Limit() == rate.Inf { // the server has a quota after all
		p.limit.SetLimitAt(now, writeRate)
	}
	if n := int(p.limit.TokensAt(now)); n > 0 {
		p.limit.ReserveN(now, n)
	}
	if used > 1 {
		p.limit.SetLimitAt(now, writeRate/2)
		p.slow = now.Add(10 * time.Second)
	}
	if throttled {
		p.until = now.Add(longestPause(replies, 0, p.clock.Now))
	}
}

func limitUsed(h http.Header) float64 {
	used, err := strconv.ParseFloat(h.Get("x-ms-throttle-limit-percentage"), 64)
	if err != nil {
		return 0
	}
	return used
}
