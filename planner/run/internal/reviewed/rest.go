package reviewed

import (
	"github.com/dirform/dirform/planner/run/internal/alike"
	"github.com/dirform/dirform/state"
)

// other is a fresh change that is not as the reviewed one about the same object.
type other struct {
	change *state.Change
	number int // among the fresh plan's changes
}

// continued looks whether changes that are otherwise are what an earlier apply of the reviewed plan has left to be done: what they do
// not write any more shows at both sides. They are carried out, and carry is told of each.
func (f *Filter) continued(others map[uint64]other, shown Shown, carry func(*entry, int, *state.Change)) error {
	if len(others) == 0 {
		return nil
	}
	var keys []uint64
	var done []*state.Change
	flush := func() error {
		there, err := shown(done)
		for i, key := range keys {
			if err != nil || !there[i] {
				continue
			}
			e, o := f.index[key], others[key]
			if e.fate == partly {
				f.Total--
			} else {
				f.Beyond--
			}
			e.why = ""
			f.decide(e, o.number, whole)
			carry(e, o.number, o.change)
		}
		keys, done = keys[:0], done[:0]
		return err
	}
	met := map[uint64]bool{}
	for c, err := range f.reviewed.Changes() {
		if err != nil {
			return err
		}
		key := f.key(c.Kind, c.Anchor, c.Address)
		o, ok := others[key]
		if !ok || met[key] {
			continue
		}
		met[key] = true
		if d, ok := alike.Rest(c, o.change, f.ids); ok {
			if keys, done = append(keys, key), append(done, d); len(done) == settledBatch {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if len(done) == 0 {
		return nil
	}
	return flush()
}
