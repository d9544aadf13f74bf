package state

import (
	"encoding/hex"
	"slices"
	"strings"
)

// Kind is what sort of thing an object is; it is the first word of its address.
type Kind string

// The kinds dirform knows. A upn_suffix and directory_sync are declared rather than read, but are planned in the same form.
const (
	User          Kind = "user"
	Group         Kind = "group"
	Contact       Kind = "contact"
	UPNSuffix     Kind = "upn_suffix"
	DirectorySync Kind = "directory_sync" // the tenant's own switch; its object is the organisation
)

// Shape is the ordered list of attributes that the objects of one stream carry. It is shared by all of them.
type Shape struct {
	names []string
	index map[string]int
}

// NewShape makes a shape of the named attributes, in that order. Names are looked up regardless of case.
func NewShape(names ...string) *Shape {
	s := &Shape{names: slices.Clone(names), index: make(map[string]int, 2*len(names))}
	for i, n := range names {
		s.index[n], s.index[strings.ToLower(n)] = i, i // as it is written most often, and for any other spelling
	}
	return s
}

// Len is the number of attributes.
func (s *Shape) Len() int { return len(s.names) }

// Name is the i-th attribute's name.
func (s *Shape) Name(i int) string { return s.names[i] }

// Names are all attribute names, in order; do not modify.
func (s *Shape) Names() []string { return s.names }

// Index is the position of the named attribute, or -1.
func (s *Shape) Index(name string) int {
	if i, ok := s.index[name]; ok {
		return i
	}
	if i, ok := s.index[strings.ToLower(name)]; ok {
		return i
	}
	return -1
}

// GUID is a directory object's immutable identity, in the byte order in which the directory keeps it: Active Directory's
// objectGUID has its first three fields little-endian (MS-DTYP 2.3.4), and so has the text form.
type GUID [16]byte

// String is the usual text form, 0efcf528-7204-5ca5-ac20-d4d286b89e52.
func (g GUID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], []byte{g[3], g[2], g[1], g[0]})
	hex.Encode(b[9:13], []byte{g[5], g[4]})
	hex.Encode(b[14:18], []byte{g[7], g[6]})
	hex.Encode(b[19:23], g[8:10])
	hex.Encode(b[24:36], g[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// ParseGUID reads the text form, with or without braces.
func ParseGUID(s string) (g GUID, ok bool) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return GUID{}, false
	}
	raw, err := hex.DecodeString(s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36])
	if err != nil {
		return GUID{}, false
	}
	copy(g[:], raw)
	g[0], g[1], g[2], g[3] = raw[3], raw[2], raw[1], raw[0]
	g[4], g[5], g[6], g[7] = raw[5], raw[4], raw[7], raw[6]
	return g, true
}

// Object is a directory object with the attributes of its [Shape]: a source object as read from Active Directory, a live
// tenant object, or the desired state a mapping makes of a source object.
//
// An Object yielded by a stream is valid until the next one is asked for, because its Values slice is reused; [Object.Clone]
// keeps it longer. (The strings inside stay valid either way.)
type Object struct {
	Kind   Kind
	GUID   GUID    // source objects: objectGUID
	ID     string  // tenant objects: the object id, as the service writes it
	DN     string  // source objects: the distinguished name
	Shape  *Shape  // names of Values
	Values []Value // parallel to Shape; null where the object has no such attribute
}

// Get is the named attribute's value, null if the object has none or its shape lacks the name.
func (o *Object) Get(name string) Value {
	if i := o.Shape.Index(name); i >= 0 {
		return o.Values[i]
	}
	return Null()
}

// Clone is a copy that outlives the stream's next step.
func (o *Object) Clone() *Object {
	c := *o
	c.Values = slices.Clone(o.Values)
	return &c
}
