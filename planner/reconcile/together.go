package reconcile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/notes"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state/proxies"
)

// firstOf are the first rows in the order of GUIDs that the plan is asked about, as many as a finding names. It sorts
// rows.
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
	words.NameFirst(f, first)
	return t.sink.Finding(f)
}

// crowd makes a finding about a crowd, in the words for one or for many.
func (t *teller) crowd(code string, c *notes.Crowd, one, many string) error {
	return t.together(words.Crowd(c.Count, code, one, many), c.First)
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

// along tells which changes are in the plan because the targets need them.
func (t *teller) along() error {
	list := judge.Along(t.Judge)
	if len(list) == 0 {
		return nil
	}
	return t.together(words.TakenAlong(len(list)), list)
}

// unseen warns of leavers whose accounts are not deleted because nobody knows where their source objects are.
func (t *teller) unseen() error {
	if len(t.Unseen) == 0 {
		return nil
	}
	f := words.LeaversUnseen(len(t.Unseen))
	for _, id := range slices.Sorted(maps.Keys(t.Unseen)) {
		if f.Objects = append(f.Objects, t.Unseen[id]); len(f.Objects) == words.NamedTogether {
			break
		}
	}
	return t.sink.Finding(f)
}

// itself warns of objects that refer to themselves, such as people who are their own managers.
func (t *teller) itself() error {
	for _, attribute := range t.Notes.Itself.Attributes() {
		rows := t.Notes.Itself.Rows(attribute)
		if err := t.together(words.ReferredToItself(attribute, len(rows)), rows); err != nil {
			return err
		}
	}
	return nil
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

// outside warns of objects that refer to others without an account, such as people whose managers are in no scope, and
// names the others of those it names.
func (t *teller) outside() error {
	for _, attribute := range t.Notes.Outside.Attributes() {
		if err := t.outsideBy(attribute); err != nil {
			return err
		}
	}
	return nil
}

func (t *teller) outsideBy(attribute string) error {
	rows := t.Notes.Outside.Rows(attribute)
	first, err := t.firstOf(rows)
	if err != nil || len(first) == 0 {
		return err
	}
	var others []string
	var strangers []planner.ObjectRef
	for _, c := range first {
		if dn := c.Stranger(attribute); dn != "" && !table.ContainsFold(others, dn) {
			others = append(others, dn)
			strangers = append(strangers, strangerOf(attribute, c))
		}
	}
	f := words.ReferredOutside(attribute, len(rows), others)
	words.NameFirst(f, first)
	f.Objects = append(f.Objects, strangers...)
	return t.sink.Finding(f)
}

// strangerOf is what an object refers to by an attribute, and what no scope has.
func strangerOf(attribute string, c *pair.Case) planner.ObjectRef {
	ref := planner.ObjectRef{SourceDN: c.Stranger(attribute)}
	if to := c.Table.Of.Reference(attribute); to != nil {
		ref.Kind = to.Kind
	}
	return ref
}

// fallenBack warns of accounts that keep going by a fallback name, and names the domains that the first of them wait
// for.
func (t *teller) fallenBack() error {
	rows := t.Fallbacks()
	first, err := t.firstOf(rows)
	if err != nil || len(first) == 0 {
		return err
	}
	domains := map[string]bool{}
	for _, c := range first {
		_, domain, _ := strings.Cut(c.Mapped, "@")
		domains[strings.ToLower(domain)] = true
	}
	f := words.FallbackNames(first[0].Table.Of.UserName, len(rows), slices.Sorted(maps.Keys(domains)),
		first[0].Table.Policy.DeclaredAt)
	words.NameFirst(f, first)
	return t.sink.Finding(f)
}

// services warns, once, of accounts that come into dirform's care and look like those of services.
func services(t *teller) error {
	var rows []int
	for _, s := range t.Source.Tables {
		for row := s.First; s.Services && row < s.First+s.Len(); row++ {
			if s.Meta(row).Flags&table.SourceService != 0 && t.Verdict(row).Link < 0 && t.SelectedRow(row) {
				rows = append(rows, row)
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return t.together(words.LooksLikeServices(len(rows)), rows)
}

// linkedMailboxes warns of each scope's linked mailboxes, once.
func linkedMailboxes(t *teller) error {
	for _, s := range t.Source.Tables {
		if s.Linked == 0 {
			continue
		}
		f := words.LinkedMailboxes(s.Linked, s.Scope.DeclaredAt)
		for _, name := range s.FirstLinked {
			f.Objects = append(f.Objects, planner.ObjectRef{SourceDN: name, Kind: s.Kind})
		}
		if err := t.sink.Finding(f); err != nil {
			return err
		}
	}
	return nil
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
	if len(first) == 0 {
		return nil
	}
	domains := map[string]bool{}
	for _, x := range first {
		addForeign(domains, x)
	}
	return t.together(words.ForeignAliases(first[0].Table.Aliases.Target.Name, c.Count, slices.Sorted(maps.Keys(domains))),
		c.First)
}

// addForeign adds the domains of an object's aliases that the tenant has not verified.
func addForeign(domains map[string]bool, x *pair.Case) {
	v, _ := table.Want(x.Table.Aliases, x.Object) // it had a value when the row was read
	for _, address := range proxies.FurtherOf(v.List()) {
		if x.Table.Domain(address) == table.ForeignDomain {
			domains[strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])] = true
		}
	}
}
