package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// Explanation tells everything the plan knows about one object.
type Explanation struct {
	Address    string               `json:"address,omitempty"`
	Scope      string               `json:"scope,omitempty"`
	ScopeAt    string               `json:"scope_declared_at,omitempty"`
	SourceDN   string               `json:"source_dn,omitempty"`
	SourceGUID string               `json:"source_guid,omitempty"`
	Anchor     string               `json:"anchor,omitempty"`
	TargetID   string               `json:"target_id,omitempty"`
	TargetName string               `json:"target_name,omitempty"`
	InBin      bool                 `json:"in_recycle_bin,omitempty"` // the target lies in the recycle bin
	Linked     bool                 `json:"linked"`                   // the pair is recorded
	Left       bool                 `json:"left,omitempty"`           // it left its scope earlier
	Attributes []ExplainedAttribute `json:"attributes,omitempty"`
	Rules      []ExplainedRule      `json:"rules,omitempty"`
	Findings   []*Finding           `json:"findings"`
	Change     *state.Change        `json:"change,omitempty"` // nil: nothing would be done
	Outcome    string               `json:"outcome"`
}

// ExplainedAttribute is how one managed attribute came about.
type ExplainedAttribute struct {
	Name       string                 `json:"name"`
	Expression string                 `json:"expression"`
	DeclaredAt string                 `json:"declared_at"`
	Inputs     map[string]state.Value `json:"inputs"`
	Result     state.Value            `json:"result"`
	InsteadOf  string                 `json:"instead_of,omitempty"` // what the expression gives, if the link policy puts Result in its place
	Error      string                 `json:"error,omitempty"`
	Live       state.Value            `json:"live"`
	Drift      bool                   `json:"drift"`
}

// ExplainedRule is how one match rule fared.
type ExplainedRule struct {
	Rule  string   `json:"rule"`
	Value string   `json:"value"`
	Found []string `json:"found"` // names of the accounts it finds
}

