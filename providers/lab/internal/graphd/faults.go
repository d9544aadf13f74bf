package graphd

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Faults is what goes wrong. The zero value is a service in good health. Counts are of requests since SetFaults, from 1; 0 is
// never.
type Faults struct {
	Latency         time.Duration // every HTTP request waits this long first
	ReadOnly        bool          // writes are refused with 403, and counted in Stats.WritesRefused
	DropBefore      int           // the connection breaks before the n-th write takes effect
	DropAfter       int           // the connection breaks after the n-th write took effect
	Unavailable     float64       // share of requests answered 503
	GatewayTimeout  float64       // share of requests answered 504
	Seed            uint64        // of the random choice of these
	Throttle        *Throttle     // nil: no throttling
	VisibilityDelay time.Duration // a write shows in reads, and to later writes by id, only after this time
	TruncatePage    int           // the connection breaks in the middle of the n-th list page
	OmitNextLink    int           // the n-th list page that has a next link goes without
}

// faultState is Faults in use.
type faultState struct {
	mu     sync.Mutex
	f      Faults
	rng    *rand.Rand
	writes int
	pages  int
	links  int
	bucket *buckets
}

// SetFaults switches faults on or off, and starts their counts anew.
func (t *Tenant) SetFaults(f Faults) {
	s := t.faults
	s.mu.Lock()
	defer s.mu.Unlock()
	s.f, s.rng = f, rand.New(rand.NewPCG(f.Seed, f.Seed))
	s.writes, s.pages, s.links, s.bucket = 0, 0, 0, nil
	if f.Throttle != nil {
		s.bucket = newBuckets(*f.Throttle, t.opts.Now())
	}
}

// delay waits; false if the client went away.
func (s *faultState) delay(ctx context.Context) bool {
	s.mu.Lock()
	d := s.f.Latency
	s.mu.Unlock()
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// admit refuses a request that a fault hits; otherwise it returns extra headers of the reply.
func (s *faultState) admit(rq *request, t *Tenant) (http.Header, *Error) {
	cost := resourceUnits(rq)
	s.mu.Lock()
	defer s.mu.Unlock()
	write := rq.route.isWrite()
	if s.f.ReadOnly && write {
		t.stats.refused()
		return nil, denied()
	}
	if p := s.f.Unavailable + s.f.GatewayTimeout; p > 0 {
		switch x := s.rng.Float64(); {
		case x < s.f.Unavailable:
			return nil, &Error{Status: 503, Code: "ServiceUnavailable", Message: "Service is temporarily unavailable. Please try again later."}
		case x < p:
			return nil, &Error{Status: 504, Code: "GatewayTimeout", Message: "The gateway timed out. Please try again later."}
		}
	}
	if s.bucket == nil {
		return nil, nil
	}
	header, e := s.bucket.take(cost, write, t.opts.Now())
	if e != nil {
		t.stats.throttled()
		e.Header.Set("x-ms-throttle-scope", "Tenant_Application/ReadWrite/"+t.opts.ClientID+"/"+t.tenantID)
	}
	return header, e
}

// drops counts a write and says whether its connection breaks before or after it.
func (s *faultState) drops(write bool) (before, after bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !write {
		return false, false
	}
	s.writes++
	return s.writes == s.f.DropBefore, s.writes == s.f.DropAfter
}

func (s *faultState) visibilityDelay() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.f.VisibilityDelay
}

func (s *faultState) cutPage() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages++
	return s.pages == s.f.TruncatePage
}

func (s *faultState) dropLink() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links++
	return s.links == s.f.OmitNextLink
}
