package reconcile

import (
	"slices"

	"github.com/dirform/dirform/planner/reconcile/internal/find"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Clues are what is known of the objects that are asked for.
type Clues = find.Clues

// HasSource reports whether a scope has the source object with this objectGUID.
func (v *View) HasSource(guid state.GUID) bool {
	return v.s.Source.ByGUID.First(v.s.Hash.GUID(guid)) >= 0
}

// SourceGUIDs are the objectGUIDs of the source objects to which clues lead: those that have them, those that the
// accounts which have them are recorded for, and those whose anchor these accounts carry. They need not be in a scope,
// nor exist any more.
func (v *View) SourceGUIDs(c Clues) ([]state.GUID, error) {
	f := find.Finder{Judge: v.s.Judge}
	n, err := f.Named(c)
	if err != nil {
		return nil, err
	}
	var guids []state.GUID
	add := func(g state.GUID, ok bool) {
		if ok && !slices.Contains(guids, g) {
			guids = append(guids, g)
		}
	}
	add(state.ParseGUID(c.Name))
	add(table.AnchorGUID(c.Name))
	for _, s := range n.Sources {
		add(f.Source.Meta(s).GUID, true)
	}
	for _, t := range n.Tenants {
		if l := f.LinkOf(t); l >= 0 {
			add(f.Links.Meta(l).GUID, true)
		}
		o, err := f.Tenant.Load(t)
		if err != nil {
			return nil, err
		}
		add(table.AnchorGUID(o.Anchor()))
	}
	for _, d := range n.Deleted {
		o, err := f.Bin.Load(d)
		if err != nil {
			return nil, err
		}
		add(table.AnchorGUID(o.Anchor()))
	}
	for _, l := range n.Links {
		add(f.Links.Meta(l).GUID, true)
	}
	return guids, nil
}
