package pair

import (
	"slices"

	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Rule is a way in which a pair can come about.
type Rule uint8

// The rules by which a pair can come about; their names stand in [state.Match]. From Immutable on they are match rules:
// which of these a kind has, its descriptor says.
const (
	None Rule = iota
	Recorded
	Declared
	Immutable
	UniqueName
	SMTP
	UPN
)

// evidence is what a rule goes by.
type evidence struct {
	name string
	// hard evidence is the anchor; soft evidence is a name in the space.
	hard, soft bool
	space      state.NameSpace
	// value is an object's value under the rule, as text, and print its fingerprint, 0 if the object has none.
	value func(c *Case) string
	print func(t *table.Source, s int) uint64
}

// rules is everything that the rules differ in.
var rules = [...]evidence{
	None:       {name: "none", value: func(*Case) string { return "" }},
	Recorded:   {name: "recorded", value: func(c *Case) string { return c.Link.TargetID }},
	Declared:   {name: "declared", value: func(c *Case) string { return c.Live.ID }},
	Immutable:  {name: "immutable_id", hard: true, value: anchorText, print: anchorPrint},
	UniqueName: {name: "unique_name", hard: true, value: anchorText, print: anchorPrint},
	SMTP:       {name: "primary_smtp", soft: true, space: state.MailAddresses, value: addressText, print: addressPrint},
	UPN: {name: "user_principal_name", soft: true, space: state.SignInNames, value: userNameText,
		print: userNamePrint},
}

func anchorText(c *Case) string                  { return c.Anchor }
func anchorPrint(t *table.Source, s int) uint64  { return t.Meta(s).Anchor }
func addressPrint(t *table.Source, s int) uint64 { return t.Meta(s).SMTP }
func userNameText(c *Case) string                { return c.WantName(state.SignInNames).Str() }

// addressText is the object's primary address: its own at the source, else the one it is going to have.
func addressText(c *Case) string {
	if a := c.Table.PrimaryAddress(c.Object); a != "" {
		return a
	}
	if c.Table.Names[state.MailAddresses] >= 0 {
		return c.WantName(state.MailAddresses).Str()
	}
	return state.Trim(c.Object.Get(table.SourceMail).Str())
}

// userNamePrint is the user name that the mapping gives. A name that its fallback made is no evidence of who somebody
// is.
func userNamePrint(t *table.Source, s int) uint64 {
	i := t.Names[state.SignInNames]
	if i < 0 || t.Meta(s).Flags&table.SourceFallback != 0 {
		return 0
	}
	if name := t.FP(s)[t.Columns[i].Col]; name != t.NilFP {
		return name
	}
	return 0
}

// String is the rule's name, as configurations and plans have it.
func (r Rule) String() string { return rules[r].name }

// RuleNamed is the match rule with a name; None if there is no such rule.
func RuleNamed(name string) Rule {
	for r := Immutable; int(r) < len(rules); r++ {
		if rules[r].name == name {
			return r
		}
	}
	return None
}

// Hard reports whether a rule goes by the anchor.
func (r Rule) Hard() bool { return rules[r].hard }

// Soft reports whether a rule goes by a name, which may be somebody else's tomorrow.
func (r Rule) Soft() bool { return rules[r].soft }

// Space is the name space of a soft rule.
func (r Rule) Space() state.NameSpace { return rules[r].space }

// Candidates are the tenant rows of the right kind that rule r pairs with source row s, in row order.
func (p *Pairs) Candidates(s int, r Rule) (found []int) {
	e, t := &rules[r], p.Source.Table(s)
	if e.print == nil {
		return nil
	}
	name := e.print(t, s)
	e.each(&p.Tenant, name, func(row int, first bool) {
		// A further name is no evidence of who somebody is.
		if first && p.Tenant.Kind(row) == t.Kind && !slices.Contains(found, row) && !p.passedOn(row, s, r, name) {
			found = append(found, row)
		}
	})
	slices.Sort(found)
	return found
}

// Bearers are the tenant rows that have source row s's value of rule r in whatever way, in row order;
// [Pairs.Candidates] are some of them.
func (p *Pairs) Bearers(s int, r Rule) (rows []int) {
	e := &rules[r]
	if e.print == nil || e.soft && e.space != state.MailAddresses { // names that are no addresses are had in one way only
		return p.Candidates(s, r)
	}
	e.each(&p.Tenant, e.print(p.Source.Table(s), s), func(row int, _ bool) {
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	})
	slices.Sort(rows)
	return rows
}

// each calls f for each tenant row, of whatever kind, that has a value of the evidence; first says that it is no
// further name.
func (e *evidence) each(tenant *table.TenantRows, value uint64, f func(row int, first bool)) {
	if e.hard {
		tenant.ByAnchor.Each(value, func(row int) { f(row, true) })
		return
	}
	tenant.Named(e.space, value, f)
}

// passedOn reports whether tenant row t gives up the name by which soft rule r finds it for source row s: it is
// somebody else's, by the record, a link block or its anchor, and that one is going to be called something else.
func (p *Pairs) passedOn(t, s int, r Rule, name uint64) bool {
	owner := p.Owner(t)
	if !r.Soft() || owner < 0 || owner == s || p.verdicts[owner].Rule.Soft() {
		return false
	}
	if w := &p.verdicts[owner]; int(w.Target) != t || w.Flags != 0 {
		return false
	}
	return p.GivesUp(owner, NamesIn(r.Space()), name)
}
