package reconcile

import (
	"cmp"
	"slices"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/notes"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/steps"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Plan makes the plan from what has been read and hands it to sink.
func (b *Builder) Plan(sink planner.Sink) (planner.Totals, error) {
	s, err := b.survey()
	if err != nil {
		return planner.Totals{}, err
	}
	totals, judged, err := s.tell(sink)
	b.judged = judged
	return totals, err
}

// tell hands the plan to sink, in the order of section by section that a reader sees: what is wrong with the rules, the
// tenant's own settings, objects, and what many objects have in common.
func (s *surveyed) tell(sink planner.Sink) (planner.Totals, *judged, error) {
	t := &teller{surveyed: s, sink: sink, judged: s.newJudged()}
	var inspect func() error
	if s.set.Inspect {
		i := &inspection{Sink: sink, said: map[saying]bool{}}
		t.sink, inspect = i, func() error { return i.all(t) }
	}
	for _, step := range []func() error{t.rules, t.anchors, t.signOffs, t.switchOn, t.suffixes, t.objects, t.switchOff, t.aliases,
		t.refreshes, t.countUnchanged, t.overlaps, t.outside, t.fallenBack, t.takenOver, func() error { return services(t) },
		func() error { return linkedMailboxes(t) }, t.along, t.unseen,
		t.itself, t.guards, t.kept, t.foreign, inspect} {
		if step == nil {
			continue
		}
		if err := step(); err != nil {
			return planner.Totals{}, nil, err
		}
	}
	if err := t.close(); err != nil {
		return planner.Totals{}, nil, err
	}
	return t.totals, t.judged, nil
}

// teller hands a plan to its sink and counts what it holds.
type teller struct {
	*surveyed
	sink   planner.Sink
	judged *judged
	totals planner.Totals

	writes, sourceWrites int // requests to the tenant, and to Active Directory

	taken, converted notes.Crowd // see [judge.Decision]
}

// finding hands a finding to the sink and counts it.
func (t *teller) finding(f *planner.Finding) error {
	if f.Code == planner.AliasesCode {
		t.totals.Summary.Aliases++
	}
	return t.sink.Finding(f)
}

func (t *teller) findings(list []*planner.Finding) error {
	for _, f := range list {
		if err := t.finding(f); err != nil {
			return err
		}
	}
	return nil
}

// rules tells what came up while reading, and what is wrong with the rules themselves.
func (t *teller) rules() error {
	read := slices.Clone(t.set.Findings)
	slices.SortStableFunc(read, func(a, b *planner.Finding) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Value, b.Value))
	})
	idle, err := t.idleBlocks()
	if err != nil {
		return err
	}
	var lost []*planner.Finding
	for _, b := range t.LostBlocks() {
		lost = append(lost, words.BadLink(b.Link, b.Source < 0))
	}
	return t.findings(slices.Concat(read, t.ProtectsNobody(), lost, idle))
}

// idleBlocks tell of link blocks that decide nothing, each with its object and the account that it names.
func (t *teller) idleBlocks() (found []*planner.Finding, err error) {
	for _, b := range t.IdleBlocks() {
		c, err := t.Case(b.Source)
		if err != nil {
			return nil, err
		}
		f := words.LinkHasNoEffect(b.Link, b.By, c, b.Nobody)
		if f.Objects = append(f.Objects, c.Ref()); b.Tenant >= 0 {
			o, err := t.Tenant.Load(b.Tenant)
			if err != nil {
				return nil, err
			}
			f.Objects = append(f.Objects, table.Ref(o))
		}
		found = append(found, f)
	}
	return found, nil
}

// signOffs tells of the rows whose changes turn sign-in off, and of those that these wait for: they come before
// everything else, so that a run that is cut off leaves nobody signed in for the sake of other changes.
func (t *teller) signOffs() error {
	return t.tellSteps(func(phase uint16) bool { return phase < steps.Others })
}

// objects tells of the other rows about which there is something to say, in the order of execution.
func (t *teller) objects() error {
	return t.tellSteps(func(phase uint16) bool { return phase >= steps.Others })
}

