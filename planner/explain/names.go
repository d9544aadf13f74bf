package explain

import (
	"iter"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/near"
)

// manyObjects is how many objects of one short name are explained.
const manyObjects = 20

// Name is one of the names by which people know an object: Full as it stands in a directory, or what stands before the
// @ of one. GUID is that of a source object, ID that of a tenant object.
type Name struct {
	Text string
	Full bool
	GUID state.GUID
	ID   string
}

// Names are the names of all objects of both sides: user names, addresses, logon, display and common names. Ranging
// over it reads every object back.
func Names(v *reconcile.View) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		for known, err := range v.Objects() {
			if err != nil {
				yield(Name{}, err)
				return
			}
			if !yieldNames(yield, known) {
				return
			}
		}
	}
}

// yieldNames hands out an object's names; false ends the rest.
func yieldNames(yield func(Name, error) bool, known reconcile.Known) bool {
	o := known.Object
	for _, name := range append(known.Names, o.DN, dn.FirstValue(o.DN)) {
		n := Name{Text: name, Full: true, GUID: o.GUID, ID: o.ID}
		if name != "" && !yield(n, nil) {
			return false
		}
		if local, _, ok := strings.Cut(name, "@"); ok {
			n.Text, n.Full = local, false
			if !yield(n, nil) {
				return false
			}
		}
	}
	return true
}

// byShortName adds the objects to a question that have its name as a display name, common name, logon name or before
// the @ of an address, and returns the name nearest to it. Names with an @, distinguished names and the like are found
// by index.
func (x *Document) byShortName(v *reconcile.View, q *Question) (nearest string, err error) {
	if !isShort(q.Name) {
		return "", nil
	}
	n, last := near.NewNearest(q.Name), Name{}
	for name, err := range Names(v) {
		if err != nil {
			return "", err
		}
		n.Look(name.Text)
		if strings.EqualFold(name.Text, q.Name) && (name.ID != last.ID || name.GUID != last.GUID) {
			x.add(q, name)
			last = name
		}
	}
	return n.Best, nil
}

// add adds the object that has a name. Those beyond what is explained are only counted.
func (x *Document) add(q *Question, name Name) {
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
func nearest(v *reconcile.View, name string) (string, error) {
	n := near.NewNearest(name)
	if strings.HasSuffix(name, "\"]") {
		for address, err := range v.Addresses() {
			if err != nil {
				return "", err
			}
			n.Look(address)
		}
		return n.Best, nil
	}
	for known, err := range Names(v) {
		if err != nil {
			return "", err
		}
		if known.Full {
			n.Look(known.Text)
		}
	}
	return n.Best, nil
}
