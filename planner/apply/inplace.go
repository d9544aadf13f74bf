package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// InPlace reports for each change of an object whether the tenant and the record are as the change would leave them, so that nothing
// is left to be done. Of in it needs Tenant, Schema, Key and Journal. Changes of declared resources are never in place.
func InPlace(ctx context.Context, in Input, changes []*state.Change) ([]bool, error) {
	r := newRun(ctx, in)
	defer r.close()
	var steps []*step
	for _, c := range changes {
		steps = append(steps, &step{c: c, id: c.TargetID, schema: r.in.Schema(c.Kind)})
	}
	if err := r.loadLinks(steps); err != nil {
		return nil, err
	}
	referred, err := r.in.Journal.Links(r.calm, pendingAnchors(changes))
	if err != nil {
		return nil, &fault.Error{Summary: "the record cannot be read", Err: err}
	}
	alive := map[*step]*state.Object{}
	for _, kind := range kindsOf(steps) {
		if err := r.seeAlive(kind, steps, alive); err != nil {
			return nil, &fault.Error{Summary: "the tenant's objects cannot be read to tell what is in place already", Err: err}
		}
	}
	placed := make([]bool, len(changes))
	for i, st := range steps {
		placed[i] = st.schema != nil && r.inPlace(st, alive[st], referred)
	}
	return placed, nil
}

// pendingAnchors are the anchors that changes refer to because the plan was to create their accounts.
func pendingAnchors(changes []*state.Change) (anchors []string) {
	for _, c := range changes {
		for _, a := range c.Attributes {
			if anchor, ok := strings.CutPrefix(a.After.Str(), state.PendingRef); ok {
				anchors = append(anchors, anchor)
			}
		}
	}
	return anchors
}

// seeAlive adds the living objects of a kind that the steps are about: those they name, or those that the record has for their anchors.
func (r *run) seeAlive(kind state.Kind, steps []*step, alive map[*step]*state.Object) error {
	byID := map[string][]*step{}
	var ids, names []string
	for _, st := range steps {
		if st.id == "" && st.old != nil {
			st.id = st.old.TargetID
		}
		if st.c.Kind != kind || st.id == "" {
			continue
		}
		id := strings.ToLower(st.id)
		if byID[id] == nil {
			ids = append(ids, st.id)
		}
		byID[id] = append(byID[id], st)
		names = append(names, st.readBack()...)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(names)
	for o, err := range r.in.Tenant.Lookup(r.soft, kind, ids, state.NewShape(slices.Compact(names)...)) {
		if err != nil {
			return err
		}
		own := o.Clone()
		for _, st := range byID[strings.ToLower(o.ID)] {
			alive[st] = own
		}
	}
	return nil
}

// inPlace reports whether nothing is left to be done for a step whose living object is o, nil if there is none.
func (r *run) inPlace(st *step, o *state.Object, referred map[string]*state.Link) bool {
	recorded := st.old != nil && strings.EqualFold(st.old.TargetID, st.id)
	switch st.c.Action {
	case state.ActionDelete:
		return o == nil && st.old == nil
	case state.ActionUnlink:
		return st.old == nil && (o == nil || r.agrees(st, o, referred))
	case state.ActionUpdate, state.ActionDisable:
		return o != nil && (recorded || st.old == nil && st.c.Partial) && r.agrees(st, o, referred)
	}
	return o != nil && recorded && r.agrees(st, o, referred)
}

// agrees reports whether o has every value that the step would write.
func (r *run) agrees(st *step, o *state.Object, referred map[string]*state.Link) bool {
	return !slices.ContainsFunc(st.c.Attributes, func(a state.AttributeChange) bool {
		d := st.attribute(a.Name)
		want := a.After
		if anchor, ok := strings.CutPrefix(want.Str(), state.PendingRef); ok {
			l := referred[anchor]
			if l == nil {
				return true
			}
			want = state.String(l.TargetID)
		}
		return !d.Hidden && r.hasher.Fingerprint(d, shown(o, a.Name)) != r.hasher.Fingerprint(d, want)
	})
}
