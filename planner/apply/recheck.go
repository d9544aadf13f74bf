package apply

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner/apply/internal/values"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// reader reads objects of both directories and of the record again, and compares.
type reader struct{ *base }

// recheck reads the objects of a window again, each once and all in one go per side, and settles as skipped what is not as the plan
// saw it. For the others it works out what is left to be written. No rule runs here: values are compared, nothing is decided anew.
// An error means that the window could not be read; nothing of it was written then.
func (r *reader) recheck(steps []*step) error {
	if err := r.loadLinks(steps); err != nil {
		return err
	}
	if err := r.recheckSources(steps); err != nil {
		return &fault.Error{Summary: "the source objects cannot be read again before writing, so the run was stopped", Err: err}
	}
	if err := r.recheckTenant(steps); err != nil {
		return &fault.Error{Summary: "the tenant's objects cannot be read again before writing, so the run was stopped", Err: err}
	}
	if err := r.recheckAnchors(steps); err != nil {
		return &fault.Error{Summary: "the tenant cannot be asked whether accounts exist by now, so the run was stopped", Err: err}
	}
	return nil
}

// bare reports whether nothing is written for the step: it links what both directories agree about. It is not read again.
func (st *step) bare() bool {
	return st.c.Action == state.ActionLink && len(st.c.Attributes)+len(st.c.SourceAttributes) == 0
}

func (r *reader) loadLinks(steps []*step) error {
	var anchors []string
	for _, st := range steps {
		if st.c.Anchor != "" {
			anchors = append(anchors, st.c.Anchor)
		}
	}
	links, err := r.in.Journal.Links(r.calm, anchors)
	if err != nil {
		return &fault.Error{Summary: "the record cannot be read", Err: err}
	}
	for _, st := range steps {
		st.old = links[st.c.Anchor]
	}
	return nil
}

// recheckTenant compares the living tenant objects with the plan's before-values.
func (r *reader) recheckTenant(steps []*step) error {
	for _, kind := range kindsOf(steps) {
		byID := map[string]*step{}
		var ids, names []string
		for _, st := range steps {
			if st.status != "" || st.c.Kind != kind || st.c.TargetID == "" || st.bare() {
				continue
			}
			ids = append(ids, st.c.TargetID)
			byID[strings.ToLower(st.c.TargetID)] = st
			names = append(names, st.readBack()...)
		}
		if len(ids) == 0 {
			continue
		}
		found := map[*step]bool{}
		for o, err := range r.in.Tenant.Lookup(r.soft, kind, ids, values.Shape(names)) {
			if err != nil {
				return err
			}
			if st := byID[strings.ToLower(o.ID)]; st != nil && !found[st] {
				found[st] = true
				r.compare(st, o)
			}
		}
		for _, st := range byID {
			if !found[st] {
				r.gone(st)
			}
		}
	}
	for _, st := range steps {
		if st.status == "" && st.c.TargetID == "" {
			r.untargeted(st)
		}
	}
	return nil
}

func kindsOf(steps []*step) []state.Kind {
	var kinds []state.Kind
	for _, st := range steps {
		if st.schema != nil && !slices.Contains(kinds, st.c.Kind) {
			kinds = append(kinds, st.c.Kind)
		}
	}
	return kinds
}

// readBack names the attributes that the step's re-check needs: those the plan changes, and the anchor.
func (st *step) readBack() []string {
	var names []string
	if st.anchored() {
		names = append(names, st.of.Anchor)
	}
	for _, a := range st.c.Attributes {
		if d := st.attribute(a.Name); !d.Hidden && !strings.EqualFold(a.Name, st.of.Anchor) {
			names = append(names, values.ReadAs(d.Name))
		}
	}
	return names
}

// compare decides whether a living object is as the plan saw it, and what is left to be written. What already is as the plan
// wants it is not written again.
func (r *reader) compare(st *step, o *state.Object) {
	if st.c.Action == state.ActionRestore {
		st.stale("the account is not in the recycle bin any more")
		return
	}
	left := r.compareValues(st, o)
	if st.status == "" {
		left = st.compareAnchor(o.Get(st.of.Anchor).Str(), left)
	}
	if st.status == "" {
		st.split(left)
	}
}

func (r *reader) compareValues(st *step, o *state.Object) (left []state.AttributeChange) {
	var changed []string
	for _, a := range st.c.Attributes {
		d := st.attribute(a.Name)
		if d.Hidden {
			left = append(left, a)
			continue
		}
		if values.Done(r.hasher, d, values.Shown(o, a.Name), a) {
			continue
		}
		live := r.hasher.Fingerprint(d, values.Shown(o, a.Name))
		switch {
		case !a.Via.IsNull() && live == r.hasher.Fingerprint(d, a.Via):
			st.freed = true
		case live != r.hasher.Fingerprint(d, a.Before):
			changed = append(changed, a.Name)
		}
		left = append(left, a)
	}
	if len(changed) > 0 {
		st.stale("changed since the plan was made: %s", strings.Join(changed, ", "))
	}
	return left
}

