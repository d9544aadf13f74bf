package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/apply/internal/values"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// InPlace reports for each change of an object whether both directories and the record are as the change would leave
// them, so that nothing is left to be done. The changes may come from a file that anybody has edited: what cannot be
// read back is not in place, and nothing is asked for that a plan could not have. Of in it needs Tenant, Sources,
// Schema, Key and Journal. Changes of declared resources are never in place.
func InPlace(ctx context.Context, in Input, changes []*state.Change) ([]bool, error) {
	return look(ctx, in, changes, (*reader).inPlace)
}

// Shown is InPlace for what was done of changes: whether the object that each is about has what it writes, whatever the record says.
func Shown(ctx context.Context, in Input, changes []*state.Change) ([]bool, error) {
	return look(ctx, in, changes, func(r *reader, st *step, o *state.Object, referred map[string]*state.Link) bool {
		return len(st.c.Attributes) == 0 || o != nil && r.agrees(st, o, referred)
	})
}

// look reads what changes are about and asks is about each: with its step, its object, nil if there is none, and the links of the
// anchors that the changes refer to.
func look(ctx context.Context, in Input, changes []*state.Change,
	is func(*reader, *step, *state.Object, map[string]*state.Link) bool) ([]bool, error) {
	r := newRun(ctx, in)
	placed := make([]bool, len(changes))
	var steps []*step
	at := map[*step]int{}
	for i, c := range changes {
		if st := (&step{c: c, of: r.in.Kinds(c.Kind), id: c.TargetID, schema: r.in.Schema(c.Kind)}); st.readable() {
			at[st] = i
			steps = append(steps, st)
		}
	}
	if err := r.reader.loadLinks(steps); err != nil {
		return nil, err
	}
	referred, err := r.in.Journal.Links(r.calm, pendingAnchors(steps))
	if err != nil {
		return nil, &fault.Error{Summary: "the record cannot be read", Err: err}
	}
	alive := map[*step]*state.Object{}
	for _, kind := range kindsOf(steps) {
		if err := r.reader.seeAlive(kind, steps, alive); err != nil {
			return nil, &fault.Error{Summary: "the tenant's objects cannot be read to tell what is in place already", Err: err}
		}
	}
	stamped, err := r.reader.stamped(steps)
	if err != nil {
		return nil, &fault.Error{Summary: "the source objects cannot be read to tell what is in place already", Err: err}
	}
	for _, st := range steps {
		placed[at[st]] = stamped[st] && is(r.reader, st, alive[st], referred)
	}
	return placed, nil
}

// readable reports whether both directories can tell whether the step is in place: it is about an object of a kind that
// is synchronised, does what can be done to one, and writes only what is shown.
func (st *step) readable() bool {
	if st.of.Unmanaged() || st.schema == nil || st.c.Anchor == "" || st.c.Members != nil ||
		!slices.Contains(state.Actions, st.c.Action) {
		return false
	}
	if _, ok := state.ParseGUID(st.c.TargetID); !ok && st.c.TargetID != "" {
		return false
	}
	return !slices.ContainsFunc(st.c.Attributes, func(a state.AttributeChange) bool {
		d := st.schema.Lookup(a.Name)
		return d == nil || d.Hidden || d.Name != a.Name
	})
}

// pendingAnchors are the anchors that steps refer to because the plan was to create their accounts.
func pendingAnchors(steps []*step) (anchors []string) {
	for _, st := range steps {
		for _, a := range st.c.Attributes {
			if anchor, ok := strings.CutPrefix(a.After.Str(), state.PendingRef); ok {
				anchors = append(anchors, anchor)
			}
		}
	}
	return anchors
}

// seeAlive adds the living objects of a kind that the steps are about: those they name, or those that the record has
// for their anchors.
func (r *reader) seeAlive(kind state.Kind, steps []*step, alive map[*step]*state.Object) error {
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
	for o, err := range r.in.Tenant.Lookup(r.soft, kind, ids, values.Shape(names)) {
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

// stamped tells of which steps the source objects have the values that the steps would write there. Most write none.
func (r *reader) stamped(steps []*step) (map[*step]bool, error) {
	done := map[*step]bool{}
	var changes []*state.Change
	for _, st := range steps {
		if len(st.c.SourceAttributes) > 0 {
			changes = append(changes, st.c)
		} else {
			done[st] = true
		}
	}
	if len(changes) == 0 || r.in.Sources == nil {
		return done, nil
	}
	found, err := r.in.Sources(r.soft, changes)
	for _, st := range steps {
		if o := found[st.c]; o != nil {
			done[st] = !slices.ContainsFunc(st.c.SourceAttributes, func(a state.AttributeChange) bool {
				d := &state.Attribute{}
				return o.Shape.Index(a.Name) < 0 || !values.Same(r.hasher, d, o.Get(a.Name), a.After)
			})
		}
	}
	return done, err
}

// inPlace reports whether nothing is left to be done for a step whose living object is o, nil if there is none.
func (r *reader) inPlace(st *step, o *state.Object, referred map[string]*state.Link) bool {
	recorded := st.old != nil && strings.EqualFold(st.old.TargetID, st.id)
	paired := o != nil && (!st.anchored() || o.Get(st.of.Anchor).Str() == st.c.Anchor)
	switch st.c.Action {
	case state.ActionDelete:
		return o == nil && st.old == nil && st.id != ""
	case state.ActionUnlink:
		return st.old == nil && !paired && (o == nil || r.agrees(st, o, referred))
	case state.ActionUpdate, state.ActionDisable:
		known := recorded && paired || o != nil && (st.old == nil && st.c.Partial || st.lostAnchor(o.Get(st.of.Anchor).Str()))
		return known && len(st.c.Attributes) > 0 && r.agrees(st, o, referred)
	}
	return recorded && paired && r.agrees(st, o, referred)
}

// agrees reports whether o has every value that the step would write.
func (r *reader) agrees(st *step, o *state.Object, referred map[string]*state.Link) bool {
	return !slices.ContainsFunc(st.c.Attributes, func(a state.AttributeChange) bool {
		d := st.attribute(a.Name)
		if anchor, ok := strings.CutPrefix(a.After.Str(), state.PendingRef); ok {
			l := referred[anchor]
			if l == nil {
				return true
			}
			a.After = state.String(l.TargetID)
		}
		return !values.Done(r.hasher, d, values.Shown(o, a.Name), a)
	})
}
