package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// describe fills in what is worth knowing about a tenant object; t is its row, or -1 for one in the recycle bin.
func (p *surveyed) describe(x *Explanation, o *table.Account, t int) {
	ref := table.Ref(o)
	x.TargetID, x.TargetName, x.Addresses = ref.TargetID, ref.Name, mailAddresses(&o.Object)
	if t < 0 {
		return
	}
	if theirs := o.Get("onPremisesImmutableId").Str(); x.What == IsSource && theirs != "" && theirs != x.Anchor {
		x.Notes = append(x.Notes, "it carries another anchor, "+theirs)
	}
	if o.Kind == state.User && !o.Get("accountEnabled").Bool() {
		x.Notes = append(x.Notes, "sign-in is blocked")
	}
	st := p.Standing(o, t)
	switch {
	case st.Mastered:
		x.Notes = append(x.Notes, "another sync engine masters it (onPremisesSyncEnabled = true)")
	case st.OnceMastered:
		x.Notes = append(x.Notes, "another sync engine mastered it once")
	}
	if st.Own {
		x.Notes = append(x.Notes, "dirform is signed in with it")
	}
	if len(st.Roles) > 0 {
		x.Notes = append(x.Notes, "it holds "+strings.Join(st.Roles, ", "))
	}
	if st.Protected != "" {
		x.Notes = append(x.Notes, fmt.Sprintf("a guard protects it as %q", st.Protected))
	}
}

// explainTenant is about a living tenant object that no source object in scope has.
func (p *surveyed) explainTenant(t int) (*Explanation, error) {
	o, err := p.Tenant.Load(t)
	if err != nil {
		return nil, err
	}
	x := &Explanation{What: IsTenant, Kind: o.Kind, Anchor: o.Get("onPremisesImmutableId").Str(), Findings: []*planner.Finding{},
		Outcome: fmt.Sprintf("not touched: this %s of the tenant is not linked to any source object in scope", o.Kind)}
	p.describe(x, o, t)
	if !slices.ContainsFunc(p.Source.Tables, func(t *table.Source) bool { return t.Kind == o.Kind }) {
		x.Notes = append(x.Notes, fmt.Sprintf("no scope synchronises %ss; they are read because nobody else can have their addresses", o.Kind))
	}
	if l := p.LinkOf(t); l >= 0 {
		return x, p.explainLeft(x, l)
	}
	if x.Anchor != "" {
		x.Notes = append(x.Notes, "it carries an anchor, and no source object in scope has it")
	}
	return x, nil
}

// explainLeft is about a recorded pair whose source object is in no scope any more.
func (p *surveyed) explainLeft(x *Explanation, l int) error {
	d, err := p.DecideLeaving(l)
	if err != nil {
		return err
	}
	link, err := p.Links.Load(l)
	if err != nil {
		return err
	}
	x.Kind, x.Linked, x.LinkedBy, x.Left, x.Scope, x.SourceGUID = link.Kind, true, link.Rule, link.Left, link.Scope, link.SourceGUID.String()
	x.Anchor, x.Change = link.Anchor, d.Change
	policy := p.set.Rules.Policy(link.Scope, link.Kind)
	x.PolicyAt, x.LeftAt = policy.DeclaredAt, link.LeftText()
	if due, counted := p.DeleteFrom(link); counted {
		x.DeleteFrom = due.UTC().Format(time.RFC3339)
	}
	switch {
	case d.Change != nil:
		x.Address = d.Change.Address
		x.Outcome = fmt.Sprintf("%s: %s", d.Change.Action, d.Change.Reason)
	case d.Outcome == judge.Blocked:
		x.Outcome = "blocked: it will not be touched until the errors are resolved"
	case d.Outcome == judge.Ignored:
		x.Outcome = "left to another source object, which takes the account over"
	default:
		x.Outcome = p.LeaverText(link)
	}
	if len(d.Findings) > 0 && len(d.Findings[0].Objects) > 0 {
		x.Address = d.Findings[0].Objects[0].Address
	}
	return nil
}

// explainDeleted is about an account in the recycle bin that no source object in scope gets back.
func (p *surveyed) explainDeleted(d int) (*Explanation, error) {
	o, err := p.Bin.Load(d)
	if err != nil {
		return nil, err
	}
	x := &Explanation{What: IsDeleted, Kind: o.Kind, Anchor: o.Get("onPremisesImmutableId").Str(), InBin: true, Findings: []*planner.Finding{},
		Outcome: "not touched: it lies in the recycle bin, and no source object in scope gets it back"}
	p.describe(x, o, -1)
	switch s := p.SourceAnchored(p.Bin.Meta(d).Anchor); {
	case x.Anchor == "":
		x.Notes = append(x.Notes, "it carries no anchor, and the recycle bin is searched by anchor only")
	case s < 0:
		x.Notes = append(x.Notes, "no source object in scope has its anchor")
	default:
		other, err := p.Case(s)
		if err != nil {
			return nil, err
		}
		x.Notes = append(x.Notes, fmt.Sprintf("%s has its anchor, but %s", other.Address, (&caseOf{other, p}).leavesInBin()))
	}
	return x, nil
}

// leavesInBin says why the subject does not get an account back that carries its anchor and lies in the recycle bin.
func (s *caseOf) leavesInBin() string {
	policy := s.Table.Policy
	switch {
	case s.Verdict.Target >= 0 && s.Verdict.Flags&pair.InBin != 0:
		return fmt.Sprintf("it gets another account of the recycle bin, %s", table.Ref(s.Live).TargetID)
	case s.Verdict.Target >= 0:
		return fmt.Sprintf("another account, %s", table.Ref(s.Live).Name)
	case s.Link != nil:
		return fmt.Sprintf("another account is recorded for it, %s", s.Link.TargetID)
	case policy == nil:
		return "its scope has no link policy"
	case policy.Deleted == "create":
		return fmt.Sprintf("its link policy (%s) does not look into the recycle bin: deleted = \"create\"", policy.DeclaredAt)
	case !slices.Contains(policy.Match, pair.Immutable.String()):
		return fmt.Sprintf("its link policy (%s) does not look into the recycle bin: it does not match by immutable_id", policy.DeclaredAt)
	}
	return "it does not get the account as long as it is blocked"
}

// explainRecord is about a recorded pair of which neither object is there.
func (p *surveyed) explainRecord(l int) (*Explanation, error) {
	link, err := p.Links.Load(l)
	if err != nil {
		return nil, err
	}
	x := &Explanation{What: IsRecord, TargetID: link.TargetID, Findings: []*planner.Finding{}}
	if d := p.Bin.ByID.First(p.Links.Meta(l).Target); d >= 0 {
		o, err := p.Bin.Load(d)
		if err != nil {
			return nil, err
		}
		p.describe(x, o, -1)
		x.InBin = true
	}
	return x, p.explainLeft(x, l)
}
