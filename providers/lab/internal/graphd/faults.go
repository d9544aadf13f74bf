package graphd

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Faults is what goes wrong. The zero value is a service in good health. Counts are of requests since SetFaults, from 1; 0 is
// never.
type Faults struct {
	// Deny is about the source: the attributes that accounts may not read there, by sAMAccountName or "*" for everybody.
	Deny            map[string][]string
	Latency         time.Duration // every HTTP request waits this long first
	ReadOnly        bool          // writes are refused with 403, and counted in Stats.WritesRefused
	SignedInAs      string        // tokens are issued to this user, by id or name, as if a person were signed in; "": to the application
	Permissions     string        // what the application may do, as names of Graph's permissions separated by blanks; "": everything
	NoTakeOver      bool          // who asks for onPremisesSyncBehavior gets 403, as without the permission for it
	DropBefore      int           // the connection breaks before the n-th write takes effect
	DropAfter       int           // the connection breaks after the n-th write took effect
	BreakBefore     float64       // share of HTTP requests with writes whose connection breaks before these take effect
	BreakAfter      float64       // share of HTTP requests with writes whose connection breaks after these took effect
	LateTimeout     float64       // share of HTTP requests with writes answered 504 although these took effect
	Unavailable     float64       // share of requests answered 503
	GatewayTimeout  float64       // share of requests answered 504
	Seed            uint64        // of the random choice of these
	Throttle        *Throttle     // nil: no throttling; one without units: the documented quota of a tenant of this size
	VisibilityDelay time.Duration // a write shows in reads, and to later writes by id, only after this time
	TokenLife       time.Duration // issued tokens are refused after this time, although they were said to live an hour
	DeltaLife       time.Duration // delta tokens older than this are answered 410; 0 is the documented seven days
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
func (t *Tenant) SetFaults(f Faults) { t.setFaults(f, t.Len()) }

// Faults is what SetFaults, or else the seed, has switched on.
func (t *Tenant) Faults() Faults {
	t.faults.mu.Lock()
	defer t.faults.mu.Unlock()
	return t.faults.f
}

// setFaults is SetFaults for a tenant with this many users.
func (t *Tenant) setFaults(f Faults, users int) {
	s := t.faults
	s.mu.Lock()
	defer s.mu.Unlock()
	s.f, s.rng = f, rand.New(rand.NewPCG(f.Seed, f.Seed))
	s.writes, s.pages, s.links, s.bucket = 0, 0, 0, nil
	if x := f.Throttle; x != nil {
		if x.Units == 0 {
			x = DocumentedThrottle(users)
		}
		s.bucket = newBuckets(*x, t.opts.Now())
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
	if write && !s.f.permits(rq.route) {
		t.stats.refused()
		return nil, denied()
	}
	if s.f.NoTakeOver && rq.route.isSyncBehavior() {
		return nil, denied()
	}
	if p := s.f.Unavailable + s.f.GatewayTimeout; p > 0 {
		switch x := s.rng.Float64(); {
		case x < s.f.Unavailable:
			return nil, &Error{Status: 503, Code: "ServiceUnavailable", Message: "Service is temporarily unavailable. Please try again later."}
		case x < p:
			return nil, gatewayTimeout()
		}
	}
	if s.bucket == nil {
		return http.Header{unitHeader: {strconv.Itoa(cost)}}, nil
	}
	header, e := s.bucket.take(cost, write, t.opts.Now())
	if e != nil {
		t.stats.throttled()
		scope := "ReadWrite"
		if e.Header.Get(throttleInformation) == writeLimit {
			scope = "Write"
		}
		e.Header.Set(throttleScope, "Tenant_Application/"+scope+"/"+t.opts.ClientID+"/"+t.tenantID)
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

// mishap is what befalls an HTTP request as a whole, a batch included.
type mishap int

const (
	noMishap mishap = iota
	brokenBefore
	brokenAfter
	timedOut // after the effect
)

// mishap decides what befalls an HTTP request that writes.
func (s *faultState) mishap() mishap {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, after, late := s.f.BreakBefore, s.f.BreakAfter, s.f.LateTimeout
	if before+after+late <= 0 {
		return noMishap
	}
	switch x := s.rng.Float64(); {
	case x < before:
		return brokenBefore
	case x < before+after:
		return brokenAfter
	case x < before+after+late:
		return timedOut
	}
	return noMishap
}

// risk does what an HTTP request asks for, unless a mishap prevents it, and replies, unless one keeps the reply.
func (s *server) risk(writes bool, do func() (reply, *Error)) (reply, *Error) {
	if !writes {
		return do()
	}
	what := s.t.faults.mishap()
	if what == brokenBefore {
		return reply{drop: true}, nil
	}
	re, e := do()
	switch what {
	case brokenAfter:
		return reply{drop: true}, nil
	case timedOut:
		return reply{}, gatewayTimeout()
	}
	return re, e
}

func gatewayTimeout() *Error {
	return &Error{Status: 504, Code: "GatewayTimeout", Message: "The gateway timed out. Please try again later."}
}

// tokenLife is how long issued access tokens are accepted.
func (s *faultState) tokenLife() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cmp.Or(s.f.TokenLife, tokenLife)
}

// deltaLife is how long delta tokens of directory objects are accepted.
func (s *faultState) deltaLife() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cmp.Or(s.f.DeltaLife, 7*24*time.Hour)
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
