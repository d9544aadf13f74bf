package rows

// chunkRows is how many rows are allocated together: tables grow by whole chunks, so that growing never copies. The first chunk has
// firstRows only: most plans of a small company, and of tests, have a few dozen rows and would spend their time on empty ones.
const chunkRows, firstRows = 4096, 64

// at is where row i lies: its chunk, and its place there.
func at(i int) (chunk, place int) {
	if i < firstRows {
		return 0, i
	}
	return 1 + (i-firstRows)/chunkRows, (i - firstRows) % chunkRows
}

type chunk[M any] struct {
	meta []M
	off  []uint64
	fp   []uint64
}

// Table is a growing list of rows: a fixed-size M without pointers, a fixed number of fingerprints, and a spooled record.
type Table[M any] struct {
	Spool  *Spool
	width  int
	n      int
	chunks []chunk[M]
}

// NewTable makes a table of rows with width fingerprints each, spooling into spool.
func NewTable[M any](width int, spool *Spool) *Table[M] { return &Table[M]{Spool: spool, width: width} }

// Len is the number of rows.
func (t *Table[M]) Len() int { return t.n }

// Append adds a row. The fingerprints and the record are copied.
func (t *Table[M]) Append(meta M, fps []uint64, record []byte) error {
	off, err := t.Spool.Append(record)
	if err != nil {
		return err
	}
	k, i := at(t.n)
	if k == len(t.chunks) {
		rows := chunkRows
		if k == 0 {
			rows = firstRows
		}
		t.chunks = append(t.chunks, chunk[M]{
			meta: make([]M, rows), off: make([]uint64, rows), fp: make([]uint64, rows*t.width),
		})
	}
	c := &t.chunks[k]
	c.meta[i], c.off[i] = meta, off
	copy(c.fp[i*t.width:(i+1)*t.width], fps)
	t.n++
	return nil
}

// Drop removes rows. Those that follow them move up.
func (t *Table[M]) Drop(gone map[int]bool) {
	if len(gone) == 0 {
		return
	}
	n := 0
	for i := range t.n {
		if gone[i] {
			continue
		}
		if n < i {
			from, j := at(i)
			to, k := at(n)
			a, b := &t.chunks[from], &t.chunks[to]
			b.meta[k], b.off[k] = a.meta[j], a.off[j]
			copy(t.FP(n), t.FP(i))
		}
		n++
	}
	t.n = n
}

// Meta is row i's fixed part.
func (t *Table[M]) Meta(i int) *M {
	k, i := at(i)
	return &t.chunks[k].meta[i]
}

// FP are row i's fingerprints.
func (t *Table[M]) FP(i int) []uint64 {
	k, i := at(i)
	j := i * t.width
	return t.chunks[k].fp[j : j+t.width : j+t.width]
}

// Record is row i's spooled record; see [Spool.Read].
func (t *Table[M]) Record(i int, scratch []byte) ([]byte, error) {
	k, i := at(i)
	return t.Spool.Read(t.chunks[k].off[i], scratch)
}

// Index finds rows by a 64-bit hash. Rows whose hash is 0 are not in it. Several rows may share a hash, all of them if somebody
// maps the same address to everybody: they stand in a chain, so that neither making the index nor asking for another hash takes
// longer.
type Index struct {
	tags  []uint8  // by slot: some bits of the hash, 0 where the slot is free; a hash is looked for here, without going to rows
	slots []uint32 // row + 1, the first of those with its hash
	next  []uint32 // by row: row + 1 of the next with its hash; nil while no hash is shared
	mask  uint64
	at    func(row int) uint64
	n     int
}

// NewIndex indexes rows 0 to n-1 by the hash that at gives. It is made when it is first asked: a plan without changes needs few
// of its indexes. Until then, at must keep giving the same, and an index is for one goroutine.
func NewIndex(n int, at func(row int) uint64) *Index { return &Index{at: at, n: n} }

// Build makes the index now, before at gives something else.
func (x *Index) Build() *Index {
	size := 16
	for size < 2*x.n {
		size *= 2
	}
	x.tags, x.slots, x.mask, x.next = make([]uint8, size), make([]uint32, size), uint64(size-1), nil
	for row := x.n - 1; row >= 0; row-- { // backwards, so that a chain begins with its lowest row
		h := x.at(row)
		if h == 0 {
			continue
		}
		i, tag := h&x.mask, tagOf(h)
		for x.tags[i] != 0 && (x.tags[i] != tag || x.at(int(x.slots[i]-1)) != h) {
			i = (i + 1) & x.mask
		}
		if x.tags[i] != 0 {
			if x.next == nil {
				x.next = make([]uint32, x.n)
			}
			x.next[row] = x.slots[i]
		}
		x.tags[i], x.slots[i] = tag, uint32(row+1)
	}
	return x
}

// tagOf is what a slot's tag is for a hash: bits that do not say which slot it is.
func tagOf(h uint64) uint8 { return uint8(h>>56) | 1 }

// Superseded are the rows whose hash a higher row has as well. The caller may change it.
func (x *Index) Superseded() map[int]bool {
	rows := map[int]bool{}
	for row, higher := range x.next {
		if higher != 0 {
			rows[row] = true
		}
	}
	return rows
}

// First is the lowest-numbered row with hash h, or -1.
func (x *Index) First(h uint64) int {
	first := -1
	if h == 0 {
		return first
	}
	if x.slots == nil {
		x.Build()
	}
	tag := tagOf(h)
	for i := h & x.mask; x.tags[i] != 0; i = (i + 1) & x.mask {
		if x.tags[i] != tag {
			continue
		}
		for at := x.slots[i]; at != 0; {
			row := int(at - 1)
			if x.at(row) == h { // what follows in its chain is higher
				if first < 0 || row < first {
					first = row
				}
				break
			}
			if at = 0; x.next != nil {
				at = x.next[row]
			}
		}
	}
	return first
}

// Each calls f for every row with hash h.
func (x *Index) Each(h uint64, f func(row int)) {
	x.each(h, func(row int) bool {
		f(row)
		return true
	})
}

// each calls f for the rows with hash h, chain by chain; f says whether it wants the rest of a chain. What at gives may have
// changed since the index was made, so that there may be several.
func (x *Index) each(h uint64, f func(row int) (more bool)) {
	if h == 0 {
		return
	}
	if x.slots == nil {
		x.Build()
	}
	tag := tagOf(h)
	for i := h & x.mask; x.tags[i] != 0; i = (i + 1) & x.mask {
		if x.tags[i] != tag {
			continue
		}
		for at := x.slots[i]; at != 0; {
			row := int(at - 1)
			if at = 0; x.next != nil {
				at = x.next[row]
			}
			if x.at(row) == h && !f(row) {
				break
			}
		}
	}
}
