package reconcile

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/steps"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// keysInMemory is how many changes are sorted by their full readable keys; larger plans are sorted by the keys' first
// bytes.
const keysInMemory = 50_000

// step is a row that the plan has something to say about.
type step = steps.Step

// surveyed is a plan that is decided, and can be told.
type surveyed struct {
	*judge.Judge
	set     *Settings
	steps   []step
	records []int // source rows that agree with their accounts, and whose record remembers something else
}

// survey pairs and decides about every row, once.
func (b *Builder) survey() (*surveyed, error) {
	if b.surveyed != nil {
		return b.surveyed, nil
	}
	p := b.pairs()
	if p.Err != nil {
		return nil, p.Err
	}
	s := &surveyed{Judge: judge.New(p, b.set.forJudge()), set: &b.set}
	if err := s.aim(p); err != nil {
		return nil, err
	}
	if err := s.look(); err != nil {
		return nil, err
	}
	b.surveyed = s
	return s, nil
}

// pairs pairs the rows, once for the links that have been read.
func (b *Builder) pairs() *pair.Pairs {
	if b.rows == nil {
		b.rows = b.tables.Rows()
	}
	if b.paired == nil {
		b.paired = pair.Match(b.rows, b.set.Rules.Links, b.former)
		b.paired.Mailboxes = b.housed
	}
	return b.paired
}

// look looks at every row once: quickly where fingerprints agree, with its values where they don't. It decides which
// rows are blocked before any change is told, because changes depend on each other.
func (s *surveyed) look() error {
	var slow []int32
	for row := range s.Source.Len() {
		decide, refresh := s.Glance(row)
		if decide {
			slow = append(slow, int32(row))
		}
		if refresh {
			s.records = append(s.records, row)
		}
	}
	if len(slow) > 0 {
		s.IndexWanted()
	}
	var leavers []int32
	for l := range s.Links.Len() {
		if s.LinkSource(l) < 0 {
			leavers = append(leavers, int32(l))
		}
	}
	s.steps = make([]step, 0, len(slow)+len(leavers)) // its capacity says how many there will be
	for _, row := range slow {
		if err := s.lookAt(int(row)); err != nil {
			return err
		}
	}
	if err := s.takeAlong(); err != nil {
		return err
	}
	for _, l := range leavers {
		if err := s.lookAtLeaver(int(l)); err != nil {
			return err
		}
	}
	s.Settle()
	for i := range s.steps {
		st := &s.steps[i]
		if st.Leaving {
			continue
		}
		depth, first, ordered := s.Depth(int(st.Row))
		if of := s.Source.Table(int(st.Row)).Of; first {
			st.Phase, st.Depth = uint16(of.Phase)<<4|steps.Waiting, int32(depth)
		} else if ordered {
			st.Phase, st.Depth = steps.PhaseOf(of, state.ActionUpdate), int32(depth)
		}
	}
	steps.Sort(s.steps)
	slices.SortFunc(s.records, s.Source.CompareGUID)
	return nil
}

// takeAlong looks once more at the rows that --target left out and that changes need, until nothing more is needed.
func (s *surveyed) takeAlong() error {
	for {
		rows, err := judge.TakeAlong(s.Judge)
		if err != nil || len(rows) == 0 {
			return err
		}
		again := map[int32]bool{}
		for _, row := range rows {
			again[int32(row)] = true
		}
		s.steps = slices.DeleteFunc(s.steps, func(st step) bool { return again[st.Row] })
		for _, row := range rows {
			if err := s.lookAt(row); err != nil {
				return err
			}
		}
	}
}

func (s *surveyed) lookAt(row int) error {
	d, err := s.Survey(row)
	if err != nil {
		return err
	}
	m := s.Source.Meta(row)
	s.add(step{Row: int32(row), Order: m.Order, GUID: m.GUID}, d)
	return nil
}

func (s *surveyed) lookAtLeaver(l int) error {
	d, err := s.SurveyLeaving(l)
	if err != nil {
		return err
	}
	s.add(step{Leaving: true, Row: int32(l), Order: table.OrderOf(d.Key), GUID: s.Links.Meta(l).GUID}, d)
	return nil
}

// add adds the step of a decision. Its key is a copy, because a key may share the memory of its whole object.
func (s *surveyed) add(st step, d judge.Decision) {
	if cap(s.steps) <= keysInMemory {
		st.Key = strings.Clone(strings.ToLower(d.Key))
	}
	st.Phase = steps.Silent
	if d.Change != nil {
		of := s.set.Kinds(d.Change.Kind)
		st.Phase = steps.PhaseOf(of, d.Change.Action)
		if st.Off = of.SwitchesOff(d.Change) != ""; st.Off {
			st.Phase %= steps.Others
		}
	}
	s.steps = append(s.steps, st)
}
