package graphd

import (
	"hash/maphash"
	"slices"
)

// index finds living objects by a key's hash. It keeps no keys: whoever looks something up compares the real value, so a
// million users cost some tens of bytes each instead of their addresses twice.
type index struct {
	seed  maphash.Seed
	first map[uint64]*object
	more  map[uint64][]*object // all objects of a hash that several share
}

func newIndex() *index {
	return &index{seed: maphash.MakeSeed(), first: map[uint64]*object{}, more: map[uint64][]*object{}}
}

func (x *index) add(key string, o *object) {
	h := x.hash(key)
	old, ok := x.first[h]
	switch {
	case !ok:
		x.first[h] = o
	case x.more[h] != nil:
		if !slices.Contains(x.more[h], o) {
			x.more[h] = append(x.more[h], o)
		}
	case old != o:
		x.more[h] = []*object{old, o}
	}
}

func (x *index) remove(key string, o *object) {
	h := x.hash(key)
	if rest := x.more[h]; rest != nil {
		i := slices.Index(rest, o)
		if i < 0 {
			return
		}
		rest = slices.Delete(rest, i, i+1)
		x.first[h], x.more[h] = rest[0], rest
		if len(rest) == 1 {
			delete(x.more, h)
		}
		return
	}
	if x.first[h] == o {
		delete(x.first, h)
	}
}

// candidates are the objects that may have the key.
func (x *index) candidates(key string) []*object {
	h := x.hash(key)
	o := x.first[h]
	if o == nil {
		return nil
	}
	if rest := x.more[h]; rest != nil {
		return rest
	}
	return []*object{o}
}

// hash ignores ASCII case; keys that are case-sensitive are compared exactly afterwards.
func (x *index) hash(key string) uint64 {
	var room [128]byte
	b := append(room[:0], key...)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return maphash.Bytes(x.seed, b)
}
