package apply

import (
	"context"
	"errors"
	"slices"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/crash"
)

// sender sends writes, and finds out what became of those whose reply was lost.
type sender struct{ *run }

// job is one write request and whose it is: a step's own, or a reference's.
type job struct {
	st    *step
	ref   *ref // nil for a step's own write
	write providers.Write
	first bool   // another write for the same step follows: nothing is journalled yet
	id    string // the object's id, once written
	err   error
}

// send carries out jobs in batches, several at a time, and journals their results as they come in. done is called for each job
// that was done, before its result is journalled. Once the run is asked to stop, what was not sent is settled as skipped.
func (r *sender) send(jobs []*job, done func(*job)) error {
	if len(jobs) == 0 {
		return nil
	}
	batches := slices.Collect(slices.Chunk(jobs, providers.MaxBatch))
	in, out := make(chan []*job), make(chan []*job)
	defer close(in)
	for range min(r.in.Workers, len(batches)) {
		go func() {
			defer crash.Guard()
			for b := range in {
				r.write(b)
				out <- b
			}
		}()
	}
	var lost []*job
	var failure error
	for flying := 0; len(batches) > 0 || flying > 0; {
		if failure != nil {
			batches = nil
		}
		if r.stopped() && len(batches) > 0 {
			failure = r.unsent(slices.Concat(batches...))
			batches = nil
			continue
		}
		feed, next := in, []*job(nil)
		if len(batches) == 0 {
			feed = nil
		} else {
			next = batches[0]
		}
		if feed == nil && flying == 0 {
			break
		}
		select {
		case feed <- next:
			batches = batches[1:]
			flying++
		case b := <-out:
			flying--
			arrived, n := drain(b, out)
			flying -= n
			l, err := r.arrived(arrived, done)
			lost = append(lost, l...)
			failure = errors.Join(failure, err)
		case <-stopWhile(r.soft, len(batches) > 0):
		}
	}
	if failure != nil {
		return failure
	}
	return r.resolve(lost, done)
}

// stopWhile is ctx's end, if it is to be waited for.
func stopWhile(ctx context.Context, wait bool) <-chan struct{} {
	if !wait {
		return nil
	}
	return ctx.Done()
}

// drain adds the batches that have arrived meanwhile, so that they share a transaction, and counts them.
func drain(b []*job, out <-chan []*job) ([]*job, int) {
	for n := 0; ; n++ {
		select {
		case more := <-out:
			b = append(slices.Clip(b), more...)
		default:
			return b, n
		}
	}
}

// write sends one batch. It runs beside others and touches nothing but its jobs.
func (r *sender) write(batch []*job) {
	writes := make([]providers.Write, len(batch))
	for i, j := range batch {
		writes[i] = j.write
	}
	results := r.in.TenantWriter.Write(r.hard, writes)
	for i, j := range batch {
		if i >= len(results) {
			j.err = providers.ErrUnknownOutcome
			continue
		}
		j.id, j.err = results[i].ID, results[i].Err
		if j.id == "" {
			j.id = j.write.ID
		}
		if errors.Is(j.err, context.Canceled) && r.hard.Err() != nil {
			j.err = errors.Join(providers.ErrUnknownOutcome, j.err) // cut off, perhaps after it was sent
		}
		if j.err == nil && j.id == "" {
			j.err = providers.ErrUnknownOutcome // a creation without an id: only a look at the tenant tells
		}
	}
}

// arrived settles and journals the results of batches. Those whose reply was lost are returned.
func (r *sender) arrived(jobs []*job, done func(*job)) (lost []*job, err error) {
	var settled []*job
	for _, j := range jobs {
		switch {
		case j.err == nil:
			r.made(j, done)
		case errors.Is(j.err, providers.ErrUnknownOutcome):
			r.out.Wrote = true
			lost = append(lost, j)
			continue
		case r.refs.again(j):
			continue
		default:
			j.failed()
		}
		settled = append(settled, j)
	}
	return lost, r.concludeJobs(settled)
}

// made counts a job's write, which was carried out, and tells done of it.
func (r *sender) made(j *job, done func(*job)) {
	if j.ref != nil {
		j.ref.writes.Tenant++
	} else {
		j.st.deeds.writes.Tenant++
	}
	r.out.Writes.Tenant++
	r.out.Wrote = true
	done(j)
}

// failed settles a job whose write was refused.
func (j *job) failed() {
	if j.ref != nil {
		j.ref.fail(j.err)
		return
	}
	j.st.fail(j.err)
	if j.st.freed {
		j.st.reason = j.st.inBetween() + ": " + j.st.reason
	}
	if half := j.st.halfway(); half != "" {
		j.st.reason = half + ", but could not be changed: " + j.st.reason
	}
}

// settle decides what became of a job.
func (j *job) settle(s state.EntryStatus, code, reason string) {
	if j.ref != nil {
		j.ref.status, j.ref.code, j.ref.reason = s, code, reason
		return
	}
	j.st.settle(s, code, reason)
}

// concludeJobs journals settled jobs.
func (r *sender) concludeJobs(jobs []*job) error {
	var steps []*step
	var refs []*ref
	for _, j := range jobs {
		switch {
		case j.ref != nil:
			refs = append(refs, j.ref)
		case j.st.status != "":
			steps = append(steps, j.st)
		}
	}
	if err := r.conclude(steps); err != nil {
		return err
	}
	return r.refs.concludeRefs(refs)
}

// unsent settles the jobs that were not sent any more.
func (r *sender) unsent(jobs []*job) error {
	r.out.Interrupted = true
	for _, j := range jobs {
		switch {
		case j.ref == nil && j.st.halfway() != "":
			j.settle(state.StatusFailed, "interrupted", j.st.halfway()+", but the run was stopped before it was changed; plan again")
		default:
			j.settle(state.StatusSkipped, "interrupted", interrupted)
		}
	}
	return r.concludeJobs(jobs)
}
