package view

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/dirform/dirform/planner/internal/planjson"
	"github.com/dirform/dirform/state"
)

// Section is the changes of one class, action, kind and scope.
type Section struct {
	Class      int // 0 where changes have none
	Action     state.Action
	Kind       state.Kind
	Scope      string
	Count      int
	Changes    []*state.Change // the first few
	Attributes []*Attribute    // that change in the tenant, those that name people and let them in first
	Source     []*Attribute    // that are written to Active Directory
	Reasons    []Tally         // with where they are declared
	Rules      []Tally         // on what evidence pairs were found
	Partial    int             // changes that turn sign-in off only
	Replacing  int             // changes that end the link of another object
	Sets       int             // changes that add or remove references, as many as follow
	Adds       int
	Removes    int
}

// Attribute is how the changes of a section change one attribute.
type Attribute struct {
	Name   string
	Count  int       // changes
	Drift  int       // of them, how many correct what somebody else changed
	Detour int       // of them, how many write another value first
	Alike  []*Alike  // what more than MaxAlike changes set it to, most first
	Others int       // changes to another value than those
	First  []Example // of those
	Before []Old     // what is replaced, most first
	Olds   int       // changes whose old value is not in Before

	values   map[string]*Alike
	distinct bool // it has so many values that nothing more is told apart
	dropped  bool // values were given up for lack of room, so that the counts of others may be too small
	buf      []byte
	seen     int
}

// Alike is several changes of an attribute to one value.
type Alike struct {
	After  state.AttributeChange // one of them
	Count  int
	People []string // the addresses of the first few
	order  int
}

// Old is a value that is replaced.
type Old struct {
	Change state.AttributeChange
	N      int
}

// Example is one object's change of an attribute.
type Example struct {
	Address string
	Change  state.AttributeChange
	key     string
}

// How much is kept of a section.
const (
	MaxAlike     = 5    // changes of an attribute to the same value that are told one by one
	keptChanges  = 6    // of a section
	keptPeople   = 3    // of changes to the same value
	keptOlds     = 8    // values that an attribute had
	keptExamples = 16   // of changes of an attribute
	allValues    = 3    // of an attribute, which are all told if some are alike
	maxDistinct  = 1024 // values of an attribute that are told apart
	maxKey       = 64   // bytes of a value by which it is known
	maxSections  = 512  // beyond which scopes are not told apart
)

type sectionKey struct {
	class  int
	action state.Action
	kind   state.Kind
	scope  string
}

type builder struct {
	class    func(*state.Change) int
	sections map[sectionKey]*Section
	order    []*Section
}

// sections are a plan's changes, by what is done to what; those of a lower class before those of a higher one.
func sections(r Source, class func(*state.Change) int, each func(*state.Change)) ([]*Section, error) {
	b := &builder{class: class, sections: map[sectionKey]*Section{}}
	for c, err := range r.Changes() {
		if err != nil {
			return nil, err
		}
		b.add(c)
		if each != nil {
			each(c)
		}
	}
	if b.settle() {
		for c, err := range r.Changes() {
			if err != nil {
				return nil, err
			}
			b.recount(c)
		}
	}
	for _, s := range b.order {
		s.finish()
	}
	slices.SortStableFunc(b.order, func(x, y *Section) int {
		return cmp.Or(cmp.Compare(x.Class, y.Class), cmp.Compare(slices.Index(byRisk, x.Action), slices.Index(byRisk,
			y.Action)))
	})
	return b.order, nil
}

func (b *builder) section(c *state.Change, grow bool) *Section {
	k := sectionKey{b.class(c), c.Action, c.Kind, c.Scope}
	s := b.sections[k]
	if s == nil && len(b.sections) >= maxSections {
		k.scope = ""
		s = b.sections[k]
	}
	if s == nil && grow {
		s = &Section{Class: k.class, Action: k.action, Kind: k.kind, Scope: k.scope}
		b.sections[k], b.order = s, append(b.order, s)
	}
	return s
}

func (b *builder) add(c *state.Change) {
	s := b.section(c, true)
	if s.Count++; len(s.Changes) < keptChanges {
		s.Changes = append(s.Changes, c)
	}
	s.tally(c)
	for i := range c.Attributes {
		find(&s.Attributes, c.Attributes[i].Name).add(c.Address, &c.Attributes[i])
	}
	for i := range c.SourceAttributes {
		find(&s.Source, c.SourceAttributes[i].Name).add(c.Address, &c.SourceAttributes[i])
	}
}

func (s *Section) tally(c *state.Change) {
	reason := c.Reason
	if c.DeclaredAt != "" {
		reason += " (" + c.DeclaredAt + ")"
	}
	s.Reasons = tally(s.Reasons, reason)
	if c.Match != nil {
		s.Rules = tally(s.Rules, c.Match.Rule)
	}
	if c.Partial {
		s.Partial++
	}
	if c.Replaces != nil {
		s.Replacing++
	}
	if m := c.Members; m != nil {
		s.Sets, s.Adds, s.Removes = s.Sets+1, s.Adds+len(m.Add), s.Removes+len(m.Remove)
	}
}

