package state

// Kinds are all kinds of objects, in the order of their phases. Permissions are those of Microsoft Graph (permissions reference).
var Kinds = []*Descriptor{
	{
		Kind: UPNSuffix, Phase: 1,
		Read: "Domain.Read.All",
	},
	{
		Kind: User, Managed: true, Phase: 2,
		Anchor: "onPremisesImmutableId", UserName: "userPrincipalName", Mail: "mail", Proxies: "proxyAddresses", SignIn: "accountEnabled",
		Display: "displayName", Master: "onPremisesSyncEnabled",
		Identity: []string{"displayName", "mail", "proxyAddresses", "userPrincipalName", "onPremisesImmutableId", "onPremisesSyncEnabled", "accountEnabled"},
		Unique: []UniqueName{{Attribute: "userPrincipalName", Space: SignInNames}, {Attribute: "mail", Space: MailAddresses},
			{Attribute: "proxyAddresses", Space: MailAddresses}},
		Match:      []MatchRule{{Name: "immutable_id", Hard: true}, {Name: "primary_smtp"}, {Name: "user_principal_name"}},
		Leaving:    []string{"disable", "keep", "unlink", "delete"},
		References: []string{"manager"},
		Read:       "User.Read.All", Write: "User.ReadWrite.All",
	},
	{
		Kind: Group, Phase: 3,
		Mail: "mail", Proxies: "proxyAddresses", Display: "displayName",
		Identity: []string{"displayName", "mail", "proxyAddresses"},
		Unique:   []UniqueName{{Attribute: "mail", Space: MailAddresses}, {Attribute: "proxyAddresses", Space: MailAddresses}},
		Sets:     []ReferenceSet{{Name: "members", Kinds: []Kind{User, Group}, Batch: 20}},
		Read:     "Group.Read.All", Write: "Group.ReadWrite.All",
	},
	{
		Kind: Contact, Phase: 3,
		Mail: "mail", Proxies: "proxyAddresses", Display: "displayName",
		Identity: []string{"displayName", "mail", "proxyAddresses"},
		Unique:   []UniqueName{{Attribute: "mail", Space: MailAddresses}, {Attribute: "proxyAddresses", Space: MailAddresses}},
		Read:     "OrgContact.Read.All",
	},
	{
		Kind: DirectorySync, Phase: 4,
		Read: "Organization.Read.All", Write: "Organization.ReadWrite.All",
	},
}

// Descriptor describes the kind; nil for one that nobody knows.
func (k Kind) Descriptor() *Descriptor {
	for _, d := range Kinds {
		if d.Kind == k {
			return d
		}
	}
	return nil
}
