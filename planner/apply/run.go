package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dirform/dirform/planner/apply/internal/links"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// fate is what has become of an anchor's change so far; the zero value means that it has not been reached.
type fate uint8

const (
	fateDone fate = iota + 1
	fateFailed
	fateFreed // on a detour: the names it had are free, the ones it wants not yet its own
)

// run is the state of one run: what is left to be done, and the parts that do it.
type run struct {
	*base
	reader   *reader
	keeper   *links.Keeper
	sender   *sender
	refs     *references
	verifier *verifier
	waiting  []*step // changes whose needs have not been reached
}

func newRun(ctx context.Context, in Input) *run {
	b := newBase(ctx, in)
	r := &run{base: b, reader: &reader{b}, keeper: &links.Keeper{Hasher: b.hasher, Now: in.Now}, verifier: &verifier{base: b}}
	r.sender = &sender{r}
	r.refs = &references{run: r, pending: map[string][]*ref{}}
	return r
}

// changes goes through the plan's changes, window by window. What turns sign-in off, with which a plan begins, is in windows of its
// own, so that it is written before anything else is.
func (r *run) changes() error {
	var window []*step
	seen := map[string]bool{} // anchors and target ids of the window: an object changed twice is re-read in between
	flush := func() error {
		err := r.window(window)
		window = nil
		clear(seen)
		return err
	}
	for c, err := range r.in.Changes {
		if err != nil {
			return &fault.Error{Summary: "the plan cannot be read", Err: err}
		}
		if r.stopped() {
			r.out.Interrupted = true
			break
		}
		st := r.newStep(c)
		takes := st.c.Action == state.ActionDelete && slices.ContainsFunc(window, (*step).refers)
		turn := len(window) > 0 && window[0].turnsOff() != st.turnsOff()
		if len(window) == r.in.Window || st.touches(seen) || st.alone() || takes || turn {
			if err := flush(); err != nil {
				return err
			}
		}
		if !r.reached(st, seen) {
			r.waiting = append(r.waiting, st)
			continue
		}
		st.touch(seen)
		window = append(window, st)
		if st.alone() {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return errors.Join(r.unreached(), r.endDetours())
}

// turnsOff reports whether the step turns the sign-in of an account off.
func (st *step) turnsOff() bool { return st.of.SwitchesOff(st.c) != "" }

// refers reports whether the step writes references, which come after the rest of its window. The deletion of an object takes the
// references to it along, so it waits until they are cleared: the service answers 404 when there is none to be cleared.
func (st *step) refers() bool {
	return slices.ContainsFunc(st.c.Attributes, func(a state.AttributeChange) bool { return st.isReference(a.Name) })
}

// reached reports whether all of st's needs are decided or in the window whose anchors are seen. The first half of a detour
// needs nothing.
func (r *run) reached(st *step, seen map[string]bool) bool {
	return st.onDetour() || !slices.ContainsFunc(st.c.Needs, func(anchor string) bool {
		return anchor != st.c.Anchor && r.fate[r.hash(anchor)] == 0 && !seen[anchor]
	})
}

// window re-checks, writes and verifies one window of changes, and then those that waited for them.
func (r *run) window(steps []*step) error {
	for len(steps) > 0 {
		if r.stopped() {
			r.out.Interrupted = true
			r.waiting = append(r.waiting, steps...)
			return nil
		}
		if err := r.reader.recheck(steps); err != nil {
			return err
		}
		for _, wave := range waves(steps) {
			if err := r.wave(wave); err != nil {
				return err
			}
		}
		if err := r.refs.writeReady(); err != nil {
			return err
		}
		r.verifier.verify()
		steps = r.ready()
	}
	return nil
}

// ready takes the waiting changes whose needs are decided by now, at most a window of them.
func (r *run) ready() []*step {
	if len(r.waiting) == 0 {
		return nil
	}
	var steps, still []*step
	seen := map[string]bool{}
	for _, st := range r.waiting {
		if len(steps) < r.in.Window && !st.touches(seen) && r.reached(st, nil) {
			st.touch(seen)
			steps = append(steps, st)
		} else {
			still = append(still, st)
		}
	}
	r.waiting = still
	return steps
}

// unreached skips the changes whose needs are not part of the plan, or need each other.
func (r *run) unreached() error {
	if r.stopped() {
		return nil
	}
	var steps, freed []*step
	for _, st := range r.waiting {
		if st.freed {
			freed = append(freed, st) // endDetours sees to them
			continue
		}
		st.settle(state.StatusSkipped, "need_missing", "it needs a change that this plan does not make; plan again")
		steps = append(steps, st)
	}
	r.waiting = freed
	return r.conclude(steps)
}

// waves sorts a window's changes by what they need: each one's needs are in earlier waves.
func waves(steps []*step) [][]*step {
	level := map[string]int{}
	var waves [][]*step
	for _, st := range steps {
		n := 0
		for _, need := range st.c.Needs {
			if l, ok := level[need]; ok && need != st.c.Anchor && !st.onDetour() {
				n = max(n, l+1)
			}
		}
		if st.c.Anchor != "" {
			level[st.c.Anchor] = n
		}
		for len(waves) <= n {
			waves = append(waves, nil)
		}
		waves[n] = append(waves[n], st)
	}
	return waves
}

// conclude journals what became of settled changes, then counts and announces them. Without a record nothing may go on.
func (r *run) conclude(steps []*step) error {
	if len(steps) == 0 {
		return nil
	}
	steps = withWholes(steps)
	results := make([]state.Result, len(steps))
	for i, st := range steps {
		results[i] = st.result()
	}
	err := r.in.Journal.Results(r.calm, results)
	for _, st := range steps {
		r.finish(st)
	}
	if err != nil {
		return unrecorded(results, err)
	}
	return nil
}

// withWholes adds to settled steps those of which they are a part.
func withWholes(steps []*step) (all []*step) {
	for _, st := range steps {
		if all = append(all, st); st.whole == nil {
			continue
		}
		if st.status == state.StatusDone {
			st.whole.reason += "; of this one only sign-in was turned off"
		}
		all = append(all, st.whole)
	}
	return all
}

// unrecorded is the error for results that could not be journalled: it names what was written.
func unrecorded(results []state.Result, err error) error {
	var written []string
	for _, res := range results {
		if res.Status == state.StatusDone || res.Status == state.StatusUnknown {
			written = append(written, string(res.Action)+" "+res.Key)
		}
	}
	more := ""
	if n := len(written) - 20; n > 0 {
		written, more = written[:20], fmt.Sprintf(" and %d more", n)
	}
	if len(written) == 0 {
		return noRecord(err, "Nothing was written that is not recorded.", "")
	}
	return noRecord(err, fmt.Sprintf("Written last, by anchor, and not recorded as done: %v%s.", written, more),
		"Once the cause is removed, the next plan finds these objects by their anchors.")
}

// count counts what became of a change.
func (r *run) count(action state.Action, status state.EntryStatus) {
	switch status {
	case state.StatusDone:
		r.out.Applied++
		if r.out.Actions == nil {
			r.out.Actions = map[state.Action]int{}
		}
		r.out.Actions[action]++
	case state.StatusFailed:
		r.out.Failed++
	case state.StatusSkipped:
		r.out.Skipped++
	case state.StatusUnknown:
		r.out.Unknown++
	}
}

// finish counts and announces a settled change.
func (r *run) finish(st *step) {
	if st.whole != nil {
		return
	}
	r.count(st.c.Action, st.status)
	if st.c.Anchor != "" && !st.elsewhere {
		f := fateFailed
		if st.status == state.StatusDone {
			f = fateDone
		}
		r.fate[r.hash(st.c.Anchor)] = f
		r.refs.release(st.c.Anchor)
	}
	r.announce(Event{Status: st.status, Address: st.c.Address, Kind: st.c.Kind, Action: st.c.Action, TargetID: st.id,
		Reason: st.reason, Hint: st.hint})
}
