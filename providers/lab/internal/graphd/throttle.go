package graphd

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Throttle is the quota of an application in a tenant.
type Throttle struct {
	Units       float64 // resource units the bucket holds
	UnitsWindow time.Duration
	Writes      float64 // writes the bucket holds
	WriteWindow time.Duration
}

// DocumentedThrottle is the identity and access quota of a tenant with this many users (Microsoft Graph service-specific
// throttling limits): 3,500, 5,000 or 8,000 resource units in 10 s, and 3,000 writes in 2 min 30 s.
func DocumentedThrottle(users int) *Throttle {
	t := &Throttle{Units: 8000, UnitsWindow: 10 * time.Second, Writes: 3000, WriteWindow: 150 * time.Second}
	switch {
	case users < 50:
		t.Units = 3500
	case users <= 500:
		t.Units = 5000
	}
	return t
}

// ThrottleOfSize is the documented quota of a tenant of size S (under 50 users), M (up to 500) or L; or, for a number, one of so many
// resource units in 10 s.
func ThrottleOfSize(size string) (*Throttle, bool) {
	switch size {
	case "S", "s":
		return DocumentedThrottle(0), true
	case "M", "m":
		return DocumentedThrottle(50), true
	case "L", "l":
		return DocumentedThrottle(501), true
	}
	units, err := strconv.ParseFloat(size, 64)
	if err != nil || !(units >= 1) || units > 1e9 {
		return nil, false
	}
	t := DocumentedThrottle(501)
	t.Units = units
	return t, true
}

// Reply headers about quotas, as Go's header maps spell them.
const (
	unitHeader          = "X-Ms-Resource-Unit"
	limitPercentage     = "X-Ms-Throttle-Limit-Percentage"
	throttleScope       = "X-Ms-Throttle-Scope"
	throttleInformation = "X-Ms-Throttle-Information"
)

// writeLimit is the throttle information of the write quota.
const writeLimit = "WriteLimitExceeded"

// resourceUnits is a request's documented cost.
func resourceUnits(rq *request) int {
	if rq.route.isWrite() {
		return 1
	}
	cost := max(rq.route.cost, 1)
	if rq.option("$select") != "" {
		cost--
	}
	if rq.option("$expand") != "" {
		cost++
	}
	if top, err := strconv.Atoi(rq.option("$top")); err == nil && top < 20 {
		cost--
	}
	return max(cost, 1)
}

// bucket is a token bucket that refills steadily.
type bucket struct {
	level, size, rate float64 // rate in tokens per second
}

func newBucket(size float64, window time.Duration) bucket {
	return bucket{size, size, size / window.Seconds()}
}

func (b *bucket) refill(seconds float64) { b.level = math.Min(b.size, b.level+seconds*b.rate) }

// wait is how many seconds pass until n tokens are there.
func (b *bucket) wait(n float64) float64 { return math.Max(0, (n-b.level)/b.rate) }

// buckets are an application's two buckets.
type buckets struct {
	units, writes bucket
	last          time.Time
}

func newBuckets(t Throttle, now time.Time) *buckets {
	return &buckets{newBucket(t.Units, t.UnitsWindow), newBucket(t.Writes, t.WriteWindow), now}
}

// take pays for a request or refuses it with 429.
func (b *buckets) take(cost int, write bool, now time.Time) (http.Header, *Error) {
	elapsed := now.Sub(b.last).Seconds()
	b.last = now
	b.units.refill(elapsed)
	b.writes.refill(elapsed)
	wait, info := b.units.wait(float64(cost)), "ResourceUnitLimitExceeded"
	if write {
		if w := b.writes.wait(1); w > wait {
			wait, info = w, writeLimit
		}
	}
	if wait > 0 {
		h := http.Header{}
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait))))
		h.Set(throttleInformation, info)
		return nil, &Error{Status: 429, Code: "TooManyRequests", Message: "Please retry again later.", Header: h}
	}
	b.units.level -= float64(cost)
	if write {
		b.writes.level--
	}
	h := http.Header{}
	h.Set(unitHeader, strconv.Itoa(cost))
	if used := max(1-b.units.level/b.units.size, 1-b.writes.level/b.writes.size); used > 0.8 {
		h.Set(limitPercentage, strconv.FormatFloat(used, 'f', 2, 64))
	}
	return h, nil
}
