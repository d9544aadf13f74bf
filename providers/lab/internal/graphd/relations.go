package graphd

import "slices"

// relation is a named set of references to other objects.
type relation uint8

const (
	memberRel relation = iota
	ownerRel
	managerRel // of users; one reference at most
)

// String is the relation's name in paths and properties.
func (r relation) String() string { return [...]string{"members", "owners", "manager"}[r] }

// refs are what o refers to.
func (o *object) refs(r relation) []*object {
	switch {
	case r == managerRel && o.manager != nil:
		return []*object{o.manager}
	case o.ext == nil:
		return nil
	case r == memberRel:
		return o.ext.members
	case r == ownerRel:
		return o.ext.owners
	}
	return nil
}

// withRefs is o with the references of a group replaced.
func (o *object) withRefs(r relation, refs []*object) object {
	next := *o
	next.ext = o.withExt(func(e *extra) {
		if r == memberRel {
			e.members = refs
		} else {
			e.owners = refs
		}
	})
	return next
}

// refChange is one reference that came or went.
type refChange struct {
	rel     relation
	id      guid
	kind    kind
	removed bool
}

// diffRefs lists the references that differ between two values of an object.
func diffRefs(before, after *object) []refChange {
	var out []refChange
	for _, rel := range []relation{memberRel, ownerRel, managerRel} {
		a, b := before.refs(rel), after.refs(rel)
		if slices.Equal(a, b) {
			continue
		}
		out = append(out, missing(rel, b, a, true)...)
		out = append(out, missing(rel, a, b, false)...)
	}
	return out
}

// missing lists those of list that are not in from.
func missing(rel relation, from, list []*object, removed bool) []refChange {
	known := make(map[*object]bool, len(from))
	for _, o := range from {
		known[o] = true
	}
	var out []refChange
	for _, o := range list {
		if !known[o] {
			out = append(out, refChange{rel, o.id, o.kind, removed})
		}
	}
	return out
}

// commitRefs adds references to a group and takes others away. The journal holds these alone: groups may be large. The caller
// holds the write lock and has checked everything.
func (t *Tenant) commitRefs(g *object, rel relation, add, remove []*object) *Error {
	if t.onChange != nil {
		if err := t.onChange(refsRecord(g, rel, add, remove)); err != nil {
			return journalFailed(err)
		}
	}
	t.storeRefs(g, rel, add, remove)
	return nil
}

// storeRefs is commitRefs without the journal.
func (t *Tenant) storeRefs(g *object, rel relation, add, remove []*object) {
	t.shade(g, true)
	refs := g.refs(rel)
	if len(remove) > 0 {
		var keep []*object
		for _, m := range refs {
			if !slices.Contains(remove, m) {
				keep = append(keep, m)
			}
		}
		refs = keep
	}
	next := g.withRefs(rel, append(refs, add...)) // readers of the old value never look behind its end
	var changed []refChange
	for _, m := range add {
		changed = append(changed, refChange{rel, m.id, m.kind, false})
	}
	for _, m := range remove {
		changed = append(changed, refChange{rel, m.id, m.kind, true})
	}
	t.changes.note(g, change{refs: changed})
	*g = next
}

// refsRecord is the journal's {"op":"refs",…}.
func refsRecord(g *object, rel relation, add, remove []*object) []byte {
	b := append([]byte(nil), `{"op":"refs","kind":"`+g.kind.collection()+`","id":"`...)
	b = append(g.id.appendTo(b), `","relation":"`+rel.String()+`","add":`...)
	b = append(appendIDs(b, add), `,"remove":`...)
	return append(appendIDs(b, remove), '}')
}

// appendIDs writes a JSON list of object ids.
func appendIDs(b []byte, list []*object) []byte {
	b = append(b, '[')
	for i, o := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(o.id.appendTo(b), '"')
	}
	return append(b, ']')
}

// applyRefs replays a refs record.
func (t *Tenant) applyRefs(id guid, relName string, add, remove []string) {
	g := t.byID[id]
	if g == nil {
		return
	}
	rel := memberRel
	if relName == ownerRel.String() {
		rel = ownerRel
	}
	t.storeRefs(g, rel, t.referAll(add), t.referAll(remove))
}

// referAll resolves ids; those of objects that are gone for good are left out.
func (t *Tenant) referAll(ids []string) []*object {
	var out []*object
	for _, id := range ids {
		if o := t.refer(id); o != nil {
			out = append(out, o)
		}
	}
	return out
}

func journalFailed(err error) *Error {
	return &Error{Status: 500, Code: "InternalServerError", Message: "The change could not be journaled: " + err.Error(), Journal: err}
}
