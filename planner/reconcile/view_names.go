package reconcile

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/called"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Clues are by what objects are looked for: a name, and what the objects are known by otherwise.
type Clues struct {
	Name  string       // a DN, GUID, UPN, address, object id, anchor or plan address
	GUIDs []state.GUID // of source objects
	IDs   []string     // of tenant objects
	Also  []string     // names and anchors by which tenant objects may be those of source objects in no scope
}

// finder finds rows by what people call them.
type finder struct{ *surveyed }

// namedRows are the rows that a name stands for, each object once: an account stands with its source object if that is
// in scope.
type namedRows struct{ sources, tenants, deleted, links []int }

// named finds the rows that clues lead to.
func (f finder) named(c Clues) (*namedRows, error) {
	n := &namedRows{}
	tenants := f.tenantsNamed(c.Name)
	deleted, err := f.deletedNamed(c.Name)
	if err != nil {
		return nil, err
	}
	for _, also := range c.Also {
		for _, t := range f.tenantsNamed(also) {
			tenants = appendNew(tenants, t)
		}
		f.Bin.ByAnchor.Each(f.Hash.Anchor(also), func(d int) { deleted = appendNew(deleted, d) })
	}
	for _, id := range c.IDs {
		h := f.Hash.ID(strings.ToLower(id))
		f.Tenant.ByID.Each(h, func(t int) { tenants = appendNew(tenants, t) })
		f.Bin.ByID.Each(h, func(d int) { deleted = appendNew(deleted, d) })
	}
	for _, s := range slices.Concat(f.sourcesNamed(c.Name), f.sourcesOf(c.GUIDs)) {
		n.sources = appendNew(n.sources, s)
	}
	links, err := f.linksNamed(c)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		switch s, t := f.LinkSource(l), f.LinkTarget(l); {
		case s >= 0:
			n.sources = appendNew(n.sources, s)
		case t >= 0:
			tenants = appendNew(tenants, t)
		default:
			n.links = appendNew(n.links, l)
		}
	}
	for _, t := range tenants {
		if s := f.Owner(t); s >= 0 {
			n.sources = appendNew(n.sources, s)
		}
	}
	for _, d := range deleted {
		for s := range f.Source.Len() {
			if v := f.Verdict(s); v.Is(pair.InBin) && int(v.Target) == d {
				n.sources = appendNew(n.sources, s)
			}
		}
	}
	alive, gone := f.targetsOf(n.sources)
	for l := range f.Links.Len() { // a deleted account whose source object is gone too stands with its record
		for _, d := range deleted {
			if f.LinkSource(l) < 0 && f.Links.Meta(l).Target == f.Bin.Meta(d).ID {
				n.links, gone[d] = appendNew(n.links, l), true
			}
		}
	}
	n.tenants = slices.DeleteFunc(tenants, func(t int) bool { return alive[t] })
	n.deleted = slices.DeleteFunc(deleted, func(d int) bool { return gone[d] })
	slices.Sort(n.tenants)
	return n, nil
}

func appendNew(rows []int, row int) []int {
	if slices.Contains(rows, row) {
		return rows
	}
	return append(rows, row)
}

// targetsOf are the accounts that are told about with source rows.
func (f finder) targetsOf(sources []int) (alive, gone map[int]bool) {
	alive, gone = map[int]bool{}, map[int]bool{}
	for _, s := range sources {
		switch v := f.Verdict(s); {
		case v.Target >= 0 && v.Is(pair.InBin):
			gone[int(v.Target)] = true
		case v.Target >= 0 && !v.Is(pair.Contested): // who lost the claim does not tell about the account
			alive[int(v.Target)] = true
		}
	}
	return alive, gone
}

