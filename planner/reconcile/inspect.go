package reconcile

import (
	"maps"
	"slices"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
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
	for _, o := range f.Objects {
		if f.Code == foreignCode || f.Code == servicesCode { // told of many at once
			x.said[saying{dn: o.SourceDN, code: f.Code}] = true
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
	for _, row := range rows {
		found, err := judge.Inspect(t.Judge, row)
		if err != nil {
			return err
		}
		if found, err = x.addForeign(t, row, found); err != nil {
			return err
		}
		if found, err = x.addService(t, row, found); err != nil {
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

// Findings about many objects at once, which name the first of them only: about aliases that are left out for their
// domains, and about accounts that look like those of services.
const foreignCode, servicesCode = "DF307", "DF227"

// addService adds the finding that a row looks like the account of a service.
func (x *inspection) addService(t *teller, row int, found []*planner.Finding) ([]*planner.Finding, error) {
	if t.Source.Meta(row).Flags&table.SourceService == 0 || t.Verdict(row).Is(pair.Shadowed) || t.Verdict(row).Link >= 0 {
		return found, nil
	}
	c, err := t.Case(row)
	if err != nil || !t.Selected(c.Address) || x.said[saying{dn: c.Object.DN, code: servicesCode}] {
		return found, err
	}
	f := words.LooksLikeServices(1)
	f.Objects = []planner.ObjectRef{c.Ref()}
	return append(found, f), nil
}

// addForeign adds the finding about a row's aliases in domains that the tenant has not verified. The plan names only
// the first rows that have some.
func (x *inspection) addForeign(t *teller, row int, found []*planner.Finding) ([]*planner.Finding, error) {
	if t.Source.Meta(row).Flags&table.SourceForeignAlias == 0 || t.Verdict(row).Is(pair.Shadowed) {
		return found, nil
	}
	c, err := t.Case(row)
	if err != nil || !t.Selected(c.Address) || x.said[saying{dn: c.Object.DN, code: foreignCode}] {
		return found, err
	}
	domains := map[string]bool{}
	addForeign(domains, c)
	f := words.ForeignAliases(c.Table.Aliases.Target.Name, 1, slices.Sorted(maps.Keys(domains)))
	f.Objects = []planner.ObjectRef{c.Ref()}
	return append(found, f), nil
}

// settledAlias reports whether a finding is about aliases that nobody else has: to set them is a plan's business, and
// nothing is wrong with them.
func settledAlias(f *planner.Finding) bool {
	return f.Code == planner.AliasesCode && len(f.Objects) < 2
}
