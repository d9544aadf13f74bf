package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/called"
	"github.com/dirform/dirform/planner/reconcile/internal/find"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
)

// aim puts plan addresses in the place of other names among the targets and excludes. A name that nothing has stays, and is told by the
// totals.
func (s *surveyed) aim(p *pair.Pairs) error {
	name := func(target string) bool { return !called.IsPattern(target) }
	if !slices.ContainsFunc(slices.Concat(s.set.Targets, s.set.Excludes), name) {
		return nil
	}
	for _, list := range []*[]string{&s.set.Targets, &s.set.Excludes} {
		var aimed []string
		for _, name := range *list {
			addresses, err := s.addressesOf(name)
			if err != nil {
				return err
			}
			aimed = append(aimed, addresses...)
		}
		*list = aimed
	}
	s.Judge = judge.New(p, s.set.forJudge())
	return nil
}

// addressesOf are the plan addresses of the object with a name, of which each scope has one; the name itself if it is an address, or
// nothing has it. A name that several objects have is an error, unless it is the one that the address of one of them shows.
func (s *surveyed) addressesOf(name string) ([]string, error) {
	if called.IsPattern(name) {
		return []string{name}, nil
	}
	c, err := s.clues(name)
	if err != nil {
		return nil, err
	}
	n, err := find.Finder{Judge: s.Judge}.Named(c)
	if err != nil {
		return nil, err
	}
	var found []string
	owners := map[state.GUID]bool{}
	for _, row := range n.Sources {
		x, err := s.Case(row)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(x.Address, fmt.Sprintf("[%q]", name)) {
			return []string{x.Address}, nil
		}
		found, owners[s.Source.Meta(row).GUID] = append(found, x.Address), true
	}
	for _, row := range n.Tenants {
		l := s.LinkOf(row)
		if l < 0 {
			continue // nobody's account is nothing to a plan
		}
		link, err := s.Links.Load(l)
		if err != nil {
			return nil, err
		}
		o, err := s.Tenant.Load(row)
		if err != nil {
			return nil, err
		}
		found, owners[link.SourceGUID] = append(found, pair.Address(link.Kind, link.Scope, table.Readable(o))), true
	}
	switch {
	case len(found) == 0:
		return []string{name}, nil
	case len(owners) > 1:
		slices.Sort(found)
		shown := found[:min(len(found), 10)]
		return nil, &fault.Error{Summary: fmt.Sprintf("Several objects are known as %q", name),
			Detail: strings.Join(shown, "\n"), Hint: "Give the address of the one that is meant, quoted for the shell."}
	}
	return found, nil
}

// Named are the cases of everything that a name means, short names included.
func (v *View) Named(name string) ([]*Case, error) {
	c, err := v.s.clues(name)
	if err != nil {
		return nil, err
	}
	return v.Cases(c)
}

// clues are those to objects with a name.
func (s *surveyed) clues(name string) (Clues, error) {
	c := Clues{Name: name}
	if !called.IsShort(name) {
		return c, nil
	}
	for known, err := range (&View{s}).Objects() {
		switch {
		case err != nil:
			return c, err
		case !called.Has(append(known.Names, dn.FirstValue(known.Object.DN)), name):
		case known.Object.ID != "":
			c.IDs = append(c.IDs, known.Object.ID)
		default:
			c.GUIDs = append(c.GUIDs, known.Object.GUID)
		}
	}
	return c, nil
}

// meant are what those who named targets that nothing has perhaps meant.
func (s *surveyed) meant(missed []string) ([]string, error) {
	v := &View{s}
	return called.Meant(missed, v.Addresses(), v.Objects())
}
