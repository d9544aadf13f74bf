package reconcile

import (
	"fmt"
	"slices"

	"github.com/dirform/dirform/config"
)

// RuleBin is finding an account by its anchor in the recycle bin, which comes after the anchor among the living.
const RuleBin = "recycle_bin"

// explainRules tells each way in which the subject's account is looked for, in the order of trying.
func (s *subject) explainRules() ([]ExplainedRule, error) {
	if s.table.policy == nil {
		return nil, nil
	}
	list := []ExplainedRule{s.explainRecorded()}
	declared, err := s.explainDeclared()
	if err != nil {
		return nil, err
	}
	list = append(list, declared)
	bin, err := s.explainBin()
	if err != nil {
		return nil, err
	}
	for _, name := range s.table.policy.Match {
		r, err := s.explainRule(ruleNamed(name))
		if err != nil {
			return nil, err
		}
		if list = append(list, r); name == ruleImmutable.String() {
			list = append(list, bin)
		}
	}
	if !slices.Contains(s.table.policy.Match, ruleImmutable.String()) {
		list = append(list, bin)
	}
	return list, nil
}

func (s *subject) explainRecorded() ExplainedRule {
	x := ExplainedRule{Rule: ruleRecorded.String(), Outcome: RuleNothing, Found: []string{}}
	if s.link == nil {
		x.Detail = "the state has no record of it"
		return x
	}
	x.Value, x.Outcome = s.link.TargetID, RuleDecides
	switch flags := s.v.flags; {
	case flags&vVanished != 0:
		x.Outcome, x.Detail = RuleFails, "the recorded account is neither among the tenant's users nor in the recycle bin"
	case flags&vAnchorChanged != 0:
		x.Outcome, x.Detail = RuleFails, "the record has anchor "+s.link.Anchor+", the object has another one now"
	case flags&vDeleted != 0:
		x.Detail = "the account lies in the recycle bin"
	case s.v.target < 0:
		x.Outcome, x.Detail = RuleFails, "the recorded account lies in the recycle bin, and the link policy has deleted = \"create\""
	}
	if s.live != nil {
		x.Found = append(x.Found, tenantRef(s.live).Name)
	}
	return x
}

// explainDeclared is about link blocks.
func (s *subject) explainDeclared() (ExplainedRule, error) {
	x := ExplainedRule{Rule: ruleDeclared.String(), Outcome: RuleNothing, Detail: "no link block names it", Found: []string{}}
	l := s.p.declaredBy[s.row]
	if links := s.p.b.set.Rules.Links; l == nil {
		i := slices.IndexFunc(links, func(l *config.Link) bool { return s.p.findSource(l.Source) == s.row })
		if i < 0 {
			return x, nil
		}
		l = links[i]
	}
	x.Value, x.Detail = l.Tenant, fmt.Sprintf("link %q (%s)", l.Name, l.DeclaredAt)
	switch {
	case s.v.flags&vManyNamed != 0:
		x.Outcome, x.Detail = RuleFails, x.Detail+" means several objects"
	case s.v.rule == ruleDeclared && s.v.flags&vClaimed != 0:
		x.Outcome = RuleTaken
	case s.v.rule == ruleDeclared:
		x.Outcome = RuleDecides
	case s.v.flags&vBadLink != 0:
		x.Outcome, x.Detail = RuleFails, x.Detail+" names an account that the tenant does not have"
	default:
		x.Outcome = RuleNotTried
	}
	t := s.p.findTenant(l.Tenant)
	if t >= 0 {
		return x, s.addCandidate(&x, t, "")
	}
	if s.v.rule == ruleDeclared && s.live != nil {
		x.Found = append(x.Found, tenantRef(s.live).Name)
		x.Detail += "; the account lies in the recycle bin"
	}
	return x, nil
}

