package state

import (
	"strings"
	"testing"
)

// TestLacks: what a change takes is covered attribute by attribute, and what is apart is covered by nothing else.
func TestLacks(t *testing.T) {
	set := func(a Action, names ...string) *Change {
		c := &Change{Kind: User, Action: a}
		for _, n := range names {
			c.Attributes = append(c.Attributes, AttributeChange{Name: n})
		}
		return c
	}
	const all, claim = "User.ReadWrite.All", "User-OnPremisesSyncBehavior.ReadWrite.All"
	for _, x := range []struct {
		change     *Change
		held, want string
	}{
		{set(ActionCreate, "displayName", "accountEnabled"), all, ""},
		{set(ActionCreate, "accountEnabled"), "User.EnableDisableAccount.All User.Read.All", all},
		{set(ActionUpdate, "accountEnabled"), "User.EnableDisableAccount.All User.Read.All", ""},
		{set(ActionUpdate, "accountEnabled", "mobilePhone"), "User.EnableDisableAccount.All User-Phone.ReadWrite.All", ""},
		{set(ActionUpdate, "accountEnabled", "department"), "User.EnableDisableAccount.All", all},
		{set(ActionDelete), "User.DeleteRestore.All", ""},
		{set(ActionDelete), "User.EnableDisableAccount.All", all},
		{set(ActionUpdate, "department"), "User.DeleteRestore.All", all},
		{set(ActionLink, "onPremisesImmutableId", "onPremisesSyncBehavior.isCloudManaged"), all, claim},
		{set(ActionLink, "onPremisesImmutableId", "onPremisesSyncBehavior.isCloudManaged"), claim, all},
		{set(ActionLink, "onPremisesImmutableId", "onPremisesSyncBehavior.isCloudManaged"), "", all + " " + claim},
	} {
		if got := strings.Join(User.Descriptor().Lacks(x.change, strings.Fields(x.held)), " "); got != x.want {
			t.Errorf("%s %v with %q lacks %q, want %q", x.change.Action, x.change.Attributes, x.held, got, x.want)
		}
	}
}
