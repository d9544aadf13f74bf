// Package parts takes from a change what may be made of it alone.
package parts

import (
	"maps"
	"slices"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// SwitchesOff is the account whose sign-in the change blocks, and could block alone: "" if it blocks none, if it does
// something else to the account than writing to it, or if another sync engine masters the account, which takes no
// other write before it is taken over.
func SwitchesOff(c *state.Change) string {
	switch c.Action {
	case state.ActionUpdate, state.ActionDisable, state.ActionLink, state.ActionRelink:
	default:
		return ""
	}
	if slices.ContainsFunc(c.Attributes, func(a state.AttributeChange) bool { return a.Name == providers.CloudManaged }) {
		return ""
	}
	return c.Kind.Descriptor().SwitchesOff(c)
}

// WithoutReferences is a change without the references to other objects that keep does not name, by attribute. The
// record then does not remember them either.
func WithoutReferences(c *state.Change, keep []string) *state.Change {
	dropped := func(name string) bool {
		return c.Kind.Descriptor().Reference(name) != nil && !slices.Contains(keep, name)
	}
	part := *c
	part.Attributes = slices.DeleteFunc(slices.Clone(c.Attributes), func(a state.AttributeChange) bool {
		return dropped(a.Name)
	})
	part.Fingerprints = maps.Clone(c.Fingerprints)
	maps.DeleteFunc(part.Fingerprints, func(name, _ string) bool { return dropped(name) })
	return &part
}

// References are the attributes of a change that refer to other objects.
func References(c *state.Change) (list []state.AttributeChange) {
	d := c.Kind.Descriptor()
	if d == nil {
		return nil
	}
	for _, a := range c.Attributes {
		if d.Reference(a.Name) != nil {
			list = append(list, a)
		}
	}
	return list
}
