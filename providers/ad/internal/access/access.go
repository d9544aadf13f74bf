// Package access tells from an object's security descriptor whether an account may read an attribute, as a domain controller
// decides it (MS-ADTS 5.1.3, MS-DTYP 2.4).
package access

import "encoding/binary"

// Token are the security identifiers, in their binary form, under which an account acts.
type Token map[string]bool

// Attribute is what access control entries name an attribute by.
type Attribute struct {
	ID, Set      string // schemaIDGUID and attributeSecurityGUID, 16 bytes each; Set may be ""
	Confidential bool   // reading it takes Control Access, too
}

// Rights of an access mask.
const (
	readProperty  = 0x10
	controlAccess = 0x100
	genericAll    = 0x10000000
	genericRead   = 0x80000000
)

// Types of access control entries. Whether the condition of a callback entry holds, nobody but the server knows.
const (
	allow               = 0x00
	deny                = 0x01
	allowObject         = 0x05
	denyObject          = 0x06
	allowCallback       = 0x09
	allowCallbackObject = 0x0b
)

const (
	inheritOnly   = 0x08   // an entry's flag: it is for what lies below
	daclPresent   = 0x0004 // a descriptor's flag
	typePresent   = 0x01   // an object entry's flag: it names an attribute, a set of attributes, or a right
	parentPresent = 0x02   // likewise: it names a class
)

// MayRead reports whether the descriptor lets the account read the attribute. known is false if it makes no sense.
func MayRead(descriptor []byte, who Token, a Attribute) (may, known bool) {
	if len(descriptor) < 20 {
		return false, false
	}
	at := int(binary.LittleEndian.Uint32(descriptor[16:]))
	if binary.LittleEndian.Uint16(descriptor[2:])&daclPresent == 0 || at == 0 {
		return true, true // without a list everybody may do everything
	}
	if at+8 > len(descriptor) {
		return false, false
	}
	entries, ok := parse(descriptor[at:])
	if !ok {
		return false, false
	}
	may = granted(entries, who, a, readProperty)
	if a.Confidential {
		may = may && granted(entries, who, a, controlAccess)
	}
	return may, true
}

// granted looks for the first entry that decides about a right.
func granted(entries []entry, who Token, a Attribute, right uint32) bool {
	for _, e := range entries {
		switch {
		case !who[e.sid], !e.concerns(a), e.rights()&right == 0:
		default:
			return e.allows
		}
	}
	return false
}

// entry is an access control entry that is in force for the object itself.
type entry struct {
	allows bool
	mask   uint32
	object string // GUID of what it is about, "" for everything
	sid    string
}

func (e entry) concerns(a Attribute) bool {
	return e.object == "" || e.object == a.ID || a.Set != "" && e.object == a.Set
}

// rights are those of the mask, generic ones spelt out as far as they matter here.
func (e entry) rights() uint32 {
	switch {
	case e.mask&genericAll != 0:
		return e.mask | readProperty | controlAccess
	case e.mask&genericRead != 0:
		return e.mask | readProperty
	}
	return e.mask
}

// parse reads an access control list. ok is false if it ends too early.
func parse(list []byte) (entries []entry, ok bool) {
	n := int(binary.LittleEndian.Uint16(list[4:]))
	list = list[8:]
	for range n {
		if len(list) < 8 {
			return nil, false
		}
		size := int(binary.LittleEndian.Uint16(list[2:]))
		if size < 8 || size > len(list) {
			return nil, false
		}
		if e, counts, ok := one(list[:size]); !ok {
			return nil, false
		} else if counts {
			entries = append(entries, e)
		}
		list = list[size:]
	}
	return entries, true
}

// one reads an entry. counts is false if it decides nothing about the object itself.
func one(b []byte) (e entry, counts, ok bool) {
	kind, flags := b[0], b[1]
	e.mask = binary.LittleEndian.Uint32(b[4:])
	rest := b[8:]
	switch kind {
	case allow, allowCallback:
		e.allows = true
	case deny:
	case allowObject, allowCallbackObject, denyObject:
		e.allows = kind != denyObject
		if rest, ok = objectTypes(&e, rest); !ok {
			return e, false, false
		}
	default:
		return e, false, true
	}
	e.sid = string(rest[:min(len(rest), sidLength(rest))])
	return e, flags&inheritOnly == 0, true
}

// objectTypes reads what an object entry is about.
func objectTypes(e *entry, b []byte) (rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, false
	}
	flags := binary.LittleEndian.Uint32(b)
	b = b[4:]
	if flags&typePresent != 0 {
		if len(b) < 16 {
			return nil, false
		}
		e.object, b = string(b[:16]), b[16:]
	}
	if flags&parentPresent != 0 {
		if len(b) < 16 {
			return nil, false
		}
		b = b[16:]
	}
	return b, true
}

// sidLength is how long the security identifier at the beginning of b is.
func sidLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	return 8 + 4*int(b[1])
}

// SID is the binary form of a security identifier with authority 5 or 1, which well-known ones are, and these sub-authorities.
func SID(authority byte, sub ...uint32) string {
	b := []byte{1, byte(len(sub)), 0, 0, 0, 0, 0, authority}
	for _, s := range sub {
		b = binary.LittleEndian.AppendUint32(b, s)
	}
	return string(b)
}

// Everybody are the identifiers that every account has which logs on over the network.
func Everybody() []string {
	return []string{SID(1, 0), SID(5, 2), SID(5, 11), SID(5, 15), SID(5, 64, 10), SID(5, 64, 14), SID(5, 64, 21)}
}
