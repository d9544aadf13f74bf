// Package values compares what an object of the tenant shows with what was to be written to it.
package values

import (
	"slices"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// Describe describes the named attribute. One that the schema, which may be nil, does not know is compared exactly.
func Describe(schema *state.Schema, name string) *state.Attribute {
	if schema != nil {
		if a := schema.Lookup(name); a != nil {
			return a
		}
	}
	return &state.Attribute{Name: name}
}

// Same reports whether two values of an attribute are one and the same to the directory.
func Same(h *state.Hasher, d *state.Attribute, a, b state.Value) bool {
	return h.Fingerprint(d, a) == h.Fingerprint(d, b)
}

// Done reports whether an attribute's live value is what a change makes of it. Where that changes only what the
// directory takes for one and the same, such as the case of a user name's letters, it has to be the value itself.
func Done(h *state.Hasher, d *state.Attribute, live state.Value, a state.AttributeChange) bool {
	return Same(h, d, live, a.After) && (!Same(h, d, a.Before, a.After) || live.Equal(a.After))
}

// Differing names the attributes of o that are not as they were to be written, those left out that nobody can read.
func Differing(h *state.Hasher, schema *state.Schema, o *state.Object, attrs []state.AttributeChange) (names []string) {
	for _, a := range attrs {
		if d := Describe(schema, a.Name); !d.Hidden && !Same(h, d, Shown(o, a.Name), a.After) {
			names = append(names, a.Name)
		}
	}
	return names
}

// ReadAs is the attribute by which the tenant shows the named one.
func ReadAs(name string) string {
	if name == providers.CloudManaged {
		return providers.SyncEnabled
	}
	return name
}

// Shown is the named attribute as an object read from the tenant shows it. An object that no other engine masters
// counts as taken over: be it that somebody has done so meanwhile, there is nothing left to do before it can be
// written.
func Shown(o *state.Object, name string) state.Value {
	if name == providers.CloudManaged {
		return state.Bool(!o.Get(providers.SyncEnabled).Bool())
	}
	return o.Get(name)
}

// Shape is the shape of names in any order, with repetitions.
func Shape(names []string) *state.Shape {
	names = slices.Clone(names)
	slices.Sort(names)
	return state.NewShape(slices.Compact(names)...)
}
