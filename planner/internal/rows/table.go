package rows

// chunkRows is how many rows are allocated together: tables grow by whole chunks, so that growing never copies.
const chunkRows = 4096

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
	i := t.n % chunkRows
	if i == 0 {
		t.chunks = append(t.chunks, chunk[M]{
			meta: make([]M, chunkRows), off: make([]uint64, chunkRows), fp: make([]uint64, chunkRows*t.width),
		})
	}
	c := &t.chunks[len(t.chunks)-1]
	c.meta[i], c.off[i] = meta, off
	copy(c.fp[i*t.width:(i+1)*t.width], fps)
	t.n++
	return nil
}

// Meta is row i's fixed part.
func (t *Table[M]) Meta(i int) *M { return &t.chunks[i/chunkRows].meta[i%chunkRows] }

// FP are row i's fingerprints.
func (t *Table[M]) FP(i int) []uint64 {
	j := i % chunkRows * t.width
	return t.chunks[i/chunkRows].fp[j : j+t.width : j+t.width]
}

// Record is row i's spooled record; see [Spool.Read].
func (t *Table[M]) Record(i int, scratch []byte) ([]byte, error) {
	return t.Spool.Read(t.chunks[i/chunkRows].off[i%chunkRows], scratch)
}

// Index finds rows by a 64-bit hash. Rows whose hash is 0 are not in it. Several rows may share a hash.
type Index struct {
	slots []uint32 // row + 1
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
	x.slots, x.mask = make([]uint32, size), uint64(size-1)
	for row := range x.n {
		h := x.at(row)
		if h == 0 {
			continue
		}
		i := h & x.mask
		for x.slots[i] != 0 {
			i = (i + 1) & x.mask
		}
		x.slots[i] = uint32(row + 1)
	}
	return x
}

// First is the lowest-numbered row with hash h, or -1.
func (x *Index) First(h uint64) int {
	if h == 0 {
		return -1
	}
	if x.slots == nil {
		x.Build()
	}
	first := -1
	for i := h & x.mask; x.slots[i] != 0; i = (i + 1) & x.mask {
		if row := int(x.slots[i] - 1); (first < 0 || row < first) && x.at(row) == h {
			first = row
		}
	}
	return first
}

// Each calls f for every row with hash h.
func (x *Index) Each(h uint64, f func(row int)) {
	if h == 0 {
		return
	}
	if x.slots == nil {
		x.Build()
	}
	for i := h & x.mask; x.slots[i] != 0; i = (i + 1) & x.mask {
		if row := int(x.slots[i] - 1); x.at(row) == h {
			f(row)
		}
	}
}
