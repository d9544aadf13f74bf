package apply

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// A detour opens a circle of names: two people swap theirs, and neither write can be the first, because names are unique. One of
// them takes a temporary name first (the plan says which), which frees its old one; the others follow; and when the name that it
// wants is free, it gets it with a second write. If the others fail, it gets its old name back.

// onDetour reports whether the step has still to free its names.
func (st *step) onDetour() bool { return st.c.ByDetour() && !st.freed }

// free makes the first write of the steps that take a detour, lets those that wait for them go on, and returns the others. The
// second write waits until what the step needs is decided.
func (r *run) free(steps []*step) (others []*step, err error) {
	var jobs []*job
	for _, st := range steps {
		via := st.via()
		switch {
		case st.onDetour() && len(via) > 0:
			w := st.request()
			w.Attributes = via
			jobs = append(jobs, &job{st: st, write: w, first: true})
		case st.freed && !st.back && !r.reached(st, nil): // an earlier run has freed them
			r.freed(st)
		default:
			others = append(others, st)
		}
	}
	err = r.sender.send(jobs, func(j *job) { r.freed(j.st) })
	return others, err
}

// freed lets a step wait for its second write, before which everything is read anew.
func (r *run) freed(st *step) {
	st.freed = true
	st.source, st.plain, st.refs, st.claim = nil, nil, nil, nil
	r.fate[r.hash(st.c.Anchor)] = fateFreed
	r.waiting = append(r.waiting, st)
}

// via are the names still to be freed, with the values they have in between.
func (st *step) via() (attrs []state.AttributeChange) {
	for _, a := range st.plain {
		if !a.Via.IsNull() {
			attrs = append(attrs, state.AttributeChange{Name: a.Name, Before: a.Before, After: a.Via})
		}
	}
	return attrs
}

// giveBack turns the step into one that gives the account its old names back.
func (st *step) giveBack() {
	st.back, st.write = true, true
	st.plain, st.source, st.refs, st.claim, st.link = nil, nil, nil, nil, nil
	for _, a := range st.c.Attributes {
		if !a.Via.IsNull() {
			st.plain = append(st.plain, state.AttributeChange{Name: a.Name, Before: a.Via, After: a.Before})
		}
	}
}

// inBetween says how the account is called after the first write.
func (st *step) inBetween() string {
	var names []string
	for _, a := range st.c.Attributes {
		if !a.Via.IsNull() {
			names = append(names, fmt.Sprintf("%s is %s for now", a.Name, a.Via.Text()))
		}
	}
	return "it has given up its name (" + strings.Join(names, ", ") + "; the next plan sets it)"
}

// endDetours brings the steps to an end whose second write has not come yet when the run is over or stopped: nobody is to be left
// with a temporary name. Only a hard stop prevents that, and is recorded.
func (r *run) endDetours() error {
	freed := slices.DeleteFunc(slices.Clone(r.waiting), func(st *step) bool { return !st.freed })
	if len(freed) == 0 {
		return nil
	}
	r.waiting = slices.DeleteFunc(r.waiting, func(st *step) bool { return st.freed })
	soft := r.soft
	r.soft = r.hard // these are writes in flight
	defer func() { r.soft = soft }()
	for _, st := range freed {
		if r.hard.Err() != nil {
			st.settle(state.StatusFailed, "interrupted", "the run was stopped: "+st.inBetween())
			continue
		}
		for _, need := range st.c.Needs {
			if f := r.fate[r.hash(need)]; f != fateDone && f != fateFreed {
				r.fate[r.hash(need)] = fateFailed
			}
		}
	}
	if r.hard.Err() != nil {
		return r.conclude(freed)
	}
	rest := r.waiting
	r.waiting = nil
	err := r.window(freed)
	r.waiting = append(r.waiting, rest...)
	return err
}
