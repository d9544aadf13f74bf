package ldapd

import "strings"

// entry is one object of the tree. Its values are immutable: a change swaps blob and links for new ones.
type entry struct {
	parent     *entry
	kids       *container // nil until the first child
	rdn        rdn
	blob       blob
	links      []linkRef // in order of arrival, all link attributes mixed
	guid       [16]byte
	usnCreated uint64
	usnChanged uint64
	created    int64 // seconds since 1970
	changed    int64
	id         uint32 // index in Directory.entries
	pos        uint32 // index in parent.kids.list
	rid        uint32 // last part of a SID of this domain; 0: none
	class      uint16 // index in schema.classes
	flags      flags
}

type flags uint8

const (
	isTombstone flags = 1 << iota // deleted; seen only with the show-deleted control
	isNCHead                      // heads a naming context: not among its parent's children for searches
	isBuiltIn                     // made by New; LDIF records for it are merged
)

// container is the part of an entry that only entries with children need.
type container struct {
	dn   string // the container's own distinguished name, kept up to date by renames
	list []*entry
}

// linkRef is a reference to another entry: attribute<<32 | entry id.
type linkRef uint64

func refTo(a attrID, e *entry) linkRef { return linkRef(a)<<32 | linkRef(e.id) }
func (r linkRef) attr() attrID         { return attrID(r >> 32) }
func (r linkRef) target() uint32       { return uint32(r) }
func (e *entry) is(f flags) bool       { return e.flags&f != 0 }
func (e *entry) linked(r linkRef) bool { return e.linkIndex(r) >= 0 }
func (e *entry) linkIndex(r linkRef) int {
	for i, have := range e.links {
		if have == r {
			return i
		}
	}
	return -1
}

// countLinks is the number of values of a link attribute.
func (e *entry) countLinks(a attrID) int {
	n := 0
	for _, r := range e.links {
		if r.attr() == a {
			n++
		}
	}
	return n
}

// dn builds the entry's distinguished name.
func (e *entry) dn() string {
	if e.kids != nil {
		return e.kids.dn
	}
	return e.rdn + "," + e.parent.kids.dn
}

func (e *entry) appendDN(b []byte) []byte {
	if e.kids != nil {
		return append(b, e.kids.dn...)
	}
	b = append(b, e.rdn...)
	b = append(b, ',')
	return append(b, e.parent.kids.dn...)
}

func (e *entry) dnLen() int {
	if e.kids != nil {
		return len(e.kids.dn)
	}
	return len(e.rdn) + 1 + len(e.parent.kids.dn)
}

// below reports whether e is root or somewhere under it.
func (e *entry) below(root *entry) bool {
	for ; e != nil; e = e.parent {
		if e == root {
			return true
		}
	}
	return false
}

// makeContainer prepares e for children.
func (e *entry) makeContainer() {
	if e.kids == nil {
		e.kids = &container{dn: e.dn()}
	}
}

// attach makes e a child of parent. Heads of naming contexts are reachable by name only.
func (e *entry) attach(parent *entry) {
	parent.makeContainer()
	e.parent = parent
	if !e.is(isNCHead) {
		e.pos = uint32(len(parent.kids.list))
		parent.kids.list = append(parent.kids.list, e)
	}
}

// detach takes e out of its parent's children.
func (e *entry) detach() {
	list := e.parent.kids.list
	last := list[len(list)-1]
	list[e.pos], last.pos = last, e.pos
	list[len(list)-1] = nil
	e.parent.kids.list = list[:len(list)-1]
}

// refreshDNs rebuilds the names of e and of every container below it after e got another name or parent.
func (e *entry) refreshDNs() {
	if e.kids == nil {
		return
	}
	e.kids.dn = e.rdn + "," + e.parent.kids.dn
	for _, k := range e.kids.list {
		if k.kids != nil {
			k.refreshDNs()
		}
	}
}

// blob holds the stored attributes of an entry: for each its id and length as varints, then its values as octet strings in
// BER, which is how a search result carries them.
type blob string

// next takes the first attribute off a blob that is not empty.
func (b blob) next() (attrID, values, blob) {
	id, n := uvarint(string(b))
	b = b[n:]
	size, n := uvarint(string(b))
	b = b[n:]
	return attrID(id), values(b[:size]), b[size:]
}

func (b blob) get(a attrID) values {
	for len(b) > 0 {
		id, v, rest := b.next()
		if id == a {
			return v
		}
		b = rest
	}
	return ""
}

// values is a sequence of octet strings in BER.
type values string

// next takes the first value off a sequence that is not empty.
func (v values) next() (string, values) {
	n, size := int(v[1]), 2
	if n >= 0x80 {
		k := n & 0x7f
		n = 0
		for i := range k {
			n = n<<8 | int(v[2+i])
		}
		size += k
	}
	return string(v[size : size+n]), v[size+n:]
}

func (v values) count() int {
	n := 0
	for len(v) > 0 {
		_, v = v.next()
		n++
	}
	return n
}

func (v values) slice() []string {
	var out []string
	for len(v) > 0 {
		var one string
		one, v = v.next()
		out = append(out, one)
	}
	return out
}

func uvarint(s string) (v, n int) {
	for i := range len(s) {
		c := s[i]
		v |= int(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return v, len(s)
}

func appendUvarint(b []byte, v int) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// with returns the blob with one attribute's values replaced; no values removes it.
func (b blob) with(a attrID, vals []string) blob {
	out := make([]byte, 0, len(b)+64)
	done := false
	for rest := b; len(rest) > 0; {
		id, _, tail := rest.next()
		switch {
		case id != a:
			out = append(out, rest[:len(rest)-len(tail)]...)
		case len(vals) > 0:
			out, done = appendAttribute(out, a, vals), true
		}
		rest = tail
	}
	if !done && len(vals) > 0 {
		out = appendAttribute(out, a, vals)
	}
	return blob(out)
}

func appendAttribute(b []byte, a attrID, vals []string) []byte {
	size := 0
	for _, v := range vals {
		size += 1 + lenSize(len(v)) + len(v)
	}
	b = appendUvarint(b, int(a))
	b = appendUvarint(b, size)
	for _, v := range vals {
		b = appendTLV(b, tagOctetString, v)
	}
	return b
}

// firstValue returns the first of some values, "" if there is none.
func firstValue(v values) string {
	if len(v) == 0 {
		return ""
	}
	s, _ := v.next()
	return strings.Clone(s)
}