// sourcesNamed are the source rows that have the name themselves.
func (f finder) sourcesNamed(name string) (rows []int) {
	named, upn := f.Hash.DN(name), f.Hash.SourceName(name)
	anchor, addr := f.Hash.Anchor(name), f.Hash.Address(state.String(name))
	guid, isGUID := state.ParseGUID(name)
	for s := range f.Source.Len() {
		m, t := f.Source.Meta(s), f.Source.Table(s)
		has := m.DN == named || m.UPN == upn || m.Anchor == anchor || m.SMTP == addr || isGUID && m.GUID == guid
		for _, c := range t.Names {
			has = has || c >= 0 && f.Source.FP(s)[t.Columns[c].Col] == addr
		}
		if called.IsAddress(name) && !has {
			sub, err := f.Case(s)
			has = err == nil && sub.Address == name
		}
		if has {
			rows = append(rows, s)
		}
	}
	return rows
}

func (f finder) sourcesOf(guids []state.GUID) (rows []int) {
	for _, g := range guids {
		f.Source.ByGUID.Each(f.Hash.GUID(g), func(s int) { rows = append(rows, s) })
	}
	slices.Sort(rows)
	return rows
}

func (f finder) tenantsNamed(name string) (rows []int) {
	add := func(t int) { rows = appendNew(rows, t) }
	addr := f.Hash.Address(state.String(name))
	for space := range state.NameSpaces {
		f.Tenant.Named(state.NameSpace(space), addr, func(t int, _ bool) { add(t) })
	}
	f.Tenant.ByID.Each(f.Hash.ID(strings.ToLower(name)), add)
	f.Tenant.ByAnchor.Each(f.Hash.Anchor(name), add)
	slices.Sort(rows)
	return rows
}

// deletedNamed looks through the recycle bin, which holds what was deleted in the last 30 days.
func (f finder) deletedNamed(name string) (rows []int, err error) {
	id, anchor := f.Hash.ID(strings.ToLower(name)), f.Hash.Anchor(name)
	for d := range f.Bin.Len() {
		o, err := f.Bin.Load(d)
		if err != nil {
			return nil, err
		}
		m := f.Bin.Meta(d)
		if m.ID == id || m.Anchor == anchor || table.ContainsFold(append(o.MailAddresses(), o.UserName()), name) {
			rows = append(rows, d)
		}
	}
	return rows, nil
}

// linksNamed are the records of an anchor, an account's id, source objects, or the plan address of somebody who has
// left.
func (f finder) linksNamed(c Clues) (rows []int, err error) {
	guids := c.GUIDs
	if g, ok := state.ParseGUID(c.Name); ok {
		guids = append(slices.Clone(guids), g)
	}
	id, anchor := f.Hash.ID(strings.ToLower(c.Name)), f.Hash.Anchor(c.Name)
	for l := range f.Links.Len() {
		m := f.Links.Meta(l)
		named := m.Anchor == anchor || m.Target == id || slices.Contains(guids, m.GUID)
		if !named && f.LinkSource(l) < 0 && called.IsAddress(c.Name) {
			d, err := f.DecideLeaving(l)
			if err != nil {
				return nil, err
			}
			named = d.Change != nil && d.Change.Address == c.Name
		}
		if named {
			rows = append(rows, l)
		}
	}
	return rows, nil
}

// HasSource reports whether a scope has the source object with this objectGUID.
func (v *View) HasSource(guid state.GUID) bool {
	return v.s.Source.ByGUID.First(v.s.Hash.GUID(guid)) >= 0
}

// SourceGUIDs are the objectGUIDs of the source objects to which clues lead: those that have them, those that the
// accounts which have them are recorded for, and those whose anchor these accounts carry. They need not be in a scope,
// nor exist any more.
func (v *View) SourceGUIDs(c Clues) ([]state.GUID, error) {
	f := finder{v.s}
	n, err := f.named(c)
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
	for _, s := range n.sources {
		add(f.Source.Meta(s).GUID, true)
	}
	for _, t := range n.tenants {
		if l := f.LinkOf(t); l >= 0 {
			add(f.Links.Meta(l).GUID, true)
		}
		o, err := f.Tenant.Load(t)
		if err != nil {
			return nil, err
		}
		add(table.AnchorGUID(o.Anchor()))
	}
	for _, d := range n.deleted {
		o, err := f.Bin.Load(d)
		if err != nil {
			return nil, err
		}
		add(table.AnchorGUID(o.Anchor()))
	}
	for _, l := range n.links {
		add(f.Links.Meta(l).GUID, true)
	}
	return guids, nil
}
