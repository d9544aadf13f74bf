package phrase

import "github.com/dirform/dirform/state"

// Teller has the words for the values of changes.
type Teller struct {
	Verbose bool // everything that is there, nothing cut
	Undoes  bool // the changes undo a run
}

// Before is what an attribute had, as people read it.
func (t Teller) Before(a state.AttributeChange) string {
	if t.givesBack(a) {
		return itsAnchor
	}
	return t.value(a.Name, a.Before, a.BeforeName, a.After)
}

// After is what an attribute gets, as people read it.
func (t Teller) After(a state.AttributeChange) string {
	switch {
	case t.givesBack(a) && a.Before.Equal(a.After):
		return "(stays: it had it before)"
	case t.givesBack(a):
		return "(the anchor it had)"
	}
	return t.value(a.Name, a.After, a.AfterName, state.Null())
}

// itsAnchor stands for the anchor of the object that has the account.
const itsAnchor = "(its anchor)"

// givesBack reports whether a change is that of an anchor, to the one that the account had before a run that is undone.
func (t Teller) givesBack(a state.AttributeChange) bool {
	return t.Undoes && !t.Verbose && IsAnchor(a.Name) && a.Before.Kind() == state.StringValue &&
		a.After.Kind() == state.StringValue
}

// value is a value of an attribute as people read it: a reference by its name, and an anchor as what it is; everything
// that is there in the verbose layout. What replaces it is null if that is of no interest.
func (t Teller) value(attribute string, v state.Value, name string, replacedBy state.Value) string {
	switch {
	case name != "":
		v = state.String(name)
	case t.Verbose || v.Kind() != state.StringValue:
	case IsReference(attribute):
		return "(somebody whose name is not known)"
	case IsAnchor(attribute) && !replacedBy.IsNull():
		return "(another anchor)"
	case IsAnchor(attribute):
		return itsAnchor
	}
	return Show(v, t.Verbose)
}
