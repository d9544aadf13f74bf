package replication

import (
	"encoding/binary"
	"testing"

	"github.com/dirform/dirform/state"
)

func TestUpToDate(t *testing.T) {
	one, two := state.GUID{1}, state.GUID{2}
	vector := func(version uint32, tail int, n uint32) []byte {
		b := binary.LittleEndian.AppendUint32(nil, version)
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint32(b, n)
		b = binary.LittleEndian.AppendUint32(b, 0)
		for i, id := range []state.GUID{one, two} {
			b = binary.LittleEndian.AppendUint64(append(b, id[:]...), uint64(1000*(i+1)))
			b = append(b, make([]byte, tail)...)
		}
		return b
	}
	for name, b := range map[string][]byte{"version 1": vector(1, 0, 2), "version 2": vector(2, 8, 2)} {
		if seen := UpToDate(b); len(seen) != 2 || seen[one] != 1000 || seen[two] != 2000 {
			t.Errorf("%s: %v", name, seen)
		}
	}
	for name, b := range map[string][]byte{"nothing": nil, "another version": vector(3, 8, 2), "too short": vector(2, 0, 2), "a wrong number": vector(2, 8, 1<<31)} {
		if seen := UpToDate(b); seen != nil {
			t.Errorf("%s: %v", name, seen)
		}
	}
}
