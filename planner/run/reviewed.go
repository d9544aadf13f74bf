package run

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/state"
)

// filter is what is left of a fresh plan when a reviewed one is held against it: the changes that both have. A reviewed plan is never
// an authority. What is carried out are the fresh plan's changes; of the reviewed one's nothing is used but that it has them, so
// that whatever stands in its file can only make apply do less.
type filter struct {
	reviewed, fresh *planfile.Reader
	seed            maphash.Seed
	ids             map[string]string // accounts by the anchors that the reviewed plan refers to and the record has

	index  map[uint64]*entry // the reviewed plan's changes, by what they are about
	carry  map[int]bool      // by number of the fresh plan's change: true for all of it, false for its switch-off alone
	Beyond int               // changes of the fresh plan that the reviewed one does not have
	Total  int               // changes of the reviewed plan
}

// entry is what becomes of a reviewed change.
type entry struct {
	content uint64 // of everything that has to be the same
	off     string // the account that it blocks sign-in of, if it does
	met     bool   // the change itself was come across when the outcome was told
	fate    fate
	why     string // why it is not made as reviewed; filled in for all but wanted
}

type fate uint8

const (
	unwanted fate = iota // the fresh plan has no change about this object
	wanted               // it has the same
	partly               // it has another one, and both want sign-in off
	otherwise
)

// newFilter holds a reviewed plan against a fresh one. ids gives the accounts of recorded anchors.
func newFilter(reviewed, fresh *planfile.Reader, ids func(anchors []string) (map[string]string, error)) (*filter, error) {
	f := &filter{reviewed: reviewed, fresh: fresh, seed: maphash.MakeSeed(), index: map[uint64]*entry{}, carry: map[int]bool{}}
	var err error
	if f.ids, err = f.referred(ids); err != nil {
		return nil, err
	}
	for c, err := range reviewed.Changes() {
		if err != nil {
			return nil, err
		}
		f.Total++
		if key := f.key(c.Kind, c.Anchor, c.Address); f.index[key] == nil {
			f.index[key] = &entry{content: f.content(c), off: c.Kind.Descriptor().SwitchesOff(c)}
		}
	}
	if err := f.compare(); err != nil {
		return nil, err
	}
	return f, f.blocked()
}

// key is what a change is about: an object by its anchor, a declared resource by its address.
func (f *filter) key(kind state.Kind, anchor, address string) uint64 {
	if anchor == "" {
		anchor = "\x00" + address
	}
	return maphash.String(f.seed, string(kind)+"\x00"+anchor)
}

// referredBatch is how many anchors the record is asked for at a time.
const referredBatch = 1000

// referred asks the record for the accounts that the reviewed plan refers to by the anchors with which it was to create them: a run
// that was cut off has created some of them, and the fresh plan names those by their ids.
func (f *filter) referred(ids func([]string) (map[string]string, error)) (map[string]string, error) {
	found := map[string]string{}
	pending := map[string]bool{}
	ask := func() error {
		anchors := make([]string, 0, len(pending))
		for a := range pending {
			anchors = append(anchors, a)
		}
		clear(pending)
		some, err := ids(anchors)
		for a, id := range some {
			found[a] = id
		}
		return err
	}
	for c, err := range f.reviewed.Changes() {
		if err != nil {
			return nil, err
		}
		for _, a := range c.Attributes {
			if anchor, ok := strings.CutPrefix(a.After.Str(), state.PendingRef); ok {
				pending[strings.Clone(anchor)] = true
			}
		}
		if len(pending) >= referredBatch {
			if err := ask(); err != nil {
				return nil, err
			}
		}
	}
	if len(pending) == 0 {
		return found, nil
	}
	return found, ask()
}

// compare goes through the fresh plan's changes.
func (f *filter) compare() error {
	n := -1
	for c, err := range f.fresh.Changes() {
		if err != nil {
			return err
		}
		n++
		e := f.index[f.key(c.Kind, c.Anchor, c.Address)]
		switch {
		case e == nil:
			f.Beyond++
		case e.content == f.content(c):
			e.fate = wanted
			f.carry[n] = true
		case e.off != "" && strings.EqualFold(e.off, c.Kind.Descriptor().SwitchesOff(c)):
			e.fate, e.why = partly, "of this change only sign-in is turned off, because today's plan wants the rest otherwise; plan again"
			f.carry[n] = false
		default:
			e.fate = otherwise
			f.Beyond++
		}
	}
	return nil
}

