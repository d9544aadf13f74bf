package render

import (
	"io"
	"iter"
	"slices"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Drift writes what somebody else changed in the tenant since the last apply: the drifted attributes only, with the
// value found and the one declared.
func Drift(w io.Writer, r Source, o TextOptions) error {
	t := newText(w, o)
	t.drift = true
	return textError(t.plan(drifted{r, true}))
}

// DriftJSON writes the document of [JSON] with those changes only that have a drifted attribute. Everything else in it,
// the summary too, is the whole plan's.
func DriftJSON(w io.Writer, r Source) error { return JSON(w, drifted{r, false}) }

// OnlyDrift is a plan with nothing but what somebody else changed, for the layouts that take a plan.
func OnlyDrift(r Digested) Digested { return digested{drifted{r, true}, r} }

// digested is a part of a plan that says which plan it is of.
type digested struct {
	drifted
	of Digested
}

// Digest is the whole plan's.
func (d digested) Digest() string { return d.of.Digest() }

// drifted is a plan restricted to its drifted changes, and if only is set to what drifted of them.
type drifted struct {
	Source
	only bool
}

// Changes are the changes with a drifted attribute, and those that bring a linked account back.
func (d drifted) Changes() iter.Seq2[*state.Change, error] {
	return func(yield func(*state.Change, error) bool) {
		for c, err := range d.Source.Changes() {
			if err != nil {
				yield(nil, err)
				return
			}
			if !slices.ContainsFunc(c.Attributes, hasDrifted) && !wasDeleted(c) {
				continue
			}
			if d.only {
				c = onlyDrifted(c)
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// Findings are those about blocked accounts that have drifted, and those that keep somebody signed in, when only drift
// is shown; the others are the plan's business.
func (d drifted) Findings() iter.Seq2[*planner.Finding, error] {
	if !d.only {
		return d.Source.Findings()
	}
	return func(yield func(*planner.Finding, error) bool) {
		for f, err := range d.Source.Findings() {
			if (err != nil || f.Drifted() || f.SignedIn) && !yield(f, err) {
				return
			}
		}
	}
}

// Skipped is nobody when only drift is shown; else the plan's.
func (d drifted) Skipped() iter.Seq2[*planner.Skipped, error] {
	if !d.only {
		return d.Source.Skipped()
	}
	return func(func(*planner.Skipped, error) bool) {}
}

// Totals are the plan's, without its guards when only drift is shown.
func (d drifted) Totals() planner.Totals {
	t := d.Source.Totals()
	if d.only {
		t.Guards = nil
	}
	return t
}

// wasDeleted reports whether c brings back an account that was linked: somebody deleted it since.
func wasDeleted(c *state.Change) bool {
	return c.Action == state.ActionRestore && c.Match != nil && c.Match.Rule == "recorded"
}

func hasDrifted(a state.AttributeChange) bool { return a.Drift }

// onlyDrifted is c as an update of its drifted attributes; what was deleted stays a restore.
func onlyDrifted(c *state.Change) *state.Change {
	only := *c
	only.Attributes = slices.DeleteFunc(slices.Clone(c.Attributes),
		func(a state.AttributeChange) bool { return !a.Drift })
	only.SourceAttributes = nil
	if !wasDeleted(c) {
		only.Match, only.Action = nil, state.ActionUpdate
	}
	return &only
}
