package reconcile

import (
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner/reconcile/internal/judge"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// Value is one mapped attribute of an object: what is desired, what the tenant has, and what becomes of it.
type Value struct {
	Mapping *config.AttributeMapping
	Use     Use
	Desired state.Value
	Instead string // what the expression gives, if the link policy puts Desired in its place
	Failure error  // the expression has no value
	Live    state.Value
	Drift   bool                   // the tenant does not have what was last applied
	Write   *state.AttributeChange // nil: it is not written
	Fate    Fate
	// DesiredName and LiveName are what people know the objects by that references stand for, "" if they have no account.
	DesiredName, LiveName string
}

// Use is what becomes of a mapped attribute in general.
type Use uint8

// The uses of mapped attributes.
const (
	IsManaged  Use = iota // kept as the source has it
	IsReported            // told of, because nobody can write it
	IsInitial             // set when the account is created, never managed afterwards
)

// Fate is how a managed attribute that is not written compares.
type Fate uint8

// The fates of attributes.
const (
	Agrees      Fate = iota // nothing is to be written
	NotInScope              // the reference is left alone: what it points to is in no scope
	NoAccount               // the reference is left alone: what it points to has no account that can be pointed to
	Kept                    // the source has no value, and the tenant does not let it be empty
	KeptOnLink              // the source has had no value yet, and what the account had when it was linked stays
	Differs                 // the two differ, and something keeps it from being written
	Unevaluated             // its expression has no value
)

// values are the mapped attributes of a case.
func (s *surveyed) values(c *pair.Case, d *judge.Decision) (list []Value, err error) {
	for i, col := range c.Table.Columns {
		v := s.value(c, col.Mapping)
		v.Desired = c.Desired[i]
		if i == c.Table.Names[state.SignInNames] {
			v.Instead = c.Mapped
		}
		if c.Live != nil && !c.Verdict.Is(pair.Contested) {
			v.Live = c.Live.Values[c.Table.Layout.At[col.Col]]
		}
		if err := s.compare(c, col, d, &v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if m := c.Table.Aliases; m != nil {
		v := s.value(c, m)
		v.Use = IsReported
		if result, err := table.Want(m, c.Object); err == nil {
			v.Desired = result
		}
		if c.Live != nil && !c.Verdict.Is(pair.Contested) {
			v.Live = c.Live.Get(m.Target.Name)
		}
		list = append(list, v)
	}
	return append(list, s.initialValues(c, d)...), nil
}

// value begins the value of a mapped attribute.
func (s *surveyed) value(c *pair.Case, m *config.AttributeMapping) Value {
	_, err := m.Expr.Eval(c.Object)
	return Value{Mapping: m, Failure: err}
}

// initialValues are the attributes that are set once, those left out that are managed anyway.
func (s *surveyed) initialValues(c *pair.Case, d *judge.Decision) (list []Value) {
	for _, m := range c.Table.Mapping.Initial {
		if slices.ContainsFunc(c.Table.Columns, func(col table.Column) bool { return col.Mapping.Target == m.Target }) {
			continue
		}
		v := s.value(c, m)
		v.Use = IsInitial
		if result, err := table.Want(m, c.Object); err == nil && !result.IsEmpty() {
			v.Desired = result
			if name, replaced := c.Table.UserName(m, result, c.Object); replaced {
				v.Desired, v.Instead = name, result.Str()
			}
		}
		v.Write = writes(d, m.Target.Name)
		list = append(list, v)
	}
	return list
}

// writes is what a decision writes to an attribute, or nil.
func writes(d *judge.Decision, name string) *state.AttributeChange {
	if d.Change == nil {
		return nil
	}
	if i := slices.IndexFunc(d.Change.Attributes, func(c state.AttributeChange) bool { return c.Name == name }); i >= 0 {
		return &d.Change.Attributes[i]
	}
	return nil
}

// compare adds what is written to a managed attribute and, where nothing is, how the two sides compare.
func (s *surveyed) compare(c *pair.Case, col table.Column, d *judge.Decision, v *Value) error {
	a := col.Mapping.Target
	want, known := c.Table.FP(c.Row)[col.Col], true
	if a.Type == state.TypeReference {
		v.LiveName = s.TenantName(s.Hash.Of(a, v.Live))
		if m := s.Source.ByDN.First(want); want != 0 && want != c.Table.NilFP && m >= 0 {
			other, err := s.Case(m)
			if err != nil {
				return err
			}
			v.DesiredName = other.Key
		}
		want, known = s.Reference(c.Row, c.Table, a, want)
	}
	if v.Write = writes(d, a.Name); v.Write != nil {
		v.Drift = v.Write.Drift
		return nil
	}
	p := c.Prints(a, s.Hash.Of(a, v.Live), want, v.Live, v.Desired)
	v.Drift = c.Live != nil && !c.Verdict.Is(pair.Contested) && p.Drifted()
	switch {
	case v.Failure != nil:
		v.Fate = Unevaluated
	case !known && v.DesiredName == "" && v.Desired.Str() != "":
		v.Fate = NotInScope
	case !known && v.Desired.Str() != "":
		v.Fate = NoAccount
	case want == 0 && v.Desired.IsEmpty() && !v.Live.IsEmpty():
		v.Fate = Kept
	case want != 0 && c.Live != nil && p.Have != p.Want && c.KeptOnLink(col.Mapping, want):
		v.Fate = KeptOnLink
	case want != 0 && c.Live != nil && p.Have != p.Want:
		v.Fate = Differs
		v.Drift = v.Drift && !s.Standing(c.Live, c.LiveRow).Locks(a)
	}
	return nil
}
