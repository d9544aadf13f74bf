package graphd

import (
	"maps"
	"sync"
)

// Stats is what a tenant has been asked since it was made or since ResetStats.
type Stats struct {
	Requests      map[string]int // by method and path template, such as "GET /users/{id}"; a batch's requests count, too
	Writes        int            // write requests attempted
	WritesRefused int            // of these, refused because of Faults.ReadOnly
	Throttled     int            // requests answered 429
}

type stats struct {
	mu sync.Mutex
	s  Stats
}

func newStats() *stats { return &stats{s: Stats{Requests: map[string]int{}}} }

// Stats is a copy of the counters.
func (t *Tenant) Stats() Stats {
	t.stats.mu.Lock()
	defer t.stats.mu.Unlock()
	s := t.stats.s
	s.Requests = maps.Clone(s.Requests)
	return s
}

// ResetStats sets the counters to zero.
func (t *Tenant) ResetStats() {
	t.stats.mu.Lock()
	defer t.stats.mu.Unlock()
	t.stats.s = Stats{Requests: map[string]int{}}
}

func (s *stats) do(f func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.s)
}

func (s *stats) request(what string) { s.do(func(s *Stats) { s.Requests[what]++ }) }
func (s *stats) write()              { s.do(func(s *Stats) { s.Writes++ }) }
func (s *stats) refused()            { s.do(func(s *Stats) { s.WritesRefused++ }) }
func (s *stats) throttled()          { s.do(func(s *Stats) { s.Throttled++ }) }
