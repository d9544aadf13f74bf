// Package links works out what the record says about a pair once a change of it is made.
package links

import (
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/apply/internal/values"
	"github.com/dirform/dirform/state"
)

// ruleCreated is the rule of a link whose account dirform created; ruleRecorded only says that a link was known
// already.
const ruleCreated, ruleRecorded = "created", "recorded"

// Keeper works out links in one run.
type Keeper struct {
	Hasher *state.Hasher
	Now    time.Time // when the run started: what is noted for objects that leave; the zero time notes nothing
	shapes shapes
}

// Pair is a change on its way, as far as the pair's link depends on it.
type Pair struct {
	Change   *state.Change
	Of       *state.Descriptor // of the change's kind
	TargetID string            // of the tenant object; empty until it is created
	Schema   *state.Schema     // the tenant's, of the kind
	Old      *state.Link       // recorded before; may be nil
	Written  []state.AttributeChange
	Later    []state.AttributeChange // references, which the record learns of when they are written
}

// After is the link to be recorded, or that the link is to be removed, once the change is made. Both are missing if the
// change says nothing about a link.
func (k *Keeper) After(p Pair) (l *state.Link, forget bool, err error) {
	c := p.Change
	if p.Of.Declared || c.Anchor == "" {
		return nil, false, nil
	}
	switch c.Action {
	case state.ActionUnlink, state.ActionDelete:
		return nil, true, nil
	}
	l = &state.Link{}
	if p.Old != nil {
		*l = *p.Old
		l.Fingerprints = slices.Clone(p.Old.Fingerprints)
	}
	if c.Partial {
		return k.afterPart(p, l), false, nil
	}
	l.Anchor, l.Kind, l.TargetID, l.Rule = strings.Clone(c.Anchor), c.Kind, p.TargetID, p.rule()
	k.noteLeft(l, c.Action == state.ActionDisable, p.leftBefore())
	k.noteSource(l, c.Scope, c.SourceGUID)
	return l, false, k.fingerprints(p, l)
}

// afterPart makes l the link after a step that only turns sign-in off: of a recorded pair, that alone is noted. A pair
// that is not recorded yet is recorded by the whole change, once that is made.
func (k *Keeper) afterPart(p Pair, l *state.Link) *state.Link {
	if p.Old == nil {
		return nil
	}
	if p.Change.Action == state.ActionDisable {
		k.noteLeft(l, true, p.leftBefore())
	}
	for _, a := range p.Change.Attributes {
		if a.Name != p.Of.Anchor { // which is only compared
			k.set(l, p.Schema, a)
		}
	}
	return l
}

// leftBefore reports whether the source object had left already and its account was only enabled by somebody since, so
// that the time of its leaving stays.
func (p *Pair) leftBefore() bool {
	return !p.Change.GraceAnew && p.Old != nil && p.Old.Left && p.Old.LeftAt != 0 &&
		slices.ContainsFunc(p.Change.Attributes, func(a state.AttributeChange) bool { return a.Drift })
}

// rule is how the pair came about. A pair that is known already keeps its rule.
func (p *Pair) rule() string {
	switch c := p.Change; {
	case c.Action == state.ActionCreate:
		return ruleCreated
	case c.Match != nil && c.Match.Rule != ruleRecorded:
		return c.Match.Rule
	case p.Old != nil:
		return p.Old.Rule
	}
	return ruleRecorded
}

func (k *Keeper) fingerprints(p Pair, l *state.Link) error {
	switch {
	case l.Left: // the rest of the account stays as it was when the source object left
		for _, a := range p.Written {
			k.set(l, p.Schema, a)
		}
		for name, text := range p.Change.Fingerprints {
			fp, err := parseFingerprint(name, text)
			if err != nil {
				return err
			}
			k.shapes.set(l, name, fp)
		}
	case len(p.Change.Fingerprints) > 0:
		if err := k.shapes.apply(l, p.Change.Fingerprints); err != nil {
			return err
		}
	}
	for _, a := range p.Later {
		k.shapes.set(l, a.Name, 0)
	}
	return nil
}

// Note brings a recorded link to what a plan's record says, for which nothing is written.
func (k *Keeper) Note(l *state.Link, rec *planner.Record) error {
	k.noteSource(l, rec.Scope, rec.SourceGUID)
	k.noteLeft(l, rec.Left, l.Left && l.LeftAt != 0 && len(rec.Fingerprints) == 0)
	if len(rec.Fingerprints) == 0 {
		return nil
	}
	return k.shapes.apply(l, rec.Fingerprints)
}

// noteSource notes a link's scope and source object, as far as they are given.
func (k *Keeper) noteSource(l *state.Link, scope, guid string) {
	if scope != "" {
		l.Scope = scope
	}
	if g, ok := state.ParseGUID(guid); ok {
		l.SourceGUID = g
	}
}

// noteLeft notes whether a link's source object has left its scope, and since when. again says that it had left before,
// so that the time stays: what somebody did to the account meanwhile does not prolong its grace.
func (k *Keeper) noteLeft(l *state.Link, left, again bool) {
	l.Left = left
	switch {
	case !left || k.Now.IsZero() && !again:
		l.LeftAt = 0
	case !again:
		l.LeftAt = max(0, k.Now.Unix())
	}
}

// set notes in a link an attribute that is written.
func (k *Keeper) set(l *state.Link, s *state.Schema, a state.AttributeChange) {
	k.shapes.set(l, a.Name, k.Hasher.Fingerprint(values.Describe(s, a.Name), a.After))
}

// Set notes in a link what an attribute of the account holds now.
func (k *Keeper) Set(l *state.Link, d *state.Attribute, v state.Value) {
	k.shapes.set(l, d.Name, k.Hasher.Fingerprint(d, v))
}
