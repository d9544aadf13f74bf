package apply

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// ref is one reference to be written, a request of its own. It may wait long for the object it points to, so it keeps no more of
// its change than it needs.
type ref struct {
	step    *step // set if the change consists of references only: then they decide it
	address string
	anchor  string
	id      string // the object that holds the reference
	kind    state.Kind
	action  state.Action
	attr    *state.Attribute
	change  state.AttributeChange
	seq     int64
	target  string // id of the object it points to; empty clears it
	retried bool
	writes  state.Writes

	status                  state.EntryStatus
	code, requestID, reason string
	hint                    string // what to do about the reason; may be empty
}

// references writes references, each once both of its ends exist.
type references struct {
	*run
	ready   []*ref            // can be written now
	pending map[string][]*ref // wait for an anchor
	retry   []*ref            // to be tried once more at the end
}

// queue lets a step's references follow, now that its object is there.
func (r *references) queue(st *step) {
	only := st.onlyReferences()
	for _, a := range st.refs {
		f := &ref{address: strings.Clone(st.c.Address), anchor: strings.Clone(st.c.Anchor), id: strings.Clone(st.id), kind: st.c.Kind,
			action: st.c.Action, attr: st.attribute(a.Name), seq: r.nextSeq(), change: a}
		f.change.After = cloneString(a.After)
		if only {
			f.step = st
			st.open++
		}
		r.place(f)
	}
}

func cloneString(v state.Value) state.Value {
	if v.Kind() != state.StringValue {
		return v
	}
	return state.String(strings.Clone(v.Str()))
}

// place puts a reference where it belongs: to be written now, or once its target is decided.
func (r *references) place(f *ref) {
	after := f.change.After
	anchor, pending := strings.CutPrefix(after.Str(), state.PendingRef)
	switch {
	case after.Kind() != state.StringValue && !after.IsNull():
		f.settle(state.StatusFailed, "unsupported", f.attr.Name+" holds several references, which dirform cannot write")
	case !pending:
		f.target = after.Str()
	case r.fate[r.hash(anchor)] == fateFailed:
		f.settle(state.StatusFailed, "need_failed", "the object that "+f.attr.Name+" points to was not made; plan again")
	case r.fate[r.hash(anchor)] == 0:
		r.pending[anchor] = append(r.pending[anchor], f)
		return
	}
	r.ready = append(r.ready, f)
}

// release places the references that waited for an anchor again.
func (r *references) release(anchor string) {
	waiting := r.pending[anchor]
	delete(r.pending, anchor)
	for _, f := range waiting {
		r.place(f)
	}
}

func (f *ref) settle(s state.EntryStatus, code, reason string) {
	f.status, f.code, f.reason, f.hint = s, code, reason, ""
}

func (f *ref) fail(err error) {
	f.code, f.requestID = codeOf(err)
	f.status, f.reason, f.hint = state.StatusFailed, err.Error(), fault.Hint(err)
}

func (f *ref) entry() state.Entry {
	return state.Entry{Seq: f.seq, Key: f.anchor, Kind: f.kind, Action: f.action, Attribute: f.attr.Name, TargetID: f.id,
		Status: f.status, Code: f.code, RequestID: f.requestID, Writes: f.writes}
}

func (f *ref) request() providers.Write {
	w := providers.Write{Op: providers.OpSetReference, Kind: f.kind, ID: f.id,
		Attributes: []state.AttributeChange{{Name: f.attr.Name, Before: f.change.Before, After: state.String(f.target)}}}
	if f.target == "" {
		w.Op, w.Attributes[0].After = providers.OpClearReference, state.Null()
	}
	return w
}

// writeReady writes the references whose both ends exist by now.
func (r *references) writeReady() error {
	for len(r.ready) > 0 && !r.stopped() {
		refs := r.ready
		r.ready = nil
		if err := r.findTargets(refs); err != nil {
			return err
		}
		var settled []*ref
		var jobs []*job
		var entries []state.Entry
		for _, f := range refs {
			if f.status != "" {
				settled = append(settled, f)
				continue
			}
			jobs = append(jobs, &job{ref: f, write: f.request()})
			entries = append(entries, f.entry())
		}
		if err := r.concludeRefs(settled); err != nil {
			return err
		}
		if len(entries) == 0 {
			continue
		}
		if err := r.in.Journal.Intents(r.calm, entries); err != nil {
			return noRecord(err, "That was before the next write.", "")
		}
		if err := r.sender.send(jobs, r.referred); err != nil {
			return err
		}
	}
	return nil
}