func (t *teller) tellSteps(now func(phase uint16) bool) error {
	for _, st := range t.steps {
		if !now(st.Phase) {
			continue
		}
		if err := t.step(st); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) step(st step) error {
	decide := t.Decide
	if st.Leaving {
		decide = t.DecideLeaving
	}
	d, err := decide(int(st.Row))
	if err != nil {
		return err
	}
	if err := t.findings(d.Findings); err != nil {
		return err
	}
	t.count(&d, st)
	if d.Skipped != nil {
		if err := t.sink.Skipped(d.Skipped); err != nil {
			return err
		}
	}
	if d.Record != nil {
		if err := t.sink.Record(d.Record); err != nil {
			return err
		}
	}
	if d.Change == nil {
		return nil
	}
	return t.change(d.Change)
}

// count counts what a decision says beside its change.
func (t *teller) count(d *judge.Decision, st step) {
	row := int(st.Row)
	if slices.ContainsFunc(d.Findings, (*planner.Finding).Drifted) || d.Change != nil && drifted(d.Change) {
		t.totals.Summary.Drifted++
	}
	if d.SignedIn {
		t.totals.Summary.SignedIn++
	}
	switch {
	case d.Outcome == judge.Blocked:
		t.totals.Summary.Blocked++
		if st.Leaving || t.Verdict(row).Link >= 0 {
			t.judged.tally.Add(limits.Blocked, 1)
		}
	case d.Outcome == judge.Unchanged:
		t.totals.Summary.Unchanged++
	case d.Outcome == judge.Ignored && d.Skipped != nil:
		t.totals.Summary.Skipped++
	}
	if d.TakenOver {
		t.taken.Add(&t.Source, row)
	}
	if d.Converted {
		t.converted.Add(&t.Source, row)
	}
}

// drifted reports whether a change sets right what somebody else did.
func drifted(c *state.Change) bool {
	return slices.ContainsFunc(c.Attributes, func(a state.AttributeChange) bool { return a.Drift }) ||
		c.Action == state.ActionRestore && c.Match.Rule == pair.Recorded.String()
}

func (t *teller) change(c *state.Change) error {
	t.totals.Summary.Count(c.Action, 1)
	schema := t.set.Schema(c.Kind)
	t.writes += c.Writes(func(name string) bool {
		a := schema.Lookup(name)
		return name == providers.CloudManaged || a != nil && a.Type == state.TypeReference
	})
	t.sourceWrites += len(c.SourceAttributes)
	t.judged.tally.Change(c)
	return t.sink.Change(c)
}

// aliases tells of the rows that differ in nothing but their aliases.
func (t *teller) aliases() error {
	slices.SortFunc(t.Notes.Differing, func(a, b int32) int { return t.Source.CompareKey(int(a), int(b)) })
	for _, row := range t.Notes.Differing {
		c, err := t.Case(int(row))
		if err != nil {
			return err
		}
		if !t.Selected(c.Address) {
			continue
		}
		found, err := t.AliasFindings(c)
		if err != nil {
			return err
		}
		if err := t.findings(found); err != nil {
			return err
		}
	}
	return nil
}

// refreshes tells the records of rows that agree.
func (t *teller) refreshes() error {
	for _, row := range t.records {
		c, err := t.Case(row)
		if err != nil {
			return err
		}
		if !t.Selected(c.Address) {
			continue
		}
		if r := t.Refresh(c); r != nil {
			if err := t.sink.Record(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// countUnchanged counts the rows that agree.
func (t *teller) countUnchanged() error {
	for row := range t.Source.Len() {
		if t.Agreed(row) && t.SelectedRow(row) {
			t.totals.Summary.Unchanged++
		}
	}
	return nil
}

// close adds the totals that are known only at the end.
func (t *teller) close() (err error) {
	t.totals.Unaimed = t.Unaimed()
	if t.totals.Meant, err = t.meant(t.totals.Unaimed); err != nil {
		return err
	}
	refused := slices.ContainsFunc(t.set.Findings, func(f *planner.Finding) bool { return f.Severity == planner.Error })
	tripped := slices.ContainsFunc(t.totals.Guards, func(g planner.GuardResult) bool { return g.Tripped })
	t.totals.Applicable = !tripped && !refused
	t.totals.Cost = planner.NewCost(t.sourceWrites, t.writes)
	t.totals.Scopes = t.scopesSeen()
	return nil
}

func (t *teller) scopesSeen() []planner.ScopeSeen {
	seen := []planner.ScopeSeen{}
	for _, s := range t.Source.Tables {
		x := planner.ScopeSeen{Scope: s.Scope.Name, Kind: s.Kind, Objects: s.Seen, InScope: s.Len(), Filter: s.Scope.Filter,
			OUs: t.set.OUs[s.Scope.Name]}
		if s.Scope.Where != nil {
			x.Where = s.Scope.Where.Source()
		}
		x.SystemObjects = s.LeftOut
		for _, a := range s.Asides {
			x.SystemList = append(x.SystemList, planner.SystemObject{DN: a.DN, What: a.What})
		}
		seen = append(seen, x)
	}
	return seen
}
