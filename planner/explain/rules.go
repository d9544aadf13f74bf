package explain

import (
	"fmt"
	"slices"

	"github.com/dirform/dirform/planner/reconcile"
)

// rulesOf tells each way in which a case's account was looked for, in the order of trying.
func rulesOf(c *reconcile.Case) []Rule {
	list := []Rule{recorded(c), declaredRule(c)}
	for _, t := range c.Match.Tries {
		if list = append(list, rule(c, &t)); t.Hard {
			list = append(list, bin(c))
		}
	}
	if !slices.ContainsFunc(c.Match.Tries, func(t reconcile.Try) bool { return t.Hard }) {
		list = append(list, bin(c))
	}
	return list
}

// recorded is about the record.
func recorded(c *reconcile.Case) Rule {
	x := Rule{Rule: reconcile.ByRecord, Outcome: RuleNothing, Found: []string{}}
	if c.Link == nil {
		x.Detail = "the state has no record of it"
		return x
	}
	x.Value, x.Outcome = c.Link.TargetID, RuleDecides
	switch m := c.Match; {
	case m.Vanished:
		x.Outcome, x.Detail = RuleFails, "the recorded account is neither among the tenant's users nor in the recycle bin"
	case m.AnchorChanged:
		x.Outcome, x.Detail = RuleFails, "the record has anchor "+c.Link.Anchor+", the object has another one now"
	case m.InBin:
		x.Detail = "the account lies in the recycle bin"
	case c.Target == nil:
		x.Outcome, x.Detail = RuleFails, "the recorded account lies in the recycle bin, and the link policy has deleted = "+
			"\"create\""
	}
	if c.Target != nil {
		x.Found = append(x.Found, c.Target.Name)
	}
	return x
}

// declaredRule is about link blocks.
func declaredRule(c *reconcile.Case) Rule {
	x := Rule{Rule: reconcile.ByBlock, Outcome: RuleNothing, Detail: "no link block names it", Found: []string{}}
	m := c.Match
	l := m.Block
	if l == nil {
		return x
	}
	decides := m.Rule == reconcile.ByBlock
	x.Value, x.Detail = l.Tenant, fmt.Sprintf("link %q (%s)", l.Name, l.DeclaredAt)
	switch {
	case m.ManyNamed:
		x.Outcome, x.Detail = RuleFails, x.Detail+" means several objects"
	case decides && m.Contested:
		x.Outcome = RuleTaken
	case decides:
		x.Outcome = RuleDecides
	case m.BadLink:
		x.Outcome, x.Detail = RuleFails, x.Detail+" names an account that the tenant does not have"
	default:
		x.Outcome = RuleNotTried
	}
	switch {
	case m.Named != nil:
		x.add(m.Named, "")
	case decides && c.Target != nil:
		x.Found = append(x.Found, c.Target.Name)
		x.Detail += "; the account lies in the recycle bin"
	}
	return x
}

// rule is about one of the link policy's rules.
func rule(c *reconcile.Case, t *reconcile.Try) Rule {
	x := Rule{Rule: t.Rule, Value: t.Value, Outcome: RuleNothing, Found: []string{}}
	if t.Value == "" || t.Hard && c.NoAnchor && len(t.Found) == 0 {
		return noValue(t.Rule)
	}
	for i := range t.Found {
		f, why := &t.Found[i], ""
		switch {
		case f.Counts:
		case f.Kind != c.Kind:
			why = fmt.Sprintf("a %s, and the object is a %s", f.Kind, c.Kind)
		default:
			why = "only as a further address (proxyAddresses), which is no evidence of who somebody is"
		}
		x.add(f, why)
	}
	m, counts := c.Match, len(x.Found) > 0
	decided := m.Rule == t.Rule && !m.InBin
	switch {
	case decided && m.Ambiguous:
		x.Outcome = RuleAmbiguous
	case decided && m.Contested:
		x.Outcome = RuleTaken
	case decided && counts:
		x.Outcome = RuleDecides
	case counts:
		x.Outcome = RuleNotTried
	}
	return x
}

// add adds a tenant object to what a rule finds; a non-empty why says that it does not count.
func (x *Rule) add(f *reconcile.Candidate, why string) {
	c := Candidate{TargetID: f.TargetID, Kind: f.Kind, Name: f.Name, Counts: f.Counts, Why: why}
	switch {
	case f.Owner != nil:
		how := "has it"
		if f.Owner.Contests {
			how = "claims it too"
		}
		c.Why = fmt.Sprintf("%s %s, by %s", f.Owner.Address, how, f.Owner.Rule)
	case f.WasOwned:
		c.Why = "it is recorded for a source object that is in no scope any more"
	}
	if c.Counts {
		x.Found = append(x.Found, c.Name)
	}
	x.Candidates = append(x.Candidates, c)
}

// noValue is about a rule for which the object has no value.
func noValue(name string) Rule {
	return Rule{Rule: name, Outcome: RuleNothing, Detail: "the object has no such value", Found: []string{}}
}

// bin is about the recycle bin, which is looked into by anchor when no living account has it.
func bin(c *reconcile.Case) Rule {
	x := Rule{Rule: RuleBin, Value: c.Anchor, Outcome: RuleNothing, Found: []string{}}
	switch {
	case c.Policy.Deleted == "create":
		x.Outcome, x.Detail = RuleOff, "the link policy has deleted = \"create\""
		return x
	case !c.SearchesBin:
		x.Outcome, x.Detail = RuleOff, "the link policy does not match by immutable_id"
		return x
	}
	found := c.Match.Deleted
	switch {
	case found == nil && c.NoAnchor:
		return noValue(RuleBin)
	case found == nil:
		return x
	}
	x.Found = append(x.Found, found.Name)
	x.Candidates = append(x.Candidates, Candidate{TargetID: found.TargetID, Kind: found.Kind, Name: found.Name,
		Counts: true})
	switch {
	case !c.Match.GetsDeleted:
		x.Outcome = RuleNotTried
	case c.Match.Contested:
		x.Outcome = RuleTaken
	default:
		x.Outcome = RuleDecides
	}
	return x
}
