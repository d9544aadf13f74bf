package guards

import (
	"math"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/internal/counting"
)

// Bases are what percentages are of, as things are now.
type Bases struct {
	Links   int // recorded links
	InScope int // those whose objects were in scope at the last apply
	// Holders is how many accounts of source objects in scope hold a value of an attribute.
	Holders func(attribute string) int
}

// measure is one thing that a limit is held against.
type measure struct {
	*inForce
	of      string // attribute or group
	own     int    // what the plan has
	earlier int    // what the recent runs did
	base    int
	builtIn limits.Share
	shared  bool // a share of the base trips it
}

// total is what is held against the limit.
func (m *measure) total() int { return m.own + m.earlier }

// Check holds a tally against the limits. Results list every limit that holds; findings are those that are exceeded,
// and what is to be said about limits that do not hold.
func (r *Rules) Check(t *Tally, b Bases) (results []planner.GuardResult, findings []*planner.Finding) {
	results = []planner.GuardResult{}
	for i := range r.force {
		f := &r.force[i]
		if f.ended != nil {
			findings = append(findings, hasEnded(f))
		}
		if f.off() {
			findings = append(findings, isOff(f))
			continue
		}
		measures := f.measures(t, b)
		for k := range measures {
			for _, x := range measures[k].results() {
				results = append(results, x)
				if x.Tripped {
					findings = append(findings, exceeded(&measures[k], x, most(measures)))
				}
			}
		}
	}
	return results, findings
}

// most is the greatest number that the plan has under a limit: what --allow takes to let all of it pass.
func most(measures []measure) (n int) {
	for _, m := range measures {
		n = max(n, m.own)
	}
	return n
}

// measures are all things that the limit is held against.
func (f *inForce) measures(t *Tally, b Bases) (list []measure) {
	if f.Each == "" {
		return append(list, f.measure(t, b, nil))
	}
	for _, of := range t.each(f.Name) {
		list = append(list, f.measure(t, b, &of))
	}
	if f.Overall != nil && f.allowed == nil {
		list = append(list, f.measure(t, b, nil))
	}
	return list
}

// measure is one thing that the limit is held against: an attribute or group, or everything if of is nil.
func (f *inForce) measure(t *Tally, b Bases, of *string) measure {
	m := measure{inForce: f, builtIn: f.Share, shared: !f.FromEnded || t.recent.Ended}
	if of != nil {
		m.of, m.own = *of, t.planned[key{f.Name, *of}]
	} else {
		m.own = t.sum(f.Name)
	}
	if of == nil && f.Overall != nil {
		m.builtIn = *f.Overall
	}
	if !f.Alone && f.allowed == nil {
		m.earlier = t.earlier(f.Name, of)
	}
	switch f.Base {
	case limits.Linked:
		m.base = t.links(b.Links) + t.sum(counting.Paired) + t.since(counting.Paired)
	case limits.Recorded:
		if m.base = b.Links; !f.Alone {
			m.base = t.links(b.Links)
		}
	case limits.InScope:
		m.base = b.InScope
	case limits.Holders:
		m.base = b.Holders(m.of) + m.earlier
	}
	return m
}

// results are the outcomes of count and share.
func (m *measure) results() (list []planner.GuardResult) {
	n := m.total()
	if m.allowed != nil {
		return append(list, planner.GuardResult{Name: m.name(), Limit: m.Name + ".count", Of: m.of, Allowed: float64(*m.allowed),
			Planned: float64(m.own), Tripped: m.own > *m.allowed})
	}
	if count, guard := m.count(m.base); guard != "" {
		list = append(list, planner.GuardResult{Name: guard, Limit: m.Name + ".count", Of: m.of, Allowed: float64(count),
			Planned: float64(n), Tripped: m.own > 0 && n > count})
	}
	if m.shared {
		s, guard := m.share(m.builtIn)
		tripped := n > s.Floor && s.Percent < 100 && float64(n)*100 > s.Percent*float64(m.base)
		list = append(list, planner.GuardResult{Name: guard, Limit: m.Name + ".percent", Of: m.of, Allowed: s.Percent,
			Planned: percent(n, m.base), Tripped: m.own > 0 && tripped})
	}
	return list
}

// percent is n of base in per cent, to one place; all of nothing is 100.
func percent(n, base int) float64 {
	switch {
	case n == 0:
		return 0
	case base == 0:
		return 100
	}
	return math.Round(float64(n)/float64(base)*1000) / 10
}
