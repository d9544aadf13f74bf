package reconcile

import (
	"iter"
	"slices"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/guards"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// judged is what a plan is held against guards with.
type judged struct {
	rules *guards.Rules
	tally *guards.Tally
	bases guards.Bases
}

func (s *surveyed) newJudged() *judged {
	return &judged{rules: guards.New(s.set.forGuards()), tally: guards.NewTally(s.set.Kinds, s.set.Recent)}
}

// Judge holds changes, some of those that the plan has, against the guards. What was recorded, and what limits are
// about that look at the plan alone, is as the plan has found it, so call Judge after [Builder.Plan]. Findings are the
// limits that are exceeded.
func (b *Builder) Judge(changes iter.Seq2[*state.Change, error]) ([]planner.GuardResult, []*planner.Finding, error) {
	tally := b.judged.tally.With()
	for c, err := range changes {
		if err != nil {
			return nil, nil, err
		}
		tally.Change(c)
	}
	results, findings := b.judged.rules.Check(tally, b.judged.bases)
	return results, findings, nil
}

// Recorded is how many links the record had when the plan was made.
func (b *Builder) Recorded() int { return b.pairs().Links.Len() }

// Deeds tells what changes count as for guards once they are done, see [state.Deeds]. It may be asked after [Builder.Close].
func (b *Builder) Deeds() func(*state.Change) map[string]int {
	return guards.New(b.set.forGuards()).Deeds
}

// TakenBack is what a change undoes of a step's deeds, which count no longer then.
func (b *Builder) TakenBack(c *state.Change, undoes *state.Entry) map[string]int {
	return guards.TakenBack(b.set.forGuards().Kinds(c.Kind), c, undoes)
}

// guards holds the plan against the guards: its actions, whom findings stop, and what of the record is missing on
// either side.
func (t *teller) guards() error {
	j := t.judged
	j.bases = guards.Bases{Links: t.Links.Len(), Holders: t.holders}
	for l := range t.Links.Len() {
		if err := t.shrink(l); err != nil {
			return err
		}
		if vanished, err := t.vanished(l); err != nil {
			return err
		} else if vanished {
			j.tally.Add(limits.TenantShrink, 1)
		}
	}
	results, findings := j.rules.Check(j.tally, j.bases)
	t.totals.Guards = results
	return t.findings(findings)
}

// shrink counts link l if its object was in scope at the last apply, and if it is in none now. Objects of a kind that
// nobody has read are neither.
func (t *teller) shrink(l int) error {
	if t.Links.Meta(l).Left {
		return nil
	}
	if t.LinkSource(l) < 0 {
		link, err := t.Links.Load(l)
		if err != nil || !t.reads(link.Kind) {
			return err
		}
		if !t.HandedOn(l) {
			t.judged.tally.Add(limits.SourceShrink, 1)
		}
	}
	t.judged.bases.InScope++
	return nil
}

// reads reports whether objects of a kind are read at the source.
func (t *teller) reads(kind state.Kind) bool {
	return slices.ContainsFunc(t.Source.Tables, func(s *table.Source) bool { return s.Kind == kind })
}

// vanished reports whether the account of link l is neither living nor in the recycle bin, and dirform has not deleted
// it. Accounts of a kind that is not read are not missed.
func (t *teller) vanished(l int) (bool, error) {
	if t.LinkTarget(l) >= 0 || t.Bin.ByID.First(t.Links.Meta(l).Target) >= 0 {
		return false, nil
	}
	link, err := t.Links.Load(l)
	if err != nil {
		return false, err
	}
	return t.reads(link.Kind) && !t.judged.tally.MayHaveDeleted(link.Anchor), nil
}

// holders is how many of the living accounts of source objects hold a value of an attribute.
func (t *teller) holders(attribute string) (n int) {
	for _, s := range t.Source.Tables {
		col := s.Layout.Col(attribute)
		if col < 0 {
			continue
		}
		for row := s.First; row < s.First+s.Len(); row++ {
			v := t.Verdict(row)
			if v.Target >= 0 && !v.Is(pair.InBin|pair.Shadowed) && t.Tenant.FP(int(v.Target))[col] != s.NilFP {
				n++
			}
		}
	}
	return n
}
