package apply

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
)

// ruleCreated is the rule of a link whose account dirform created; ruleRecorded only says that a link was known already.
const ruleCreated, ruleRecorded = "created", "recorded"

// keeper works out what the record says about pairs.
type keeper struct {
	*base
	shapes shapes
}

// prepareLink works out what the record says about the pair once the step is done.
func (r *keeper) prepareLink(st *step) error {
	c := st.c
	if st.of.Declared || c.Anchor == "" {
		return nil
	}
	switch c.Action {
	case state.ActionUnlink, state.ActionDelete:
		st.forget = true
		return nil
	}
	l := &state.Link{}
	if st.old != nil {
		*l = *st.old
		l.Fingerprints = slices.Clone(st.old.Fingerprints)
	}
	if c.Partial {
		return r.preparePartial(st, l)
	}
	l.Anchor, l.Kind, l.TargetID, l.Rule = strings.Clone(c.Anchor), c.Kind, st.id, st.rule()
	r.noteLeft(l, c.Action == state.ActionDisable, st.leftBefore())
	if c.Scope != "" {
		l.Scope = c.Scope
	}
	if g, ok := state.ParseGUID(c.SourceGUID); ok {
		l.SourceGUID = g
	}
	if err := r.prepareFingerprints(st, l); err != nil {
		return err
	}
	st.link = l
	return nil
}

// preparePartial is prepareLink for a step that only turns sign-in off: of a recorded pair, that alone is noted. A pair that is not
// recorded yet is recorded by the whole change, once that is made.
func (r *keeper) preparePartial(st *step, l *state.Link) error {
	if st.old == nil {
		return nil
	}
	if st.c.Action == state.ActionDisable {
		r.noteLeft(l, true, st.leftBefore())
	}
	for _, a := range st.c.Attributes {
		if a.Name != st.of.Anchor { // which is only compared
			r.shapes.set(l, a.Name, r.hasher.Fingerprint(st.attribute(a.Name), a.After))
		}
	}
	st.link = l
	return nil
}

// leftBefore reports whether the source object had left already and its account was only enabled by somebody since, so that the time
// of its leaving stays.
func (st *step) leftBefore() bool {
	return !st.c.GraceAnew && st.old != nil && st.old.Left && st.old.LeftAt != 0 &&
		slices.ContainsFunc(st.c.Attributes, func(a state.AttributeChange) bool { return a.Drift })
}

// noteLeft notes whether a link's source object has left its scope, and since when. again says that it had left before, so that
// the time stays: what somebody did to the account meanwhile does not prolong its grace.
func (r *keeper) noteLeft(l *state.Link, left, again bool) {
	l.Left = left
	switch {
	case !left || r.in.Now.IsZero() && !again:
		l.LeftAt = 0
	case !again:
		l.LeftAt = max(0, r.in.Now.Unix())
	}
}

func (r *keeper) prepareFingerprints(st *step, l *state.Link) error {
	switch {
	case l.Left: // the rest of the account stays as it was when the source object left
		for _, a := range st.plain {
			r.shapes.set(l, a.Name, r.hasher.Fingerprint(st.attribute(a.Name), a.After))
		}
		for name, text := range st.c.Fingerprints {
			fp, err := parseFingerprint(name, text)
			if err != nil {
				return err
			}
			r.shapes.set(l, name, fp)
		}
	case len(st.c.Fingerprints) > 0:
		if err := r.shapes.apply(l, st.c.Fingerprints); err != nil {
			return err
		}
	}
	for _, a := range st.refs { // not written yet
		r.shapes.set(l, a.Name, 0)
	}
	return nil
}

// rule is how the pair came about. A pair that is known already keeps its rule.
func (st *step) rule() string {
	switch {
	case st.creates():
		return ruleCreated
	case st.c.Match != nil && st.c.Match.Rule != ruleRecorded:
		return st.c.Match.Rule
	case st.old != nil:
		return st.old.Rule
	}
	return ruleRecorded
}

// shapes keeps one shape per set of attributes.
type shapes struct{ byNames map[string]*state.Shape }

// of is the shape of names, which must be sorted.
func (s *shapes) of(names []string) *state.Shape {
	key := strings.Join(names, "\n")
	if sh, ok := s.byNames[key]; ok {
		return sh
	}
	if s.byNames == nil {
		s.byNames = map[string]*state.Shape{}
	}
	sh := state.NewShape(names...)
	s.byNames[key] = sh
	return sh
}

// apply gives a link the fingerprints of a plan in place of its own.
func (s *shapes) apply(l *state.Link, prints map[string]string) error {
	names := make([]string, 0, len(prints))
	for n := range prints {
		names = append(names, n)
	}
	slices.Sort(names)
	fps := make([]uint64, len(names))
	for i, n := range names {
		fp, err := parseFingerprint(n, prints[n])
		if err != nil {
			return err
		}
		fps[i] = fp
	}
	l.Shape, l.Fingerprints = s.of(names), fps
	return nil
}

// set gives a link one attribute's fingerprint, extending its shape if need be.
func (s *shapes) set(l *state.Link, name string, fp uint64) {
	var names []string
	if l.Shape != nil {
		if i := l.Shape.Index(name); i >= 0 {
			l.Fingerprints[i] = fp
			return
		}
		names = l.Shape.Names()
	}
	i, _ := slices.BinarySearch(names, name)
	l.Shape = s.of(slices.Insert(slices.Clone(names), i, name))
	l.Fingerprints = slices.Insert(l.Fingerprints, i, fp)
}

func parseFingerprint(name, text string) (uint64, error) {
	fp, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		return 0, &fault.Error{Summary: "the plan is damaged", Hint: "Plan again.",
			Detail: fmt.Sprintf("The fingerprint of %s is %q, not a hexadecimal number.", name, text)}
	}
	return fp, nil
}

// shapeOf is the shape of names in any order, with repetitions.
func shapeOf(names []string) *state.Shape {
	names = slices.Clone(names)
	slices.Sort(names)
	return state.NewShape(slices.Compact(names)...)
}