// compareAnchor makes sure that the object still is the one the plan paired. The plan lists the anchor if it is to change;
// otherwise it was the link's when the plan was made.
func (st *step) compareAnchor(live string, left []state.AttributeChange) []state.AttributeChange {
	if !st.anchored() || st.planned(st.of.Anchor) != nil {
		return left
	}
	switch {
	case st.c.Action == state.ActionUnlink && live == st.c.Anchor:
		return append(left, state.AttributeChange{Name: st.of.Anchor, Before: state.String(live), After: state.Null()})
	case st.c.Action == state.ActionUnlink && live == "", st.lostAnchor(live):
	case live != st.c.Anchor:
		st.stale("changed since the plan was made: %s is not this pair's anchor any more", st.of.Anchor)
	}
	return left
}

// lostAnchor reports whether the step only turns sign-in off, of a recorded account that carries no anchor any more: that it has
// lost its anchor makes it nobody else's.
func (st *step) lostAnchor(live string) bool {
	return (st.c.Partial || st.c.Action == state.ActionDisable) && live == "" && st.old != nil && strings.EqualFold(st.old.TargetID, st.c.TargetID)
}

// gone handles a step whose object is not among the living.
func (r *reader) gone(st *step) {
	switch st.c.Action {
	case state.ActionRestore: // as it should be; nobody can edit an object in the recycle bin
		st.split(st.c.Attributes)
	case state.ActionUnlink: // nothing left to clear; the record goes
	default:
		st.stale("the account does not exist any more")
	}
}

// untargeted handles a step without a tenant object: a creation, or a record to be dropped.
func (r *reader) untargeted(st *step) {
	switch {
	case st.of.AtSource:
	case st.creates():
		st.split(st.c.Attributes)
	case st.c.Action != state.ActionUnlink:
		st.settle(state.StatusFailed, "no_target", "the plan names no tenant object for it; plan again")
	}
}

// recheckAnchors makes sure that no account carries the anchor of one that is to be created.
func (r *reader) recheckAnchors(steps []*step) error {
	for _, kind := range kindsOf(steps) {
		byAnchor := map[string]*step{}
		for _, st := range steps {
			if st.c.Kind == kind && st.status == "" && st.creates() && st.anchored() && st.c.Anchor != "" {
				byAnchor[st.c.Anchor] = st
			}
		}
		err := carriers(r.soft, r.base, kind, byAnchor, func(st *step, id string) error {
			st.id = id
			st.stale("an account with this anchor exists by now")
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// recheckSources holds the source objects against what the plan saw: in scope or not, with what values.
func (r *reader) recheckSources(steps []*step) error {
	var open []*step
	var changes []*state.Change
	for _, st := range steps {
		if st.status == "" && st.wantsSource() {
			open, changes = append(open, st), append(changes, st.c)
		}
	}
	if len(open) == 0 {
		return nil
	}
	if r.in.Sources == nil {
		for _, st := range open {
			st.source = st.c.SourceAttributes
		}
		return nil
	}
	found, err := r.in.Sources(r.soft, changes)
	if err != nil {
		return err
	}
	for _, st := range open {
		r.compareSource(st, found[st.c])
	}
	return nil
}

// wantsSource reports whether a source object stands behind the step's write. None does behind the undoing of a run.
func (st *step) wantsSource() bool {
	_, ok := state.ParseGUID(st.c.SourceGUID)
	return ok && st.c.ReasonCode != state.BecauseUndone && st.schema != nil && !st.bare() && (st.c.TargetID != "" || st.c.Action != state.ActionUnlink)
}

// leaves reports whether the step is about an object that has left its scope.
func (st *step) leaves() bool {
	return st.c.Action == state.ActionDisable || st.c.Action == state.ActionUnlink || st.c.Action == state.ActionDelete
}

// compareSource holds a step against its source object, nil if that is not in the step's scope now.
func (r *reader) compareSource(st *step, o *state.Object) {
	switch leaves := st.leaves(); {
	case leaves && o != nil:
		st.stale("it is in scope %s again", st.c.Scope)
	case leaves:
	case o == nil:
		st.stale("it is not in scope %s any more", st.c.Scope)
	default:
		r.compareSourceValues(st, o)
	}
}

func (r *reader) compareSourceValues(st *step, o *state.Object) {
	var written []state.AttributeChange
	st.source = nil
	for _, a := range st.c.SourceAttributes {
		live := r.hasher.Fingerprint(&state.Attribute{}, o.Get(a.Name))
		switch live {
		case r.hasher.Fingerprint(&state.Attribute{}, a.After):
			written = append(written, a)
		case r.hasher.Fingerprint(&state.Attribute{}, a.Before):
			st.source = append(st.source, a)
		default:
			st.stale("changed at the source since the plan was made: %s", a.Name)
			return
		}
	}
	if st.c.Seen != "" && st.c.Seen != strconv.FormatUint(r.hasher.Seen(o, written...), 16) {
		st.stale("its source object was changed since the plan was made")
	}
}
