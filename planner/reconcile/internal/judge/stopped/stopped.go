package stopped

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/pair"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// whose are the codes of findings that say whose an account is, or that it is not to be touched: no switch-off passes
// them, whatever else speaks for it.
var whose = []string{"DF204", "DF205", "DF206", "DF207", "DF208", "DF405", "DF407", "DF408"}

// Object is a source object with an account, and what has been found about the two.
type Object struct {
	*pair.Case
	Limits   *offlimits.Limits
	Findings []*planner.Finding
	Attrs    []state.AttributeChange // all that would be written if nothing stopped it
	Foreign  bool                    // the account is another source object's
	Kept     bool                    // somebody turned sign-in on in the tenant, and the policy has that stop the object
	Twin     *table.Account          // the living account that another object with the same anchor has of it, or nil
}

// isError reports whether a finding stops its object.
func isError(f *planner.Finding) bool { return f.Severity == planner.Error }

// Off reports whether the source has switched the object off: the mapping gives a value for sign-in, and that is no, or
// it fails, and Active Directory has the account disabled.
func Off(c *pair.Case) bool {
	failed := slices.ContainsFunc(c.Failures, func(f pair.Failure) bool {
		return f.Mapping != nil && f.Mapping.Target.Name == c.Table.Of.SignIn
	})
	return off(c.Want(c.Table.Of.SignIn), failed, c.Object)
}

// OffIn is [Off] for an object of a kind that its scope does not have any more; o is read in the shape of the scope's objects.
func OffIn(tables []*table.Source, scope string, kind state.Kind, o *state.Object) bool {
	i := slices.IndexFunc(tables, func(t *table.Source) bool { return t.Scope.Name == scope && t.Kind == kind })
	if i < 0 {
		return false
	}
	for _, col := range tables[i].Columns {
		if col.Mapping.Target.Name == tables[i].Of.SignIn {
			v, err := table.Want(col.Mapping, o)
			return off(v, err != nil, o)
		}
	}
	return false
}

func off(mapped state.Value, failed bool, o *state.Object) bool {
	if failed {
		return system.SwitchedOff(o)
	}
	return mapped.Kind() == state.BoolValue && !mapped.Bool()
}

// WhyOff is why the source does not speak for the sign-in of an account of a kind, "" if it does, or nobody signs in with such accounts.
// c is the source object in scope, nil for none; where says where that is then.
func WhyOff(of *state.Descriptor, c *pair.Case, where words.Whereabouts) string {
	switch {
	case of.SignIn == "":
		return ""
	case c == nil && where.Code == state.BecauseGone:
		return "The source object was deleted"
	case c == nil:
		return "The source object is in no scope"
	case Off(c):
		return "The source has the account switched off"
	case len(c.Failures) > 0:
		return "What the source object is to have is not known"
	case !c.Want(of.SignIn).Bool():
		return "No mapping says who may sign in"
	}
	return ""
}

// CanSignIn reports whether people can sign in with an account, which may be nil. What is not known is taken for yes;
// nobody signs in with one in the recycle bin, or of a kind that nobody signs in with.
func CanSignIn(a *table.Account, living bool) bool {
	if a == nil || !living || a.Of.SignIn == "" {
		return false
	}
	v := a.SignIn()
	return v.Kind() != state.BoolValue || v.Bool()
}

// SignedIn reports whether the source has switched the object off, and its account can still sign in.
func (o *Object) SignedIn() bool {
	return Off(o.Case) && (!o.Foreign && CanSignIn(o.Live, o.LiveRow >= 0) || CanSignIn(o.Twin, true))
}

// SwitchOff is the part of the object's changes that turns sign-in off and that no finding about values or names holds
// back; ok is false if there is none, or whose account it is is not beyond doubt, or it is not to be touched.
func (o *Object) SwitchOff() (off state.AttributeChange, ok bool) {
	if !o.SignedIn() || !o.undisputed() || o.Kept {
		return off, false
	}
	if slices.ContainsFunc(o.Findings, func(f *planner.Finding) bool {
		return isError(f) && slices.Contains(whose, f.Code)
	}) {
		return off, false
	}
	i := slices.IndexFunc(o.Attrs, func(a state.AttributeChange) bool { return a.Name == o.Table.Of.SignIn })
	if i < 0 {
		return off, false
	}
	off = o.Attrs[i]
	return off, len(o.Limits.Against(offlimits.Attempt{Account: o.Live, Row: o.LiveRow, Policy: o.Table.Policy,
		Action: state.ActionUpdate, Attrs: []state.AttributeChange{off}, Rule: o.Verdict.Rule,
		Recorded: o.Link.Anchor})) == 0
}

// undisputed reports whether the pair is recorded, and nothing else says whose the account is. An account that has lost
// its anchor is still the recorded one, unless another one has got the anchor.
func (o *Object) undisputed() bool {
	if !o.Linked() || o.Verdict.Flags != 0 || o.LiveRow < 0 || o.RecordedLink() != int(o.Verdict.Link) {
		return false
	}
	if !o.Table.Anchored || o.Live.Anchor() == o.Anchor {
		return true
	}
	return o.Live.Anchor() == "" && !slices.ContainsFunc(o.Findings, func(f *planner.Finding) bool {
		return isError(f) && f.Attribute == o.Table.Of.Anchor
	})
}

// Tell adds to the error findings what they withhold, and what that means for sign-in: passed says that sign-in is
// turned off all the same. It reports whether somebody stays signed in whom the source has switched off.
func (o *Object) Tell(passed bool) (signedIn bool) {
	signedIn = !passed && o.SignedIn()
	for _, f := range o.Findings {
		if !isError(f) {
			continue
		}
		f.Withheld = o.withheld(passed)
		switch {
		case passed:
			f.Detail += words.OffAllTheSame
		case signedIn:
			words.StillSignedIn(f, words.SwitchedOffAtSource)
		}
	}
	return signedIn
}

// withheld are the changes of an account that is there which do not pass, sorted by name.
func (o *Object) withheld(passed bool) (list []planner.Withheld) {
	if o.Live == nil {
		return nil
	}
	for _, a := range o.Attrs {
		if !passed || a.Name != o.Table.Of.SignIn {
			list = append(list, planner.Withheld{Name: a.Name, Before: a.Before, After: a.After})
		}
	}
	slices.SortFunc(list, func(a, b planner.Withheld) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// TellLeaver is [Object.Tell] for the finding about the account of somebody who left, from which a change, nil for none, is withheld.
func TellLeaver(f *planner.Finding, live *table.Account, c *state.Change) (signedIn bool) {
	if c == nil {
		return false
	}
	for _, a := range c.Attributes {
		f.Withheld = append(f.Withheld, planner.Withheld{Name: a.Name, Before: a.Before, After: a.After})
	}
	if signedIn = Ends(live.Of, c) && CanSignIn(live, true); signedIn {
		words.StillSignedIn(f, words.LeftItsScope)
	}
	return signedIn
}

// Ends reports whether a change of an object of a kind ends with an account that nobody can sign in with; nil does not.
func Ends(of *state.Descriptor, c *state.Change) bool {
	return c != nil && (c.Action == state.ActionDelete || of.SwitchesOff(c) != "")
}
