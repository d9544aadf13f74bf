package reconcile

import (
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Match is how a source object's account was looked for, and what came of it.
type Match struct {
	Rule  string // by which it has its account, or has one in view: "recorded", "declared" or one of the policy's; "none"
	InBin bool   // that account lies in the recycle bin

	Contested     bool // another source object has or claims the same account
	Ambiguous     bool // the rule found several accounts
	Vanished      bool // the recorded account is nowhere to be found
	AnchorChanged bool // the object's anchor is not the recorded one
	BadLink       bool // its link block names an account that does not exist
	ManyNamed     bool // its link block names another source object, too

	Block *config.Link // the link block that names the object, or nil
	Named *Candidate   // the living account that Block names, or nil
	Tries []Try        // the policy's rules, in their order

	Deleted     *Candidate // the account in the recycle bin with the object's anchor, or nil
	GetsDeleted bool       // that is the account which the object gets, or has in view
}

// Ways in which an object may come to its account, beside the rules of link policies; see [state.Match].
const (
	ByRecord = "recorded"
	ByBlock  = "declared"
)

// Try is one of a policy's rules with what it finds for an object.
type Try struct {
	Rule, Value string
	Hard        bool        // the rule goes by the anchor, and looks into the recycle bin as well
	Found       []Candidate // those that count, and those that have the value otherwise
}

// Candidate is a tenant object that an object's account may be.
type Candidate struct {
	TargetID string
	Kind     state.Kind
	Name     string
	Counts   bool   // false: it has the value in a way that proves nothing
	Owner    *Owner // the other source object whose it is, or nil
	WasOwned bool   // it is recorded for a source object that is in no scope any more
}

// Owner is another source object that has an account in view.
type Owner struct {
	Address  string
	Rule     string
	Contests bool // it does not have the account either
}

// match is how a case's account was looked for; nil if its scope has no link policy.
func (s *surveyed) match(c *pair.Case) (*Match, error) {
	if c.Table.Policy == nil {
		return nil, nil
	}
	v := c.Verdict
	m := &Match{Rule: v.Rule.String(), InBin: v.Is(pair.InBin), Contested: v.Is(pair.Contested),
		Ambiguous: v.Is(pair.Ambiguous), Vanished: v.Is(pair.Vanished), AnchorChanged: v.Is(pair.AnchorChanged),
		BadLink: v.Is(pair.BadLink), ManyNamed: v.Is(pair.ManyNamed), Block: s.blockOf(c)}
	if m.Block != nil {
		if t := s.Tenant.Find(s.Hash, m.Block.Tenant); t >= 0 {
			named, err := s.candidate(c, t, true)
			if err != nil {
				return nil, err
			}
			m.Named = named
		}
	}
	for _, name := range c.Table.Policy.Match {
		t, err := s.try(c, pair.RuleNamed(name))
		if err != nil {
			return nil, err
		}
		m.Tries = append(m.Tries, t)
	}
	return m, s.addDeleted(c, m)
}

// blockOf is the link block that decides about a case or, where none does, the first that names it.
func (s *surveyed) blockOf(c *pair.Case) *config.Link {
	if l := s.DeclaredFor(c.Row); l != nil {
		return l
	}
	i := slices.IndexFunc(s.set.Rules.Links, func(l *config.Link) bool { return s.FindSource(l.Source) == c.Row })
	if i < 0 {
		return nil
	}
	return s.set.Rules.Links[i]
}

// try is what a rule finds.
func (s *surveyed) try(c *pair.Case, r pair.Rule) (Try, error) {
	x := Try{Rule: r.String(), Value: c.ValueFor(r), Hard: r.Hard()}
	if x.Value == "" {
		return x, nil
	}
	counting := s.Candidates(c.Row, r)
	for _, t := range s.Bearers(c.Row, r) {
		found, err := s.candidate(c, t, slices.Contains(counting, t))
		if err != nil {
			return x, err
		}
		x.Found = append(x.Found, *found)
	}
	return x, nil
}

func candidate(o *table.Account) *Candidate {
	ref := table.Ref(o)
	return &Candidate{TargetID: ref.TargetID, Kind: ref.Kind, Name: ref.Name, Counts: true}
}

// candidate is tenant row t as what a case's account may be, and whose it is if it counts.
func (s *surveyed) candidate(c *pair.Case, t int, counts bool) (*Candidate, error) {
	o, err := s.Tenant.Load(t)
	if err != nil {
		return nil, err
	}
	x := candidate(o)
	if x.Counts = counts; !counts {
		return x, nil
	}
	owner := s.Owner(t)
	if c.Verdict.Is(pair.Contested) && !c.InBin() && int(c.Verdict.Target) == t {
		owner = int(c.Verdict.Rival) // who may have lost the account as well
	}
	x.WasOwned = owner < 0 && s.LinkOf(t) >= 0
	if owner < 0 || owner == c.Row {
		return x, nil
	}
	other, err := s.Case(owner)
	if err != nil {
		return nil, err
	}
	x.Owner = &Owner{Address: other.Address, Rule: other.Verdict.Rule.String(), Contests: other.Verdict.Is(pair.Contested)}
	return x, nil
}

// addDeleted adds the account in the recycle bin that carries a case's anchor.
func (s *surveyed) addDeleted(c *pair.Case, m *Match) error {
	d := s.DeletedAnchored(c.Row)
	if d < 0 {
		return nil
	}
	o, err := s.Bin.Load(d)
	if err != nil {
		return err
	}
	m.Deleted = candidate(o)
	m.GetsDeleted = !c.Linked() && c.InBin() && int(c.Verdict.Target) == d
	return nil
}
