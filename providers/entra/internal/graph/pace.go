package graph

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// The service's write quota for one application in one tenant is 3,000 writes in 150 seconds, kept as a token bucket
// (Microsoft's page "throttling limits", identity and access). What is kept in reserve absorbs differences between clocks, the
// rounding of what the service tells, and what others who share the quota have on their way; the rate is 1 % below the
// service's.
const (
	writeQuota   = 3000
	writeReserve = 90
	writeRate    = 19.8 // per second
)

// easing is how long it takes after a 429 until writes go at the full rate again.
const easing = 5 * time.Minute

// Pacer hands out the write quota to all calls of one Writer. It is a picture of the service's bucket: what is left in it by
// what this Writer has sent, corrected by what the service says is left, which counts what others have sent.
type Pacer struct {
	clock   Clock
	mu      sync.Mutex
	unpaced bool
	left    float64 // tokens, at the time last; below zero if more is to flow in before anybody writes
	last    time.Time
	flying  int       // writes whose replies have not come
	until   time.Time // nobody writes before
	refused time.Time // of the last 429
}

// NewPacer is a pacer with the whole quota; an unpaced one has no quota until the service says that it has.
func NewPacer(clock Clock, unpaced bool) *Pacer {
	return &Pacer{clock: clock, unpaced: unpaced, left: writeQuota - writeReserve, last: clock.Now()}
}

// Wait takes n writes out of the quota and waits until they may be sent. Whoever has waited looks again, since the service may
// have told meanwhile that less is left. Each that Wait lets through is followed by one Observe; an error lets nothing through.
func (p *Pacer) Wait(ctx context.Context, n int) error {
	for ctx.Err() == nil {
		d := p.take(n)
		if d <= 0 {
			return nil
		}
		if err := p.clock.Sleep(ctx, d); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// take takes n writes, or says how long to wait before another try.
func (p *Pacer) take(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if d := p.until.Sub(now); d > 0 {
		return d
	}
	if !p.unpaced {
		rate := p.refill(now)
		if missing := float64(n) - p.left; missing > 0 {
			return time.Duration(math.Ceil(missing / rate * float64(time.Second)))
		}
		p.left -= float64(n)
	}
	p.flying += n
	return 0
}

// refill lets flow in what has come since it was last asked, and returns the rate at which more comes: for a while after a 429
// slower than the service's, since somebody else has a share of that.
func (p *Pacer) refill(now time.Time) (rate float64) {
	rate = writeRate
	if since := now.Sub(p.refused); !p.refused.IsZero() && since < easing {
		rate *= 0.5 + 0.5*since.Seconds()/easing.Seconds()
	}
	p.left = min(p.left+rate*now.Sub(p.last).Seconds(), writeQuota-writeReserve)
	p.last = now
	return rate
}

// Observe learns from the reply to n writes. From 80 % of a quota on the service says how much is used, and so what is left. After
// a 429 nobody writes until the service wants to be asked again.
func (p *Pacer) Observe(n int, h http.Header, replies []*Reply) {
	used := limitUsed(h)
	throttled := false
	for _, r := range replies {
		if r == nil {
			continue
		}
		used = max(used, limitUsed(r.Header()))
		throttled = throttled || r.Status == http.StatusTooManyRequests
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying -= n
	if used < 0.8 && !throttled {
		return
	}
	now := p.clock.Now()
	p.refill(now)
	p.unpaced = false // the server has a quota, whatever was thought
	if throttled {
		used = max(used, 1)
		p.refused, p.until = now, now.Add(longestPause(replies, 0, p.clock.Now))
	}
	p.left = min(p.left, writeQuota*(1-min(used, 1))-writeReserve-float64(p.flying))
}

// limitUsed is the share of a quota that a reply says is used, 0 if it says nothing.
func limitUsed(h http.Header) float64 {
	used, err := strconv.ParseFloat(h.Get("x-ms-throttle-limit-percentage"), 64)
	if err != nil || math.IsNaN(used) {
		return 0
	}
	return used
}
