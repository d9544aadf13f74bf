package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// writesPerSecond is the sustained write quota of an application in a tenant: 3,000 writes in 150 seconds (Microsoft Graph
// throttling limits, identity and access).
const writesPerSecond = 20

// emitter hands a plan to its sink and counts what it holds.
type emitter struct {
	p      *plan
	sink   planner.Sink
	tally  tally
	totals planner.Totals
	writes int

	claimed, converted crowd // see decision
}

func (e *emitter) emit(steps []step, records []int) error {
	if err := e.switchSync(true); err != nil {
		return err
	}
	if err := e.suffixes(); err != nil {
		return err
	}
	for _, st := range steps {
		if err := e.step(st); err != nil {
			return err
		}
	}
	if err := e.switchSync(false); err != nil {
		return err
	}
	if err := e.aliases(); err != nil {
		return err
	}
	for _, s := range records {
		sub, err := e.p.subject(s)
		if err != nil {
			return err
		}
		if !e.p.selected(sub.address) {
			continue
		}
		if r := sub.refresh(); r != nil {
			if err := e.sink.Record(r); err != nil {
				return err
			}
		}
	}
	for s := range e.p.nsrc {
		if e.p.verdicts[s].agreed && e.asked(s) {
			e.totals.Summary.Unchanged++
		}
	}
	return nil
}

// asked reports whether --target and --exclude leave row s in the plan.
func (e *emitter) asked(s int) bool {
	if len(e.p.b.set.Targets)+len(e.p.b.set.Excludes) == 0 {
		return true
	}
	sub, err := e.p.subject(s)
	return err == nil && e.p.selected(sub.address)
}

func (e *emitter) step(st step) error {
	var d decision
	var err error
	if st.leaving {
		d, err = e.p.decideLeaving(int(st.row))
	} else {
		d, err = e.p.decide(int(st.row))
	}
	if err != nil {
		return err
	}
	for _, f := range d.findings {
		if err := e.find(f); err != nil {
			return err
		}
		if f.Drifted() {
			e.totals.Summary.Drifted++
		}
	}
	switch {
	case d.outcome == outBlocked:
		e.totals.Summary.Blocked++
	case d.outcome == outUnchanged:
		e.totals.Summary.Unchanged++
	case d.outcome == outIgnored && d.unmatched:
		e.totals.Summary.Skipped++
	}
	if d.record != nil {
		if err := e.sink.Record(d.record); err != nil {
			return err
		}
	}
	if d.claimed {
		e.claimed.add(e.p, int(st.row))
	}
	if d.converted {
		e.converted.add(e.p, int(st.row))
	}
	if d.change == nil {
		return nil
	}
	return e.change(d.change)
}

func (e *emitter) change(c *state.Change) error {
	e.totals.Summary.Count(c.Action, 1)
	if slices.ContainsFunc(c.Attributes, func(a state.AttributeChange) bool { return a.Drift }) ||
		c.Action == state.ActionRestore && c.Match.Rule == ruleRecorded.String() {
		e.totals.Summary.Drifted++
	}
	schema := e.p.b.set.Schema(c.Kind)
	e.writes += c.Writes(func(name string) bool {
		a := schema.Lookup(name)
		return name == providers.CloudManaged || a != nil && a.Type == state.TypeReference
	})
	e.tally.count(c)
	return e.sink.Change(c)
}

// suffixes plans the declared UPN suffixes: the forest gets those it lacks, and the tenant must have verified them.
func (e *emitter) suffixes() error {
	for _, u := range e.p.b.set.Rules.UPNSuffixes {
		addr := fmt.Sprintf("%s[%q]", state.UPNSuffix, u.Name)
		if !e.p.selected(addr) {
			continue
		}
		has := slices.ContainsFunc(e.p.b.set.Suffixes[u.Provider.Name], func(s string) bool { return strings.EqualFold(s, u.Name) })
		if !e.p.verified[strings.ToLower(u.Name)] {
			if err := e.sink.Finding(unverifiedSuffix(u, addr, e.p.verifiedList())); err != nil {
				return err
			}
			e.totals.Summary.Blocked++
			continue
		}
		if has {
			continue
		}
		c := &state.Change{Address: addr, Kind: state.UPNSuffix, Action: state.ActionCreate, DeclaredAt: u.DeclaredAt,
			Reason: "the forest does not have it", Attributes: []state.AttributeChange{},
			SourceAttributes: []state.AttributeChange{{Name: "uPNSuffixes", After: state.String(u.Name)}}}
		e.totals.Summary.Count(c.Action, 1)
		if err := e.sink.Change(c); err != nil {
			return err
		}
	}
	return nil
}

