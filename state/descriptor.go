package state

import "slices"

// Guests says how a guest is told, and what the service keeps of it.
type Guests struct {
	Attribute, Value string // has this value for a guest; "" if there are none of the kind
	// Addresses is where a guest's further addresses stand, which no mailbox has and others may have as well.
	Addresses string
	// Mark stands in the user name of somebody who was invited, guest or member by now (Microsoft Entra B2B, user properties).
	Mark string
	// Keeps are attributes that the service does not let anybody change about an account that was invited (microsoft-graph-docs
	// issue 7602: InvalidValue).
	Keeps []string
}

// Descriptor says how the objects of one kind are synchronised. What differs between kinds stands here as data, so
// that one kind more is one entry more. Attributes are the tenant's; an attribute of "" is one that the kind does not
// have.
type Descriptor struct {
	Kind Kind
	Noun string // what people call one object of the kind
	// Managed says that scopes can synchronise the kind. Others are looked at only because nobody else can have their
	// names.
	Managed bool
	// Declared says that the objects are resources of the configuration, and none is read from a stream.
	Declared bool
	// AtSource says that the source has the objects, so that nothing is written to the tenant for them.
	AtSource bool
	// Alone says that a change of the kind is carried out beside no other, because it switches something for the
	// whole tenant.
	Alone bool
	// Actions are what a change of the kind can do; nil stands for all of [Actions].
	Actions []Action

	Anchor   string // keeps the anchor
	UserName string // the name with which people sign in
	Mail     string // the primary address
	Proxies  string // all addresses, with their types
	SignIn   string // whether people may sign in
	Display  string // what people read
	Nickname string // stands before the @ of a name that dirform makes up
	Master   string // whether another sync engine masters the object
	Trace    string // when another sync engine wrote the object last; it stays when the object is taken over
	// Identity are the attributes that are read of every object, managed or not: what matching, findings and
	// judgements need.
	Identity []string
	// Unique are the attributes whose values no two objects may share. Of each name space an object has one first
	// name, in the first attribute of that space; the others hold further names.
	Unique []UniqueName
	// Match are the rules that find a source object's counterpart, in the order in which they are tried where a
	// policy names none.
	Match []MatchRule
	// Leaving are what a policy may do about an object that left its scope; the first is what happens where a policy
	// says nothing.
	Leaving []string
	// References are the attributes that point to one other object; each is a write of its own.
	References []Reference
	// Sets are the sets of references, such as a group's members.
	Sets []ReferenceSet
	// Sensitive are the attributes that dirform writes and that the service lets only higher roles change about an
	// administrator (user resource type, "Who can perform sensitive actions"), sorted.
	Sensitive []string
	// Guests tells objects that belong to somebody of another organisation.
	Guests Guests
	// Exchange is the Exchange Online command that changes the addresses of an object.
	Exchange string
	// Phase orders the kinds: what has a lower one is carried out first.
	Phase int
	// Read and Write are the permissions that an application needs.
	Read, Write string
	// Grants are all permissions with which objects of the kind may be written, the least that serves in general first.
	Grants []Grant
}

// Grant is a permission of Microsoft Graph, and what of a kind may be written with it.
type Grant struct {
	Permission string
	Actions    []Action // nil: all
	// Only are the attributes that may be written with it; nil stands for all but those that are Apart in another grant.
	Only []string
	// Apart says that no other permission covers the attributes in Only.
	Apart bool
	// Delegated permissions are of use to signed-in people only.
	Delegated bool
}

// Lacks are the permissions that are missing for a change of the kind, each once; none if held, those that the token carries,
// are enough. A permission that no grant of the kind names counts for nothing.
func (d *Descriptor) Lacks(c *Change, held []string) (missing []string) {
	add := func(attribute string) {
		if p := d.lacks(c.Action, attribute, held); p != "" && !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
	}
	if len(c.Attributes) == 0 {
		add("")
	}
	for _, a := range c.Attributes {
		add(a.Name)
	}
	return missing
}

// lacks is Lacks for one attribute, or for what writes none, such as a deletion.
func (d *Descriptor) lacks(a Action, attribute string, held []string) (first string) {
	apart := slices.ContainsFunc(d.Grants, func(g Grant) bool { return g.Apart && slices.Contains(g.Only, attribute) })
	for _, g := range d.Grants {
		switch {
		case g.Actions != nil && !slices.Contains(g.Actions, a), apart != (g.Apart && slices.Contains(g.Only, attribute)),
			g.Only != nil && !slices.Contains(g.Only, attribute):
			continue
		case slices.Contains(held, g.Permission):
			return ""
		case first == "":
			first = g.Permission
		}
	}
	return first
}

