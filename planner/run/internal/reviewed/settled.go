package reviewed

import (
	"errors"
	"iter"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/run/internal/alike"
	"github.com/dirform/dirform/state"
)

// settledBatch is how many reviewed changes are looked at at a time to tell whether they are in place.
const settledBatch = 400

// Settled are the reviewed changes that are not carried out as reviewed. Those that are in place already count as done;
// the others are skipped, with the reason. placed tells which of some changes are in place.
func (f *Filter) Settled(placed func([]*state.Change) ([]bool, error)) iter.Seq2[*apply.Settled, error] {
	return func(yield func(*apply.Settled, error) bool) {
		if err := f.settle(placed, func(s *apply.Settled) bool { return yield(s, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

// settle hands what is settled to tell, until that returns false.
func (f *Filter) settle(placed func([]*state.Change) ([]bool, error), tell func(*apply.Settled) bool) error {
	for _, e := range f.index {
		e.met = false
	}
	differing, err := f.differing()
	if err != nil {
		return err
	}
	var open []*state.Change
	flush := func() (more bool, err error) {
		done, err := placed(open)
		for i, c := range open {
			if err != nil || !tell(f.outcome(c, done[i], differing)) {
				return false, err
			}
		}
		open = open[:0]
		return true, nil
	}
	for c, err := range f.reviewed.Changes() {
		if err != nil {
			return err
		}
		e := f.index[f.key(c.Kind, c.Anchor, c.Address)]
		if e == nil {
			return errors.New("the plan file was changed while it was read; nothing was written")
		}
		more := true
		switch {
		case e.met:
			more = tell(skipped(c, "twice", "the plan file has two changes of this object"))
		case e.fate == partly:
			more = tell(skipped(c, "not_as_reviewed", e.why))
		case e.fate == lacking:
			more = tell(skipped(c, "need_missing", e.why))
		case e.fate != wanted:
			if open = append(open, c); len(open) == settledBatch {
				more, err = flush()
			}
		}
		e.met = true
		if !more {
			return err
		}
	}
	if len(open) > 0 {
		_, err = flush()
	}
	return err
}

// skipped is a reviewed change that is not made. The code is for the journal, the reason for people.
func skipped(c *state.Change, code, reason string) *apply.Settled {
	return &apply.Settled{Change: c, Status: state.StatusSkipped, Code: code, Reason: reason + "; plan again"}
}

// outcome is what becomes of a reviewed change that the fresh plan does not have, or has otherwise.
func (f *Filter) outcome(c *state.Change, inPlace bool, differing map[uint64]*state.Change) *apply.Settled {
	key := f.key(c.Kind, c.Anchor, c.Address)
	switch e := f.index[key]; {
	case inPlace:
		return &apply.Settled{Change: c, Status: state.StatusDone, Code: "in_place", Reason: "it is in place already"}
	case e.fate == otherwise:
		return skipped(c, "not_as_reviewed", alike.Difference(c, differing[key], f.ids))
	case e.why != "":
		return skipped(c, "blocked", e.why)
	}
	return skipped(c, "not_wanted", "today's plan does not make this change")
}

// maxDiffering is how many changes are kept to tell how today's plan wants them; of more it is only told that it does.
const maxDiffering = 10_000

// differing are the fresh plan's changes of objects that the reviewed one wants otherwise.
func (f *Filter) differing() (map[uint64]*state.Change, error) {
	found := map[uint64]*state.Change{}
	for c, err := range f.fresh.Changes() {
		if err != nil {
			return nil, err
		}
		key := f.key(c.Kind, c.Anchor, c.Address)
		if e := f.index[key]; e != nil && e.fate == otherwise && len(found) < maxDiffering {
			found[key] = c
		}
	}
	return found, nil
}
