package reconcile

import (
	"slices"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
)

// inspection is a plan's sink that adds the findings about what no change is about. Whatever the plan has said it
// does not say twice.
type inspection struct {
	planner.Sink
	said map[saying]bool
}

// saying is what a finding says, and about whom.
type saying struct{ dn, targetID, code, attribute, value string }

func sayingOf(f *planner.Finding) saying {
	s := saying{code: f.Code, attribute: f.Attribute, value: f.Value}
	if f.Attribute == "" {
		s.value = f.Detail // which names what is missing, and nobody else
	}
	if len(f.Objects) > 0 {
		if s.dn = f.Objects[0].SourceDN; s.dn == "" {
			s.targetID = f.Objects[0].TargetID
		}
	}
	return s
}

// Finding hands a finding on, and notes what it says.
func (x *inspection) Finding(f *planner.Finding) error {
	x.said[sayingOf(f)] = true
	if inCrowds[f.Code] { // each of the others has a finding of its own
		f.More = 0
	}
	for _, o := range f.Objects {
		if o.Address != "" && inCrowds[f.Code] { // it is in scope, and not whom one in scope refers to
			x.said[saying{dn: o.SourceDN, code: f.Code, attribute: f.Attribute}] = true
		}
	}
	return x.Sink.Finding(f)
}

// all inspects all source rows, in the order of their keys, once the plan is told.
func (x *inspection) all(t *teller) error {
	judge.BeginInspecting(t.Judge)
	rows := make([]int, t.Source.Len())
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, t.Source.CompareKey)
	crowds := newCrowds(t)
	for _, row := range rows {
		found, err := judge.Inspect(t.Judge, row)
		if err != nil {
			return err
		}
		if found, err = x.addCrowds(crowds, row, found); err != nil {
			return err
		}
		for _, f := range found {
			if x.said[sayingOf(f)] || settledAlias(f) {
				continue
			}
			if err := x.Finding(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// settledAlias reports whether a finding is about aliases that nobody else has: to set them is a plan's business, and
// nothing is wrong with them.
func settledAlias(f *planner.Finding) bool {
	return f.Code == planner.AliasesCode && len(f.Objects) < 2
}
