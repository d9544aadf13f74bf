package reconcile

import (
	"maps"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/notes"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
)

// inCrowds are the codes of findings that a plan makes once about many objects, of which it names the first only.
// Whoever inspects hears of each of the others by a finding of its own, so that no list of them is ever held.
var inCrowds = map[string]bool{"DF107": true, "DF210": true, "DF211": true, "DF227": true, "DF301": true, "DF307": true}

// crowds tells of single rows what a plan tells of many at once.
type crowds struct {
	*teller
	fallbacks map[int]bool
	outside   map[string]map[int]bool // by attribute
	itself    map[string]map[int]bool
}

func newCrowds(t *teller) *crowds {
	c := &crowds{teller: t, fallbacks: map[int]bool{}, outside: t.Notes.Outside, itself: t.Notes.Itself}
	for _, row := range t.Fallbacks() {
		c.fallbacks[row] = true
	}
	return c
}

// addCrowds adds the findings about a row that the plan has about many, unless the plan has named the row.
func (x *inspection) addCrowds(c *crowds, row int, found []*planner.Finding) ([]*planner.Finding, error) {
	tells := c.of(row)
	if len(tells) == 0 {
		return found, nil
	}
	who, err := c.Case(row)
	if err != nil || !c.Selected(who.Address) {
		return found, err
	}
	for _, tell := range tells {
		f := tell(who)
		if !x.said[saying{dn: who.Object.DN, code: f.Code, attribute: f.Attribute}] {
			f.Objects = append([]planner.ObjectRef{who.Ref()}, f.Objects...)
			found = append(found, f)
		}
	}
	return found, nil
}

// of are the makers of a row's findings; most rows have none, and their objects are not looked up.
func (c *crowds) of(row int) (tells []func(*pair.Case) *planner.Finding) {
	if c.Verdict(row).Is(pair.Shadowed) {
		later, first := c.Source.Table(row), c.Source.Table(c.FirstTwin(row))
		return append(tells, func(*pair.Case) *planner.Finding { return words.InTwoScopes(later, first, 1) })
	}
	flags := c.Source.Meta(row).Flags
	if flags&table.SourceForeignAlias != 0 {
		tells = append(tells, foreignAliases)
	}
	if flags&table.SourceService != 0 && c.Verdict(row).Link < 0 {
		tells = append(tells, func(*pair.Case) *planner.Finding { return words.LooksLikeServices(1) })
	}
	if c.fallbacks[row] {
		tells = append(tells, fallbackName)
	}
	own := notes.New()
	own.NoteKept(c.Pairs, row)
	for _, name := range own.Kept() {
		tells = append(tells, func(*pair.Case) *planner.Finding { return words.KeptAttribute(1, name) })
	}
	for _, attribute := range slices.Sorted(maps.Keys(c.outside)) {
		if c.outside[attribute][row] {
			tells = append(tells, func(who *pair.Case) *planner.Finding { return referredOutside(attribute, who) })
		}
	}
	for _, attribute := range slices.Sorted(maps.Keys(c.itself)) {
		if c.itself[attribute][row] {
			tells = append(tells, func(*pair.Case) *planner.Finding { return words.ReferredToItself(attribute, 1) })
		}
	}
	return tells
}

func foreignAliases(who *pair.Case) *planner.Finding {
	domains := map[string]bool{}
	addForeign(domains, who)
	return words.ForeignAliases(who.Table.Aliases.Target.Name, 1, slices.Sorted(maps.Keys(domains)))
}

func fallbackName(who *pair.Case) *planner.Finding {
	_, domain, _ := strings.Cut(who.Mapped, "@")
	return words.FallbackNames(who.Table.Of.UserName, 1, []string{strings.ToLower(domain)}, who.Table.Policy.DeclaredAt)
}

func referredOutside(attribute string, who *pair.Case) *planner.Finding {
	stranger := strangerOf(attribute, who)
	f := words.ReferredOutside(attribute, 1, []string{stranger.SourceDN})
	f.Objects = []planner.ObjectRef{stranger}
	return f
}
