package reconcile

import (
	"encoding/base64"
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// namedRows are the rows that a name stands for, each object once: an account stands with its source object if that is in scope.
type namedRows struct{ sources, tenants, deleted, links []int }

// named finds the rows that a question is about.
func (p *surveyed) named(q Question) (*namedRows, error) {
	n := &namedRows{}
	tenants := p.tenantsNamed(q.Name)
	deleted, err := p.deletedNamed(q.Name)
	if err != nil {
		return nil, err
	}
	for _, also := range q.Also {
		for _, t := range p.tenantsNamed(also) {
			tenants = appendNew(tenants, t)
		}
		p.Bin.ByAnchor.Each(p.Hash.Anchor(also), func(d int) { deleted = appendNew(deleted, d) })
	}
	for _, id := range q.IDs {
		h := p.Hash.ID(strings.ToLower(id))
		p.Tenant.ByID.Each(h, func(t int) { tenants = appendNew(tenants, t) })
		p.Bin.ByID.Each(h, func(d int) { deleted = appendNew(deleted, d) })
	}
	for _, s := range slices.Concat(p.sourcesNamed(q.Name), p.sourcesOf(q.GUIDs)) {
		n.sources = appendNew(n.sources, s)
	}
	links, err := p.linksNamed(q)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		switch s, t := p.LinkSource(l), p.LinkTarget(l); {
		case s >= 0:
			n.sources = appendNew(n.sources, s)
		case t >= 0:
			tenants = appendNew(tenants, t)
		default:
			n.links = appendNew(n.links, l)
		}
	}
	for _, t := range tenants {
		if s := p.Owner(t); s >= 0 {
			n.sources = appendNew(n.sources, s)
		}
	}
	for _, d := range deleted {
		for s := range p.Source.Len() {
			if v := p.Verdict(s); v.Flags&pair.InBin != 0 && int(v.Target) == d {
				n.sources = appendNew(n.sources, s)
			}
		}
	}
	alive, gone := p.targetsOf(n.sources)
	for l := range p.Links.Len() { // a deleted account whose source object is gone too stands with its record
		for _, d := range deleted {
			if p.LinkSource(l) < 0 && p.Links.Meta(l).Target == p.Bin.Meta(d).ID {
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
func (p *surveyed) targetsOf(sources []int) (alive, gone map[int]bool) {
	alive, gone = map[int]bool{}, map[int]bool{}
	for _, s := range sources {
		switch v := p.Verdict(s); {
		case v.Target >= 0 && v.Flags&pair.InBin != 0:
			gone[int(v.Target)] = true
		case v.Target >= 0 && v.Flags&pair.Contested == 0: // who lost the claim does not tell about the account
			alive[int(v.Target)] = true
		}
	}
	return alive, gone
}

// sourcesNamed are the source rows that have the name themselves.
func (p *surveyed) sourcesNamed(name string) (rows []int) {
	named, upn := p.Hash.DN(name), p.Hash.SourceName(name)
	anchor, addr := p.Hash.Anchor(name), p.Hash.Address(state.String(name))
	guid, isGUID := state.ParseGUID(name)
	for s := range p.Source.Len() {
		m, t := p.Source.Meta(s), p.Source.Table(s)
		has := m.DN == named || m.UPN == upn || m.Anchor == anchor || m.SMTP == addr || isGUID && m.GUID == guid
		for _, c := range t.Names {
			has = has || c >= 0 && p.Source.FP(s)[t.Columns[c].Col] == addr
		}
		if isAddress(name) && !has {
			sub, err := p.Case(s)
			has = err == nil && sub.Address == name
		}
		if has {
			rows = append(rows, s)
		}
	}
	return rows
}

// isAddress reports whether name has the form of a plan address, user.staff["jdoe@contoso.com"].
func isAddress(name string) bool { return strings.HasSuffix(name, "\"]") }

func (p *surveyed) sourcesOf(guids []state.GUID) (rows []int) {
	for _, g := range guids {
		p.Source.ByGUID.Each(p.Hash.GUID(g), func(s int) { rows = append(rows, s) })
	}
	slices.Sort(rows)
	return rows
}

func (p *surveyed) tenantsNamed(name string) (rows []int) {
	add := func(t int) { rows = appendNew(rows, t) }
	addr := p.Hash.Address(state.String(name))
	for space := range state.NameSpaces {
		p.Tenant.Named(state.NameSpace(space), addr, func(t int, _ bool) { add(t) })
	}
	p.Tenant.ByID.Each(p.Hash.ID(strings.ToLower(name)), add)
	p.Tenant.ByAnchor.Each(p.Hash.Anchor(name), add)
	slices.Sort(rows)
	return rows
}

// deletedNamed looks through the recycle bin, which holds what was deleted in the last 30 days.
func (p *surveyed) deletedNamed(name string) (rows []int, err error) {
	id, anchor := p.Hash.ID(strings.ToLower(name)), p.Hash.Anchor(name)
	for d := range p.Bin.Len() {
		o, err := p.Bin.Load(d)
		if err != nil {
			return nil, err
		}
		m := p.Bin.Meta(d)
		if m.ID == id || m.Anchor == anchor || slices.ContainsFunc(namesOf(&o.Object), func(n string) bool { return strings.EqualFold(n, name) }) {
			rows = append(rows, d)
		}
	}
	return rows, nil
}

// namesOf are a tenant object's user name and addresses.
func namesOf(o *state.Object) []string {
	return append([]string{o.Get("userPrincipalName").Str()}, mailAddresses(o)...)
}

// mailAddresses are a tenant object's addresses, the primary one first.
func mailAddresses(o *state.Object) (list []string) {
	add := func(a string) {
		if a != "" && !slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, a) }) {
			list = append(list, a)
		}
	}
	proxies := o.Get("proxyAddresses").List()
	for _, p := range proxies {
		if a, ok := table.SMTPAddress(p); ok && p[0] == 'S' {
			add(a)
		}
	}
	add(o.Get("mail").Str())
	for _, p := range proxies {
		if a, ok := table.SMTPAddress(p); ok {
			add(a)
		}
	}
	return list
}

// linksNamed are the records of an anchor, an account's id, source objects, or the plan address of somebody who has left.
func (p *surveyed) linksNamed(q Question) (rows []int, err error) {
	guids := q.GUIDs
	if g, ok := state.ParseGUID(q.Name); ok {
		guids = append(slices.Clone(guids), g)
	}
	id, anchor := p.Hash.ID(strings.ToLower(q.Name)), p.Hash.Anchor(q.Name)
	for l := range p.Links.Len() {
		m := p.Links.Meta(l)
		named := m.Anchor == anchor || m.Target == id || slices.Contains(guids, m.GUID)
		if !named && p.LinkSource(l) < 0 && isAddress(q.Name) {
			d, err := p.DecideLeaving(l)
			if err != nil {
				return nil, err
			}
			named = d.Change != nil && d.Change.Address == q.Name
		}
		if named {
			rows = append(rows, l)
		}
	}
	return rows, nil
}

// SourceGUIDs are the objectGUIDs of the source objects to which a question leads: those that have it, those that the accounts which
// have it are recorded for, and those whose anchor these accounts carry. They need not be in a scope, nor exist any more.
func (b *Builder) SourceGUIDs(q Question) ([]state.GUID, error) {
	p, err := b.survey()
	if err != nil {
		return nil, err
	}
	n, err := p.named(q)
	if err != nil {
		return nil, err
	}
	var guids []state.GUID
	add := func(g state.GUID, ok bool) {
		if ok && !slices.Contains(guids, g) {
			guids = append(guids, g)
		}
	}
	add(state.ParseGUID(q.Name))
	add(table.AnchorGUID(q.Name))
	for _, s := range n.sources {
		add(p.Source.Meta(s).GUID, true)
	}
	for _, t := range n.tenants {
		if l := p.LinkOf(t); l >= 0 {
			add(p.Links.Meta(l).GUID, true)
		}
		o, err := p.Tenant.Load(t)
		if err != nil {
			return nil, err
		}
		add(table.AnchorGUID(o.Get("onPremisesImmutableId").Str()))
	}
	for _, d := range n.deleted {
		o, err := p.Bin.Load(d)
		if err != nil {
			return nil, err
		}
		add(table.AnchorGUID(o.Get("onPremisesImmutableId").Str()))
	}
	for _, l := range n.links {
		add(p.Links.Meta(l).GUID, true)
	}
	return guids, nil
}

// anchorGUID is the GUID in an anchor, which is the base64 of its bytes.
func AnchorGUID(anchor string) (g state.GUID, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(anchor)
	return g, err == nil && copy(g[:], raw) == len(raw) && len(raw) == len(g)
}

// Name is one of the names by which people know an object: Full as it stands in a directory, or what stands before the @ of one.
// GUID is that of a source object, ID that of a tenant object.
type Name struct {
	Text string
	Full bool
	GUID state.GUID
	ID   string
}

// Names are the names of all objects of both sides: user names, addresses, logon, display and common names. Ranging over it reads
// every row back.
func (b *Builder) Names() iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		p, err := b.survey()
		if err != nil {
			yield(Name{}, err)
			return
		}
		for s := range p.Source.Len() {
			o, err := p.Source.Load(s)
			if err != nil {
				yield(Name{}, err)
				return
			}
			if !yieldNames(yield, o) {
				return
			}
		}
		for t := range p.Tenant.Len() + p.Bin.Len() {
			var o *table.Account
			if t < p.Tenant.Len() {
				o, err = p.Tenant.Load(t)
			} else {
				o, err = p.Bin.Load(t - p.Tenant.Len())
			}
			if err != nil {
				yield(Name{}, err)
				return
			}
			if !yieldNames(yield, &o.Object) {
				return
			}
		}
	}
}

// yieldNames hands out an object's names; false ends the rest.
func yieldNames(yield func(Name, error) bool, o *state.Object) bool {
	names := append(namesOf(o), o.DN)
	for _, attribute := range [...]string{"displayName", "mailNickname", "sAMAccountName"} {
		names = append(names, o.Get(attribute).Str())
	}
	names = append(names, dn.FirstValue(o.DN))
	for _, name := range names {
		n := Name{Text: name, Full: true, GUID: o.GUID, ID: o.ID}
		if name != "" && !yield(n, nil) {
			return false
		}
		if local, _, ok := strings.Cut(name, "@"); ok {
			n.Text, n.Full = local, false
			if !yield(n, nil) {
				return false
			}
		}
	}
	return true
}

// Addresses are the plan addresses of the source objects in scope.
func (b *Builder) Addresses() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		p, err := b.survey()
		if err != nil {
			yield("", err)
			return
		}
		for s := range p.Source.Len() {
			sub, err := p.Case(s)
			if err != nil {
				yield("", err)
				return
			}
			if !yield(sub.Address, nil) {
				return
			}
		}
	}
}