func unverifiedSuffix(u *config.UPNSuffix, addr, verified string) *planner.Finding {
	f := planner.NewFinding("DF101", fmt.Sprintf("The tenant has not verified %s, so no account could use the suffix. Verified are: %s.", u.Name, verified),
		fmt.Sprintf("Add %s to the tenant's domains and verify it.", u.Name))
	f.Objects = []planner.ObjectRef{{Address: addr, Kind: state.UPNSuffix, Name: u.Name}}
	return about(f, "userPrincipalName", u.Name, u.DeclaredAt)
}

// close adds what is known only at the end: warnings about many objects at once, guards, and the totals.
func (e *emitter) close() (planner.Totals, error) {
	p := e.p
	if err := e.overlaps(); err != nil {
		return planner.Totals{}, err
	}
	if err := e.managerless(); err != nil {
		return planner.Totals{}, err
	}
	if err := e.fallenBack(); err != nil {
		return planner.Totals{}, err
	}
	if err := e.takenOver(); err != nil {
		return planner.Totals{}, err
	}
	if err := e.together("DF211", p.ownManagers, "have themselves as manager at the source, which the tenant does not accept"); err != nil {
		return planner.Totals{}, err
	}
	for l := range p.links.rows.Len() {
		if !p.links.rows.Meta(l).left {
			e.tally.linked++
			if p.linkSource[l] < 0 && !p.handedOn(l) {
				e.tally.missing++
			}
		}
	}
	p.b.found = e.tally
	guards, findings := e.tally.check(p.b.set.Rules.Guards, p.b.set.Allow)
	for _, f := range findings {
		if err := e.sink.Finding(f); err != nil {
			return planner.Totals{}, err
		}
	}
	if err := e.uncleared(); err != nil {
		return planner.Totals{}, err
	}
	t := &e.totals
	for _, a := range slices.Concat(p.b.set.Targets, p.b.set.Excludes) {
		if !p.aimed[a] {
			t.Unaimed = append(t.Unaimed, a)
		}
	}
	t.Guards = guards
	t.Applicable = len(findings) == 0 && !slices.ContainsFunc(p.b.set.Findings, func(f *planner.Finding) bool { return f.Severity == planner.Error })
	t.Cost = planner.Cost{Writes: e.writes, Seconds: (e.writes + writesPerSecond - 1) / writesPerSecond}
	t.Scopes = p.scopesSeen()
	return *t, nil
}

// uncleared warns of attributes that the source has no value for and the tenant does not let be empty, and of aliases that the
// tenant cannot have.
func (e *emitter) uncleared() error {
	for _, name := range slices.Sorted(maps.Keys(e.p.kept)) {
		c := e.p.kept[name]
		f := about(planner.NewFinding("DF301", fmt.Sprintf("%d objects have no value for %s at the source; their accounts keep theirs.", c.count, name), ""), name, "", "")
		if c.count == 1 {
			f.Detail = "One object has no value for " + name + " at the source; its account keeps its own."
		}
		if err := e.crowd(f, c); err != nil {
			return err
		}
	}
	return e.foreign()
}

// crowd makes a finding about many objects, which names the first of them; without any there is none.
func (e *emitter) crowd(f *planner.Finding, c *crowd) error {
	first, err := e.p.firstOf(c.first)
	if err != nil || len(first) == 0 {
		return err
	}
	for _, sub := range first {
		f.Objects = append(f.Objects, sub.ref())
	}
	return e.sink.Finding(f)
}

func (p *plan) scopesSeen() []planner.ScopeSeen {
	seen := []planner.ScopeSeen{}
	for _, t := range p.b.sources {
		x := planner.ScopeSeen{Scope: t.scope.Name, Kind: t.kind, Objects: t.seen, InScope: t.rows.Len(), Filter: t.scope.Filter, OUs: p.b.set.OUs[t.scope.Name]}
		if t.scope.Where != nil {
			x.Where = t.scope.Where.Source()
		}
		seen = append(seen, x)
	}
	return seen
}