// explainRule is about one of the link policy's rules.
func (s *subject) explainRule(r rule) (ExplainedRule, error) {
	x := ExplainedRule{Rule: r.String(), Value: s.valueFor(r), Outcome: RuleNothing, Found: []string{}}
	if x.Value == "" {
		x.Detail = "the object has no such value"
		return x, nil
	}
	counting := s.p.candidates(s.row, s.table, r)
	for _, t := range s.p.bearers(s.row, s.table, r) {
		why := ""
		switch {
		case slices.Contains(counting, t):
		case s.p.tenKind(t) != s.table.kind:
			why = fmt.Sprintf("a %s, and the object is a %s", s.p.tenKind(t), s.table.kind)
		default:
			why = "only as a further address (proxyAddresses), which is no evidence of who somebody is"
		}
		if err := s.addCandidate(&x, t, why); err != nil {
			return x, err
		}
	}
	decided := s.v.rule == r && s.v.flags&vDeleted == 0
	switch {
	case decided && s.v.flags&vAmbiguous != 0:
		x.Outcome = RuleAmbiguous
	case decided && s.v.flags&vClaimed != 0:
		x.Outcome = RuleTaken
	case decided && len(counting) > 0:
		x.Outcome = RuleDecides
	case len(counting) > 0:
		x.Outcome = RuleNotTried
	}
	return x, nil
}

// bearers are the tenant rows that have the value of rule r in whatever way, in row order; candidates are some of them.
func (p *plan) bearers(s int, t *sourceTable, r rule) (rows []int) {
	if r != ruleSMTP {
		switch m := p.srcMeta(s); r {
		case ruleImmutable:
			p.tenAnchor.Each(m.anchor, func(row int) { rows = appendNew(rows, row) })
		default:
			rows = p.candidates(s, t, r)
		}
		slices.Sort(rows)
		return rows
	}
	p.tenAddress.Each(p.srcMeta(s).smtp, func(i int) { rows = appendNew(rows, p.addressRow(i)) })
	slices.Sort(rows)
	return rows
}

// addCandidate adds tenant row t to what a rule finds; a non-empty why says that it does not count.
func (s *subject) addCandidate(x *ExplainedRule, t int, why string) error {
	o, err := s.p.loadTenant(t)
	if err != nil {
		return err
	}
	ref := tenantRef(o)
	c := ExplainedCandidate{TargetID: ref.TargetID, Kind: ref.Kind, Name: ref.Name, Counts: why == "", Why: why}
	owner := int(s.p.owner[t]) - 1
	if s.v.flags&(vClaimed|vDeleted) == vClaimed && int(s.v.target) == t {
		owner = int(s.v.rival) // who may have lost the account as well
	}
	if c.Counts && owner >= 0 && owner != s.row {
		other, err := s.p.subject(owner)
		if err != nil {
			return err
		}
		how := "has it"
		if other.v.flags&vClaimed != 0 {
			how = "claims it too"
		}
		c.Why = fmt.Sprintf("%s %s, by %s", other.address, how, other.v.rule)
	} else if s.p.linkOf[t] > 0 && owner < 0 && c.Counts {
		c.Why = "it is recorded for a source object that is in no scope any more"
	}
	if c.Counts {
		x.Found = append(x.Found, c.Name)
	}
	x.Candidates = append(x.Candidates, c)
	return nil
}

// explainBin is about the recycle bin, which is looked into by anchor when no living account has it.
func (s *subject) explainBin() (ExplainedRule, error) {
	policy := s.table.policy
	x := ExplainedRule{Rule: RuleBin, Value: s.anchor, Outcome: RuleNothing, Found: []string{}}
	switch {
	case policy.Deleted == "create":
		x.Outcome, x.Detail = RuleOff, "the link policy has deleted = \"create\""
		return x, nil
	case !slices.Contains(policy.Match, ruleImmutable.String()):
		x.Outcome, x.Detail = RuleOff, "the link policy does not match by immutable_id"
		return x, nil
	}
	d := s.p.deletedAnchored(s.p.srcMeta(s.row).anchor)
	if d < 0 {
		return x, nil
	}
	o, err := s.p.loadDeleted(d)
	if err != nil {
		return x, err
	}
	ref := tenantRef(o)
	x.Found = append(x.Found, ref.Name)
	x.Candidates = append(x.Candidates, ExplainedCandidate{TargetID: ref.TargetID, Kind: ref.Kind, Name: ref.Name, Counts: true})
	switch v := s.v; {
	case v.link >= 0 || v.flags&vDeleted == 0 || int(v.target) != d:
		x.Outcome = RuleNotTried
	case v.flags&vClaimed != 0:
		x.Outcome = RuleTaken
	default:
		x.Outcome = RuleDecides
	}
	return x, nil
}
