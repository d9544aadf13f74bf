package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// declaredNamed explains declared resources that are no objects: a UPN suffix by its address or its name, and the tenant's switch
// for directory synchronisation by its address, its kind or the tenant's id.
func (p *surveyed) declaredNamed(name string) (list []*Explanation) {
	for _, u := range p.set.Rules.UPNSuffixes {
		if addr := suffixAddress(u); addr == name || strings.EqualFold(u.Name, name) {
			list = append(list, &Explanation{What: IsDeclared, Kind: state.UPNSuffix, Address: addr, ScopeAt: u.DeclaredAt, Findings: []*planner.Finding{},
				Notes: p.suffixNotes(u), Outcome: "unchanged: the forest has it"})
		}
	}
	if want := p.set.Rules.DirectorySync; want != nil {
		addr := fmt.Sprintf("%s[%q]", state.DirectorySync, p.set.Rules.Entra.Name)
		if name == addr || name == string(state.DirectorySync) || strings.EqualFold(name, p.set.Organization.ID) {
			list = append(list, &Explanation{What: IsDeclared, Kind: state.DirectorySync, Address: addr, ScopeAt: want.DeclaredAt,
				TargetID: p.set.Organization.ID, Findings: []*planner.Finding{}, Outcome: "unchanged: the tenant has it " + onOff(want.Enabled)})
		}
	}
	return list
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func (p *surveyed) suffixNotes(u *config.UPNSuffix) (notes []string) {
	has := func(list []string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, u.Name) })
	}
	if has(p.set.Suffixes[u.Provider.Name]) {
		notes = append(notes, "the forest has it")
	} else {
		notes = append(notes, "the forest does not have it")
	}
	if p.Domains.Has(u.Name) {
		return append(notes, "the tenant has verified it")
	}
	return append(notes, "the tenant has not verified it; verified are "+p.Domains.List())
}

// addFindings tells the plan once more and keeps what is about the objects explained.
func (p *surveyed) addFindings(q Question, a *Answer) error {
	_, _, err := p.tell(&listener{name: q.Name, dns: append(q.DNs, q.Name), answer: a})
	return err
}

// listener is the sink that keeps what an answer is about.
type listener struct {
	name   string
	dns    []string
	answer *Answer
}

func (l *listener) Record(*planner.Record) error { return nil }

func (l *listener) Finding(f *planner.Finding) error {
	kept := false
	for _, x := range l.answer.Matches {
		if slices.ContainsFunc(f.Objects, x.is) {
			x.Findings = append(x.Findings, f)
			kept = true
			if x.What == IsDeclared && f.Severity == planner.Error {
				x.Outcome = "blocked: it will not be touched until the errors are resolved"
			}
		}
	}
	about := strings.EqualFold(f.Value, l.name) || slices.ContainsFunc(f.Objects, func(o planner.ObjectRef) bool {
		return slices.ContainsFunc(l.dns, func(name string) bool { return dn.Equal(o.SourceDN, name) })
	})
	if !kept && (about || f.Severity == planner.Error && slices.Contains(planner.PlanWide, f.Code)) {
		l.answer.Findings = append(l.answer.Findings, f)
	}
	return nil
}

// is reports whether a finding's object is the one explained.
func (x *Explanation) is(o planner.ObjectRef) bool {
	switch {
	case o.TargetID != "" && o.TargetID == x.TargetID:
		return true
	case o.Address == x.Address && o.SourceDN != "" && x.SourceDN != "": // two objects may have one user name, and so one address
	case o.Address != "" || x.What == IsDeclared:
		return o.Address == x.Address
	}
	return o.SourceDN != "" && dn.Equal(o.SourceDN, x.SourceDN)
}

// Change takes in what would be done about declared resources, which are no rows.
func (l *listener) Change(c *state.Change) error {
	for _, x := range l.answer.Matches {
		if x.What == IsDeclared && x.Address == c.Address {
			x.Change, x.Outcome = c, fmt.Sprintf("%s: %s", c.Action, c.Reason)
			return nil
		}
	}
	if c.Address == l.name && c.Scope == "" {
		l.answer.Matches = append(l.answer.Matches, &Explanation{What: IsDeclared, Kind: c.Kind, Address: c.Address, ScopeAt: c.DeclaredAt,
			Findings: []*planner.Finding{}, Change: c, Outcome: fmt.Sprintf("%s: %s", c.Action, c.Reason)})
	}
	return nil
}
