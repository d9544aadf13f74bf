package table

import (
	"github.com/dirform/dirform/planner/internal/rows"
	"github.com/dirform/dirform/state"
)

// A directory may deliver an object twice in one stream: when it moves from one page to a later one while the pages are read, or
// when the service repeats a page. Objects are told apart by objectGUID and by tenant id alone, whatever else the copies say; the
// last one that was delivered is kept, as the one that was read last.

// missed is a source object that has no row: the scope's condition leaves it out, or it is set aside.
type missed struct {
	guid  uint64 // hash of its GUID
	rows  int    // how many rows there were when it came
	aside int    // its row among those set aside, or -1
}

func (t *Source) miss(guid state.GUID, aside int) {
	t.missed = append(t.missed, missed{t.h.GUID(guid), t.rows.Len(), aside})
}

// once drops all copies of an object but the last, which may be one without a row, and counts each object once.
func (t *Source) once() {
	byGUID := rows.NewIndex(t.rows.Len(), func(i int) uint64 { return t.h.GUID(t.rows.Meta(i).GUID) }).Build()
	missed := rows.NewIndex(len(t.missed), func(i int) uint64 { return t.missed[i].guid }).Build()
	gone, back := byGUID.Superseded(), missed.Superseded()
	for i, m := range t.missed {
		if back[i] {
			continue
		}
		byGUID.Each(m.guid, func(row int) {
			switch {
			case row < m.rows:
				gone[row] = true
			default:
				back[i] = true
			}
		})
	}
	t.Seen -= len(gone) + len(back)
	t.rows.Drop(gone)
	asides := map[int]bool{}
	for i := range back {
		if aside := t.missed[i].aside; aside >= 0 {
			asides[aside] = true
		}
	}
	t.aside.Drop(asides)
	t.missed = nil
}

// once drops all copies of an object but the last, with the addresses of those dropped.
func (t *Tenant) once() {
	gone := rows.NewIndex(t.rows.Len(), func(i int) uint64 { return t.rows.Meta(i).ID }).Build().Superseded()
	if len(gone) == 0 {
		return
	}
	number, n := make([]uint32, t.rows.Len()), uint32(0) // by old row the new one
	for i := range number {
		number[i] = n
		if gone[i] {
			continue
		}
		if t.deleted {
			t.deletedAt[n] = t.deletedAt[i]
		}
		n++
	}
	t.rows.Drop(gone)
	kept := 0
	for i, row := range t.addrRow {
		if old := row &^ primaryAddress; !gone[int(old)] {
			t.addrHash[kept], t.addrRow[kept] = t.addrHash[i], number[old]|row&primaryAddress
			kept++
		}
	}
	t.addrHash, t.addrRow = t.addrHash[:kept], t.addrRow[:kept]
}
