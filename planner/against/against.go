// Package against tells of a plan's changes what a change of the configuration brings and what is pending anyway: it
// holds them against those of a plan that another configuration makes of the same reading.
package against

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// Plan is a plan that has been made.
type Plan interface {
	Header() planner.Header
	Totals() planner.Totals
	Changes() iter.Seq2[*state.Change, error]
	Findings() iter.Seq2[*planner.Finding, error]
}

// Out is where a plan goes that is held against another one.
type Out interface {
	planner.Sink
	// NoLonger takes a change that only the other plan has.
	NoLonger(*state.Change) error
}

// Sink marks a plan on its way to another sink.
type Sink struct {
	Out
	Totals   planner.Against
	changes  map[string][]*other
	order    []*other
	findings map[string]int
}

// other is a change of the other plan, and what of it this plan has too.
type other struct {
	change *state.Change
	met    bool
	left   []state.AttributeChange // attributes that this plan leaves alone
	source []state.AttributeChange
}

// New holds what goes to out against another plan.
func New(out Out, base Plan) (*Sink, error) {
	s := &Sink{Out: out, changes: map[string][]*other{}, findings: map[string]int{}}
	s.Totals.Applicable = base.Totals().Applicable
	for c, err := range base.Changes() {
		if err != nil {
			return nil, err
		}
		o := &other{change: c}
		s.changes[keyOf(c)], s.order = append(s.changes[keyOf(c)], o), append(s.order, o)
	}
	for f, err := range base.Findings() {
		if err != nil {
			return nil, err
		}
		s.findings[about(f)]++
	}
	return s, nil
}

// keyOf is what a change is about, whatever its scope is called.
func keyOf(c *state.Change) string {
	if c.Anchor == "" {
		return string(c.Kind) + "\x00\x00" + c.Address
	}
	return string(c.Kind) + "\x00" + c.Anchor
}

// about is what a finding says of whom, whatever scopes are called.
func about(f *planner.Finding) string {
	parts := []string{f.Code, f.Attribute, f.Value}
	for _, o := range f.Objects {
		parts = append(parts, o.Anchor, o.TargetID, o.SourceDN)
	}
	return strings.Join(parts, "\x00")
}

// Finding counts what only this plan says, and hands it on.
func (s *Sink) Finding(f *planner.Finding) error {
	if k := about(f); s.findings[k] > 0 {
		s.findings[k]--
	} else {
		s.Totals.Findings++
	}
	return s.Out.Finding(f)
}

// Change adds the causes of a change and hands it on.
func (s *Sink) Change(c *state.Change) error {
	marked := *c
	o := s.counterpart(c)
	same, all := 0, len(c.Attributes)+len(c.SourceAttributes)
	mark := func(list, theirs []state.AttributeChange) []state.AttributeChange {
		list = slices.Clone(list)
		for i := range list {
			a := &list[i]
			a.Cause = state.CauseConfiguration
			if slices.ContainsFunc(theirs, func(b state.AttributeChange) bool {
				return b.Name == a.Name && b.Before.Equal(a.Before) && b.After.Equal(a.After)
			}) {
				a.Cause = state.CauseDirectory
				same++
			}
		}
		return list
	}
	var theirs, theirSource []state.AttributeChange
	alike := false
	if o != nil {
		theirs, theirSource = o.change.Attributes, o.change.SourceAttributes
		alike = o.change.Action == c.Action && strings.EqualFold(o.change.TargetID, c.TargetID) &&
			sameMembers(o.change.Members, c.Members)
		o.met, o.left, o.source = true, without(theirs, c.Attributes), without(theirSource, c.SourceAttributes)
	}
	marked.Attributes, marked.SourceAttributes = mark(c.Attributes, theirs), mark(c.SourceAttributes, theirSource)
	switch {
	case alike && same == all:
		marked.Cause = state.CauseDirectory
		s.Totals.Directory++
	case same > 0 || alike && all == 0:
		marked.Cause = state.CauseMixed
		s.Totals.Mixed++
	default:
		marked.Cause = state.CauseConfiguration
		s.Totals.Configuration++
	}
	return s.Out.Change(&marked)
}

// counterpart is the other plan's change of the same object, one of the same action rather than another.
func (s *Sink) counterpart(c *state.Change) (found *other) {
	for _, o := range s.changes[keyOf(c)] {
		if !o.met && (found == nil || o.change.Action == c.Action) {
			found = o
		}
	}
	return found
}

// without are the attributes that other does not change.
func without(list, other []state.AttributeChange) (left []state.AttributeChange) {
	for _, a := range list {
		if !slices.ContainsFunc(other, func(b state.AttributeChange) bool { return b.Name == a.Name }) {
			left = append(left, a)
		}
	}
	return left
}

func sameMembers(a, b *state.SetChange) bool {
	if a == nil || b == nil {
		return a == b
	}
	return slices.Equal(a.Add, b.Add) && slices.Equal(a.Remove, b.Remove)
}

// Finish hands on what only the other plan wants: whole changes, and of others the attributes that this plan leaves
// alone.
func (s *Sink) Finish() error {
	for _, o := range s.order {
		c := *o.change
		if o.met {
			if len(o.left)+len(o.source) == 0 {
				continue
			}
			c.Attributes, c.SourceAttributes, c.Members = o.left, o.source, nil
		}
		s.Totals.NoLonger++
		if err := s.Out.NoLonger(c.WithoutHashes()); err != nil {
			return err
		}
	}
	return nil
}

// Config is another configuration's scopes, mappings, policies, links and guards over the directories and the state of
// one.
func Config(one, another *config.Config) (*config.Config, error) {
	c := *another
	c.AD, c.Entra, c.Encryption = one.AD, one.Entra, one.Encryption
	c.StatePath, c.StateDatabase, c.StateBucket = one.StatePath, one.StateDatabase, one.StateBucket
	provider := func(p *config.ADProvider, at string) (*config.ADProvider, error) {
		i := slices.IndexFunc(one.AD, func(q *config.ADProvider) bool { return p != nil && q.Name == p.Name })
		if i < 0 && len(one.AD) == 1 && len(another.AD) == 1 {
			i = 0
		}
		if i < 0 {
			return nil, &fault.Error{Summary: "The other configuration has a directory that this one lacks",
				Detail: fmt.Sprintf("%s refers to provider.ad.%s.", at,
					p.Name), Hint: "Plan against a configuration of the same directories."}
		}
		return one.AD[i], nil
	}
	var err error
	// in place, since policies and mappings point to scopes: nobody else has this configuration
	for _, s := range c.Scopes {
		if s.Provider, err = provider(s.Provider, s.DeclaredAt); err != nil {
			return nil, err
		}
	}
	for _, s := range c.UPNSuffixes {
		if s.Provider, err = provider(s.Provider, s.DeclaredAt); err != nil {
			return nil, err
		}
	}
	return &c, nil
}
