package state

import "slices"

// Descriptor says how the objects of one kind are synchronised. What differs between kinds stands here as data, so that one kind more
// is one entry more. Attributes are the tenant's; an attribute of "" is one that the kind does not have.
type Descriptor struct {
	Kind Kind
	// Managed says that scopes can synchronise the kind. Others are looked at only because nobody else can have their names.
	Managed bool

	Anchor   string // keeps the anchor
	UserName string // the name with which people sign in
	Mail     string // the primary address
	Proxies  string // all addresses, with their types
	SignIn   string // whether people may sign in
	Display  string // what people read
	Master   string // whether another sync engine masters the object
	// Identity are the attributes that are read of every object, managed or not: what matching, findings and judgements need.
	Identity []string
	// Unique are the attributes whose values no two objects may share.
	Unique []UniqueName
	// Match are the rules that find a source object's counterpart, in the order in which they are tried where a policy names none.
	Match []MatchRule
	// Leaving are what a policy may do about an object that left its scope; the first is what happens where a policy says nothing.
	Leaving []string
	// References are the attributes that point to one other object; each is a write of its own.
	References []string
	// Sets are the sets of references, such as a group's members.
	Sets []ReferenceSet
	// Phase orders the kinds: what has a lower one is carried out first.
	Phase int
	// Read and Write are the permissions that an application needs.
	Read, Write string
}

// UniqueName is an attribute whose values are unique in the tenant.
type UniqueName struct {
	Attribute string
	Space     NameSpace
}

// NameSpace is what a value has to be unique among: all values of attributes of one space.
type NameSpace uint8

// The name spaces.
const (
	SignInNames   NameSpace = iota // user names
	MailAddresses                  // primary and further addresses of users, groups and contacts
	UniqueNames                    // keys that an application chooses
)

// MatchRule is a way of finding the tenant object of a source object.
type MatchRule struct {
	Name string // as in the language
	// Hard evidence is an anchor, and goes before all soft evidence; a soft rule finds an object by what it is called.
	Hard bool
	// OnRequest rules are tried only where a policy names them.
	OnRequest bool
}

// ReferenceSet is a set of references that an object holds.
type ReferenceSet struct {
	Name  string
	Kinds []Kind // of the objects it can hold
	Batch int    // how many can be added with one write
}

// Unmanaged reports whether the kind cannot be synchronised. A nil descriptor is that of a kind nobody knows.
func (d *Descriptor) Unmanaged() bool { return d == nil || !d.Managed }

// DefaultMatch are the names of the rules that are tried where a policy names none.
func (d *Descriptor) DefaultMatch() (names []string) {
	for _, r := range d.Match {
		if !r.OnRequest {
			names = append(names, r.Name)
		}
	}
	return names
}

// MatchNames are the names of all rules.
func (d *Descriptor) MatchNames() (names []string) {
	for _, r := range d.Match {
		names = append(names, r.Name)
	}
	return names
}

// SpaceOf is the name space of an attribute; ok is false if its values need not be unique.
func (d *Descriptor) SpaceOf(attribute string) (space NameSpace, ok bool) {
	i := slices.IndexFunc(d.Unique, func(u UniqueName) bool { return u.Attribute == attribute })
	if i < 0 {
		return 0, false
	}
	return d.Unique[i].Space, true
}

// SwitchesOff is the id of the living object whose sign-in a change of the kind blocks, "" if it blocks none.
func (d *Descriptor) SwitchesOff(c *Change) string {
	if d == nil || d.SignIn == "" || c.Action == ActionCreate || c.Action == ActionRestore {
		return ""
	}
	for _, a := range c.Attributes {
		if a.Name == d.SignIn && a.After.Kind() == BoolValue && !a.After.Bool() {
			return c.TargetID
		}
	}
	return ""
}
