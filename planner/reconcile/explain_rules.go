package reconcile

import (
	"fmt"
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
)

// RuleBin is finding an account by its anchor in the recycle bin, which comes after the anchor among the living.
const RuleBin = "recycle_bin"

// explainRules tells each way in which the subject's account is looked for, in the order of trying.
func (s *caseOf) explainRules() ([]ExplainedRule, error) {
	if s.Table.Policy == nil {
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
	for _, name := range s.Table.Policy.Match {
		r, err := s.explainRule(pair.RuleNamed(name))
		if err != nil {
			return nil, err
		}
		if list = append(list, r); name == pair.Immutable.String() {
			list = append(list, bin)
		}
	}
	if !slices.Contains(s.Table.Policy.Match, pair.Immutable.String()) {
		list = append(list, bin)
	}
	return list, nil
}

func (s *caseOf) explainRecorded() ExplainedRule {
	x := ExplainedRule{Rule: pair.Recorded.String(), Outcome: RuleNothing, Found: []string{}}
	if s.Link == nil {
		x.Detail = "the state has no record of it"
		return x
	}
	x.Value, x.Outcome = s.Link.TargetID, RuleDecides
	switch flags := s.Verdict.Flags; {
	case flags&pair.Vanished != 0:
		x.Outcome, x.Detail = RuleFails, "the recorded account is neither among the tenant's users nor in the recycle bin"
	case flags&pair.AnchorChanged != 0:
		x.Outcome, x.Detail = RuleFails, "the record has anchor "+s.Link.Anchor+", the object has another one now"
	case flags&pair.InBin != 0:
		x.Detail = "the account lies in the recycle bin"
	case s.Verdict.Target < 0:
		x.Outcome, x.Detail = RuleFails, "the recorded account lies in the recycle bin, and the link policy has deleted = \"create\""
	}
	if s.Live != nil {
		x.Found = append(x.Found, table.Ref(s.Live).Name)
	}
	return x
}

// explainDeclared is about link blocks.
func (s *caseOf) explainDeclared() (ExplainedRule, error) {
	x := ExplainedRule{Rule: pair.Declared.String(), Outcome: RuleNothing, Detail: "no link block names it", Found: []string{}}
	l := s.p.DeclaredFor(s.Row)
	if links := s.p.set.Rules.Links; l == nil {
		i := slices.IndexFunc(links, func(l *config.Link) bool { return s.p.FindSource(l.Source) == s.Row })
		if i < 0 {
			return x, nil
		}
		l = links[i]
	}
	x.Value, x.Detail = l.Tenant, fmt.Sprintf("link %q (%s)", l.Name, l.DeclaredAt)
	switch {
	case s.Verdict.Flags&pair.ManyNamed != 0:
		x.Outcome, x.Detail = RuleFails, x.Detail+" means several objects"
	case s.Verdict.Rule == pair.Declared && s.Verdict.Flags&pair.Contested != 0:
		x.Outcome = RuleTaken
	case s.Verdict.Rule == pair.Declared:
		x.Outcome = RuleDecides
	case s.Verdict.Flags&pair.BadLink != 0:
		x.Outcome, x.Detail = RuleFails, x.Detail+" names an account that the tenant does not have"
	default:
		x.Outcome = RuleNotTried
	}
	t := s.p.Tenant.Find(s.p.Hash, l.Tenant)
	if t >= 0 {
		return x, s.addCandidate(&x, t, "")
	}
	if s.Verdict.Rule == pair.Declared && s.Live != nil {
		x.Found = append(x.Found, table.Ref(s.Live).Name)
		x.Detail += "; the account lies in the recycle bin"
	}
	return x, nil
}

// explainRule is about one of the link policy's rules.
func (s *caseOf) explainRule(r pair.Rule) (ExplainedRule, error) {
	x := ExplainedRule{Rule: r.String(), Value: s.ValueFor(r), Outcome: RuleNothing, Found: []string{}}
	if x.Value == "" {
		x.Detail = "the object has no such value"
		return x, nil
	}
	counting := s.p.Candidates(s.Row, r)
	for _, t := range s.p.Bearers(s.Row, r) {
		why := ""
		switch {
		case slices.Contains(counting, t):
		case s.p.Tenant.Kind(t) != s.Table.Kind:
			why = fmt.Sprintf("a %s, and the object is a %s", s.p.Tenant.Kind(t), s.Table.Kind)
		default:
			why = "only as a further address (proxyAddresses), which is no evidence of who somebody is"
		}
		if err := s.addCandidate(&x, t, why); err != nil {
			return x, err
		}
	}
	decided := s.Verdict.Rule == r && s.Verdict.Flags&pair.InBin == 0
	switch {
	case decided && s.Verdict.Flags&pair.Ambiguous != 0:
		x.Outcome = RuleAmbiguous
	case decided && s.Verdict.Flags&pair.Contested != 0:
		x.Outcome = RuleTaken
	case decided && len(counting) > 0:
		x.Outcome = RuleDecides
	case len(counting) > 0:
		x.Outcome = RuleNotTried
	}
	return x, nil
}

// addCandidate adds tenant row t to what a rule finds; a non-empty why says that it does not count.
func (s *caseOf) addCandidate(x *ExplainedRule, t int, why string) error {
	o, err := s.p.Tenant.Load(t)
	if err != nil {
		return err
	}
	ref := table.Ref(o)
	c := ExplainedCandidate{TargetID: ref.TargetID, Kind: ref.Kind, Name: ref.Name, Counts: why == "", Why: why}
	owner := s.p.Owner(t)
	if s.Verdict.Flags&(pair.Contested|pair.InBin) == pair.Contested && int(s.Verdict.Target) == t {
		owner = int(s.Verdict.Rival) // who may have lost the account as well
	}
	if c.Counts && owner >= 0 && owner != s.Row {
		other, err := s.p.Case(owner)
		if err != nil {
			return err
		}
		how := "has it"
		if other.Verdict.Flags&pair.Contested != 0 {
			how = "claims it too"
		}
		c.Why = fmt.Sprintf("%s %s, by %s", other.Address, how, other.Verdict.Rule)
	} else if s.p.LinkOf(t) >= 0 && owner < 0 && c.Counts {
		c.Why = "it is recorded for a source object that is in no scope any more"
	}
	if c.Counts {
		x.Found = append(x.Found, c.Name)
	}
	x.Candidates = append(x.Candidates, c)
	return nil
}

// explainBin is about the recycle bin, which is looked into by anchor when no living account has it.
func (s *caseOf) explainBin() (ExplainedRule, error) {
	policy := s.Table.Policy
	x := ExplainedRule{Rule: RuleBin, Value: s.Anchor, Outcome: RuleNothing, Found: []string{}}
	switch {
	case policy.Deleted == "create":
		x.Outcome, x.Detail = RuleOff, "the link policy has deleted = \"create\""
		return x, nil
	case !slices.Contains(policy.Match, pair.Immutable.String()):
		x.Outcome, x.Detail = RuleOff, "the link policy does not match by immutable_id"
		return x, nil
	}
	d := s.p.Buried(s.Row)
	if d < 0 {
		return x, nil
	}
	o, err := s.p.Bin.Load(d)
	if err != nil {
		return x, err
	}
	ref := table.Ref(o)
	x.Found = append(x.Found, ref.Name)
	x.Candidates = append(x.Candidates, ExplainedCandidate{TargetID: ref.TargetID, Kind: ref.Kind, Name: ref.Name, Counts: true})
	switch v := s.Verdict; {
	case v.Link >= 0 || v.Flags&pair.InBin == 0 || int(v.Target) != d:
		x.Outcome = RuleNotTried
	case v.Flags&pair.Contested != 0:
		x.Outcome = RuleTaken
	default:
		x.Outcome = RuleDecides
	}
	return x, nil
}
