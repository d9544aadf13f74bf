package harness_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/quick"
)

// trouble is a class of faults of either side.
type trouble struct {
	side, name          string
	writes, quiet, mild bool
	put                 func(s *stage, at int32, ever bool) (seen *atomic.Int32)
}

func troubles() (list []*trouble) {
	for _, c := range ldapCases() {
		list = append(list, &trouble{side: "source", name: c.name, writes: c.writes, quiet: c.quiet, mild: c.mild,
			put: func(s *stage, at int32, ever bool) *atomic.Int32 {
				script := &ldapScript{ldapCase: c, at: at, ever: ever}
				s.ldap.set(script)
				return &script.seen
			}})
	}
	for _, c := range graphCases() {
		list = append(list, &trouble{side: "tenant", name: c.name, writes: c.writes, quiet: c.quiet, mild: c.mild,
			put: func(s *stage, at int32, ever bool) *atomic.Int32 {
				script := &graphScript{graphCase: c, at: at, ever: ever}
				s.graph.set(script.fault)
				return &script.seen
			}})
	}
	return list
}

// heal takes faults out.
func (s *stage) heal() {
	s.ldap.set(nil)
	s.graph.set(nil)
	s.timeout = 20 * time.Second
}

// changes are the changes and records of a plan in words.
func (s *stage) changes() (lines []string, err error) {
	file, err := s.plan("")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for c, err := range file.Changes() {
		if err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s %v %v", c.Action, c.Address, c.Anchor, c.TargetID, c.Attributes,
			c.SourceAttributes))
	}
	for r, err := range file.Records() {
		if err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("record %+v", *r))
	}
	return lines, nil
}

// disturbed plays one case of a class: it befalls the at-th of what it can befall.
func (s *stage) disturbed(x *trouble, at int32, ever bool, do func()) (struck bool) {
	if x.quiet {
		s.timeout = patience
	}
	seen := x.put(s, at, ever)
	defer s.heal()
	do()
	return seen.Load() >= at
}

// TestFaultsWhilePlanning lets everything go wrong that can go wrong between dirform and two servers. A plan comes of it
// that is the one of a quiet day, or an error that says something: never another plan, and never a crash.
func TestFaultsWhilePlanning(t *testing.T) {
	t.Parallel()
	c := scenes()[len(scenes())-1]
	s := c.set(t)
	s.identity.PageSize = 5
	want, err := s.changes()
	check(t, err)
	tally := newTally("fault", "cases", "plan", "error", "wrong")
	for i, x := range troubles() {
		if x.writes {
			continue
		}
		for _, at := range []int32{1, 3} {
			for _, ever := range []bool{false, true} {
				if !quick.Long() && (ever != (at == 3) || ever != (i%2 == 0 && !x.quiet)) {
					continue // one of the four
				}
				name := fmt.Sprintf("%s: %s, at %d, ever %t", x.side, x.name, at, ever)
				var got []string
				if !s.disturbed(x, at, ever, func() { got, err = s.changes() }) {
					continue // there are not so many
				}
				tally.add(x.side+": "+x.name, s.judgePlan(name, x.mild, want, got, err))
			}
		}
	}
	t.Logf("\n%s", tally)
	if n := len(tally.counts); n < 60 {
		t.Errorf("only %d classes of faults struck", n)
	}
}

func (s *stage) judgePlan(name string, mild bool, want, got []string, err error) (outcome string) {
	switch {
	case err == nil:
		if diff := cmp.Diff(want, got); diff != "" {
			s.t.Errorf("%s: another plan:\n%s", name, diff)
			return "wrong"
		}
		return "plan"
	case mild:
		s.t.Errorf("%s: nothing is wrong, and yet: %v", name, err)
		return "wrong"
	case !forPeople(err):
		s.t.Errorf("%s: not an error for people: %v", name, err)
		return "wrong"
	}
	return "error"
}

// forPeople reports whether an error, if there is one, says something and is none of the runtime's.
func forPeople(err error) bool {
	return err == nil || fault.Describe(err).Summary != "" && !strings.Contains(err.Error(), "runtime error")
}

// shortFaults are the classes that the short form applies under.
var shortFaults = []string{"source: write lost after", "source: reset in a page", "tenant: write: reset after",
	"tenant: write: a part missing", "tenant: write: carried out, told as 504", "tenant: write: parts: 403"}

// TestFaultsWhileApplying lets the same go wrong during an apply, and during what it writes. It ends with status 0, 1 or 3,
// and the next run without faults comes to where an undisturbed one comes.
func TestFaultsWhileApplying(t *testing.T) {
	t.Parallel()
	c := scenes()[len(scenes())-1]
	first := c.set(t)
	first.identity.PageSize = 5
	reference := first.copied(t)
	reference.mustApply()
	check(t, reference.settled())
	want := reference.picture()
	reference.close()
	first.rest()
	tally := newTally("fault", "cases", "done (0)", "error (1)", "partial (3)", "lost")
	t.Run("cases", func(t *testing.T) {
		for _, x := range troubles() {
			if !quick.Long() && !slices.Contains(shortFaults, x.side+": "+x.name) {
				continue
			}
			t.Run(x.side+": "+x.name, func(t *testing.T) {
				t.Parallel()
				for _, at := range []int32{1, 2, 9}[:cases()] {
					tally.add(x.side+": "+x.name, appliedUnder(t, first, x, at, at == 2, want))
				}
			})
		}
	})
	t.Logf("\n%s", tally)
}

// cases is how many cases of each class are applied under.
func cases() int {
	if quick.Long() {
		return 3
	}
	return 1
}

// appliedUnder applies under a fault, and then without.
func appliedUnder(t *testing.T, first *stage, x *trouble, at int32, ever bool, want []string) (outcome string) {
	s := first.copied(t)
	defer s.close()
	s.identity.PageSize = 5
	name := fmt.Sprintf("at %d, ever %t", at, ever)
	struck := s.disturbed(x, at, ever, func() {
		r, err := s.apply(nil)
		outcome = map[int]string{0: "done (0)", 1: "error (1)", 3: "partial (3)"}[status(r, err)]
		name += fmt.Sprintf(", status %d, %v, %s", status(r, err), err, failures(r))
		if outcome == "" || !forPeople(err) {
			t.Errorf("%s: not an end for people", name)
		}
	})
	if !struck {
		return ""
	}
	r, err := s.apply(nil)
	if err != nil || !r.Complete() {
		t.Errorf("%s: the next run: %v\n%s", name, err, failures(r))
		return "lost"
	}
	if err := s.settled(); err != nil {
		t.Errorf("%s: %v", name, err)
		return "lost"
	}
	if d := cmp.Diff(want, s.picture()); d != "" {
		t.Errorf("%s: not as undisturbed:\n%s", name, d)
		return "lost"
	}
	return outcome
}
