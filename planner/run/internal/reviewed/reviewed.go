// Package reviewed holds a reviewed plan against a fresh one: what of the fresh plan is carried out, and what becomes of the rest of
// the reviewed one.
package reviewed

import (
	"hash/maphash"
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run/internal/alike"
	"github.com/dirform/dirform/planner/run/internal/parts"
	"github.com/dirform/dirform/state"
)

// Filter is what is left of a fresh plan when a reviewed one is held against it: the changes that both have, and those that are
// the rest of a reviewed change that was made in part. A reviewed plan is never an authority. What is carried out are the fresh
// plan's changes; of the reviewed one's nothing is used but that it has them, so that whatever stands in its file can only make apply
// do less.
type Filter struct {
	reviewed, fresh *planfile.Reader
	seed            maphash.Seed
	ids             map[string]string // accounts by the anchors that the reviewed plan refers to and the record has
	limited         bool              // the reviewed plan was limited by targets or excludes
	foreign         map[uint64]bool   // subjects of fresh changes that a limited plan does not have

	index  map[uint64]*entry // the reviewed plan's changes, by what they are about
	carry  map[int]part      // by number of the fresh plan's change: how much of it is carried out
	Beyond int               // changes of the fresh plan that the reviewed one does not have
	// Total is how many changes are told of: the reviewed plan's, and the switch-offs that are made of some of them.
	Total int
}

// entry is what becomes of a reviewed change.
type entry struct {
	content  uint64   // of everything that has to be the same
	resolved uint64   // the same, once the accounts that it refers to are there
	off      string   // the account that it blocks sign-in of, if it does
	keep     []string // of a limited plan: the attributes with which it refers to other objects
	met      bool     // the change itself was come across when the outcome was told
	fate     fate
	why      string // why it is not made as reviewed, as far as that is known before the outcome is told
}

type fate uint8

const (
	unwanted  fate = iota // the fresh plan has no change about this object
	wanted                // it has the same
	partly                // both want sign-in off, and the rest is not made
	otherwise             // it has another one
	lacking               // it has the same, which needs a change that is not made
)

// part is how much of a fresh change is carried out.
type part uint8

const (
	whole    part = iota + 1
	asTarget      // without the references that a limited plan leaves out
	offOnly       // that it blocks sign-in
)

// Accounts gives the ids of the accounts that the record has for anchors.
type Accounts func(anchors []string) (map[string]string, error)

// Shown tells of changes whether the tenant and the source show what they write.
type Shown func(changes []*state.Change) ([]bool, error)

// New holds a reviewed plan against a fresh one.
func New(reviewed, fresh *planfile.Reader, ids Accounts, shown Shown) (*Filter, error) {
	h := reviewed.Header()
	f := &Filter{reviewed: reviewed, fresh: fresh, seed: maphash.MakeSeed(), index: map[uint64]*entry{},
		carry: map[int]part{}, limited: len(h.Targets)+len(h.Excludes) > 0}
	var err error
	if f.ids, err = f.referred(ids); err != nil {
		return nil, err
	}
	for c, err := range reviewed.Changes() {
		if err != nil {
			return nil, err
		}
		f.Total++
		if key := f.key(c.Kind, c.Anchor, c.Address); f.index[key] == nil {
			f.index[key] = f.entry(c)
		}
	}
	if f.limited {
		if f.foreign, err = f.outside(); err != nil {
			return nil, err
		}
	}
	if err := f.compare(shown); err != nil {
		return nil, err
	}
	return f, f.blocked()
}

// entry prepares a reviewed change to be compared.
func (f *Filter) entry(c *state.Change) *entry {
	e := &entry{content: alike.Content(f.seed, c, nil), off: strings.Clone(parts.SwitchesOff(c))}
	e.resolved = e.content
	if len(f.ids) > 0 {
		e.resolved = alike.Content(f.seed, c, f.ids)
	}
	if f.limited {
		for _, a := range parts.References(c) {
			e.keep = append(e.keep, strings.Clone(a.Name))
		}
	}
	return e
}

// key is what a change is about: an object by its anchor, a declared resource by its address.
func (f *Filter) key(kind state.Kind, anchor, address string) uint64 {
	if anchor == "" {
		anchor = "\x00" + address
	}
	return maphash.String(f.seed, string(kind)+"\x00"+anchor)
}

// referredBatch is how many anchors the record is asked for at a time.
const referredBatch = 1000

// referred asks the record for the accounts that the reviewed plan refers to by the anchors with which it was to create
// them: a run that was cut off has created some of them, and the fresh plan names those by their ids.
func (f *Filter) referred(ids Accounts) (map[string]string, error) {
	found := map[string]string{}
	pending := map[string]bool{}
	ask := func() error {
		anchors := make([]string, 0, len(pending))
		for a := range pending {
			anchors = append(anchors, a)
		}
		clear(pending)
		some, err := ids(anchors)
		for a, id := range some {
			found[a] = id
		}
		return err
	}
	for c, err := range f.reviewed.Changes() {
		if err != nil {
			return nil, err
		}
		for _, a := range c.Attributes {
			if anchor, ok := strings.CutPrefix(a.After.Str(), state.PendingRef); ok {
				pending[strings.Clone(anchor)] = true
			}
		}
		if len(pending) >= referredBatch {
			if err := ask(); err != nil {
				return nil, err
			}
		}
	}
	if len(pending) == 0 {
		return found, nil
	}
	return found, ask()
}