// blocked notes why the fresh plan has no change about an object that the reviewed one changes: an error finding names it.
func (f *filter) blocked() error {
	for g, err := range f.fresh.Findings() {
		if err != nil {
			return err
		}
		if g.Severity != planner.Error {
			continue
		}
		for _, o := range g.Objects {
			if e := f.index[f.key(o.Kind, o.Anchor, o.Address)]; e != nil && e.fate == unwanted && e.why == "" {
				e.why = fmt.Sprintf("today's plan blocks it (%s %s); plan again", g.Code, g.Summary)
			}
		}
	}
	return nil
}

// Changes are what is carried out: changes of the fresh plan, in its order.
func (f *filter) Changes() iter.Seq2[*state.Change, error] {
	return func(yield func(*state.Change, error) bool) {
		n := -1
		for c, err := range f.fresh.Changes() {
			n++
			whole, ok := f.carry[n]
			switch {
			case err != nil:
			case !ok:
				continue
			case !whole:
				c = onlySwitchOff(c)
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// settledBatch is how many reviewed changes are looked at at a time to tell whether they are in place.
const settledBatch = 400

// Settled are the reviewed changes that are not carried out as reviewed. Those that are in place already count as done; the others
// are skipped, with the reason. placed tells the ones in place among changes of which the fresh plan has none.
func (f *filter) Settled(placed func([]*state.Change) ([]bool, error)) iter.Seq2[*apply.Settled, error] {
	return func(yield func(*apply.Settled, error) bool) {
		for _, e := range f.index {
			e.met = false
		}
		differing, err := f.differing()
		if err != nil {
			yield(nil, err)
			return
		}
		var open []*state.Change
		flush := func() bool {
			done, err := placed(open)
			if err != nil {
				yield(nil, err)
				return false
			}
			for i, c := range open {
				if !yield(f.outcome(c, done[i]), nil) {
					return false
				}
			}
			open = nil
			return true
		}
		for c, err := range f.reviewed.Changes() {
			if err != nil {
				yield(nil, err)
				return
			}
			e := f.index[f.key(c.Kind, c.Anchor, c.Address)]
			switch {
			case e.met:
				if !yield(&apply.Settled{Change: c, Status: state.StatusSkipped, Code: "twice", Reason: "the plan file has two changes of this object"}, nil) {
					return
				}
				continue
			case e.fate == wanted:
				e.met = true
				continue
			case e.fate == otherwise:
				e.why = notAsReviewed(c, differing[f.key(c.Kind, c.Anchor, c.Address)], f.ids)
			}
			e.met = true
			if e.fate != unwanted {
				if !yield(&apply.Settled{Change: c, Status: state.StatusSkipped, Code: "not_as_reviewed", Reason: e.why}, nil) {
					return
				}
				continue
			}
			if open = append(open, c); len(open) == settledBatch && !flush() {
				return
			}
		}
		if len(open) > 0 {
			flush()
		}
	}
}

// outcome is what becomes of a reviewed change of which the fresh plan has none.
func (f *filter) outcome(c *state.Change, inPlace bool) *apply.Settled {
	e := f.index[f.key(c.Kind, c.Anchor, c.Address)]
	switch {
	case e.why != "":
		return &apply.Settled{Change: c, Status: state.StatusSkipped, Code: "blocked", Reason: e.why}
	case inPlace:
		return &apply.Settled{Change: c, Status: state.StatusDone, Reason: "it is in place already"}
	}
	return &apply.Settled{Change: c, Status: state.StatusSkipped, Code: "not_wanted", Reason: "today's plan does not make this change; plan again"}
}

// maxDiffering is how many changes are kept to tell how today's plan wants them; of more it is only told that it does.
const maxDiffering = 10_000

// differing are the fresh plan's changes of objects that the reviewed one wants otherwise.
func (f *filter) differing() (map[uint64]*state.Change, error) {
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

// recordIDs asks a run's writer for the accounts of recorded anchors.
func recordIDs(ctx context.Context, w Writer) func([]string) (map[string]string, error) {
	return func(anchors []string) (map[string]string, error) {
		if len(anchors) == 0 {
			return nil, nil
		}
		slices.Sort(anchors)
		links, err := w.Links(ctx, anchors)
		ids := map[string]string{}
		for anchor, l := range links {
			ids[anchor] = l.TargetID
		}
		return ids, err
	}
}
