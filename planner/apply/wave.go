package apply

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// wave carries out changes that do not need each other: journal, source, tenant, journal.
func (r *run) wave(steps []*step) error {
	work, err := r.intend(steps)
	if err != nil {
		return err
	}
	if work, err = r.writeSources(work); err != nil {
		return err
	}
	if work, err = r.restore(work); err != nil {
		return err
	}
	if work, err = r.takeOver(work); err != nil {
		return err
	}
	if work, err = r.free(work); err != nil {
		return err
	}
	jobs := make([]*job, 0, len(work))
	for _, st := range work {
		jobs = append(jobs, &job{st: st, write: st.request()})
	}
	return r.sender.send(jobs, func(j *job) { r.written(j.st, j.id) })
}

// intend settles what takes no write, journals the rest as intents and returns it.
func (r *run) intend(steps []*step) (work []*step, err error) {
	var settled []*step
	var entries []state.Entry
	for _, st := range r.needed(steps) {
		if st.status == "" && !st.back {
			if st.link, st.forget, err = r.keeper.After(st.pair()); err != nil {
				return nil, err
			}
		}
		switch {
		case st.status != "":
			settled = append(settled, st)
		case st.idle():
			st.done("")
			settled = append(settled, st)
		default:
			work = append(work, st)
			entries = append(entries, st.entry())
		}
	}
	if err := r.conclude(settled); err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, nil
	}
	if err := r.in.Journal.Intents(r.calm, entries); err != nil {
		return nil, noRecord(err, "That was before the next write.", "")
	}
	return work, nil
}

// idle reports whether both directories agree with the change already.
func (st *step) idle() bool {
	return !st.write && len(st.refs) == 0 && len(st.source) == 0 && !st.of.AtSource
}

// needed skips the steps one of whose needs was not done. In place of those that turn sign-in off, the part that does so is in the
// result; the step itself is concluded with it.
func (r *run) needed(steps []*step) (all []*step) {
	for _, st := range steps {
		r.checkNeeds(st)
		all = append(all, cmp.Or(r.onlyOff(st), st))
	}
	return all
}

// checkNeeds skips a step one of whose needs was not done.
func (r *run) checkNeeds(st *step) {
	if st.status != "" || st.onDetour() || st.turnsOff() && len(st.c.Attributes) == 1 {
		return // what does nothing but turn sign-in off needs nothing
	}
	for _, need := range st.c.Needs {
		if need != st.c.Anchor && r.fate[r.hash(need)] == fateFailed {
			if st.freed {
				st.giveBack()
				return
			}
			st.settle(state.StatusSkipped, "need_failed", "a change that must come first was not done; plan again")
			return
		}
	}
}

// onlyOff is the part of a step that turns sign-in off, if a change that must come first was not done: nobody stays signed in for the
// sake of a name. It is nil where nothing is to be turned off, or that is not to be had alone. What else waits for the step waits in
// vain.
func (r *run) onlyOff(st *step) *step {
	if st.code != "need_failed" || st.status != state.StatusSkipped || st.freed || st.claim != nil || !st.turnsOff() {
		return nil
	}
	off := st.of.OnlySwitchOff(st.c)
	part := &step{c: off, of: st.of, seq: r.nextSeq(), schema: st.schema, id: st.id, old: st.old, whole: st,
		deeds: deeds{whole: r.deeds(off)}}
	for _, a := range st.plain {
		if a.Name == st.of.SignIn {
			part.plain, part.write = append(part.plain, a), true
		}
	}
	return part
}

// interrupted is the reason of steps that were journalled but not sent any more.
const interrupted = "the run was stopped before it was sent; plan again"

// writeSources makes the changes in Active Directory and returns the steps that the tenant is still to be written for. Those with
// nothing but references left are handed on to references.
func (r *run) writeSources(steps []*step) ([]*step, error) {
	var settled, work []*step
	for _, st := range steps {
		if len(st.source) > 0 || st.of.AtSource {
			r.writeSource(st)
		}
		switch {
		case st.status != "":
			settled = append(settled, st)
		case st.write:
			work = append(work, st)
		case len(st.refs) > 0:
			r.refs.queue(st)
		default:
			st.done("")
			settled = append(settled, st)
		}
	}
	return work, r.conclude(settled)
}

func (r *run) writeSource(st *step) {
	if r.stopped() {
		r.out.Interrupted = true
		st.settle(state.StatusSkipped, "interrupted", interrupted)
		return
	}
	w := r.in.SourceWriter(st.c.Scope)
	if st.of.AtSource {
		if err := r.atSource(st, w.AddUPNSuffix(r.hard, st.suffix())); err != nil {
			st.fail(fmt.Errorf("adding the UPN suffix: %w", err))
			return
		}
		st.done("")
		return
	}
	guid, _ := state.ParseGUID(st.c.SourceGUID)
	for _, a := range st.source {
		err := r.atSource(st, w.SetAttribute(r.hard, guid, a.Name, a.Before, a.After))
		switch {
		case err == nil:
		case errors.Is(err, providers.ErrStale):
			st.stale("changed at the source since the plan was made: %s", a.Name)
			return
		case errors.Is(err, providers.ErrUnknownOutcome), r.hard.Err() != nil:
			st.settle(state.StatusUnknown, "lost_reply", fmt.Sprintf("the reply to writing %s at the source was lost (%v); plan again, which finds out", a.Name, err))
			return
		default:
			st.fail(fmt.Errorf("writing %s at the source: %w", a.Name, err))
			return
		}
	}
}

// atSource counts a step's write to the source by its error, which it returns.
func (r *run) atSource(st *step, err error) error {
	if err == nil {
		st.deeds.writes.Source++
		r.out.Writes.Source++
	}
	r.out.Wrote = r.out.Wrote || err == nil || errors.Is(err, providers.ErrUnknownOutcome) || r.hard.Err() != nil
	return err
}

// restore brings accounts back from the recycle bin and returns the steps that are left to be written.
func (r *run) restore(steps []*step) ([]*step, error) {
	var jobs []*job
	var work []*step
	for _, st := range steps {
		if st.c.Action == state.ActionRestore {
			jobs = append(jobs, &job{st: st, write: st.request(), first: len(st.plain) > 0 || st.claim != nil})
		} else {
			work = append(work, st)
		}
	}
	err := r.sender.send(jobs, func(j *job) {
		if j.first {
			j.st.restored = true
			work = append(work, j.st)
			return
		}
		r.written(j.st, "")
	})
	return work, err
}

// written settles a step whose object was written, and lets its references follow.
func (r *run) written(st *step, id string) {
	if st.back {
		st.settle(state.StatusFailed, "need_failed", "a change that must come first was not done, so it has its old name again; plan again")
		return
	}
	st.done(id)
	if st.link != nil {
		st.link.TargetID = st.id
	}
	r.refs.queue(st)
	r.verifier.toVerify(st.c, st.id, st.wrote())
}
