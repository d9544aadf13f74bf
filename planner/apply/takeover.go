package apply

import (
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// takeOver takes objects over from another sync engine, which masters them until then, and returns the steps that are left to be
// written. A run that ends between the two requests leaves an account that the next plan simply links.
func (r *run) takeOver(steps []*step) ([]*step, error) {
	var jobs []*job
	var work []*step
	for _, st := range steps {
		if st.claim == nil {
			work = append(work, st)
			continue
		}
		w := providers.Write{Op: providers.OpTakeOver, Kind: st.c.Kind, ID: st.id, Attributes: []state.AttributeChange{*st.claim}}
		jobs = append(jobs, &job{st: st, write: w, first: len(st.plain) > 0})
	}
	err := r.sender.send(jobs, func(j *job) {
		if j.first {
			j.st.taken = true
			j.st.deeds.half = r.deeds(j.st.claimed())
			work = append(work, j.st)
			return
		}
		r.written(j.st, "")
	})
	return work, err
}

// claimed is the change that takes the step's object over and does nothing else to it.
func (st *step) claimed() *state.Change {
	return &state.Change{Kind: st.c.Kind, Action: state.ActionUpdate, Anchor: st.c.Anchor,
		Attributes: []state.AttributeChange{*st.claim}}
}

// wrote are the attributes that the step's own requests have written.
func (st *step) wrote() []state.AttributeChange {
	if st.claim == nil {
		return st.plain
	}
	return append([]state.AttributeChange{*st.claim}, st.plain...)
}

// halfway says what has been written of a step whose last request was not, or "".
func (st *step) halfway() string {
	switch {
	case st.restored && st.taken:
		return "it was restored from the recycle bin and taken over from the other sync engine"
	case st.restored:
		return "it was restored from the recycle bin"
	case st.taken:
		return "it was taken over from the other sync engine"
	}
	return ""
}
