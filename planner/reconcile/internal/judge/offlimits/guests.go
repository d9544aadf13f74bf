package offlimits

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/state"
)

// IsGuest reports whether an account's owner belongs to another organisation, or was invited from one, whatever the account has been
// made since.
func IsGuest(live *table.Account) bool {
	g := &live.Of.Guests
	return g.Attribute != "" && strings.EqualFold(live.Get(g.Attribute).Str(), g.Value) || invited(live)
}

// ends reports whether an attempt does nothing but turn sign-in off, for an account that is recorded.
func (a *Attempt) ends() bool {
	return a.Recorded != "" && len(a.Attrs) == 1 && a.Attrs[0].Name == a.Account.Of.SignIn && !a.Attrs[0].After.Bool()
}

func invited(live *table.Account) bool {
	mark := live.Of.Guests.Mark
	return mark != "" && strings.Contains(strings.ToUpper(live.Get(live.Of.UserName).Str()), mark)
}

// Keeps reports whether the service lets nobody change an attribute because the account's owner was invited.
func Keeps(a *state.Attribute, live *table.Account) bool {
	return slices.Contains(live.Of.Guests.Keeps, a.Name) && invited(live)
}