// outside is what fresh changes are about that the reviewed plan does not have.
func (f *Filter) outside() (map[uint64]bool, error) {
	found := map[uint64]bool{}
	for c, err := range f.fresh.Changes() {
		if err != nil {
			return nil, err
		}
		if f.index[f.key(c.Kind, c.Anchor, c.Address)] == nil {
			found[f.subject(state.PendingRef+c.Anchor)] = true
			found[f.subject(c.TargetID)] = true
		}
	}
	return found, nil
}

// subject is the hash of what a reference has for an object: the anchor of one that is to be created, or an id.
func (f *Filter) subject(reference string) uint64 {
	if !strings.HasPrefix(reference, state.PendingRef) {
		reference = strings.ToLower(reference)
	}
	return maphash.String(f.seed, reference)
}

// compare goes through the fresh plan's changes.
func (f *Filter) compare(shown Shown) error {
	n := -1
	var waiting []needing
	done := map[uint64]bool{} // anchors whose changes are carried out
	carry := func(e *entry, n int, c *state.Change) {
		done[f.subject(state.PendingRef+c.Anchor)] = true
		if len(c.Needs) > 0 {
			waiting = append(waiting, needing{entry: e, change: n, own: c.Anchor, needs: c.Needs, off: parts.SwitchesOff(c) != ""})
		}
	}
	others := map[uint64]other{}
	for c, err := range f.fresh.Changes() {
		if err != nil {
			return err
		}
		n++
		key := f.key(c.Kind, c.Anchor, c.Address)
		e := f.index[key]
		if e == nil {
			f.Beyond++
			continue
		}
		how := f.carried(e, c)
		f.decide(e, n, how)
		switch {
		case how == whole || how == asTarget:
			carry(e, n, c)
		case len(others) < maxDiffering:
			others[key] = other{c, n}
		}
	}
	if err := f.continued(others, shown, carry); err != nil {
		return err
	}
	f.dropLacking(waiting, done)
	return nil
}

// carried is how much of a fresh change is carried out, given the reviewed one about the same object; 0 is nothing.
func (f *Filter) carried(e *entry, c *state.Change) part {
	same := func(c *state.Change) bool {
		sum := alike.Content(f.seed, c, nil)
		return sum == e.content || sum == e.resolved
	}
	switch {
	case same(c):
		return whole
	case f.limited && f.leavesOut(e, c) && same(parts.WithoutReferences(c, e.keep)):
		return asTarget
	case e.off != "" && strings.EqualFold(e.off, parts.SwitchesOff(c)):
		return offOnly
	}
	return 0
}

// leavesOut reports whether the references of c that the reviewed change lacks point to objects whose own changes a
// limited plan has left to others. Then it could not have them.
func (f *Filter) leavesOut(e *entry, c *state.Change) bool {
	return !slices.ContainsFunc(parts.References(c), func(a state.AttributeChange) bool {
		return !slices.Contains(e.keep, a.Name) && !f.foreign[f.subject(a.After.Str())]
	})
}

// decide notes how much of the n-th fresh change is carried out.
func (f *Filter) decide(e *entry, n int, how part) {
	switch how {
	case whole, asTarget:
		e.fate = wanted
	case offOnly:
		e.fate, e.why = partly, "of this change only sign-in is turned off, because today's plan wants the rest otherwise"
		f.Total++
	default:
		e.fate = otherwise
		f.Beyond++
		return
	}
	f.carry[n] = how
}

// needing is a carried change that needs others.
type needing struct {
	*entry
	change int
	own    string   // its anchor
	needs  []string // anchors
	off    bool     // it blocks sign-in
}

// dropLacking takes the changes out again that need what is not carried out, and those that need these. Of what is left
// of them only a switch-off is made. done are the anchors of all that is carried out.
func (f *Filter) dropLacking(waiting []needing, done map[uint64]bool) {
	lacks := func(x needing) bool {
		return slices.ContainsFunc(x.needs, func(need string) bool {
			return need != x.own && !done[f.subject(state.PendingRef+need)]
		})
	}
	for dropped := true; dropped; {
		dropped = false
		for _, x := range waiting {
			if x.fate != wanted || !lacks(x) {
				continue
			}
			dropped = true
			delete(done, f.subject(state.PendingRef+x.own))
			delete(f.carry, x.change)
			x.fate, x.why = lacking, "it needs another change that is not made"
			if x.off {
				f.decide(x.entry, x.change, offOnly)
				x.why = "of this change only sign-in is turned off, because the rest needs another change that is not made"
			}
		}
	}
}

// blocked notes why the fresh plan has no change about an object that the reviewed one changes: an error finding is
// about it. The first of a finding's objects is the one that is blocked.
func (f *Filter) blocked() error {
	for g, err := range f.fresh.Findings() {
		if err != nil {
			return err
		}
		if g.Severity != planner.Error || len(g.Objects) == 0 {
			continue
		}
		o := g.Objects[0]
		if e := f.index[f.key(o.Kind, o.Anchor, o.Address)]; e != nil && e.fate == unwanted && e.why == "" {
			e.why = "today's plan blocks it (" + g.Code + " " + g.Summary + ")"
		}
	}
	return nil
}

// Carried is how many changes of the fresh plan are carried out.
func (f *Filter) Carried() int { return len(f.carry) }

// Changes are what is carried out: changes of the fresh plan, in its order.
func (f *Filter) Changes() iter.Seq2[*state.Change, error] {
	return func(yield func(*state.Change, error) bool) {
		n := -1
		for c, err := range f.fresh.Changes() {
			n++
			how := f.carry[n]
			switch {
			case err != nil:
			case how == 0:
				continue
			case how == asTarget:
				c = parts.WithoutReferences(c, f.index[f.key(c.Kind, c.Anchor, c.Address)].keep)
			case how == offOnly:
				c = c.Kind.Descriptor().OnlySwitchOff(c)
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}
