package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// namedTogether is how many objects a finding about many names.
const namedTogether = 10

// firstOf are the first rows in the order of GUIDs that the plan is asked about, as many as a finding names.
func (p *plan) firstOf(rows []int) ([]*subject, error) {
	slices.SortFunc(rows, p.compareGUID)
	var first []*subject
	for _, s := range rows {
		if len(first) == namedTogether {
			break
		}
		sub, err := p.subject(s)
		if err != nil {
			return nil, err
		}
		if p.selected(sub.address) {
			first = append(first, sub)
		}
	}
	return first, nil
}

// together makes one warning about many objects and names the first of them.
func (e *emitter) together(code string, rows map[int]bool, what string) error {
	all := make([]int, 0, len(rows))
	for s := range rows {
		all = append(all, s)
	}
	first, err := e.p.firstOf(all)
	if err != nil || len(first) == 0 {
		return err
	}
	f := planner.NewFinding(code, fmt.Sprintf("%d objects %s.", len(rows), what), "")
	if len(rows) == 1 {
		f.Detail = "One object " + strings.NewReplacer("belong", "belongs", "have themselves", "has itself", "have", "has").Replace(what) + "."
	}
	for _, sub := range first {
		f.Objects = append(f.Objects, sub.ref())
	}
	return e.sink.Finding(f)
}

// overlap is two scopes that have objects in common: the tables of the later one and of the one that has them.
type overlap struct{ later, first *sourceTable }

// overlaps warns of objects that are in several scopes, one finding for each pair of scopes.
func (e *emitter) overlaps() error {
	shared := map[overlap][]int{}
	for s := range e.p.nsrc {
		if e.p.verdicts[s].flags&vShadowed != 0 {
			o := overlap{e.p.srcTable(s), e.p.srcTable(e.p.firstTwin(s))}
			shared[o] = append(shared[o], s)
		}
	}
	pairs := make([]overlap, 0, len(shared))
	for o := range shared {
		pairs = append(pairs, o)
	}
	slices.SortFunc(pairs, func(a, b overlap) int {
		return cmp.Or(cmp.Compare(a.later.first, b.later.first), cmp.Compare(a.first.first, b.first.first))
	})
	for _, o := range pairs {
		rows := shared[o]
		first, err := e.p.firstOf(rows)
		if err != nil {
			return err
		}
		if len(first) == 0 {
			continue
		}
		f := inTwoScopes(o.later, o.first, len(rows))
		for _, sub := range first {
			f.Objects = append(f.Objects, sub.ref())
		}
		if err := e.sink.Finding(f); err != nil {
			return err
		}
	}
	return nil
}

// firstTwin is the row of the earliest scope that has the same object as row s.
func (p *plan) firstTwin(s int) int {
	return p.srcGUID.First(p.h.Sum(p.srcMeta(s).guid[:]))
}

// managerless warns of objects whose manager has no account, and names the managers of those it names.
func (e *emitter) managerless() error {
	rows := make([]int, 0, len(e.p.orphans))
	for s := range e.p.orphans {
		rows = append(rows, s)
	}
	first, err := e.p.firstOf(rows)
	if err != nil || len(first) == 0 {
		return err
	}
	var managers []string
	refs := []planner.ObjectRef{}
	for _, sub := range first {
		refs = append(refs, sub.ref())
		for _, dn := range sub.strangers() {
			if !slices.ContainsFunc(managers, func(m string) bool { return strings.EqualFold(m, dn) }) {
				managers = append(managers, dn)
			}
		}
	}
	f := managerOutside(len(rows), managers)
	for _, dn := range managers {
		refs = append(refs, planner.ObjectRef{SourceDN: dn, Kind: state.User})
	}
	f.Objects = refs
	return e.sink.Finding(f)
}

// strangers are the distinguished names that the subject's references point to and no scope has.
func (s *subject) strangers() (dns []string) {
	fps := s.p.srcFP(s.row)
	for i, c := range s.table.columns {
		if c.m.Target.Type == state.TypeReference && fps[c.col] != 0 && fps[c.col] != s.table.nilFP && s.p.srcDN.First(fps[c.col]) < 0 {
			dns = append(dns, s.desired[i].Str())
		}
	}
	return dns
}

func inTwoScopes(later, first *sourceTable, n int) *planner.Finding {
	what, them := fmt.Sprintf("%d %ss of scope %s are", n, later.kind, later.scope.Name), "them"
	if n == 1 {
		what, them = fmt.Sprintf("One %s of scope %s is", later.kind, later.scope.Name), "it"
	}
	return about(planner.NewFinding("DF210", fmt.Sprintf("%s in scope %s (%s) too, which is declared earlier and has %s.", what, first.scope.Name, first.scope.DeclaredAt, them),
		fmt.Sprintf("Tell the scopes apart with exclude, filter or where. To give %s to scope %s, declare it before %s.", them, later.scope.Name, first.scope.Name)),
		"", later.scope.Name, later.scope.DeclaredAt)
}

func managerOutside(n int, managers []string) *planner.Finding {
	detail := "One object has a manager without a synchronised account: "
	if n > 1 {
		detail = fmt.Sprintf("%d objects have a manager without a synchronised account: ", n)
	}
	value, verb := "", "is"
	if len(managers) == 1 {
		value = managers[0]
	} else {
		verb = "are"
	}
	if n > namedTogether {
		detail += "among others "
	}
	detail += strings.Join(managers, "; ") + " " + verb + " in no scope."
	return about(planner.NewFinding("DF211", detail, ""), "manager", value, "")
}
