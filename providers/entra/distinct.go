package entra

import "hash/maphash"

// distinct counts different ids. Two ids are taken for one if their 64-bit hashes are equal, which among a million happens once in
// thirty million reads.
type distinct struct {
	seed  maphash.Seed
	slots []uint64 // hashes by open addressing, 0 where there is none; a power of two, at most half full
	n     int
}

func newDistinct() *distinct {
	return &distinct{seed: maphash.MakeSeed(), slots: make([]uint64, 1<<10)}
}

// add counts an id, unless it was counted before.
func (d *distinct) add(id string) {
	if 2*d.n >= len(d.slots) {
		old := d.slots
		d.slots, d.n = make([]uint64, 2*len(old)), 0
		for _, h := range old {
			if h != 0 {
				d.put(h)
			}
		}
	}
	d.put(maphash.String(d.seed, id) | 1)
}

func (d *distinct) put(h uint64) {
	mask := uint64(len(d.slots) - 1)
	i := h >> 1 & mask
	for ; d.slots[i] != 0; i = (i + 1) & mask {
		if d.slots[i] == h {
			return
		}
	}
	d.slots[i] = h
	d.n++
}
