package apply

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// recheck reads the objects of a window again, in batches, and settles as skipped what is not as the plan saw it. For the others
// it works out what is left to be written. An error means that the window could not be read; nothing of it was written then.
func (r *run) recheck(steps []*step) error {
	if err := r.loadLinks(steps); err != nil {
		return err
	}
	if err := r.review(steps); err != nil {
		return fmt.Errorf("the source objects cannot be read again before writing, so the run was stopped: %w", err)
	}
	if err := r.recheckTenant(steps); err != nil {
		return fmt.Errorf("the tenant's objects cannot be read again before writing, so the run was stopped: %w", err)
	}
	if err := r.recheckAnchors(steps); err != nil {
		return fmt.Errorf("the tenant cannot be asked whether accounts exist by now, so the run was stopped: %w", err)
	}
	if err := r.recheckSources(steps); err != nil {
		return fmt.Errorf("the source objects cannot be read again before writing, so the run was stopped: %w", err)
	}
	return nil
}

// review skips what is not to be done any more.
func (r *run) review(steps []*step) error {
	var open []*step
	var changes []*state.Change
	for _, st := range steps {
		if st.status == "" && st.schema != nil {
			open, changes = append(open, st), append(changes, st.c)
		}
	}
	if r.in.Review == nil || len(open) == 0 {
		return nil
	}
	reasons, err := r.in.Review(r.soft, changes)
	if err != nil {
		return err
	}
	for i, st := range open {
		if reasons[i] != "" {
			st.stale("%s", reasons[i])
		}
	}
	return nil
}

func (r *run) loadLinks(steps []*step) error {
	var anchors []string
	for _, st := range steps {
		if st.c.Anchor != "" {
			anchors = append(anchors, st.c.Anchor)
		}
	}
	links, err := r.in.Journal.Links(r.calm, anchors)
	if err != nil {
		return fmt.Errorf("the record cannot be read: %w", err)
	}
	for _, st := range steps {
		st.old = links[st.c.Anchor]
	}
	return nil
}

