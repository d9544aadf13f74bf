package pair

import (
	"fmt"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Case is one source row with everything that deciding about it needs.
type Case struct {
	pairs    *Pairs
	Row      int
	Table    *table.Source
	Verdict  *Verdict
	Object   *state.Object
	Key      string // what people know it by
	Address  string // its plan address
	Anchor   string
	Desired  []state.Value  // parallel to Table.Columns
	Mapped   string         // the user name that the mapping gives, if the account gets another one
	Live     *table.Account // the account, nil if it has none
	LiveRow  int            // tenant row of Live, or -1 for one in the recycle bin
	Link     *state.Link    // nil if none is recorded
	Failures []Failure      // expressions that have no value
}

// Failure is an expression that has no value for an object.
type Failure struct {
	Mapping *config.AttributeMapping // nil: it is the scope's where
	Err     error                    // nil: it gives no boolean
}

// Case reads source row s back.
func (p *Pairs) Case(s int) (*Case, error) {
	c := &Case{}
	return c, p.Load(c, s)
}

// Load reads source row s back into c.
func (p *Pairs) Load(c *Case, s int) error {
	*c = Case{pairs: p, Row: s, Table: p.Source.Table(s), Verdict: p.Verdict(s), LiveRow: -1}
	var err error
	if c.Object, err = c.Table.Load(s); err != nil {
		return err
	}
	c.Anchor, _ = c.Table.AnchorOf(c.Object)
	c.project()
	c.Address = Address(c.Table.Kind, c.Table.Scope.Name, c.Key)
	if c.Verdict.Link >= 0 {
		if c.Link, err = p.Links.Load(int(c.Verdict.Link)); err != nil {
			return err
		}
	}
	switch target := int(c.Verdict.Target); {
	case target < 0:
	case c.InBin():
		c.Live, err = p.Bin.Load(target)
	default:
		c.LiveRow = target
		c.Live, err = p.Tenant.Load(target)
	}
	return err
}

// Address is the plan address of an object that people know by key.
func Address(kind state.Kind, scope, key string) string {
	return fmt.Sprintf("%s.%s[%q]", kind, scope, key)
}

// project evaluates the mapping and the scope's where.
func (c *Case) project() {
	t := c.Table
	c.Desired = make([]state.Value, len(t.Columns))
	var upn state.Value
	upnCol := t.Names[state.SignInNames]
	for i, col := range t.Columns {
		v, err := table.Want(col.Mapping, c.Object)
		if err != nil {
			c.Failures = append(c.Failures, Failure{col.Mapping, err})
			continue
		}
		if v.IsEmpty() {
			v = state.Null()
		}
		if i == upnCol {
			var replaced bool
			if upn, replaced = t.UserName(col.Mapping, v, c.Object); replaced {
				c.Mapped = v.Str()
			}
			v = upn
		}
		c.Desired[i] = v
	}
	c.Key = t.ReadableKey(upn, c.Object)
	if w := t.Scope.Where; w != nil {
		if in, err := w.Eval(c.Object); err != nil || in.Kind() != state.BoolValue {
			c.Failures = append(c.Failures, Failure{nil, err})
		}
	}
}

// Ref names the object in a finding.
func (c *Case) Ref() planner.ObjectRef {
	r := planner.ObjectRef{Address: c.Address, Anchor: c.Anchor, SourceDN: c.Object.DN, Kind: c.Table.Kind,
		Name: state.Trim(c.Object.Get(table.SourceDisplay).Str())}
	if c.Live != nil {
		r.TargetID = c.Live.ID
	}
	return r
}

// Linked reports whether the pair is recorded.
func (c *Case) Linked() bool { return c.Verdict.Link >= 0 }

// InBin reports whether the account lies in the recycle bin.
func (c *Case) InBin() bool { return c.Verdict.Is(InBin) }

// MatchValue is the value on which the pair came about.
func (c *Case) MatchValue() string { return c.ValueFor(c.Verdict.Rule) }

// MatchedBy says by which rule and value the pair came about.
func (c *Case) MatchedBy() string { return fmt.Sprintf("%s %s", c.Verdict.Rule, c.MatchValue()) }

// ValueFor is the object's value under a rule, "" if it has none.
func (c *Case) ValueFor(r Rule) string {
	return rules[r].value(c)
}

// Want is the desired value of a managed attribute, null if it isn't managed.
func (c *Case) Want(name string) state.Value {
	for i, col := range c.Table.Columns {
		if col.Mapping.Target.Name == name {
			return c.Desired[i]
		}
	}
	return state.Null()
}

// WantName is the desired first name in a space, null if it isn't managed.
func (c *Case) WantName(space state.NameSpace) state.Value {
	if i := c.Table.Names[space]; i >= 0 {
		return c.Desired[i]
	}
	return state.Null()
}

// Expression is the source text of a managed attribute's expression, "" if it isn't managed.
func (c *Case) Expression(name string) string {
	for _, col := range c.Table.Columns {
		if col.Mapping.Target.Name == name {
			return col.Mapping.Expr.Source()
		}
	}
	return ""
}

// RecordedLink is the recorded link of the living account, or -1.
func (c *Case) RecordedLink() int {
	if c.LiveRow < 0 {
		return -1
	}
	return c.pairs.LinkOf(c.LiveRow)
}

// Replaced is the account's recorded link which that of this object takes the place of, or nil.
func (c *Case) Replaced() (*state.Replaced, error) {
	l := c.RecordedLink()
	if l < 0 || l == int(c.Verdict.Link) {
		return nil, nil
	}
	link, err := c.pairs.Links.Load(l)
	if err != nil || link.Anchor == c.Anchor {
		return nil, err
	}
	return &state.Replaced{Anchor: link.Anchor, Scope: link.Scope, SourceGUID: link.SourceGUID.String()}, nil
}

// OldOwner is the source row, in any scope of any provider, whose anchor an account carries, or -1. The object itself,
// read by a second scope under another anchor attribute, is none.
func (c *Case) OldOwner(anchor string) int {
	if anchor == "" {
		return -1
	}
	best := -1
	c.pairs.Source.ByAnchor.Each(c.pairs.Hash.Anchor(anchor), func(r int) {
		if c.pairs.Source.Meta(r).GUID != c.Object.GUID && (best < 0 || c.pairs.Source.CompareGUID(r, best) < 0) {
			best = r
		}
	})
	return best
}

// Free reports whether the object could be linked to tenant row t: it is nobody's, and its anchor is no obstacle.
func (c *Case) Free(t int) bool {
	return c.pairs.Free(t) && c.pairs.Tenant.Kind(t) == c.Table.Kind &&
		(c.pairs.Tenant.Meta(t).Anchor == 0 || c.Table.Policy.ForeignAnchor == "relink")
}

// Stranger is the distinguished name that one of the object's references points to, if no scope has it; else "".
func (c *Case) Stranger(attribute string) string {
	fps := c.Table.FP(c.Row)
	for i, col := range c.Table.Columns {
		if fp := fps[col.Col]; col.Mapping.Target.Name == attribute && fp != 0 && fp != c.Table.NilFP &&
			c.pairs.Source.ByDN.First(fp) < 0 {
			return c.Desired[i].Str()
		}
	}
	return ""
}

// Applied is the fingerprint of the value of an attribute that was applied last, 0 if the record does not know.
func (c *Case) Applied(name string) uint64 {
	if c.Link == nil {
		return 0
	}
	if i := c.Link.Shape.Index(name); i >= 0 {
		return c.Link.Fingerprints[i]
	}
	return 0
}

// KeptOnLink reports whether a mapping leaves an attribute as its account had it when the pair came about (keep_on_link);
// want is the fingerprint of what is desired. The record knows no value of such an attribute until the source has one,
// so that it is told from one that was applied and cleared.
func (c *Case) KeptOnLink(m *config.AttributeMapping, want uint64) bool {
	return m.KeepOnLink && want == c.Table.NilFP && c.Applied(m.Target.Name) == 0
}

// SoundAnchor is the object's anchor. Where what it holds for one is none, it is that with which it is recorded, or "".
func (c *Case) SoundAnchor() string {
	switch {
	case c.Table.BadAnchor(c.Object) == "":
		return c.Anchor
	case c.Link == nil:
		return ""
	}
	return c.Link.Anchor
}

// RecordedAnchor is the anchor with which the object itself is recorded, if it has another one now; else "".
func (c *Case) RecordedAnchor() string {
	if c.Link == nil || c.Link.Anchor == c.Anchor || c.Link.SourceGUID != c.Object.GUID {
		return ""
	}
	return c.Link.Anchor
}
