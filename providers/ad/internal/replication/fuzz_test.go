package replication

import (
	"encoding/binary"
	"testing"
)

// FuzzUpToDate: a vector is read whole or not at all.
func FuzzUpToDate(f *testing.F) {
	vector := func(version, n uint32, rest int) []byte {
		b := binary.LittleEndian.AppendUint32(nil, version)
		b = append(binary.LittleEndian.AppendUint32(append(b, 0, 0, 0, 0), n), 0, 0, 0, 0)
		return append(b, make([]byte, rest)...)
	}
	f.Add(vector(1, 2, 48))
	f.Add(vector(2, 1, 32))
	f.Add(vector(2, 0xffffffff, 64))
	f.Add(vector(3, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		seen := UpToDate(b)
		if len(b) < 16 {
			if seen != nil {
				t.Error("a vector without a head")
			}
			return
		}
		size := map[uint32]uint64{1: 24, 2: 32}[binary.LittleEndian.Uint32(b)]
		n := uint64(binary.LittleEndian.Uint32(b[8:]))
		whole := size > 0 && n*size <= uint64(len(b)-16)
		if (seen != nil) != whole || uint64(len(seen)) > n {
			t.Errorf("%d copies of %d, whole %v", len(seen), n, whole)
		}
		for i := range n * min(size, 1) {
			if !whole {
				break
			}
			at := b[16+i*size:]
			if usn, ok := seen[[16]byte(at[:16])]; !ok || i == n-1 && usn != int64(binary.LittleEndian.Uint64(at[16:])) {
				t.Errorf("copy %d is missing or has another number", i)
			}
		}
	})
}