// find is the attribute of a name in list.
func find(list *[]*Attribute, name string) *Attribute {
	for _, a := range *list {
		if a.Name == name {
			return a
		}
	}
	a := &Attribute{Name: name, values: map[string]*Alike{}}
	*list = append(*list, a)
	return a
}

func (a *Attribute) add(address string, c *state.AttributeChange) {
	a.Count++
	if c.Drift {
		a.Drift++
	}
	if !c.Via.IsNull() {
		a.Detour++
	}
	a.replaces(c)
	if a.distinct && len(a.values) == 0 && len(a.First) == keptExamples {
		return
	}
	k := a.key(c)
	v := a.values[string(k)]
	if v == nil && !a.distinct && a.room() {
		a.seen++
		v = &Alike{After: *c, order: a.seen}
		a.values[string(k)] = v
	}
	if v != nil {
		v.add(address)
	}
	switch {
	case v != nil && v.Count == MaxAlike+1:
		slices.SortStableFunc(a.Before, func(x, y Old) int { return cmp.Compare(y.N, x.N) })
		a.First = slices.DeleteFunc(a.First, func(e Example) bool { return e.key == string(k) })
	case (v == nil || v.Count <= MaxAlike) && len(a.First) < keptExamples:
		a.First = append(a.First, Example{address, *c, string(k)})
	}
}

// key tells the values set apart; it is good until the next one. A long value is known by its digest.
func (a *Attribute) key(c *state.AttributeChange) []byte {
	a.buf = planjson.AppendValue(a.buf[:0], c.After)
	if len(a.buf) > maxKey {
		sum := sha256.Sum256(a.buf)
		a.buf = append(a.buf[:0], sum[:]...)
	}
	return a.buf
}

// room makes sure that there is room for another value. If there are more of them than maxDistinct, those seen once so
// far make room; an attribute of which nearly all have been seen once has a value for each object, and is not looked at
// any more.
func (a *Attribute) room() bool {
	if len(a.values) < maxDistinct {
		return true
	}
	a.dropped = true
	for h, v := range a.values {
		if v.Count == 1 {
			delete(a.values, h)
		}
	}
	a.distinct = len(a.values) > maxDistinct/2 || len(a.values) < maxDistinct/64
	return !a.distinct
}

func (v *Alike) add(address string) {
	v.Count++
	if len(v.People) < keptPeople {
		v.People = append(v.People, address)
	}
}

// replaces counts the value that is replaced.
func (a *Attribute) replaces(c *state.AttributeChange) {
	for i := range a.Before {
		if o := &a.Before[i]; o.Change.Before.Equal(c.Before) {
			o.N++
			return
		}
	}
	if len(a.Before) == keptOlds {
		a.Olds++
		return
	}
	a.Before = append(a.Before, Old{*c, 1})
}

// settle forgets the values that are not alike, and reports whether those that remain are to be counted again.
func (b *builder) settle() (again bool) {
	for _, s := range b.order {
		for _, a := range slices.Concat(s.Attributes, s.Source) {
			a.keepAlike()
			if !a.dropped || len(a.values) == 0 {
				continue
			}
			again = true
			for h, v := range a.values {
				a.values[h] = &Alike{After: v.After, order: v.order}
			}
		}
	}
	return again
}

// keepAlike forgets the values that few changes have, but where all values are few and one of them is alike: who is
// told that sign-in is on for many wants to know for how many it is off.
func (a *Attribute) keepAlike() {
	few, alike := !a.dropped && !a.distinct && len(a.values) <= allValues, false
	for _, v := range a.values {
		alike = alike || v.Count > MaxAlike
	}
	for h, v := range a.values {
		if v.Count <= MaxAlike && !(few && alike) {
			delete(a.values, h)
		}
	}
}

// recount counts what is to be counted again of a change.
func (b *builder) recount(c *state.Change) {
	s := b.section(c, false)
	again := func(list []*Attribute, changes []state.AttributeChange) {
		for i := range changes {
			a := find(&list, changes[i].Name)
			if !a.dropped || len(a.values) == 0 {
				continue
			}
			if v := a.values[string(a.key(&changes[i]))]; v != nil {
				v.add(c.Address)
			}
		}
	}
	again(s.Attributes, c.Attributes)
	again(s.Source, c.SourceAttributes)
}

// finish puts a section in order.
func (s *Section) finish() {
	of := state.Describe(nil)(s.Kind)
	rank := func(a *Attribute) int {
		switch a.Name {
		case "":
		case of.SignIn:
			return 0
		case of.UserName:
			return 1
		case of.Mail:
			return 2
		case of.Anchor:
			return 4
		}
		return 3
	}
	for _, a := range slices.Concat(s.Attributes, s.Source) {
		a.finish()
	}
	slices.SortStableFunc(s.Attributes, func(x, y *Attribute) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.Name, y.Name))
	})
}

func (a *Attribute) finish() {
	a.Others = a.Count
	for _, v := range a.values {
		a.Alike = append(a.Alike, v)
		a.Others -= v.Count
	}
	slices.SortFunc(a.Alike, func(x, y *Alike) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.order, y.order))
	})
	slices.SortStableFunc(a.Before, func(x, y Old) int { return cmp.Compare(y.N, x.N) })
	a.First = slices.DeleteFunc(a.First, func(e Example) bool { return a.values[e.key] != nil })
	a.values, a.buf = nil, nil
}
