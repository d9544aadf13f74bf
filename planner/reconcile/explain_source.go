package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// caseOf is a case with what has been decided about all.
type caseOf struct {
	*pair.Case
	p *surveyed
}

func (p *surveyed) explainSource(s int) (*Explanation, error) {
	c, err := p.Case(s)
	if err != nil {
		return nil, err
	}
	sub := caseOf{c, p}
	d, err := p.Decide(s)
	if err != nil {
		return nil, err
	}
	x := &Explanation{What: IsSource, Kind: sub.Table.Kind, Address: sub.Address, Scope: sub.Table.Scope.Name, ScopeAt: sub.Table.Scope.DeclaredAt,
		SourceDN: sub.Object.DN, SourceGUID: sub.Object.GUID.String(), Anchor: sub.Anchor, Linked: sub.Link != nil, Findings: []*planner.Finding{},
		Change: d.Change, Outcome: outcomeText(d, &sub)}
	if sub.Table.Policy != nil {
		x.PolicyAt = sub.Table.Policy.DeclaredAt
	}
	if sub.Link != nil {
		x.Left, x.LeftAt, x.LinkedBy = sub.Link.Left, sub.Link.LeftText(), sub.Link.Rule
	}
	if sub.Live != nil && sub.Verdict.Flags&pair.Contested == 0 {
		p.describe(x, sub.Live, sub.LiveRow)
		x.InBin = sub.Verdict.Flags&pair.InBin != 0
	}
	if sub.Verdict.Flags&pair.Shadowed == 0 {
		if x.Attributes, err = sub.explainAttributes(d); err != nil {
			return nil, err
		}
		x.Rules, err = sub.explainRules()
	}
	return x, err
}

func outcomeText(d judge.Decision, s *caseOf) string {
	switch d.Outcome {
	case judge.Blocked:
		return "blocked: it will not be touched until the errors are resolved"
	case judge.Changes:
		return fmt.Sprintf("%s: %s", d.Change.Action, d.Change.Reason)
	case judge.Ignored:
		if s.Verdict.Flags&pair.Shadowed != 0 {
			first := s.p.Source.Table(s.p.FirstTwin(s.Row)).Scope
			return fmt.Sprintf("left to scope %s (%s), which is declared earlier", first.Name, first.DeclaredAt)
		}
		return "nothing: no account matches, and the link policy does not create one"
	}
	return "unchanged: both directories agree"
}

