package state

import (
	"slices"
	"strings"
)

// AttrType is the type of an attribute's values.
type AttrType uint8

// Attribute types. Binary is base64 text, Time is RFC 3339 text in UTC, Reference names another object (a DN at the source,
// an object id in the tenant).
const (
	TypeString AttrType = iota
	TypeBool
	TypeInt
	TypeTime
	TypeBinary
	TypeReference
)

// String is the type's name as diagnostics print it.
func (t AttrType) String() string {
	return [...]string{"string", "bool", "number", "time", "binary", "reference"}[t]
}

// Equality says how two values of an attribute are compared. Strings are always compared in Unicode NFC.
type Equality uint8

// The equalities. EqualProxy compares addresses such as SMTP:a@b: the prefix exactly, the rest regardless of case.
const (
	EqualExact Equality = iota
	EqualFold
	EqualProxy
	EqualPhone
)

// Attribute describes one attribute of one kind of object in one directory.
type Attribute struct {
	Name     string
	Path     []string // where it stands in the service's JSON, if not at Name: {"onPremisesExtensionAttributes", "extensionAttribute1"}
	Type     AttrType
	Multi    bool   // holds a list; compared as a set
	ReadOnly bool   // the service computes it; a mapping to it is an error unless it is Reported
	Reported bool   // the service's API does not take it: what a mapping wants is compared and reported, never written
	Required bool   // a new object must have it
	Always   bool   // the directory gives every object a value: one that comes without could not be read
	NotNull  bool   // it cannot be cleared once set
	MaxLen   int    // longest value in characters; 0 means no documented limit
	MaxCount int    // most values of a list; 0 means no documented limit
	ASCII    bool   // characters beyond ASCII are refused
	Deny     string // characters that are refused
	Form     Form   // what a value has to look like as a whole
	Lines    bool   // free text of several lines: line breaks and tabs may stand in it
	Equality Equality
	Lockable bool   // it cannot be changed any more once another sync engine has mastered the object, not even after that
	Hidden   bool   // sensitive: its value never stands in a plan, log or state (passwords)
	Doc      string // one line: meaning and, for limits, the source
}

// Form is what a text has to look like as a whole, beyond its length and characters.
type Form uint8

// The forms.
const (
	FormAny      Form = iota
	FormAddress       // a mail address: name@domain, without a type such as SMTP:
	FormCountry       // a country's two-letter code (ISO 3166-1)
	FormLanguage      // a language tag (RFC 4646): en, en-US, zh-Hant-TW
	FormNickname      // a mail alias: it does not begin with a dot
)

// Schema lists the attributes of one kind of object in one directory.
type Schema struct {
	Directory string // "ad" or "entra"
	Kind      Kind
	Open      bool // unknown names are allowed (Active Directory's schema can be extended); they are strings, multi-valued unknown
	attrs     map[string]*Attribute
	names     []string
	required  []*Attribute
}

// NewSchema makes a schema of attrs. Names are looked up regardless of case.
func NewSchema(directory string, kind Kind, open bool, attrs []Attribute) *Schema {
	s := &Schema{Directory: directory, Kind: kind, Open: open, attrs: make(map[string]*Attribute, 2*len(attrs))}
	for i := range attrs {
		s.attrs[attrs[i].Name], s.attrs[strings.ToLower(attrs[i].Name)] = &attrs[i], &attrs[i] // as it is written most often, and for any other spelling
		s.names = append(s.names, attrs[i].Name)
	}
	slices.Sort(s.names)
	for _, name := range s.names {
		if a := s.attrs[name]; a.Required {
			s.required = append(s.required, a)
		}
	}
	return s
}

// Lookup is the attribute of that name, in any case, or nil.
func (s *Schema) Lookup(name string) *Attribute {
	if a := s.attrs[name]; a != nil {
		return a
	}
	return s.attrs[strings.ToLower(name)]
}

// Required are the attributes that a new object must have, sorted by name.
func (s *Schema) Required() []*Attribute { return s.required }

// Names are all attribute names, sorted; do not modify.
func (s *Schema) Names() []string { return s.names }
