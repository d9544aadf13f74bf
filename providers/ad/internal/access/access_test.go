package access

import (
	"encoding/binary"
	"slices"
	"testing"
)

var (
	me, other       = SID(5, 21, 1, 2, 3, 1104), SID(5, 32, 554)
	id, set, second = "0123456789abcdef", "fedcba9876543210", "................"
)

// ace is an access control entry; object is "" for one that is about everything.
func ace(kind, flags byte, mask uint32, object, sid string) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{kind, flags, 0, 0}, mask)
	if kind >= allowObject && kind != allowCallback {
		present := uint32(0)
		if object != "" {
			present = typePresent | parentPresent
			object += second // the class that inherits it
		}
		b = append(binary.LittleEndian.AppendUint32(b, present), object...)
	}
	b = append(b, sid...)
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

func descriptor(entries ...[]byte) []byte {
	b := make([]byte, 20, 28)
	b[0] = 1
	binary.LittleEndian.PutUint16(b[2:], 0x8000|daclPresent)
	binary.LittleEndian.PutUint32(b[16:], 20)
	b = append(b, 4, 0, 0, 0, byte(len(entries)), 0, 0, 0)
	return append(b, slices.Concat(entries...)...)
}

// TestMayRead: the first entry that is in force, for one of the account's identifiers and about the attribute or its set,
// decides.
func TestMayRead(t *testing.T) {
	who, a := Token{me: true, SID(5, 11): true}, Attribute{ID: id, Set: set}
	secret := a
	secret.Confidential = true
	for name, x := range map[string]struct {
		a    Attribute
		sd   []byte
		want bool
	}{
		"nothing":                    {a, descriptor(), false},
		"everything":                 {a, descriptor(ace(allow, 0, readProperty, "", me)), true},
		"somebody else":              {a, descriptor(ace(allow, 0, readProperty, "", other)), false},
		"another right":              {a, descriptor(ace(allow, 0, 0x20, "", me)), false},
		"generic right":              {a, descriptor(ace(allow, 0, genericRead, "", me)), true},
		"the attribute":              {a, descriptor(ace(allowObject, 0, readProperty, id, me)), true},
		"its set":                    {a, descriptor(ace(allowObject, 0, readProperty, set, SID(5, 11))), true},
		"another attribute":          {a, descriptor(ace(allowObject, 0, readProperty, second, me)), false},
		"object entry about all":     {a, descriptor(ace(allowObject, 0, readProperty, "", me)), true},
		"for what lies below":        {a, descriptor(ace(allow, inheritOnly, readProperty, "", me)), false},
		"denied first":               {a, descriptor(ace(denyObject, 0, readProperty, id, me), ace(allow, 0, readProperty, "", me)), false},
		"denied too late":            {a, descriptor(ace(allow, 0, readProperty, "", me), ace(denyObject, 0, readProperty, id, me)), true},
		"another one denied":         {a, descriptor(ace(denyObject, 0, readProperty, second, me), ace(allow, 0, readProperty, "", me)), true},
		"somebody else denied":       {a, descriptor(ace(deny, 0, readProperty, "", other), ace(allow, 0, readProperty, "", me)), true},
		"on a condition":             {a, descriptor(ace(allowCallback, 0, readProperty, "", me)), true},
		"an audit entry before":      {a, descriptor(ace(2, 0, readProperty, "", me), ace(allow, 0, readProperty, "", me)), true},
		"confidential":               {secret, descriptor(ace(allow, 0, readProperty, "", me)), false},
		"confidential, with control": {secret, descriptor(ace(allow, 0, readProperty|controlAccess, "", me)), true},
		"confidential, generic":      {secret, descriptor(ace(allow, 0, genericAll, "", me)), true},
	} {
		if may, known := MayRead(x.sd, who, x.a); may != x.want || !known {
			t.Errorf("%s: %v, %v", name, may, known)
		}
	}
}

// TestMayReadNonsense: what is no descriptor tells nothing, and one without a list allows everything.
func TestMayReadNonsense(t *testing.T) {
	whole := descriptor(ace(allowObject, 0, readProperty, id, me))
	for n := range whole {
		MayRead(whole[:n], Token{me: true}, Attribute{ID: id}) // must not panic
	}
	for _, sd := range [][]byte{nil, whole[:10], whole[:21], whole[:30]} {
		if _, known := MayRead(sd, Token{me: true}, Attribute{ID: id}); known {
			t.Errorf("%x tells something", sd)
		}
	}
	open := descriptor()
	open[2] = 0
	if may, known := MayRead(open, nil, Attribute{ID: id}); !may || !known {
		t.Error("a descriptor without a list forbids something")
	}
}
