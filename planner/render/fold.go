package render

import (
	"crypto/sha256"

	"github.com/dirform/dirform/planner/internal/planjson"
	"github.com/dirform/dirform/state"
)

// maxGroups bounds the memory that looking for updates that are alike takes, to some megabytes.
const maxGroups = 16_384

// namedAlike is how many objects of a group are named.
const namedAlike = 3

// group is a set of updates that change the same attributes from the same to the same values.
type group struct {
	size  int
	first []string // addresses of the first few
	shown bool
}

// likeness is a digest of what an update changes.
type likeness [16]byte

// creation is what creates are counted by.
type creation struct {
	kind  state.Kind
	scope string
}

// folds knows what is folded.
type folds struct {
	groups  map[likeness]*group
	creates map[creation]int
	dropped bool // groups were given up for lack of room, so that sizes may be too small
	buf     []byte
}

// count goes through the changes and finds the groups. If there are more different updates than maxGroups, those seen once so
// far make room for new ones and the sizes of what remains are counted again: a group that is large stays in.
func (f *folds) count(r Source) error {
	f.groups, f.creates = map[likeness]*group{}, map[creation]int{}
	t := r.Totals().Summary
	if t.Update <= maxAlike && t.Create <= maxCreates {
		return nil
	}
	for c, err := range r.Changes() {
		if err != nil {
			return err
		}
		if c.Action == state.ActionCreate {
			f.creates[creation{c.Kind, c.Scope}]++
		}
		f.add(c, true)
	}
	if f.dropped {
		if err := f.recount(r); err != nil {
			return err
		}
	}
	f.prune(maxAlike)
	return nil
}

func (f *folds) recount(r Source) error {
	for _, g := range f.groups {
		*g = group{}
	}
	for c, err := range r.Changes() {
		if err != nil {
			return err
		}
		f.add(c, false)
	}
	return nil
}

// add counts c; grow allows for new groups.
func (f *folds) add(c *state.Change, grow bool) {
	if !foldable(c) {
		return
	}
	k := f.likeness(c)
	g := f.groups[k]
	if g == nil {
		if !grow || !f.room() {
			return
		}
		g = &group{}
		f.groups[k] = g
	}
	g.size++
	if len(g.first) < namedAlike {
		g.first = append(g.first, c.Address)
	}
}

// room makes sure that there is room for another group.
func (f *folds) room() bool {
	if len(f.groups) >= maxGroups {
		f.dropped = true
		f.prune(1)
	}
	return len(f.groups) < maxGroups
}

// prune forgets the groups of up to size members.
func (f *folds) prune(size int) {
	for k, g := range f.groups {
		if g.size <= size {
			delete(f.groups, k)
		}
	}
}

// group is the group c is folded into, or nil, and whether it is to be shown now.
func (f *folds) group(c *state.Change) (g *group, first bool) {
	if len(f.groups) == 0 || !foldable(c) {
		return nil, false
	}
	if g = f.groups[f.likeness(c)]; g == nil || g.shown {
		return g, false
	}
	g.shown = true
	return g, true
}

// foldable reports whether c says the same of many objects. Only updates are folded: who is created, linked, disabled or
// deleted matters one by one.
func foldable(c *state.Change) bool {
	return c.Action == state.ActionUpdate && len(c.Attributes) > 0 && len(c.SourceAttributes) == 0 && c.Members == nil
}

func (f *folds) likeness(c *state.Change) likeness {
	b := planjson.AppendString(f.buf[:0], string(c.Kind))
	for i := range c.Attributes {
		a := &c.Attributes[i]
		b = planjson.AppendString(b, a.Name)
		b = append(planjson.AppendValue(b, a.Before), ' ')
		b = append(planjson.AppendValue(b, a.After), ' ')
		if a.Drift {
			b = append(b, '!')
		}
	}
	f.buf = b
	sum := sha256.Sum256(b)
	return likeness(sum[:16])
}
