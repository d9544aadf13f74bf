package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

func (p *plan) explainSource(s int) (*Explanation, error) {
	sub, err := p.subject(s)
	if err != nil {
		return nil, err
	}
	d, err := p.decide(s)
	if err != nil {
		return nil, err
	}
	x := &Explanation{What: IsSource, Kind: sub.table.kind, Address: sub.address, Scope: sub.table.scope.Name, ScopeAt: sub.table.scope.DeclaredAt,
		SourceDN: sub.obj.DN, SourceGUID: sub.obj.GUID.String(), Anchor: sub.anchor, Linked: sub.link != nil, Findings: []*planner.Finding{},
		Change: d.change, Outcome: outcomeText(d, sub)}
	if sub.table.policy != nil {
		x.PolicyAt = sub.table.policy.DeclaredAt
	}
	if sub.link != nil {
		x.Left, x.LeftAt, x.LinkedBy = sub.link.Left, sub.link.LeftText(), sub.link.Rule
	}
	if sub.live != nil && sub.v.flags&vClaimed == 0 {
		p.describe(x, sub.live, sub.liveRow)
		x.InBin = sub.v.flags&vDeleted != 0
	}
	if sub.v.flags&vShadowed == 0 {
		if x.Attributes, err = sub.explainAttributes(d); err != nil {
			return nil, err
		}
		x.Rules, err = sub.explainRules()
	}
	return x, err
}

func outcomeText(d decision, s *subject) string {
	switch d.outcome {
	case outBlocked:
		return "blocked: it will not be touched until the errors are resolved"
	case outChange:
		return fmt.Sprintf("%s: %s", d.change.Action, d.change.Reason)
	case outIgnored:
		if s.v.flags&vShadowed != 0 {
			first := s.p.srcTable(s.p.firstTwin(s.row)).scope
			return fmt.Sprintf("left to scope %s (%s), which is declared earlier", first.Name, first.DeclaredAt)
		}
		return "nothing: no account matches, and the link policy does not create one"
	}
	return "unchanged: both directories agree"
}

// explainAttributes tells how each attribute comes about, those included that are set once.
func (s *subject) explainAttributes(d decision) (list []ExplainedAttribute, err error) {
	for i, c := range s.table.columns {
		a := s.explainInputs(c.m)
		a.Result = s.desired[i]
		if i == s.table.upnCol {
			a.InsteadOf = s.wanted
		}
		if s.live != nil && s.v.flags&vClaimed == 0 {
			a.Live = s.live.Values[s.table.layout.at[c.col]]
			a.Drift = s.drifted(a.Name, s.table.h.Fingerprint(c.m.Target, a.Live))
		}
		if err := s.explainWrite(&a, c, d); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	if s.table.aliases != nil {
		list = append(list, s.explainAliases(d))
	}
	for _, m := range s.table.mapping.Initial {
		if slices.ContainsFunc(s.table.columns, func(c column) bool { return c.m.Target == m.Target }) {
			continue
		}
		a := s.explainInputs(m)
		a.Initial = true
		if v, err := m.Expr.Eval(s.obj); err == nil && !isEmpty(v) {
			a.Result = v
			if name, replaced := s.table.userName(m, v, s.obj); replaced {
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
func (s *subject) explainInputs(m *config.AttributeMapping) ExplainedAttribute {
	a := ExplainedAttribute{Name: m.Target.Name, Expression: m.Expr.Source(), DeclaredAt: m.DeclaredAt, Inputs: map[string]state.Value{}}
	for _, name := range m.Expr.Attributes() {
		a.Inputs[name] = s.obj.Get(name)
	}
	if _, err := m.Expr.Eval(s.obj); err != nil {
		a.Error = err.Error()
	}
	return a
}

// writes is what a decision writes to an attribute, or nil.
func writes(d decision, name string) *state.AttributeChange {
	if d.change == nil {
		return nil
	}
	if i := slices.IndexFunc(d.change.Attributes, func(c state.AttributeChange) bool { return c.Name == name }); i >= 0 {
		return &d.change.Attributes[i]
	}
	return nil
}

// explainWrite says whether apply would write an attribute and, where it would not although the values differ, why.
func (s *subject) explainWrite(a *ExplainedAttribute, c column, d decision) error {
	want, known := s.p.srcFP(s.row)[c.col], true
	if c.m.Target.Type == state.TypeReference {
		a.LiveName = s.p.tenantName(s.table.h.Fingerprint(c.m.Target, a.Live))
		if m := s.p.srcDN.First(want); want != 0 && want != s.table.nilFP && m >= 0 {
			other, err := s.p.subject(m)
			if err != nil {
				return err
			}
			a.ResultName = other.key
		}
		want, known = s.p.reference(s.row, s.table, want)
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
	case want == 0 && isEmpty(a.Result) && !isEmpty(a.Live):
		a.Why = "the source has no value, and the tenant does not let it be empty"
	case want == 0, s.live == nil, s.table.h.Fingerprint(c.m.Target, a.Live) == want:
	default:
		a.Why = whyNot(d, a.Name)
		a.Drift = a.Drift && !locks(c.m.Target, s.live)
	}
	return nil
}

// whyNot says what keeps a decision from writing an attribute that differs: a finding about the attribute, or about the object.
func whyNot(d decision, attribute string) string {
	var codes []string
	for _, f := range d.findings {
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
func (s *subject) explainAliases(d decision) ExplainedAttribute {
	a := s.explainInputs(s.table.aliases)
	if v, err := s.table.aliases.Expr.Eval(s.obj); err == nil {
		a.Result = v
	}
	if s.live != nil && s.v.flags&vClaimed == 0 {
		a.Live = s.live.Get(a.Name)
	}
	if !isEmpty(a.Result) {
		a.Why = cmp.Or(whyNot(d, a.Name), "Microsoft Graph lets nobody write it; the primary address follows mail")
	}
	return a
}
