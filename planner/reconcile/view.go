package reconcile

import (
	"iter"
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/called"
	"github.com/dirform/dirform/planner/reconcile/internal/find"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// View answers questions about single objects of a plan, as data. It tells what the stages have recorded and decides
// nothing.
type View struct{ s *surveyed }

// View decides about everything, once, and returns what can be asked about it. Read the streams first, as for
// [Builder.Plan].
func (b *Builder) View() (*View, error) {
	s, err := b.survey()
	return &View{s}, err
}

// Tell hands the plan to sink. It may be told any number of times.
func (v *View) Tell(sink planner.Sink) error {
	_, _, err := v.s.tell(sink)
	return err
}

// Case is everything that a plan knows about one object: a source object in scope with its account, or a tenant object
// that no source object in scope has, or a recorded pair of which neither is there.
type Case struct {
	Kind    state.Kind
	Address string             // its plan address, "" if it has none
	Scope   *config.Scope      // nil if it is in none
	Policy  *config.LinkPolicy // nil if it is in no scope and was in none
	Anchor  string             // the recorded one if NoAnchor, or ""
	Source  *state.Object      // nil if it is in no scope
	Account *Account           // nil if it has none, or another source object has or claims it
	// of a source object: the account that it has in view, also where it does not get it; nil if there is none
	Target *Account
	Link   *state.Link // nil if no pair is recorded

	Outcome  Outcome
	Change   *state.Change      // nil unless Outcome is Changes, or Blocked while sign-in is turned off all the same
	Findings []*planner.Finding // of the decision, those that many objects share aside
	First    *config.Scope      // the earlier scope that has the object, which is then not looked at here

	Match   *Match   // how the account was looked for; nil for what is no source object, or belongs to First
	Values  []Value  // of the mapped attributes, in their order, then aliases and what is set once
	Leaving *Leaving // nil unless Link's source object is in no scope

	NoAnchor    bool  // what the source object has for an anchor is none
	Managed     bool  // a scope synchronises objects of this kind
	SearchesBin bool  // of a source object: its link policy looks into the recycle bin, for its anchor
	AnchorOf    *Case // of an account that no source object has: the source object with its anchor, without Match and Values
}

// Account is a tenant object.
type Account struct {
	ID        string
	Kind      state.Kind
	Name      string   // what people know it by
	Anchor    string   // that it carries, or ""
	Addresses []string // its mail addresses, the primary one first
	Deleted   bool     // it lies in the recycle bin
	NoSignIn  bool     // people sign in with accounts of the kind, and nobody may with this one
	Standing  Standing
}

// Standing is what sets an account apart, whatever anybody wants to do to it.
type Standing = offlimits.Standing

// Outcome is what becomes of an object.
type Outcome = judge.Outcome

// What may become of an object.
const (
	Unchanged = judge.Unchanged
	Changes   = judge.Changes
	Blocked   = judge.Blocked
	Ignored   = judge.Ignored // nothing is to be done by policy, or it is left to another object or scope
)

// Leaving is what is known about a recorded pair whose source object is in no scope any more.
type Leaving = judge.Fate

// Cases are the objects that clues lead to, each once: source objects, then tenant objects, those in the recycle bin,
// and records.
func (v *View) Cases(c Clues) ([]*Case, error) {
	n, err := find.Finder{Judge: v.s.Judge}.Named(c)
	if err != nil {
		return nil, err
	}
	var list []*Case
	for _, of := range []struct {
		rows []int
		read func(int) (*Case, error)
	}{{n.Sources, v.s.sourceCase}, {n.Tenants, v.s.tenantCase}, {n.Deleted, v.s.deletedCase}, {n.Links, v.s.recordCase}} {
		for _, row := range of.rows {
			x, err := of.read(row)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
	}
	return list, nil
}

// Addresses are the plan addresses of the source objects in scope.
func (v *View) Addresses() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for row := range v.s.Source.Len() {
			c, err := v.s.Case(row)
			if err != nil {
				yield("", err)
				return
			}
			if !yield(c.Address, nil) {
				return
			}
		}
	}
}

// Known is an object of either side with the names by which people know it.
type Known = called.Known

// Objects are all objects of both sides. Ranging over it reads every row back.
func (v *View) Objects() iter.Seq2[Known, error] {
	return called.Objects(&v.s.Source, &v.s.Tenant, &v.s.Bin)
}

// Paired is a recorded pair as both directories have it now, or an account that is in none.
type Paired struct {
	Link    *state.Link   // nil: no pair is recorded
	Source  *state.Object // nil if it is in no scope
	Address string        // of Source
	Account *Account      // nil if it does not live
}

