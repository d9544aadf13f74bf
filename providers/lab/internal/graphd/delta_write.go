package graphd

import "slices"

// deltaWriter writes the objects of a page.
type deltaWriter struct {
	t       *Tenant
	d       *deltaQuery
	b       []byte
	scratch []span
}

// open starts an object with the columns that hold something or are in the list of those to be shown in any case.
func (w *deltaWriter) open(o *object, cols []column, show []int) {
	if len(w.b) > 0 {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, '{')
	n := len(w.b)
	for _, c := range cols {
		raw := o.rec.get(c.prop)
		switch {
		case c.prop == propID:
			raw = quoted(o.id.String())
		case raw == "" && slices.Contains(show, c.prop):
			raw = c.empty
		}
		if raw == "" {
			continue
		}
		if len(w.b) > n {
			w.b = append(w.b, ',')
		}
		w.b = append(append(w.b, c.key...), raw...)
	}
}

// whole writes everything about an object.
func (w *deltaWriter) whole(o *object) {
	w.open(o, w.d.cols, nil)
	for rel, asked := range w.d.rels {
		if !asked {
			continue
		}
		var refs []refChange
		for _, m := range o.refs(relation(rel)) {
			if seen := w.t.see(m); seen != nil && !seen.deleted {
				refs = append(refs, refChange{relation(rel), m.id, m.kind, false})
			}
		}
		w.refs(relation(rel), refs)
	}
	w.b = append(w.b, '}')
}

// changed writes what a client has to know of an object that changed, if anything.
func (w *deltaWriter) changed(o *object, c change) bool {
	switch {
	case c.purged:
		w.removed(o, "deleted")
	case o.deleted:
		w.removed(o, "changed")
	case c.whole:
		w.whole(o)
	case !w.concerns(c):
		return false
	default:
		cols := w.d.cols
		if w.d.minimal {
			cols = nil
			for _, col := range w.d.cols {
				if col.prop == propID || slices.Contains(c.props, col.prop) {
					cols = append(cols, col)
				}
			}
		}
		w.open(o, cols, c.props)
		for rel, asked := range w.d.rels {
			if asked {
				w.refs(relation(rel), slices.DeleteFunc(slices.Clone(c.refs), func(r refChange) bool { return r.rel != relation(rel) }))
			}
		}
		w.b = append(w.b, '}')
	}
	return true
}

// concerns says whether a change touched something that was asked for.
func (w *deltaWriter) concerns(c change) bool {
	for _, r := range c.refs {
		if w.d.rels[r.rel] {
			return true
		}
	}
	return slices.ContainsFunc(w.d.cols, func(col column) bool { return slices.Contains(c.props, col.prop) })
}

func (w *deltaWriter) removed(o *object, reason string) {
	if len(w.b) > 0 {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, `{"id":"`...)
	w.b = append(o.id.appendTo(w.b), `","@removed":{"reason":"`+reason+`"}}`...)
}

// refs writes a list of references that came and went.
func (w *deltaWriter) refs(rel relation, list []refChange) {
	if len(list) == 0 {
		return
	}
	w.b = append(w.b, `,"`+rel.String()+`@delta":[`...)
	for i, r := range list {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, `{"@odata.type":"`+r.kind.odataType()+`","id":"`...)
		w.b = append(r.id.appendTo(w.b), '"')
		if r.removed {
			w.b = append(w.b, `,"@removed":{"reason":"deleted"}`...)
		}
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
}