// Explain says what the plan would do about the objects that name stands for, on either side: a DN, GUID, UPN, address, object
// id, anchor or plan address. It returns none if the name is unknown. Read the streams first, as for [Builder.Plan].
func (b *Builder) Explain(name string) ([]*Explanation, error) {
	p, err := b.survey()
	if err != nil {
		return nil, err
	}
	var out []*Explanation
	told := map[int]bool{}
	for _, s := range p.sourcesNamed(name) {
		x, err := p.explainSource(s)
		if err != nil {
			return nil, err
		}
		if t := p.verdicts[s].target; t >= 0 && p.verdicts[s].flags&vDeleted == 0 {
			told[int(t)] = true
		}
		out = append(out, x)
	}
	for _, t := range p.tenantsNamed(name) {
		if told[t] {
			continue
		}
		x, err := p.explainTenant(t)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// survey decides about every row, once for all explanations.
func (b *Builder) survey() (*surveyed, error) {
	if b.surveyed != nil {
		return b.surveyed, nil
	}
	s, err := b.prepare()
	if err == nil {
		b.surveyed = s
	}
	return s, err
}

// sourcesNamed are the source rows that name stands for, themselves or through the account they have.
func (p *plan) sourcesNamed(name string) []int {
	fold, exact, addr := p.h.SumFold(name), p.h.SumExact(name), p.h.Fingerprint(&addressAttr, state.String(name))
	guid, isGUID := state.ParseGUID(name)
	var rows []int
	for s := range p.nsrc {
		m, t := p.srcMeta(s), p.srcTable(s)
		named := m.dn == fold || m.upn == fold || m.anchor == exact || m.smtp == addr || isGUID && m.guid == guid
		for _, c := range [...]int{t.upnCol, t.mailCol} {
			named = named || c >= 0 && p.srcFP(s)[t.columns[c].col] == addr
		}
		if strings.HasSuffix(name, "\"]") && !named {
			sub, err := p.subject(s)
			named = err == nil && sub.address == name
		}
		if named {
			rows = append(rows, s)
		}
	}
	for _, t := range p.tenantsNamed(name) {
		if s := int(p.owner[t]) - 1; s >= 0 && !slices.Contains(rows, s) {
			rows = append(rows, s)
		}
	}
	return rows
}

func (p *plan) tenantsNamed(name string) []int {
	var rows []int
	add := func(t int) {
		if !slices.Contains(rows, t) {
			rows = append(rows, t)
		}
	}
	addr := p.h.Fingerprint(&addressAttr, state.String(name))
	p.tenUPN.Each(addr, add)
	p.tenID.Each(p.h.Fingerprint(&refAttr, state.String(strings.ToLower(name))), add)
	p.tenAnchor.Each(p.h.SumExact(name), add)
	p.tenAddress.Each(addr, func(i int) { add(p.addressRow(i)) })
	slices.Sort(rows)
	return rows
}

func (p *plan) explainSource(s int) (*Explanation, error) {
	sub, err := p.subject(s)
	if err != nil {
		return nil, err
	}
	x := &Explanation{Address: sub.address, Scope: sub.table.scope.Name, ScopeAt: sub.table.scope.DeclaredAt, SourceDN: sub.obj.DN,
		SourceGUID: sub.obj.GUID.String(), Anchor: sub.anchor, Linked: sub.link != nil, Findings: []*Finding{}}
	if sub.link != nil {
		x.Left = sub.link.Left
	}
	if sub.live != nil {
		ref := tenantRef(sub.live)
		x.TargetID, x.TargetName, x.InBin = ref.TargetID, ref.Name, sub.v.flags&vDeleted != 0
	}
	for i, c := range sub.table.columns {
		x.Attributes = append(x.Attributes, sub.explainAttribute(i, c))
	}
	if x.Rules, err = sub.explainRules(); err != nil {
		return nil, err
	}
	d, err := p.decide(s)
	if err != nil {
		return nil, err
	}
	x.Findings = append(x.Findings, d.findings...)
	x.Change = d.change
	x.Outcome = outcomeText(d, sub)
	return x, nil
}

func outcomeText(d decision, s *subject) string {
	switch d.outcome {
	case outBlocked:
		return "blocked: it will not be touched until the errors are resolved"
	case outChange:
		return fmt.Sprintf("%s: %s", d.change.Action, d.change.Reason)
	case outIgnored:
		if s.v.flags&vShadowed != 0 {
			return "left to a scope that is declared earlier"
		}
		return "nothing: no account matches, and the link policy does not create one"
	}
	return "unchanged: both directories agree"
}

func (s *subject) explainAttribute(i int, c column) ExplainedAttribute {
	a := ExplainedAttribute{Name: c.m.Target.Name, Expression: c.m.Expr.Source(), DeclaredAt: c.m.DeclaredAt,
		Inputs: map[string]state.Value{}, Result: s.desired[i]}
	if c.m.Target.Name == "userPrincipalName" {
		a.InsteadOf = s.wanted
	}
	for _, name := range c.m.Expr.Attributes() {
		a.Inputs[name] = s.obj.Get(name)
	}
	if _, err := c.m.Expr.Eval(s.obj); err != nil {
		a.Error = err.Error()
	}
	if s.live != nil {
		a.Live = s.live.Values[s.table.layout.at[c.col]]
		a.Drift = s.drifted(a.Name, s.table.h.Fingerprint(c.m.Target, a.Live))
	}
	return a
}

func (s *subject) explainRules() ([]ExplainedRule, error) {
	if s.table.policy == nil {
		return nil, nil
	}
	var out []ExplainedRule
	for _, name := range s.table.policy.Match {
		r := ruleNamed(name)
		x := ExplainedRule{Rule: name, Value: s.valueFor(r), Found: []string{}}
		for _, t := range s.p.candidates(s.row, s.table, r) {
			o, err := s.p.loadTenant(t)
			if err != nil {
				return nil, err
			}
			x.Found = append(x.Found, tenantRef(o).Name)
		}
		out = append(out, x)
	}
	return out, nil
}

func (p *plan) explainTenant(t int) (*Explanation, error) {
	o, err := p.loadTenant(t)
	if err != nil {
		return nil, err
	}
	ref := tenantRef(o)
	x := &Explanation{TargetID: ref.TargetID, TargetName: ref.Name, Anchor: o.Get("onPremisesImmutableId").Str(), Findings: []*Finding{},
		Outcome: fmt.Sprintf("not touched: this %s of the tenant is not linked to any source object in scope", o.Kind)}
	l := int(p.linkOf[t]) - 1
	if l < 0 {
		return x, nil
	}
	d, err := p.decideLeaving(l)
	if err != nil {
		return nil, err
	}
	link, err := p.links.load(l)
	if err != nil {
		return nil, err
	}
	x.Linked, x.Left, x.Scope, x.SourceGUID = true, link.Left, link.Scope, link.SourceGUID.String()
	x.Findings = append(x.Findings, d.findings...)
	x.Change = d.change
	switch {
	case d.change != nil:
		x.Address = d.change.Address
		x.Outcome = fmt.Sprintf("%s: %s", d.change.Action, d.change.Reason)
	case len(d.findings) > 0:
		x.Outcome = "blocked: it will not be touched until the errors are resolved"
	default:
		x.Outcome = "unchanged: its source object left scope " + link.Scope + ", and nothing more is to be done"
	}
	return x, nil
}
