package table

import (
	"cmp"
	"slices"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/system"
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

// Aside is a system object that a scope leaves out, see package system.
type Aside struct {
	DN   string
	What string
}

// asides are the system objects of a scope.
type asides struct {
	LeftOut int     // how many objects the scope leaves out because they are system objects
	Asides  []Aside // the first of these by name
	// Linked is how many of those left out are linked mailboxes, and FirstLinked the names of the first.
	Linked      int
	FirstLinked []string
	// Services says that some row is flagged with SourceService.
	Services bool

	aside  *rows.Table[asideMeta]
	system *system.Teller // nil if system objects are in scope as others are
}

func newAsides(b *Tables, scope *config.Scope, shape *state.Shape) asides {
	a := asides{aside: rows.NewTable[asideMeta](0, b.spool())}
	if !scope.SystemObjects {
		a.system = system.NewTeller(shape)
	}
	return a
}

// asideMeta is the row of an object that is set aside until the record tells whether dirform manages it.
type asideMeta struct {
	GUID   state.GUID
	Anchor uint64
}

// setAside keeps an object out of the scope for now.
func (t *Source) setAside(o *state.Object) error {
	t.miss(o.GUID, t.aside.Len())
	anchor, _ := t.appendAnchor(t.scratch[:0], o)
	meta := asideMeta{GUID: o.GUID, Anchor: t.h.h.Sum(anchor)}
	t.scratch = rows.AppendObject(anchor[:0], o.DN, o.Values)
	return t.aside.Append(meta, nil, t.scratch)
}

// settleAside takes those set aside into the scope that the record has: what dirform manages never leaves because it looks like a
// system object. The others are counted, and the first of them by name kept.
func (t *Source) settleAside(recorded func(guid state.GUID, anchor uint64) bool) error {
	for i := range t.aside.Len() {
		o, err := t.read(t.aside.Record(i, nil))
		if err != nil {
			return err
		}
		meta := t.aside.Meta(i)
		o.GUID = meta.GUID
		if recorded(meta.GUID, meta.Anchor) {
			if err := t.admit(o); err != nil {
				return err
			}
			continue
		}
		t.LeftOut++
		a := Aside{DN: o.DN, What: t.system.What(o)}
		if t.keep(a); a.What == system.LinkedMailbox {
			t.Linked++
			t.FirstLinked = append(t.FirstLinked, a.DN)
			slices.Sort(t.FirstLinked)
			t.FirstLinked = t.FirstLinked[:min(len(t.FirstLinked), maxLinked)]
		}
	}
	return nil
}

// settleAsides settles what all scopes have set aside, by the links that were read.
func (t *Tables) settleAsides() error {
	if !slices.ContainsFunc(t.sources, func(s *Source) bool { return s.aside.Len() > 0 }) {
		return nil
	}
	guids, anchors := map[state.GUID]bool{}, map[uint64]bool{}
	for l := range t.links.Len() {
		if m := t.links.Meta(l); !m.Left {
			guids[m.GUID], anchors[m.Anchor] = true, true
		}
	}
	recorded := func(guid state.GUID, anchor uint64) bool { return guids[guid] || anchors[anchor] }
	for _, s := range t.sources {
		if err := s.settleAside(recorded); err != nil {
			return err
		}
	}
	return nil
}

// maxLinked is how many linked mailboxes are named.
const maxLinked = 10

// maxAside is how many of the objects left out are named.
const maxAside = 500

// keep puts an object into the list of those named, which stays sorted by name and short.
func (t *Source) keep(a Aside) {
	at, _ := slices.BinarySearchFunc(t.Asides, a, func(x, y Aside) int { return cmp.Compare(x.DN, y.DN) })
	if t.Asides = slices.Insert(t.Asides, at, a); len(t.Asides) > maxAside {
		t.Asides = t.Asides[:maxAside]
	}
}
