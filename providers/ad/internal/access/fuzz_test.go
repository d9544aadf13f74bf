package access

import (
	"encoding/binary"
	"slices"
	"testing"
)

// entryForm is an access control entry to be encoded, as the fuzzer makes it.
type entryForm struct {
	kind, flags byte
	mask        uint32
	object      byte // which attribute or set it is about, 0 for everything
	sid         byte // whose it is
}

const guids = "\x00aaaaaaaaaaaaaaa\x01aaaaaaaaaaaaaaa\x02aaaaaaaaaaaaaaa\x03aaaaaaaaaaaaaaa"

func guid(n byte) string { return guids[16*(n&3):][:16] }

func sid(n byte) string { return "\x01\x01\x00\x00\x00\x00\x00\x05" + string([]byte{n & 3, 0, 0, 0}) }

// encode is a descriptor with nothing but a discretionary list (MS-DTYP 2.4.4, 2.4.5).
func encode(list []entryForm) []byte {
	var entries []byte
	for _, a := range list {
		body := binary.LittleEndian.AppendUint32(nil, a.mask)
		if a.kind == allowObject || a.kind == denyObject || a.kind == allowCallbackObject {
			if a.object&3 == 0 {
				body = binary.LittleEndian.AppendUint32(body, 0)
			} else {
				body = append(binary.LittleEndian.AppendUint32(body, typePresent), guid(a.object)...)
			}
		}
		body = append(body, sid(a.sid)...)
		entries = append(entries, a.kind, a.flags)
		entries = binary.LittleEndian.AppendUint16(entries, uint16(len(body)+4))
		entries = append(entries, body...)
	}
	b := make([]byte, 20, 28)
	b[0] = 1
	binary.LittleEndian.PutUint16(b[2:], daclPresent|0x8000)
	binary.LittleEndian.PutUint32(b[16:], 20)
	b = append(b, 2, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(8+len(entries)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(list)))
	return append(append(b, 0, 0), entries...)
}

// reads says what a domain controller decides, entry by entry (MS-ADTS 5.1.3.3.3).
func reads(list []entryForm, who Token, a Attribute, right uint32) bool {
	for _, e := range list {
		mask := e.mask
		if mask&genericAll != 0 {
			mask |= readProperty | controlAccess
		}
		if mask&genericRead != 0 {
			mask |= readProperty
		}
		object := e.kind == allowObject || e.kind == denyObject || e.kind == allowCallbackObject
		about := !object || e.object&3 == 0 || guid(e.object) == a.ID || guid(e.object) == a.Set
		if e.flags&inheritOnly != 0 || !who[sid(e.sid)] || !about || mask&right == 0 {
			continue
		}
		switch e.kind {
		case allow, allowObject, allowCallback, allowCallbackObject:
			return true
		case deny, denyObject:
			return false
		}
	}
	return false
}

// FuzzMayRead: any bytes are decided without harm; what is cut off is not known; and lists that make sense are decided as the
// rules say.
func FuzzMayRead(f *testing.F) {
	f.Add([]byte{allow, 0, 0x10, 0, 1, deny, 0, 0x10, 0, 1}, false)
	f.Add([]byte{denyObject, 0, 0x10, 1, 1, allow, inheritOnly, 0xff, 0, 1, allowObject, 0, 0x10, 2, 1}, true)
	for n := range byte(9) {
		f.Add(slices.Repeat([]byte{deny * (n & 1), inheritOnly, 0x10, n, 1, allowObject, 0, 0x10, 1, 1}, int(n)), n%2 == 0)
	}
	f.Add([]byte{0x11, 0, 0x10, 0, 1, allowCallbackObject, 0, 0xff, 3, 1}, true)
	f.Fuzz(func(t *testing.T, b []byte, confidential bool) {
		who := Token{sid(1): true, sid(2): true}
		a := Attribute{ID: guid(1), Set: guid(2), Confidential: confidential}
		if may, known := MayRead(b, who, a); may && !known {
			t.Error("what makes no sense may be read")
		}
		var list []entryForm
		for ; len(b) >= 5 && len(list) < 50; b = b[5:] {
			list = append(list, entryForm{b[0] % 0x13, b[1], uint32(b[2]) | uint32(b[2]&4)<<26 | uint32(b[2]&8)<<28 | uint32(b[3]&4)<<6, b[3], b[4]})
		}
		raw := encode(list)
		want := reads(list, who, a, readProperty) && (!confidential || reads(list, who, a, controlAccess))
		if may, known := MayRead(raw, who, a); may != want || !known {
			t.Errorf("%+v: may read is %v (known %v), want %v", list, may, known, want)
		}
		for at, size := 28, 0; at < len(raw); at += size { // an entry shorter than its own head
			size = int(binary.LittleEndian.Uint16(raw[at+2:]))
			short := slices.Clone(raw)
			binary.LittleEndian.PutUint16(short[at+2:], uint16(at+size)%8)
			if may, known := MayRead(short, who, a); may || known {
				t.Errorf("an entry of %d bytes at %d is known", uint16(at+size)%8, at)
			}
		}
		for cut := range len(raw) {
			if may, known := MayRead(raw[:cut], who, a); known && may && !want {
				t.Errorf("cut at %d of %d it may be read", cut, len(raw))
			} else if cut > 28 && known {
				t.Errorf("cut at %d of %d it is known", cut, len(raw))
			}
		}
	})
}
