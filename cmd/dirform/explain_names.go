package main

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/near"
)

// manyObjects is how many objects of one short name are explained.
const manyObjects = 20

// byShortName adds the objects to a question that have its name as a display name, common name, logon name or before the @ of an
// address, and returns the name nearest to it. Names with an @, distinguished names and the like are found by index.
func (x *explanation) byShortName(builder *reconcile.Builder, q *reconcile.Question) (near string, err error) {
	if !isShort(q.Name) {
		return "", nil
	}
	n, last := nearness{name: strings.ToLower(q.Name)}, reconcile.Name{}
	for name, err := range builder.Names() {
		if err != nil {
			return "", err
		}
		n.look(name.Text)
		if strings.EqualFold(name.Text, q.Name) && (name.ID != last.ID || name.GUID != last.GUID) {
			x.add(q, name)
			last = name
		}
	}
	return n.best, nil
}

// add adds the object that has a name. Those beyond what is explained are only counted.
func (x *explanation) add(q *reconcile.Question, name reconcile.Name) {
	switch known := slices.Contains(q.IDs, name.ID) || slices.Contains(q.GUIDs, name.GUID); {
	case known:
	case len(q.IDs)+len(q.GUIDs) == manyObjects:
		x.More++
	case name.ID != "":
		q.IDs = append(q.IDs, name.ID)
	default:
		q.GUIDs = append(q.GUIDs, name.GUID)
	}
}

// isShort reports whether a name is none of the forms that an index knows.
func isShort(name string) bool {
	_, guid := state.ParseGUID(name)
	return !guid && !strings.ContainsAny(name, "@=[*")
}

// nearest is the known name that name is most likely a misspelling of, or "".
func nearest(builder *reconcile.Builder, name string) (string, error) {
	n := nearness{name: strings.ToLower(name)}
	if strings.HasSuffix(name, "\"]") {
		for address, err := range builder.Addresses() {
			if err != nil {
				return "", err
			}
			n.look(address)
		}
		return n.best, nil
	}
	for known, err := range builder.Names() {
		if err != nil {
			return "", err
		}
		if known.Full {
			n.look(known.Text)
		}
	}
	return n.best, nil
}

// nearness finds the name that is the fewest edits away: one or two, and fewer for short names.
type nearness struct {
	name, best string
	edits      int // of best
}

func (n *nearness) look(known string) {
	limit := min(2, len(n.name)/3)
	if n.best != "" {
		limit = min(limit, n.edits)
	}
	d := near.Edits(n.name, strings.ToLower(known), limit)
	if d <= limit && d > 0 && (n.best == "" || d < n.edits || known < n.best) {
		n.best, n.edits = known, d
	}
}
