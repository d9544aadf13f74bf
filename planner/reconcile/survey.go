package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// stage is where an action stands in the order in which changes are carried out: part by part of the plan, within a
// part kind by kind, and of one kind by rank.
type stage struct{ part, rank uint8 }

// stages orders the actions. Records and accounts go away when everything else is done, whatever their kind.
var stages = map[state.Action]stage{
	state.ActionCreate: {1, 1}, state.ActionLink: {1, 2}, state.ActionRelink: {1, 3}, state.ActionRestore: {1,
		4}, state.ActionUpdate: {1, 5},
	state.ActionDisable: {1, 6}, state.ActionUnlink: {2, 1}, state.ActionDelete: {3, 1},
}

// phaseSilent comes last: nothing is done, but there is something to say. Before phaseOthers stands what turns sign-in off, and what
// that waits for.
const phaseSilent, phaseOthers = 4 << 12, 1 << 12

// rankWaiting is the rank of what waits for other changes, or has them wait for it, among what turns sign-in off.
const rankWaiting = 15

// phaseOf is the place of a change among those of all kinds, as a number.
func phaseOf(of *state.Descriptor, a state.Action) uint16 {
	s := stages[a]
	return uint16(s.part)<<12 | uint16(of.Phase)<<4 | uint16(s.rank)
}

// keysInMemory is how many changes are sorted by their full readable keys; larger plans are sorted by the keys' first
// bytes.
const keysInMemory = 50_000

// step is a row that the plan has something to say about.
type step struct {
	phase   uint16
	depth   int32
	leaving bool
	off     bool  // it turns sign-in off
	row     int32 // source row, or link if leaving
	order   uint64
	guid    state.GUID
	key     string
}

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
		b.paired = pair.Match(b.rows, b.set.Rules.Links)
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
		if st.leaving {
			continue
		}
		depth, first, ordered := s.Depth(int(st.row))
		if of := s.Source.Table(int(st.row)).Of; first {
			st.phase, st.depth = uint16(of.Phase)<<4|rankWaiting, int32(depth)
		} else if ordered {
			st.phase, st.depth = phaseOf(of, state.ActionUpdate), int32(depth)
		}
	}
	sortSteps(s.steps)
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
		s.steps = slices.DeleteFunc(s.steps, func(st step) bool { return again[st.row] })
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
	s.add(step{row: int32(row), order: m.Order, guid: m.GUID}, d)
	return nil
}

func (s *surveyed) lookAtLeaver(l int) error {
	d, err := s.SurveyLeaving(l)
	if err != nil {
		return err
	}
	s.add(step{leaving: true, row: int32(l), order: table.OrderOf(d.Key), guid: s.Links.Meta(l).GUID}, d)
	return nil
}

// add adds the step of a decision. Its key is a copy, because a key may share the memory of its whole object.
func (s *surveyed) add(st step, d judge.Decision) {
	if cap(s.steps) <= keysInMemory {
		st.key = strings.Clone(strings.ToLower(d.Key))
	}
	st.phase = phaseSilent
	if d.Change != nil {
		of := s.set.Kinds(d.Change.Kind)
		st.phase = phaseOf(of, d.Change.Action)
		if st.off = of.SwitchesOff(d.Change) != ""; st.off {
			st.phase %= phaseOthers
		}
	}
	s.steps = append(s.steps, st)
}

// sortSteps brings steps into the order of their execution.
func sortSteps(steps []step) {
	slices.SortFunc(steps, func(a, b step) int {
		if c := cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.depth, b.depth)); c != 0 {
			return c
		}
		if a.off != b.off && a.phase < phaseOthers {
			return map[bool]int{true: -1, false: 1}[a.off]
		}
		if c := cmp.Compare(a.order, b.order); c != 0 {
			return c
		}
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return slices.Compare(a.guid[:], b.guid[:])
	})
}
