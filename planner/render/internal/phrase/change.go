package phrase

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/state"
)

// sourceAnchor is where Active Directory keeps the anchor that dirform writes there.
const sourceAnchor = "mS-DS-ConsistencyGuid"

// IsAnchor reports whether the objects of some kind keep their anchors in the named attribute, on either side.
func IsAnchor(name string) bool {
	return strings.EqualFold(name, sourceAnchor) ||
		slices.ContainsFunc(state.Kinds, func(d *state.Descriptor) bool { return d.Anchor == name && name != "" })
}

// IsReference reports whether the named attribute of some kind points to another object.
func IsReference(name string) bool {
	return slices.ContainsFunc(state.Kinds, func(d *state.Descriptor) bool {
		return slices.ContainsFunc(d.References, func(r state.Reference) bool { return r.Attribute == name })
	})
}

// Values are a change's values, references by their names.
func Values(a state.AttributeChange) (before, after state.Value) {
	before, after = a.Before, a.After
	if a.BeforeName != "" {
		before = state.String(a.BeforeName)
	}
	if a.AfterName != "" {
		after = state.String(a.AfterName)
	}
	return before, after
}

// ListCounts is how much is added to and removed from a list.
func ListCounts(before, after []string) string {
	added, removed, kept := ListChange(before, after)
	var counts []string
	for _, n := range []struct {
		n    int
		word string
	}{{len(added), "added"}, {len(removed), "removed"}, {kept, "kept"}} {
		if n.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n.n, n.word))
		}
	}
	return strings.Join(counts, ", ")
}

func ListOrNull(v state.Value) bool { return v.Kind() == state.ListValue || v.IsNull() }

// Matters reports whether a makes a new pair, so that a reader has to know on what evidence.
func Matters(a state.Action) bool {
	return a == state.ActionLink || a == state.ActionRelink || a == state.ActionRestore
}