// UniqueName is an attribute whose values are unique in the tenant.
type UniqueName struct {
	Attribute string
	Space     NameSpace
	// Further names are those that an object has beside its first one. The service keeps them, and no change gives
	// one up.
	Further bool
	// Freed says that the service frees the name of an object at once when the object is deleted. Of others that is
	// not documented, and they are taken as taken while the object lies in the recycle bin.
	Freed bool
}

// NameSpace is what a value has to be unique among: all values of attributes of one space.
type NameSpace uint8

// The name spaces.
const (
	SignInNames   NameSpace = iota // user names
	MailAddresses                  // primary and further addresses of users, groups and contacts
	UniqueNames                    // keys that an application chooses
)

// NameSpaces is how many name spaces there are.
const NameSpaces = int(UniqueNames) + 1

// HasDomain reports whether the names of the space end in a domain of the tenant.
func (s NameSpace) HasDomain() bool { return s != UniqueNames }

// Attribute is the attribute in which objects have their first names of the space: that of the first kind that has
// one, or "".
func (s NameSpace) Attribute() string {
	for _, d := range Kinds {
		if name := d.First(s); name != nil {
			return name.Attribute
		}
	}
	return ""
}

// MatchRule is a way of finding the tenant object of a source object.
type MatchRule struct {
	Name string // as in the language
	// Hard evidence is an anchor, and goes before all soft evidence; a soft rule finds an object by what it is called.
	Hard bool
	// OnRequest rules are tried only where a policy names them.
	OnRequest bool
}

// Reference is an attribute that points to one other object.
type Reference struct {
	Attribute string
	Kind      Kind // of the object it points to
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

// HardRule is the name of the first rule that goes by the anchor, "" if the kind has none.
func (d *Descriptor) HardRule() string {
	i := slices.IndexFunc(d.Match, func(r MatchRule) bool { return r.Hard })
	if i < 0 {
		return ""
	}
	return d.Match[i].Name
}

// Does reports whether a change of the kind can do an action.
func (d *Descriptor) Does(a Action) bool {
	return slices.Contains(Actions, a) && (d.Actions == nil || slices.Contains(d.Actions, a))
}

// First is the attribute of an object's first name in a space, nil if the kind has no names there.
func (d *Descriptor) First(space NameSpace) *UniqueName { return d.name(space, false) }

// Further is the attribute of an object's further names in a space, nil if the kind has none.
func (d *Descriptor) Further(space NameSpace) *UniqueName { return d.name(space, true) }

func (d *Descriptor) name(space NameSpace, further bool) *UniqueName {
	i := slices.IndexFunc(d.Unique, func(u UniqueName) bool { return u.Space == space && u.Further == further })
	if i < 0 {
		return nil
	}
	return &d.Unique[i]
}

// Reference describes the reference that the named attribute is, nil if it is none.
func (d *Descriptor) Reference(attribute string) *Reference {
	i := slices.IndexFunc(d.References, func(r Reference) bool { return r.Attribute == attribute })
	if i < 0 {
		return nil
	}
	return &d.References[i]
}

// UniqueName describes the names that an attribute holds, nil if its values need not be unique.
func (d *Descriptor) UniqueName(attribute string) *UniqueName {
	i := slices.IndexFunc(d.Unique, func(u UniqueName) bool { return u.Attribute == attribute })
	if i < 0 {
		return nil
	}
	return &d.Unique[i]
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

// OnlySwitchOff is the part of a change of the kind that blocks sign-in. An anchor that the change writes stays in it
// with the value that the account has, so that the account is held against what the plan saw; it is not written.
func (d *Descriptor) OnlySwitchOff(c *Change) *Change {
	part := *c
	part.Partial, part.Members, part.SourceAttributes = true, nil, nil
	part.Needs, part.Replaces, part.Fingerprints = nil, nil, nil
	if part.Action != ActionDisable {
		part.Action = ActionUpdate
	}
	part.Attributes = nil
	for _, a := range c.Attributes {
		switch a.Name {
		case d.Anchor:
			a.After, a.Drift = a.Before, false
			part.Attributes = append(part.Attributes, a)
		case d.SignIn:
			part.Attributes = append(part.Attributes, a)
		}
	}
	return &part
}
