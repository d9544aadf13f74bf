package reconcile

import (
	"encoding/base64"
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// namedRows are the rows that a name stands for, each object once: an account stands with its source object if that is in scope.
type namedRows struct{ sources, tenants, deleted, links []int }

// named finds the rows that a question is about.
func (p *plan) named(q Question) (*namedRows, error) {
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
		p.delAnchor.Each(p.h.SumExact(also), func(d int) { deleted = appendNew(deleted, d) })
	}
	for _, id := range q.IDs {
		h := p.h.Fingerprint(&refAttr, state.String(strings.ToLower(id)))
		p.tenID.Each(h, func(t int) { tenants = appendNew(tenants, t) })
		p.delID.Each(h, func(d int) { deleted = appendNew(deleted, d) })
	}
	for _, s := range slices.Concat(p.sourcesNamed(q.Name), p.sourcesOf(q.GUIDs)) {
		n.sources = appendNew(n.sources, s)
	}
	links, err := p.linksNamed(q)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		switch s, t := int(p.linkSource[l]), int(p.linkTarget[l]); {
		case s >= 0:
			n.sources = appendNew(n.sources, s)
		case t >= 0:
			tenants = appendNew(tenants, t)
		default:
			n.links = appendNew(n.links, l)
		}
	}
	for _, t := range tenants {
		if s := int(p.owner[t]) - 1; s >= 0 {
			n.sources = appendNew(n.sources, s)
		}
	}
	for _, d := range deleted {
		for s := range p.verdicts {
			if v := &p.verdicts[s]; v.flags&vDeleted != 0 && int(v.target) == d {
				n.sources = appendNew(n.sources, s)
			}
		}
	}
	alive, gone := p.targetsOf(n.sources)
	for l := range p.links.rows.Len() { // a deleted account whose source object is gone too stands with its record
		for _, d := range deleted {
			if p.linkSource[l] < 0 && p.links.rows.Meta(l).target == p.delMeta(d).id {
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
func (p *plan) targetsOf(sources []int) (alive, gone map[int]bool) {
	alive, gone = map[int]bool{}, map[int]bool{}
	for _, s := range sources {
		switch v := &p.verdicts[s]; {
		case v.target >= 0 && v.flags&vDeleted != 0:
			gone[int(v.target)] = true
		case v.target >= 0 && v.flags&vClaimed == 0: // who lost the claim does not tell about the account
			alive[int(v.target)] = true
		}
	}
	return alive, gone
}

// sourcesNamed are the source rows that have the name themselves.
func (p *plan) sourcesNamed(name string) (rows []int) {
	fold, exact, addr := p.h.SumFold(name), p.h.SumExact(name), p.h.Fingerprint(&addressAttr, state.String(name))
	guid, isGUID := state.ParseGUID(name)
	for s := range p.nsrc {
		m, t := p.srcMeta(s), p.srcTable(s)
		named := m.dn == fold || m.upn == fold || m.anchor == exact || m.smtp == addr || isGUID && m.guid == guid
		for _, c := range [...]int{t.upnCol, t.mailCol} {
			named = named || c >= 0 && p.srcFP(s)[t.columns[c].col] == addr
		}
		if isAddress(name) && !named {
			sub, err := p.subject(s)
			named = err == nil && sub.address == name
		}
		if named {
			rows = append(rows, s)
		}
	}
	return rows
}

// isAddress reports whether name has the form of a plan address, user.staff["jdoe@contoso.com"].
func isAddress(name string) bool { return strings.HasSuffix(name, "\"]") }

func (p *plan) sourcesOf(guids []state.GUID) (rows []int) {
	for _, g := range guids {
		p.srcGUID.Each(p.h.Sum(g[:]), func(s int) { rows = append(rows, s) })
	}
	slices.Sort(rows)
	return rows
}

func (p *plan) tenantsNamed(name string) (rows []int) {
	add := func(t int) { rows = appendNew(rows, t) }
	addr := p.h.Fingerprint(&addressAttr, state.String(name))
	p.tenUPN.Each(addr, add)
	p.tenID.Each(p.h.Fingerprint(&refAttr, state.String(strings.ToLower(name))), add)
	p.tenAnchor.Each(p.h.SumExact(name), add)
	p.tenAddress.Each(addr, func(i int) { add(p.addressRow(i)) })
	slices.Sort(rows)
	return rows
}

// deletedNamed looks through the recycle bin, which holds what was deleted in the last 30 days.
func (p *plan) deletedNamed(name string) (rows []int, err error) {
	id, anchor := p.h.Fingerprint(&refAttr, state.String(strings.ToLower(name))), p.h.SumExact(name)
	for d := range p.ndel {
		o, err := p.loadDeleted(d)
		if err != nil {
			return nil, err
		}
		m := p.delMeta(d)
		if m.id == id || m.anchor == anchor || slices.ContainsFunc(namesOf(o), func(n string) bool { return strings.EqualFold(n, name) }) {
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
		if a, ok := smtpAddress(p); ok && p[0] == 'S' {
			add(a)
		}
	}
	add(o.Get("mail").Str())
	for _, p := range proxies {
		if a, ok := smtpAddress(p); ok {
			add(a)
		}
	}
	return list
}

// linksNamed are the records of an anchor, an account's id, source objects, or the plan address of somebody who has left.
func (p *plan) linksNamed(q Question) (rows []int, err error) {
	guids := q.GUIDs
	if g, ok := state.ParseGUID(q.Name); ok {
		guids = append(slices.Clone(guids), g)
	}
	id, anchor := p.h.Fingerprint(&refAttr, state.String(strings.ToLower(q.Name))), p.h.SumExact(q.Name)
	for l := range p.links.rows.Len() {
		m := p.links.rows.Meta(l)
		named := m.anchor == anchor || m.target == id || slices.Contains(guids, m.guid)
		if !named && p.linkSource[l] < 0 && isAddress(q.Name) {
			d, err := p.decideLeaving(l)
			if err != nil {
				return nil, err
			}
			named = d.change != nil && d.change.Address == q.Name
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
	add(anchorGUID(q.Name))
	for _, s := range n.sources {
		add(p.srcMeta(s).guid, true)
	}
	for _, t := range n.tenants {
		if l := int(p.linkOf[t]) - 1; l >= 0 {
			add(p.links.rows.Meta(l).guid, true)
		}
		o, err := p.loadTenant(t)
		if err != nil {
			return nil, err
		}
		add(anchorGUID(o.Get("onPremisesImmutableId").Str()))
	}
	for _, d := range n.deleted {
		o, err := p.loadDeleted(d)
		if err != nil {
			return nil, err
		}
		add(anchorGUID(o.Get("onPremisesImmutableId").Str()))
	}
	for _, l := range n.links {
		add(p.links.rows.Meta(l).guid, true)
	}
	return guids, nil
}

// anchorGUID is the GUID in an anchor, which is the base64 of its bytes.
func anchorGUID(anchor string) (g state.GUID, ok bool) {
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
		for s := range p.nsrc {
			o, err := p.loadSource(s)
			if err != nil {
				yield(Name{}, err)
				return
			}
			if !yieldNames(yield, o) {
				return
			}
		}
		for t := range p.nten + p.ndel {
			var o *state.Object
			if t < p.nten {
				o, err = p.loadTenant(t)
			} else {
				o, err = p.loadDeleted(t - p.nten)
			}
			if err != nil {
				yield(Name{}, err)
				return
			}
			if !yieldNames(yield, o) {
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
	if cn, _, ok := strings.Cut(o.DN, ","); ok && len(cn) > 3 {
		names = append(names, cn[3:])
	}
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
		for s := range p.nsrc {
			sub, err := p.subject(s)
			if err != nil {
				yield("", err)
				return
			}
			if !yield(sub.address, nil) {
				return
			}
		}
	}
}
