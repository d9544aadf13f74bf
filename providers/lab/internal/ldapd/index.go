package ldapd

import (
	"hash/maphash"
	"math/bits"
)

// hashIndex finds entries by a 32-bit hash of (attribute, normalised value). A slot is hash<<32 | entry id; several entries may
// share a hash, so callers verify what they find. It needs about 12 bytes per value, which is why it is not a map.
type hashIndex struct {
	seed  maphash.Seed
	slots []uint64 // 0 is free; ids start at 1
	used  int      // occupied slots, gone ones included
	live  int
	later [][]uint64 // slots to fill at settle, by the part of the table they go to; nil outside of a bulk load
	shift int        // from a slot's place to its part
}

const goneSlot = uint64(0xffffffff) // an id that no entry has: the slot was removed

func newHashIndex() hashIndex {
	return hashIndex{seed: maphash.MakeSeed(), slots: make([]uint64, 1<<10)}
}

func (x *hashIndex) hash(a attrID, norm []byte) uint32 {
	h := maphash.Bytes(x.seed, norm)
	return uint32((h ^ uint64(a)*0x9e3779b97f4a7c15) >> 16)
}

func (x *hashIndex) add(hash, id uint32) {
	if x.later != nil {
		part := &x.later[(hash&uint32(len(x.slots)-1))>>x.shift]
		*part = append(*part, uint64(hash)<<32|uint64(id))
		return
	}
	if (x.used+1)*4 > len(x.slots)*3 {
		x.grow()
	}
	mask := uint32(len(x.slots) - 1)
	i := hash & mask
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = uint64(hash)<<32 | uint64(id)
	x.used++
	x.live++
}

func (x *hashIndex) remove(hash, id uint32) {
	mask := uint32(len(x.slots) - 1)
	want := uint64(hash)<<32 | uint64(id)
	for i := hash & mask; x.slots[i] != 0; i = (i + 1) & mask {
		if x.slots[i] == want {
			x.slots[i] = goneSlot
			x.live--
			return
		}
	}
}

// each calls f with the id of every entry under hash until f returns false.
func (x *hashIndex) each(hash uint32, f func(id uint32) bool) {
	mask := uint32(len(x.slots) - 1)
	for i := hash & mask; x.slots[i] != 0; i = (i + 1) & mask {
		s := x.slots[i]
		if uint32(s>>32) == hash && s != goneSlot && !f(uint32(s)) {
			return
		}
	}
}

func (x *hashIndex) grow() {
	size := len(x.slots)
	if x.live*2 >= size {
		size *= 2
	}
	x.rehash(size)
}

// rehash moves what lives into a table of another size.
func (x *hashIndex) rehash(size int) {
	old := x.slots
	x.slots = make([]uint64, size)
	mask := uint32(size - 1)
	for _, s := range old {
		if s == 0 || s == goneSlot {
			continue
		}
		i := uint32(s>>32) & mask
		for x.slots[i] != 0 {
			i = (i + 1) & mask
		}
		x.slots[i] = s
	}
	x.used = x.live
}

const indexParts = 1 << 8

// postpone makes room for n values that are to come and keeps them apart until settle, by the part of the table that they go
// to: a table for a million entries is larger than any cache, and filled in order of arrival it waits for memory each time.
func (x *hashIndex) postpone(n int) {
	x.reserve(n)
	if x.shift = bits.TrailingZeros(uint(len(x.slots) / indexParts)); n < len(x.slots)/8 {
		return // not worth it
	}
	x.later = make([][]uint64, indexParts)
	for i := range x.later {
		x.later[i] = make([]uint64, 0, n/indexParts*17/16+16)
	}
}

// settle makes what was added since postpone findable.
func (x *hashIndex) settle() {
	later := x.later
	x.later = nil
	for _, part := range later {
		for _, s := range part {
			x.add(uint32(s>>32), uint32(s))
		}
	}
}

// reserve makes room for n more values at once.
func (x *hashIndex) reserve(n int) {
	size := len(x.slots)
	for (x.live+n+1)*4 > size*3 {
		size *= 2
	}
	if size > len(x.slots) {
		x.rehash(size)
	}
}
