// Package find looks up the rows that a name which people use stands for.
package find

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/called"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
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

// Finder finds rows by what people call them.
type Finder struct{ *judge.Judge }

// Rows are the rows that a name stands for, each object once: an account stands with its source object if that is
// in scope.
type Rows struct{ Sources, Tenants, Deleted, Links []int }

// Named finds the rows that clues lead to.
func (f Finder) Named(c Clues) (*Rows, error) {
	n := &Rows{}
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
		n.Sources = appendNew(n.Sources, s)
	}
	links, err := f.linksNamed(c)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		switch s, t := f.LinkSource(l), f.LinkTarget(l); {
		case s >= 0:
			n.Sources = appendNew(n.Sources, s)
		case t >= 0:
			tenants = appendNew(tenants, t)
		default:
			n.Links = appendNew(n.Links, l)
		}
	}
	for _, t := range tenants {
		if s := f.Owner(t); s >= 0 {
			n.Sources = appendNew(n.Sources, s)
		}
	}
	for _, d := range deleted {
		for s := range f.Source.Len() {
			if v := f.Verdict(s); v.Is(pair.InBin) && int(v.Target) == d {
				n.Sources = appendNew(n.Sources, s)
			}
		}
	}
	alive, gone := f.targetsOf(n.Sources)
	for l := range f.Links.Len() { // a deleted account whose source object is gone too stands with its record
		for _, d := range deleted {
			if f.LinkSource(l) < 0 && f.Links.Meta(l).Target == f.Bin.Meta(d).ID {
				n.Links, gone[d] = appendNew(n.Links, l), true
			}
		}
	}
	n.Tenants = slices.DeleteFunc(tenants, func(t int) bool { return alive[t] })
	n.Deleted = slices.DeleteFunc(deleted, func(d int) bool { return gone[d] })
	slices.Sort(n.Tenants)
	return n, nil
}

func appendNew(rows []int, row int) []int {
	if slices.Contains(rows, row) {
		return rows
	}
	return append(rows, row)
}

// targetsOf are the accounts that are told about with source rows.
func (f Finder) targetsOf(sources []int) (alive, gone map[int]bool) {
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
func (f Finder) sourcesNamed(name string) (rows []int) {
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

func (f Finder) sourcesOf(guids []state.GUID) (rows []int) {
	for _, g := range guids {
		f.Source.ByGUID.Each(f.Hash.GUID(g), func(s int) { rows = append(rows, s) })
	}
	slices.Sort(rows)
	return rows
}

func (f Finder) tenantsNamed(name string) (rows []int) {
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
func (f Finder) deletedNamed(name string) (rows []int, err error) {
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
func (f Finder) linksNamed(c Clues) (rows []int, err error) {
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
