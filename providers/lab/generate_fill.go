package lab

import (
	"bytes"
	"strings"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

// People are generated users that a lab holds instead of a seed: those that Generate writes for the same options, made in
// memory, which takes seconds for a million.
type People struct {
	Users int
	GenerateOptions
}

// source makes the directory that corp.ldif would.
func (g *People) source() (*ldapd.Directory, error) {
	d := ldapd.New(defaultDomain)
	var units bytes.Buffer
	writeUnits(&units)
	if err := d.LoadLDIF(&units, ADSeed); err != nil {
		return nil, err
	}
	return d, d.Fill("user", g.Users, personAttributes, g.fillSource)
}

func (g *People) fillSource(b *ldapd.Bulk) error {
	p := newPeople(g.Seed)
	type place struct {
		department *department
		city       *city
	}
	parents := map[place]ldapd.Parent{}
	first := uint32(0) // the accounts' numbers follow each other
	var x person
	for i := range g.Users {
		p.become(&x, i)
		at := place{x.department, x.city}
		parent, ok := parents[at]
		if !ok {
			var err error
			if parent, err = b.Parent(x.parent()); err != nil {
				return err
			}
			parents[at] = parent
		}
		a := ldapd.Account{Parent: parent, RDN: x.rdn, GUID: x.guid, Reports: p.reportsOf(i, g.Users)}
		if m := p.managerOf(i); m >= 0 {
			a.Manager = first + uint32(m)
		}
		x.eachAttribute(b.Put)
		if id := b.Add(a); i == 0 {
			first = id
		}
	}
	return nil
}

// fill makes the tenant that tenant.json would.
func (g *People) fill(t *graphd.Tenant) error {
	if err := t.LoadSeed(strings.NewReader(tenantHead+"]}"), TenantSeed); err != nil {
		return err
	}
	return t.Fill(g.Users, accountProperties, g.fillTenant)
}

func (g *People) fillTenant(b *graphd.Bulk) error {
	p := newPeople(g.Seed)
	accounts := make([]int32, g.Users/8+1) // of those who are somebody's manager
	var x person
	for i := range g.Users {
		match, at := p.matchOf(i, g.GenerateOptions), -1
		if match != noAccount {
			manager := -1
			if m := p.managerOf(i); m >= 0 {
				manager = int(accounts[m])
			}
			p.become(&x, i)
			x.eachProperty(match, b.Put)
			at = b.Add(x.account(), manager)
		}
		if i < len(accounts) {
			accounts[i] = int32(at)
		}
	}
	return nil
}

// reportsOf is how many of so many people have person i as their manager.
func (p *people) reportsOf(i, users int) int { return max(0, min(8, users-1-8*i)) }