// recheckTenant compares the living tenant objects with the plan's before-values.
func (r *run) recheckTenant(steps []*step) error {
	for _, kind := range kindsOf(steps) {
		byID := map[string]*step{}
		var ids, names []string
		for _, st := range steps {
			if st.status != "" || st.c.Kind != kind || st.c.TargetID == "" {
				continue
			}
			ids = append(ids, st.c.TargetID)
			byID[strings.ToLower(st.c.TargetID)] = st
			names = append(names, st.readBack()...)
		}
		if len(ids) == 0 {
			continue
		}
		slices.Sort(names)
		found := map[*step]bool{}
		for o, err := range r.in.Tenant.Lookup(r.soft, kind, ids, state.NewShape(slices.Compact(names)...)) {
			if err != nil {
				return err
			}
			if st := byID[strings.ToLower(o.ID)]; st != nil {
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
		names = append(names, anchorAttribute)
	}
	for _, a := range st.c.Attributes {
		if d := st.attribute(a.Name); !d.Hidden && !strings.EqualFold(a.Name, anchorAttribute) {
			names = append(names, readAs(d.Name))
		}
	}
	return names
}

// compare decides whether a living object is as the plan saw it, and what is left to be written. What already is as the plan
// wants it is not written again.
func (r *run) compare(st *step, o *state.Object) {
	if st.c.Action == state.ActionRestore {
		st.stale("the account is not in the recycle bin any more")
		return
	}
	left := r.compareValues(st, o)
	if st.status == "" {
		left = st.compareAnchor(o.Get(anchorAttribute).Str(), left)
	}
	if st.status == "" {
		st.split(left)
	}
}

func (r *run) compareValues(st *step, o *state.Object) (left []state.AttributeChange) {
	var changed []string
	for _, a := range st.c.Attributes {
		d := st.attribute(a.Name)
		if d.Hidden {
			left = append(left, a)
			continue
		}
		live := r.hasher.Fingerprint(d, shown(o, a.Name))
		if live == r.hasher.Fingerprint(d, a.After) {
			continue
		}
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
	if !st.anchored() || st.planned(anchorAttribute) != nil {
		return left
	}
	switch {
	case st.c.Action == state.ActionUnlink && live == st.c.Anchor:
		return append(left, state.AttributeChange{Name: anchorAttribute, Before: state.String(live), After: state.Null()})
	case st.c.Action == state.ActionUnlink && live == "":
	case live != st.c.Anchor:
		st.stale("changed since the plan was made: %s is not this pair's anchor any more", anchorAttribute)
	}
	return left
}

// gone handles a step whose object is not among the living.
func (r *run) gone(st *step) {
	switch st.c.Action {
	case state.ActionRestore: // as it should be; nobody can edit an object in the recycle bin
		st.split(st.c.Attributes)
	case state.ActionUnlink: // nothing left to clear; the record goes
	default:
		st.stale("the account does not exist any more")
	}
}

// untargeted handles a step without a tenant object: a creation, or a record to be dropped.
func (r *run) untargeted(st *step) {
	switch {
	case st.c.Kind == state.UPNSuffix:
	case st.creates():
		st.split(st.c.Attributes)
	case st.c.Action != state.ActionUnlink:
		st.settle(state.StatusFailed, "no_target", "the plan names no tenant object for it; plan again")
	}
}

// recheckAnchors makes sure that no account carries the anchor of one that is to be created.
func (r *run) recheckAnchors(steps []*step) error {
	byAnchor := map[string]*step{}
	var anchors []string
	for _, st := range steps {
		if st.status == "" && st.creates() && st.c.Kind == state.User && st.c.Anchor != "" {
			anchors = append(anchors, st.c.Anchor)
			byAnchor[st.c.Anchor] = st
		}
	}
	if len(anchors) == 0 {
		return nil
	}
	for o, err := range r.in.Tenant.FindByAnchor(r.soft, anchors, state.NewShape(anchorAttribute)) {
		if err != nil {
			return err
		}
		if st := byAnchor[o.Get(anchorAttribute).Str()]; st != nil {
			st.id = o.ID
			st.stale("an account with this anchor exists by now")
		}
	}
	return nil
}

// recheckSources makes sure that the source objects still exist and that what is to be written there is as the plan saw it.
func (r *run) recheckSources(steps []*step) error {
	type group struct {
		scope string
		kind  state.Kind
	}
	groups := map[group][]*step{}
	var order []group
	for _, st := range steps {
		if st.status == "" && st.wantsSource() {
			g := group{st.c.Scope, st.c.Kind}
			if groups[g] == nil {
				order = append(order, g)
			}
			groups[g] = append(groups[g], st)
		}
	}
	for _, g := range order {
		if err := r.recheckSource(r.in.Source(g.scope), g.kind, groups[g]); err != nil {
			return err
		}
	}
	return nil
}

// wantsSource reports whether the step depends on its source object: those for objects that left their scope do not.
func (st *step) wantsSource() bool {
	if _, ok := state.ParseGUID(st.c.SourceGUID); !ok || st.schema == nil {
		return false
	}
	switch st.c.Action {
	case state.ActionDisable, state.ActionUnlink, state.ActionDelete:
		return len(st.c.SourceAttributes) > 0
	}
	return true
}

func (r *run) recheckSource(source providers.SourceReader, kind state.Kind, steps []*step) error {
	byGUID := map[state.GUID]*step{}
	var guids []state.GUID
	var names []string
	for _, st := range steps {
		g, _ := state.ParseGUID(st.c.SourceGUID)
		guids = append(guids, g)
		byGUID[g] = st
		for _, a := range st.c.SourceAttributes {
			names = append(names, a.Name)
		}
	}
	slices.Sort(names)
	found := map[*step]bool{}
	for o, err := range source.Lookup(r.soft, kind, guids, state.NewShape(slices.Compact(names)...)) {
		if err != nil {
			return err
		}
		if st := byGUID[o.GUID]; st != nil {
			found[st] = true
			r.compareSource(st, o)
		}
	}
	for _, st := range steps {
		if !found[st] {
			st.stale("its source object does not exist any more")
		}
	}
	return nil
}

func (r *run) compareSource(st *step, o *state.Object) {
	for _, a := range st.c.SourceAttributes {
		d := &state.Attribute{Name: a.Name}
		live := r.hasher.Fingerprint(d, o.Get(a.Name))
		switch live {
		case r.hasher.Fingerprint(d, a.After):
		case r.hasher.Fingerprint(d, a.Before):
			st.source = append(st.source, a)
		default:
			st.stale("changed at the source since the plan was made: %s", a.Name)
			return
		}
	}
}
