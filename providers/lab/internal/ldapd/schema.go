package ldapd

import (
	"strconv"
	"strings"
)

// attrID numbers the attributes of one directory's schema, from 1.
type attrID uint32

// syntax says how values of an attribute are checked and compared.
type syntax uint8

const (
	text    syntax = iota // case-insensitive string
	octets                // bytes
	integer               // decimal, 32 or 64 bits
	boolean               // TRUE or FALSE
	moment                // generalised time
	name                  // distinguished name
	sid                   // security identifier, bytes
	guid                  // objectGUID: bytes, or in filters its text form
)

// origin says where an attribute's values come from if they are not stored in the entry's blob.
type origin uint8

const (
	stored   origin = iota
	link            // references to other entries
	backLink        // the same, kept by the server: memberOf, directReports
	fromDN
	fromRDN  // name, and cn, ou or dc if that is the entry's naming attribute
	fromGUID // objectGUID
	fromSID
	fromUSNCreated
	fromUSNChanged
	fromCreated
	fromChanged
	fromClass
	fromCategory
	fromInstance
	fromAccountType
	constructed // only when asked for by name
)

// attribute is one attribute of the schema.
type attribute struct {
	name    string
	low     string // name in lower case
	header  string // the name as an octet string on the wire
	id      attrID
	syntax  syntax
	origin  origin
	partner attrID // of a link: the back link, and the other way round; 0 if there is none
	single  bool
	system  bool // only the server changes it
	secret  bool // can be written, never read
	indexed bool
	max     int    // most characters or bytes of a value; 0: any
	only    string // class that has it, in lower case; "" if it is not checked
	oid     string // object identifier, by which requests may name it too
	// attributeSyntax and oMSyntax, as the schema shows them
	shown, om string
}

// class is an objectClass with everything above it and the category AD files it under.
type class struct {
	chain    []string // top first
	category string   // the CN below CN=Schema
	account  bool     // a security principal: it gets a SID
}

// schema holds the attributes and classes of one directory. Attributes unknown to it may be added while LDIF is loaded.
type schema struct {
	attrs   []*attribute // by id; 0 is unused
	byName  map[string]attrID
	classes []class
	byClass map[string]int // most specific class, lower case
}

func newSchema() *schema {
	s := &schema{attrs: make([]*attribute, 1), byName: map[string]attrID{}, byClass: map[string]int{}}
	for _, g := range attributeGroups {
		for _, field := range strings.Fields(g.names) {
			label, max, _ := strings.Cut(field, ":")
			a := g.like
			a.name = label
			a.max, _ = strconv.Atoi(max)
			s.define(a)
		}
	}
	for _, pair := range linkPairs {
		f, b := s.lookup(pair[0]), s.lookup(pair[1])
		f.partner, b.partner = b.id, f.id
	}
	for _, label := range []string{"member", "groupType"} {
		s.lookup(label).only = "group"
	}
	for _, label := range indexedAttributes {
		s.lookup(label).indexed = true
	}
	for _, line := range classTable {
		s.defineClass(line.chain, line.category, line.account)
	}
	return s
}

func (s *schema) define(a attribute) *attribute {
	a.low = lower(a.name)
	a.id = attrID(len(s.attrs))
	a.header = string(appendTLV(nil, tagOctetString, a.name))
	s.attrs = append(s.attrs, &a)
	s.byName[a.low] = a.id
	a.identify()
	s.byName[a.oid] = a.id
	return &a
}

// lookup finds an attribute by name in any spelling; nil if the schema has none.
func (s *schema) lookup(label string) *attribute {
	id, ok := s.byName[label]
	if !ok {
		if id, ok = s.byName[lower(label)]; !ok {
			return nil
		}
	}
	return s.attrs[id]
}

func (s *schema) defineClass(chain, category string, account bool) int {
	names := strings.Fields(chain)
	s.classes = append(s.classes, class{chain: names, category: category, account: account})
	s.byClass[lower(names[len(names)-1])] = len(s.classes) - 1
	return len(s.classes) - 1
}

// classOf finds the class for the objectClass values of an entry: the known class with the longest chain. ok is false if none
// of them is known.
func (s *schema) classOf(values []string) (id int, ok bool) {
	for _, v := range values {
		if c, known := s.byClass[lower(v)]; known && (!ok || len(s.classes[c].chain) > len(s.classes[id].chain)) {
			id, ok = c, true
		}
	}
	return id, ok && len(s.classes[id].chain) > 1
}

// hasClass reports whether class id is or descends from the class of that lower-case name.
func (s *schema) hasClass(id uint16, low string) bool {
	for _, c := range s.classes[id].chain {
		if lower(c) == low {
			return true
		}
	}
	return false
}
