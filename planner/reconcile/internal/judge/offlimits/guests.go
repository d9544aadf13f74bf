package offlimits

import (
	"slices"

	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// ends reports whether an attempt does nothing but turn sign-in off, for an account that is recorded.
func (a *Attempt) ends() bool {
	return a.Recorded != "" && len(a.Attrs) == 1 && a.Attrs[0].Name == a.Account.Of.SignIn && !a.Attrs[0].After.Bool()
}

// Keeps reports whether the service lets nobody change an attribute because the account's owner was invited.
func Keeps(a *state.Attribute, live *table.Account) bool {
	return slices.Contains(live.Of.Guests.Keeps, a.Name) && live.Invited()
}
