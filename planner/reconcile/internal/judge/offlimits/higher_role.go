package offlimits

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// What the service takes for sensitive about an account that holds an administrative role: it lets only those do it who
// hold a higher role themselves, and a permission of the application is not enough (user resource type, "Who can
// perform sensitive actions"). Everything else about such an account is written like that of others.

// harmlessRoles are the template ids of the roles whose holders are nothing special to the service (Microsoft Entra
// built-in roles): Directory Readers, Guest Inviter, Message Center Reader, Reports Reader and Usage Summary Reports
// Reader.
var harmlessRoles = []string{"88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "95e79109-95c0-4d8e-aee3-d01accf2d47b",
	"790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b",
	"4a5d8f65-41da-4de4-8968-e035b65339cf", "75934031-6c7e-415a-99d7-48dbd49e875e"}

// sensitive lists what of an Attempt the service would refuse because it takes a higher role: attributes, sorted, or
// the action itself; nil if it takes none, or dirform holds it.
func (l *Limits) sensitive(a *Attempt) []string {
	if l.mayAdmins || !l.guarded[l.rows.Hash.ID(a.Account.ID)] {
		return nil
	}
	return sensitive(a.Account.Of, a.Action, a.Attrs)
}

// sensitive lists what of a change to an object of a kind is sensitive: attributes, sorted, or the action itself.
func sensitive(of *state.Descriptor, a state.Action, attrs []state.AttributeChange) (what []string) {
	switch a {
	case state.ActionDelete:
		return []string{"its deletion"}
	case state.ActionRestore:
		what = append(what, "its restoration")
	}
	for _, c := range attrs {
		// Apply looks at what a deletion or an update leaves as it is, and writes nothing.
		if slices.Contains(of.Sensitive, c.Name) {
			what = append(what, c.Name)
		}
	}
	slices.Sort(what)
	return what
}

// guardedHolder reports whether a principal holds a role, or has one within reach, that makes sensitive changes of it
// take a higher one.
func guardedHolder(r providers.RoleHolder) bool {
	if len(r.Roles) > len(r.Templates) { // within reach as the owner of a group
		return true
	}
	return slices.ContainsFunc(r.Templates, func(id string) bool {
		return !slices.Contains(harmlessRoles,
			strings.ToLower(id))
	})
}

// mayTouchAdministrators reports whether dirform is signed in with one of the two roles that allow sensitive changes of
// administrators. Where nobody knows who is signed in, it is taken for somebody without: a change that is blocked for
// nothing can be had by giving the role away, and one that is refused stops halfway.
func (l *Limits) mayTouchAdministrators() bool {
	return slices.ContainsFunc(l.holders, func(r providers.RoleHolder) bool {
		return l.isSelf(r.ID) && slices.ContainsFunc(r.Templates, func(id string) bool {
			return strings.EqualFold(id, providers.GlobalAdministrator) ||
				strings.EqualFold(id, providers.PrivilegedAuthenticationAdministrator)
		})
	})
}
