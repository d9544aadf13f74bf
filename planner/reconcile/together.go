package reconcile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// firstOf are the first rows in the order of GUIDs that the plan is asked about, as many as a finding names. It sorts rows.
func (t *teller) firstOf(rows []int) (first []*pair.Case, err error) {
	slices.SortFunc(rows, t.Source.CompareGUID)
	for _, row := range rows {
		if len(first) == words.NamedTogether {
			break
		}
		c, err := t.Case(row)
		if err != nil {
			return nil, err
		}
		if t.Selected(c.Address) {
			first = append(first, c)
		}
	}
	return first, nil
}

// together makes a finding about many rows, which names the first of them; without any there is none.
func (t *teller) together(f *planner.Finding, rows []int) error {
	first, err := t.firstOf(rows)
	if err != nil || len(first) == 0 {
		return err
	}
	for _, c := range first {
		f.Objects = append(f.Objects, c.Ref())
	}
	return t.sink.Finding(f)
}

// crowd makes a finding about a crowd, in the words for one or for many.
func (t *teller) crowd(code string, c *judge.Crowd, one, many string) error {
	f := planner.NewFinding(code, one, "")
	if c.Count > 1 {
		f.Detail = fmt.Sprintf(many, c.Count)
	}
	return t.together(f, c.First)
}

// takenOver warns once of all accounts that are taken over, and tells once of those that were converted before.
func (t *teller) takenOver() error {
	err := t.crowd("DF219", &t.taken, "One account that another sync engine masters is taken over from it.",
		"%d accounts that another sync engine masters are taken over from it.")
	if err != nil {
		return err
	}
	return t.crowd("DF220", &t.converted, "One account that another sync engine mastered before is linked.",
		"%d accounts that another sync engine mastered before are linked.")
}

// ownManagers warns of objects that are their own managers.
func (t *teller) ownManagers() error {
	rows := t.Notes.OwnManagers.Rows()
	return t.crowd("DF211", &judge.Crowd{Count: len(rows), First: rows},
		"One object has itself as manager at the source, which the tenant does not accept.",
		"%d objects have themselves as manager at the source, which the tenant does not accept.")
}

// overlap is two scopes that have objects in common: the tables of the later one and of the one that has them.
type overlap struct{ later, first *table.Source }

// overlaps warns of objects that are in several scopes, one finding for each pair of scopes.
func (t *teller) overlaps() error {
	shared := map[overlap][]int{}
	for row := range t.Source.Len() {
		if t.Verdict(row).Is(pair.Shadowed) {
			o := overlap{t.Source.Table(row), t.Source.Table(t.FirstTwin(row))}
			shared[o] = append(shared[o], row)
		}
	}
	scopes := slices.SortedFunc(maps.Keys(shared), func(a, b overlap) int {
		return cmp.Or(cmp.Compare(a.later.First, b.later.First), cmp.Compare(a.first.First, b.first.First))
	})
	for _, o := range scopes {
		if err := t.together(words.InTwoScopes(o.later, o.first, len(shared[o])), shared[o]); err != nil {
			return err
		}
	}
	return nil
}

// managerless warns of objects whose manager has no account, and names the managers of those it names.
func (t *teller) managerless() error {
	rows := t.Notes.Managerless.Rows()
	first, err := t.firstOf(rows)
	if err != nil || len(first) == 0 {
		return err
	}
	var managers []string
	refs := []planner.ObjectRef{}
	for _, c := range first {
		refs = append(refs, c.Ref())
		for _, dn := range c.Strangers() {
			if !table.ContainsFold(managers, dn) {
				managers = append(managers, dn)
			}
		}
	}
	f := words.ManagerOutside(len(rows), managers)
	for _, dn := range managers {
		refs = append(refs, planner.ObjectRef{SourceDN: dn, Kind: state.User})
	}
	f.Objects = refs
	return t.sink.Finding(f)
}

// fallenBack warns of accounts that keep going by a fallback name, and names the domains that the first of them wait for.
func (t *teller) fallenBack() error {
	rows := t.Fallbacks()
	first, err := t.firstOf(rows)
	if err != nil || len(first) == 0 {
		return err
	}
	domains, refs := map[string]bool{}, []planner.ObjectRef{}
	for _, c := range first {
		_, domain, _ := strings.Cut(c.Mapped, "@")
		domains[strings.ToLower(domain)] = true
		refs = append(refs, c.Ref())
	}
	f := words.FallbackNames(len(rows), slices.Sorted(maps.Keys(domains)), first[0].Table.Policy.DeclaredAt)
	f.Objects = refs
	return t.sink.Finding(f)
}

// kept warns of attributes that the source has no value for and the tenant does not let be empty.
func (t *teller) kept() error {
	for _, name := range t.Notes.Kept() {
		c := t.Notes.KeptBy(name)
		if err := t.together(words.KeptAttribute(c.Count, name), c.First); err != nil {
			return err
		}
	}
	return nil
}

// foreign warns of aliases that are left out for their domains, and names those of the first objects.
func (t *teller) foreign() error {
	c := t.Notes.Foreign()
	first, err := t.firstOf(c.First)
	if err != nil {
		return err
	}
	domains := map[string]bool{}
	for _, x := range first {
		v, _ := x.Table.Aliases.Expr.Eval(x.Object) // it had a value when the row was read
		for _, value := range v.List() {
			if address, kind := table.ProxyAddress(value); kind == table.FurtherAddress && x.Table.Domain(address) == table.ForeignDomain {
				domains[strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])] = true
			}
		}
	}
	return t.together(words.ForeignAliases(c.Count, slices.Sorted(maps.Keys(domains))), c.First)
}