// findTargets turns anchors of objects that this run made into their ids, from the record.
func (r *references) findTargets(refs []*ref) error {
	var anchors []string
	for _, f := range refs {
		if anchor, ok := strings.CutPrefix(f.change.After.Str(), state.PendingRef); ok && f.status == "" {
			anchors = append(anchors, anchor)
		}
	}
	if len(anchors) == 0 {
		return nil
	}
	links, err := r.in.Journal.Links(r.calm, anchors)
	if err != nil {
		return &fault.Error{Summary: "the record cannot be read", Err: err}
	}
	for _, f := range refs {
		anchor, ok := strings.CutPrefix(f.change.After.Str(), state.PendingRef)
		if !ok || f.status != "" {
			continue
		}
		if l := links[anchor]; l != nil && l.TargetID != "" {
			f.target = l.TargetID
		} else {
			f.settle(state.StatusFailed, "need_failed", "the object that "+f.attr.Name+" points to has no account; plan again")
		}
	}
	return nil
}

func (r *references) referred(j *job) {
	f := j.ref
	f.settle(state.StatusDone, "", "")
	r.verifier.verifyLater(check{kind: f.kind, id: f.id, address: f.address, action: f.action, attrs: j.write.Attributes})
}

// again reports whether a refused reference is to be tried once more at the end: what it points to may come later in the plan
// (an account being restored), or not be visible everywhere yet.
func (r *references) again(j *job) bool {
	var se *providers.ServiceError
	if j.ref == nil || j.ref.retried || !errors.As(j.err, &se) || se.Status != http.StatusNotFound {
		return false
	}
	j.ref.retried = true
	j.ref.fail(j.err)
	r.retry = append(r.retry, j.ref)
	return true
}

// last writes what references are left after the last change, and settles those that cannot be.
func (r *references) last() error {
	if r.stopped() {
		r.out.Interrupted = r.out.Interrupted || len(r.ready)+len(r.pending)+len(r.waiting)+len(r.retry) > 0
		return r.leave()
	}
	for _, f := range r.retry {
		f.settle("", "", "")
	}
	r.ready, r.retry = append(r.ready, r.retry...), nil
	for anchor, waiting := range r.pending {
		for _, f := range waiting {
			f.settle(state.StatusFailed, "need_missing", "the object that "+f.attr.Name+" points to is not made by this plan; plan again")
			r.ready = append(r.ready, f)
		}
		delete(r.pending, anchor)
	}
	return r.writeReady()
}

// leave settles the references that are not written any more, since the run ends before they were: their changes have been made
// but for them.
func (r *references) leave() error {
	left := r.ready
	for _, anchor := range slices.Sorted(maps.Keys(r.pending)) {
		left = append(left, r.pending[anchor]...)
	}
	for _, f := range left {
		if f.status == "" {
			f.settle(state.StatusSkipped, "interrupted", interrupted)
		}
	}
	left = append(left, r.retry...)
	r.ready, r.retry = nil, nil
	clear(r.pending)
	return r.concludeRefs(left)
}

// concludeRefs journals settled references. A link remembers a reference only once it is written.
func (r *references) concludeRefs(refs []*ref) error {
	if len(refs) == 0 {
		return nil
	}
	links, err := r.linksToMark(refs)
	if err != nil {
		return err
	}
	results := make([]state.Result, len(refs))
	for i, f := range refs {
		results[i].Entry = f.entry()
		if f.status != state.StatusDone {
			continue
		}
		if f.step != nil {
			r.mark(f.step.link, f)
		} else if l := links[f.anchor]; l != nil {
			r.mark(l, f)
			results[i].Link = l
		}
	}
	err = r.in.Journal.Results(r.calm, results)
	steps := r.countRefs(refs)
	if err != nil {
		return unrecorded(results, err)
	}
	return r.conclude(steps)
}

// linksToMark are the recorded links of the references that were written.
func (r *references) linksToMark(refs []*ref) (map[string]*state.Link, error) {
	var anchors []string
	for _, f := range refs {
		if f.status == state.StatusDone && f.step == nil {
			anchors = append(anchors, f.anchor)
		}
	}
	if len(anchors) == 0 {
		return nil, nil
	}
	links, err := r.in.Journal.Links(r.calm, anchors)
	if err != nil {
		return nil, noRecord(err, "", "")
	}
	return links, nil
}

// mark notes in a link what a reference points to now.
func (r *references) mark(l *state.Link, f *ref) {
	if l == nil {
		return
	}
	v := state.Null()
	if f.target != "" {
		v = state.String(f.target)
	}
	r.keeper.Set(l, f.attr, v)
}

// countRefs announces references that were not written, and returns the steps that are decided by their last reference.
func (r *references) countRefs(refs []*ref) (steps []*step) {
	for _, f := range refs {
		st := f.step
		if st == nil {
			if f.status != state.StatusDone {
				r.out.References++
				r.announce(Event{Status: f.status, Address: f.address, Kind: f.kind, Action: f.action, Attribute: f.attr.Name,
					TargetID: f.id, Reason: f.reason, Hint: f.hint})
			}
			continue
		}
		st.open--
		if f.status != state.StatusDone && st.status != state.StatusFailed {
			st.settle(f.status, f.code, f.attr.Name+": "+f.reason)
			st.requestID, st.hint = f.requestID, f.hint
		}
		if st.open == 0 {
			if st.status == "" {
				st.done("")
			}
			steps = append(steps, st)
		}
	}
	return steps
}