// Pairs are all recorded pairs, then the living accounts without one, but for those that source objects in scope are about to get.
func (v *View) Pairs() iter.Seq2[*Paired, error] {
	return func(yield func(*Paired, error) bool) {
		for l := range v.s.Links.Len() {
			if p, err := v.s.paired(l, v.s.LinkSource(l), v.s.LinkTarget(l)); !yield(p, err) || err != nil {
				return
			}
		}
		for t := range v.s.Tenant.Len() {
			if v.s.LinkOf(t) >= 0 || v.s.Owner(t) >= 0 {
				continue
			}
			if p, err := v.s.paired(-1, -1, t); !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// paired reads a pair back of which link, source and tenant row may be missing, -1.
func (s *surveyed) paired(l, row, t int) (p *Paired, err error) {
	p = &Paired{}
	if l >= 0 {
		p.Link, err = s.Links.Load(l)
	}
	if err == nil && row >= 0 {
		var c *pair.Case
		if c, err = s.Case(row); err == nil {
			p.Source, p.Address = c.Object, c.Address
		}
	}
	if err == nil && t >= 0 {
		var o *table.Account
		if o, err = s.Tenant.Load(t); err == nil {
			p.Account = s.account(o, t)
		}
	}
	return p, err
}

// sourceCase is about a source object in scope.
func (s *surveyed) sourceCase(row int) (*Case, error) {
	c, x, err := s.bareCase(row)
	if err != nil {
		return nil, err
	}
	d, err := s.Decide(row)
	if err != nil {
		return nil, err
	}
	x.Outcome, x.Change, x.Findings = d.Outcome, d.Change, d.Findings
	if c.Verdict.Is(pair.Shadowed) {
		x.First = s.Source.Table(s.FirstTwin(row)).Scope
		return x, nil
	}
	if x.Values, err = s.values(c, &d); err != nil {
		return nil, err
	}
	x.Match, err = s.match(c)
	return x, err
}

// bareCase is a source object in scope without what has been decided about it.
func (s *surveyed) bareCase(row int) (*pair.Case, *Case, error) {
	c, err := s.Case(row)
	if err != nil {
		return nil, nil, err
	}
	t := c.Table
	x := &Case{Kind: t.Kind, Address: c.Address, Scope: t.Scope, Policy: t.Policy, Anchor: c.SoundAnchor(), Source: c.Object,
		Link: c.Link, NoAnchor: t.BadAnchor(c.Object) != "", Managed: true, SearchesBin: searchesBin(t.Policy)}
	if c.Live != nil {
		x.Target = s.account(c.Live, c.LiveRow)
	}
	if !c.Verdict.Is(pair.Contested) {
		x.Account = x.Target
	}
	return c, x, nil
}

// searchesBin reports whether a link policy, nil for none, looks into the recycle bin for anchors.
func searchesBin(p *config.LinkPolicy) bool {
	return p != nil && p.Deleted != "create" && slices.ContainsFunc(p.Match,
		func(name string) bool { return pair.RuleNamed(name).Hard() })
}

// account is a tenant object; row is its tenant row, or -1 for one in the recycle bin.
func (s *surveyed) account(a *table.Account, row int) *Account {
	return &Account{ID: a.ID, Kind: a.Kind, Name: table.Ref(a).Name, Anchor: a.Anchor(), Addresses: a.MailAddresses(),
		Deleted: row < 0, NoSignIn: a.Of.SignIn != "" && !a.SignIn().Bool(), Standing: s.Standing(a, row)}
}

// tenantCase is about a living tenant object that no source object in scope has.
func (s *surveyed) tenantCase(row int) (*Case, error) {
	o, err := s.Tenant.Load(row)
	if err != nil {
		return nil, err
	}
	x := &Case{Kind: o.Kind, Anchor: o.Anchor(), Account: s.account(o, row), Outcome: Ignored}
	x.Managed = slices.ContainsFunc(s.Source.Tables, func(t *table.Source) bool { return t.Kind == o.Kind })
	if other := s.SourceAnchored(s.Tenant.Meta(row).Anchor); other >= 0 && x.Anchor != "" {
		if _, x.AnchorOf, err = s.bareCase(other); err != nil {
			return nil, err
		}
	}
	if l := s.LinkOf(row); l >= 0 {
		return x, s.leave(x, l)
	}
	return x, nil
}

// leave adds what is known about a recorded pair whose source object is in no scope any more.
func (s *surveyed) leave(x *Case, l int) error {
	d, err := s.DecideLeaving(l)
	if err != nil {
		return err
	}
	if x.Link, err = s.Links.Load(l); err != nil {
		return err
	}
	x.Kind, x.Anchor, x.Policy = x.Link.Kind, x.Link.Anchor, s.set.Rules.Policy(x.Link.Scope, x.Link.Kind)
	x.Outcome, x.Change, x.Findings = d.Outcome, d.Change, d.Findings
	if x.Leaving, err = s.LeaverFate(l); err != nil {
		return err
	}
	if d.Change != nil {
		x.Address = d.Change.Address
	}
	if len(d.Findings) > 0 && len(d.Findings[0].Objects) > 0 {
		x.Address = d.Findings[0].Objects[0].Address
	}
	return nil
}

// deletedCase is about an account in the recycle bin that no source object in scope gets back.
func (s *surveyed) deletedCase(row int) (*Case, error) {
	o, err := s.Bin.Load(row)
	if err != nil {
		return nil, err
	}
	x := &Case{Kind: o.Kind, Anchor: o.Anchor(), Account: s.account(o, -1), Outcome: Ignored}
	if other := s.SourceAnchored(s.Bin.Meta(row).Anchor); other >= 0 && x.Anchor != "" {
		_, x.AnchorOf, err = s.bareCase(other)
	}
	return x, err
}

// recordCase is about a recorded pair of which neither object is there.
func (s *surveyed) recordCase(l int) (*Case, error) {
	x := &Case{}
	if d := s.Bin.ByID.First(s.Links.Meta(l).Target); d >= 0 {
		o, err := s.Bin.Load(d)
		if err != nil {
			return nil, err
		}
		x.Account = s.account(o, -1)
	}
	return x, s.leave(x, l)
}
