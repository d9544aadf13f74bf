package table

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Account is a tenant object, living or in the recycle bin, with what is known about its kind.
type Account struct {
	state.Object
	Of *state.Descriptor // never nil
}

// Anchor is the account's anchor, "" if it carries none.
func (a *Account) Anchor() string { return a.Get(a.Of.Anchor).Str() }

// UserName is the name with which a person signs in, "" if there is none.
func (a *Account) UserName() string { return a.Get(a.Of.UserName).Str() }

// Mail is the account's primary address, "" if it has none.
func (a *Account) Mail() string { return a.Get(a.Of.Mail).Str() }

// Proxies are all addresses of the account, with their types.
func (a *Account) Proxies() []string { return a.Get(a.Of.Proxies).List() }

// SignIn says whether a person may sign in with the account; null if that is not known, or nobody ever does with one of
// its kind.
func (a *Account) SignIn() state.Value { return a.Get(a.Of.SignIn) }

// First is the account's first name in a space, "" if it has none.
func (a *Account) First(space state.NameSpace) string {
	if name := a.Of.First(space); name != nil {
		return a.Get(name.Attribute).Str()
	}
	return ""
}

// Names are all names of the account that nobody else can have, each with its attribute: the first name of every space,
// and of the further ones those that are not the first once more.
func (a *Account) Names() (names []state.AttributeChange) {
	for _, u := range a.Of.Unique {
		if !u.Further {
			if v := a.Get(u.Attribute); !v.IsEmpty() {
				names = append(names, state.AttributeChange{Name: u.Attribute, After: v})
			}
			continue
		}
		for _, value := range a.Get(u.Attribute).List() {
			if address, ok := SMTPAddress(value); ok && !strings.EqualFold(address, a.First(u.Space)) {
				names = append(names, state.AttributeChange{Name: u.Attribute, After: state.String(address)})
			}
		}
	}
	return names
}

// Readable is what people know an account by: its user name, address, display name or, without any, its id.
func Readable(a *Account) string {
	for _, name := range [...]string{a.Of.UserName, a.Of.Mail, a.Of.Display} {
		if s := a.Get(name).Str(); s != "" {
			return s
		}
	}
	return a.ID
}

// AccountNames are the names by which a person may mean an account: its id, and all that nobody else can have.
func AccountNames(a *Account) []string {
	names := []string{a.ID}
	for _, n := range a.Names() {
		names = append(names, n.After.Str())
	}
	return names
}

// Ref names an account in a finding.
func Ref(a *Account) planner.ObjectRef {
	name := a.UserName()
	if name == "" {
		name = a.Get(a.Of.Display).Str()
	}
	return planner.ObjectRef{TargetID: a.ID, Kind: a.Kind, Name: name}
}

// Guest reports whether an account's owner belongs to another organisation, or was invited from one, whatever the account has been
// made since.
func (a *Account) Guest() bool {
	g := &a.Of.Guests
	return g.Attribute != "" && strings.EqualFold(a.Get(g.Attribute).Str(), g.Value) || a.Invited()
}

// Barred reports whether a link policy keeps an account from being linked because it is a guest's.
func (a *Account) Barred(p *config.LinkPolicy) bool { return a.Guest() && p.Guests != "allow" }

// HasAddress reports whether the account has a mail address.
func (a *Account) HasAddress() bool {
	isAddress := func(p string) bool { _, ok := SMTPAddress(p); return ok }
	return a.Mail() != "" || slices.ContainsFunc(a.Proxies(), isAddress)
}

// Invited reports whether the account was made by an invitation, of which its user name tells.
func (a *Account) Invited() bool {
	mark := a.Of.Guests.Mark
	return mark != "" && strings.Contains(strings.ToUpper(a.UserName()), mark)
}

// Noun is what people call such an account: a guest, or what objects of its kind are called.
func (a *Account) Noun() string {
	if a.Guest() {
		return "guest"
	}
	return a.Of.Noun
}

// ContainsFold reports whether list has s in whatever case.
func ContainsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

// MailAddresses are the account's mail addresses, the primary one first.
func (a *Account) MailAddresses() []string { return mailAddresses(a.Proxies(), a.Mail()) }

// KnownAs are the names by which people know an account: user name, addresses, display name and nickname. Some may be
// empty.
func (a *Account) KnownAs() []string {
	return append([]string{a.UserName(), a.Get(a.Of.Display).Str(), a.Get(a.Of.Nickname).Str()}, a.MailAddresses()...)
}

// mailAddresses are the addresses among proxies and mail, each once, the primary one first.
func mailAddresses(proxies []string, mail string) (list []string) {
	add := func(a string) {
		if a != "" && !ContainsFold(list, a) {
			list = append(list, a)
		}
	}
	for _, p := range proxies {
		if a, ok := SMTPAddress(p); ok && p[0] == 'S' {
			add(a)
		}
	}
	add(mail)
	for _, p := range proxies {
		if a, ok := SMTPAddress(p); ok {
			add(a)
		}
	}
	return list
}