// explainAttributes tells how each attribute comes about, those included that are set once.
func (s *caseOf) explainAttributes(d judge.Decision) (list []ExplainedAttribute, err error) {
	for i, c := range s.Table.Columns {
		a := s.explainInputs(c.Mapping)
		a.Result = s.Desired[i]
		if i == s.Table.Names[state.SignInNames] {
			a.InsteadOf = s.Mapped
		}
		if s.Live != nil && s.Verdict.Flags&pair.Contested == 0 {
			a.Live = s.Live.Values[s.Table.Layout.At[c.Col]]
			a.Drift = s.Drifted(a.Name, s.p.Hash.Of(c.Mapping.Target, a.Live))
		}
		if err := s.explainWrite(&a, c, d); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	if s.Table.Aliases != nil {
		list = append(list, s.explainAliases(d))
	}
	for _, m := range s.Table.Mapping.Initial {
		if slices.ContainsFunc(s.Table.Columns, func(c table.Column) bool { return c.Mapping.Target == m.Target }) {
			continue
		}
		a := s.explainInputs(m)
		a.Initial = true
		if v, err := m.Expr.Eval(s.Object); err == nil && !v.IsEmpty() {
			a.Result = v
			if name, replaced := s.Table.UserName(m, v, s.Object); replaced {
				a.Result, a.InsteadOf = name, v.Str()
			}
		}
		a.Write = writes(d, a.Name) != nil
		if !a.Write {
			a.Why = "set only when the account is created"
		}
		list = append(list, a)
	}
	return list, nil
}

// explainInputs is an attribute's expression with what goes into it.
func (s *caseOf) explainInputs(m *config.AttributeMapping) ExplainedAttribute {
	a := ExplainedAttribute{Name: m.Target.Name, Expression: m.Expr.Source(), DeclaredAt: m.DeclaredAt, Inputs: map[string]state.Value{}}
	for _, name := range m.Expr.Attributes() {
		a.Inputs[name] = s.Object.Get(name)
	}
	if _, err := m.Expr.Eval(s.Object); err != nil {
		a.Error = err.Error()
	}
	return a
}

// writes is what a judge.Decision writes to an attribute, or nil.
func writes(d judge.Decision, name string) *state.AttributeChange {
	if d.Change == nil {
		return nil
	}
	if i := slices.IndexFunc(d.Change.Attributes, func(c state.AttributeChange) bool { return c.Name == name }); i >= 0 {
		return &d.Change.Attributes[i]
	}
	return nil
}

// explainWrite says whether apply would write an attribute and, where it would not although the values differ, why.
func (s *caseOf) explainWrite(a *ExplainedAttribute, c table.Column, d judge.Decision) error {
	want, known := s.p.Source.FP(s.Row)[c.Col], true
	if c.Mapping.Target.Type == state.TypeReference {
		a.LiveName = s.p.TenantName(s.p.Hash.Of(c.Mapping.Target, a.Live))
		if m := s.p.Source.ByDN.First(want); want != 0 && want != s.Table.NilFP && m >= 0 {
			other, err := s.p.Case(m)
			if err != nil {
				return err
			}
			a.ResultName = other.Key
		}
		want, known = s.p.Reference(s.Row, s.Table, c.Mapping.Target, want)
	}
	if ch := writes(d, a.Name); ch != nil {
		a.Write, a.Drift = true, ch.Drift
		return nil
	}
	switch {
	case a.Error != "":
	case !known && a.ResultName == "" && a.Result.Str() != "":
		a.Why = a.Result.Str() + " is in no scope, so the account's is left as it is"
	case !known && a.Result.Str() != "":
		a.Why = a.ResultName + " has no account that can be pointed to, so the account's is left as it is"
	case want == 0 && a.Result.IsEmpty() && !a.Live.IsEmpty():
		a.Why = "the source has no value, and the tenant does not let it be empty"
	case want == 0, s.Live == nil, s.p.Hash.Of(c.Mapping.Target, a.Live) == want:
	default:
		a.Why = whyNot(d, a.Name)
		a.Drift = a.Drift && !s.p.Standing(s.Live, s.LiveRow).Locks(c.Mapping.Target)
	}
	return nil
}

// whyNot says what keeps a judge.Decision from writing an attribute that differs: a finding about the attribute, or about the object.
func whyNot(d judge.Decision, attribute string) string {
	var codes []string
	for _, f := range d.Findings {
		switch {
		case f.Attribute == attribute:
			return fmt.Sprintf("%s, %s", f.Code, f.Summary)
		case f.Severity == planner.Error && !slices.Contains(codes, f.Code):
			codes = append(codes, f.Code)
		}
	}
	if len(codes) > 0 {
		return "the object is blocked (" + strings.Join(codes, ", ") + ")"
	}
	return ""
}

// explainAliases is the mapping of proxyAddresses, which Microsoft Graph lets nobody write.
func (s *caseOf) explainAliases(d judge.Decision) ExplainedAttribute {
	a := s.explainInputs(s.Table.Aliases)
	if v, err := s.Table.Aliases.Expr.Eval(s.Object); err == nil {
		a.Result = v
	}
	if s.Live != nil && s.Verdict.Flags&pair.Contested == 0 {
		a.Live = s.Live.Get(a.Name)
	}
	if !a.Result.IsEmpty() {
		a.Why = cmp.Or(whyNot(d, a.Name), "Microsoft Graph lets nobody write it; the primary address follows mail")
	}
	return a
}
