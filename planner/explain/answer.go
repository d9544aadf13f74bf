package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
)

// Question is what a plan is asked: the clues that lead to objects, and further names of them that findings may give.
type Question struct {
	reconcile.Clues
	DNs []string // of source objects
}

// Answer is what a plan knows about a name.
type Answer struct {
	Matches []*Explanation
	// Findings are those about the name that no match has, and the errors that make the whole plan inapplicable.
	Findings []*planner.Finding
}

// Ask says what a plan would do about the objects that a question leads to, on either side. It has no matches if the
// name is unknown.
func Ask(v *reconcile.View, q Question) (*Answer, error) {
	cases, err := v.Cases(q.Clues)
	if err != nil {
		return nil, err
	}
	a := &Answer{Matches: []*Explanation{}}
	for _, c := range cases {
		a.Matches = append(a.Matches, explanationOf(c))
	}
	a.Matches = append(a.Matches, declared(v, q.Name)...)
	return a, v.Tell(&listener{name: q.Name, dns: append(q.DNs, q.Name), answer: a})
}

// declared explains declared resources that are no objects: a UPN suffix by its address or its name, and the tenant's
// switch for directory synchronisation by its address, its kind or the tenant's id.
func declared(v *reconcile.View, name string) (list []*Explanation) {
	for _, u := range v.Suffixes() {
		if u.Address != name && !strings.EqualFold(u.Name, name) {
			continue
		}
		notes := []string{"the forest does not have it",
			"the tenant has not verified it; verified are " + v.VerifiedDomains()}
		if u.InForest {
			notes[0] = "the forest has it"
		}
		if u.Verified {
			notes[1] = "the tenant has verified it"
		}
		list = append(list, &Explanation{What: IsDeclared, Kind: state.UPNSuffix, Address: u.Address, ScopeAt: u.DeclaredAt,
			Findings: []*planner.Finding{}, Notes: notes, Outcome: "unchanged: the forest has it"})
	}
	if s := v.SyncSwitch(); s != nil && (name == s.Address || name == string(state.DirectorySync) ||
		strings.EqualFold(name, s.TenantID)) {
		has := "off"
		if s.Enabled {
			has = "on"
		}
		list = append(list, &Explanation{What: IsDeclared, Kind: state.DirectorySync, Address: s.Address,
			ScopeAt: s.DeclaredAt, TargetID: s.TenantID, Findings: []*planner.Finding{},
			Outcome: "unchanged: the tenant has it " + has})
	}
	return list
}

const (
	blocked       = "blocked: it will not be touched until the errors are resolved"
	blockedButOff = "blocked until the errors are resolved; sign-in alone is turned off, as the source has it"
)

// listener is the sink that keeps what an answer is about.
type listener struct {
	name   string
	dns    []string
	answer *Answer
}

// Record takes in nothing: what is noted without a write is no answer.
func (l *listener) Record(*planner.Record) error { return nil }

// Skipped takes in nothing: the matches say what becomes of them.
func (l *listener) Skipped(*planner.Skipped) error { return nil }

// Finding takes in a finding that is about one of the matches, about the name, or about the whole plan.
func (l *listener) Finding(f *planner.Finding) error {
	kept := false
	for _, x := range l.answer.Matches {
		if slices.ContainsFunc(f.Objects, x.is) {
			x.Findings = append(x.Findings, f)
			kept = true
			if x.What == IsDeclared && f.Severity == planner.Error {
				x.Outcome = blocked
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
	// two objects may have one user name, and so one address
	case o.Address == x.Address && o.SourceDN != "" && x.SourceDN != "":
	case o.Address != "" || x.What == IsDeclared:
		return o.Address == x.Address
	}
	return o.SourceDN != "" && dn.Equal(o.SourceDN, x.SourceDN)
}

// Change takes in what would be done about declared resources, which are no objects.
func (l *listener) Change(c *state.Change) error {
	for _, x := range l.answer.Matches {
		if x.What == IsDeclared && x.Address == c.Address {
			x.Change, x.Outcome = c, changeText(c)
			return nil
		}
	}
	if c.Address == l.name && c.Scope == "" {
		l.answer.Matches = append(l.answer.Matches, &Explanation{What: IsDeclared, Kind: c.Kind, Address: c.Address,
			ScopeAt: c.DeclaredAt, Findings: []*planner.Finding{}, Change: c, Outcome: changeText(c)})
	}
	return nil
}

// changeText is what a change does and why.
func changeText(c *state.Change) string { return fmt.Sprintf("%s: %s", c.Action, c.Reason) }
