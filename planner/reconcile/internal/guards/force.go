package guards

import (
	"slices"
	"time"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner/internal/counting"
	"github.com/dirform/dirform/state"
)

// BuiltIn names the limits that no guard block names.
const BuiltIn = "built-in"

// inForce is a limit as it holds for a plan.
type inForce struct {
	*limits.Limit
	guard   *config.Guard // that names it; nil: none does, or not any more
	block   config.Limit  // of that guard
	ended   *config.Guard // whose block for it has ended
	allowed *int          // by --allow: this alone is the limit
}

// Settings are what the limits depend on.
type Settings struct {
	Guards []*config.Guard
	Allow  map[string]int // by --allow: this alone is the limit
	Now    time.Time      // the zero time is one at which no block has ended
	Kinds  func(state.Kind) *state.Descriptor
}

// Rules are the limits that hold for a plan.
type Rules struct {
	kinds func(state.Kind) *state.Descriptor
	force []inForce
}

// New are the limits that hold.
func New(s Settings) *Rules {
	r := &Rules{kinds: s.Kinds, force: make([]inForce, len(limits.All))}
	for i := range limits.All {
		f := &r.force[i]
		f.Limit = &limits.All[i]
		for _, g := range s.Guards {
			block, named := g.Limits[f.Name]
			switch {
			case named && block.Ended(s.Now):
				f.ended = g
				f.block = block
			case named:
				f.guard = g
				f.block = block
			}
		}
		if n, ok := s.Allow[f.Name]; ok {
			f.allowed = &n
		}
	}
	return r
}

// off reports whether the limit does not hold.
func (f *inForce) off() bool { return f.allowed == nil && f.guard != nil && f.block.Off }

// excused reports whether somebody has expressly allowed what the limit counts: later runs do not add it up.
func (f *inForce) excused() bool {
	return f.allowed != nil || f.guard != nil && (f.block.Off || !f.block.Until.IsZero())
}

// count is the limit's count with the guard that it is from, "" where there is none.
func (f *inForce) count(base int) (n int, guard string) {
	switch {
	case f.guard != nil && f.block.Count != nil:
		return *f.block.Count, f.guard.Name
	case f.Uncounted:
		return 0, ""
	}
	return limits.BuiltInCount(base), BuiltIn
}

// share is the share that trips the limit, with the guard that it is from. builtIn is the one of the table.
func (f *inForce) share(builtIn limits.Share) (s limits.Share, guard string) {
	s, guard = builtIn, BuiltIn
	if f.guard != nil && f.block.Floor != nil {
		s.Floor, guard = *f.block.Floor, f.guard.Name
	}
	if f.guard != nil && f.block.Percent != nil {
		s.Percent, guard = *f.block.Percent, f.guard.Name
	}
	return s, guard
}

// name is the guard that the limit as a whole is from.
func (f *inForce) name() string {
	if f.guard != nil {
		return f.guard.Name
	}
	return BuiltIn
}

// declaredAt is where the named guard stands.
func (f *inForce) declaredAt(guard string) string {
	if f.guard != nil && guard == f.guard.Name {
		return f.guard.DeclaredAt
	}
	return BuiltIn
}

// Deeds is what a change counts as once it is done, for runs to come, by the keys of [state.Deeds]; nil if it counts as
// nothing.
func (r *Rules) Deeds(c *state.Change) map[string]int {
	var deeds map[string]int
	add := func(key string, n int) {
		if deeds == nil {
			deeds = map[string]int{}
		}
		deeds[key] += n
	}
	counting.Change(r.kinds(c.Kind), c, func(limit, of string, n int) {
		i := slices.IndexFunc(r.force, func(f inForce) bool { return f.Name == limit })
		switch {
		case i < 0 || !r.force[i].excused():
			add(key{limit, of}.String(), n)
		case limit == limits.Creates:
			add(made, n)
		}
	})
	return deeds
}

// made counts new accounts that somebody had expressly allowed: no limit, but part of a base.
const made = "made"
