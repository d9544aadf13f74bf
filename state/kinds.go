package state

// changing are the actions that change what is there.
var changing = []Action{ActionLink, ActionRelink, ActionUpdate, ActionDisable, ActionUnlink}

// Kinds are all kinds of objects, in the order of their phases. Permissions are those of Microsoft Graph (permissions
// reference).
var Kinds = []*Descriptor{
	{
		Kind: UPNSuffix, Noun: "UPN suffix", Declared: true, AtSource: true, Actions: []Action{ActionCreate}, Phase: 1,
		Read: "Domain.Read.All",
	},
	{
		Kind: User, Noun: "user", Managed: true, Phase: 2,
		Anchor: "onPremisesImmutableId", UserName: "userPrincipalName", Mail: "mail", Proxies: "proxyAddresses",
		SignIn: "accountEnabled", Display: "displayName", Nickname: "mailNickname",
		Master: "onPremisesSyncEnabled", Trace: "onPremisesLastSyncDateTime",
		Identity: []string{"displayName", "mail", "proxyAddresses", "userPrincipalName", "onPremisesImmutableId",
			"onPremisesSyncEnabled", "accountEnabled", "userType", "otherMails"},
		Guests: Guests{Attribute: "userType", Value: "Guest", Addresses: "otherMails", Mark: "#EXT#",
			Keeps: []string{"userPrincipalName", "mailNickname"}},
		Unique: []UniqueName{{Attribute: "userPrincipalName", Space: SignInNames, Freed: true},
			{Attribute: "mail", Space: MailAddresses},
			{Attribute: "proxyAddresses", Space: MailAddresses, Further: true}},
		Match: []MatchRule{{Name: "immutable_id", Hard: true}, {Name: "primary_smtp"},
			{Name: "user_principal_name"}},
		Leaving:    []string{"disable", "keep", "unlink", "delete"},
		References: []Reference{{Attribute: "manager", Kind: User}},
		Sensitive: []string{"accountEnabled", "businessPhones", "mobilePhone", "onPremisesImmutableId", "otherMails",
			"userPrincipalName"},
		Exchange: "Set-Mailbox",
		Read:     "User.Read.All", Write: "User.ReadWrite.All",
		Grants: []Grant{
			{Permission: "User.ReadWrite.All"}, {Permission: "Directory.ReadWrite.All"},
			{Permission: "Directory.AccessAsUser.All", Delegated: true},
			{Permission: "User.ReadUpdate.All", Actions: changing},
			{Permission: "User.DeleteRestore.All", Actions: []Action{ActionDelete, ActionRestore}},
			{Permission: "User.EnableDisableAccount.All", Actions: changing, Only: []string{"accountEnabled"}},
			{Permission: "User-Phone.ReadWrite.All", Actions: changing, Only: []string{"businessPhones", "mobilePhone"}},
			{Permission: "User-Mail.ReadWrite.All", Actions: changing, Only: []string{"otherMails"}},
			{Permission: "User-OnPremisesSyncBehavior.ReadWrite.All", Only: []string{"onPremisesSyncBehavior.isCloudManaged"},
				Apart: true},
		},
	},
	{
		Kind: Group, Noun: "group", Phase: 3,
		Mail: "mail", Proxies: "proxyAddresses", Display: "displayName",
		Identity: []string{"displayName", "mail", "proxyAddresses"},
		Unique: []UniqueName{{Attribute: "mail", Space: MailAddresses},
			{Attribute: "proxyAddresses", Space: MailAddresses, Further: true}},
		Sets:     []ReferenceSet{{Name: "members", Kinds: []Kind{User, Group}, Batch: 20}},
		Exchange: "Set-UnifiedGroup",
		Read:     "Group.Read.All", Write: "Group.ReadWrite.All",
		Grants: []Grant{{Permission: "Group.ReadWrite.All"}, {Permission: "Directory.ReadWrite.All"},
			{Permission: "Directory.AccessAsUser.All", Delegated: true}},
	},
	{
		Kind: Contact, Noun: "contact", Phase: 3,
		Mail: "mail", Proxies: "proxyAddresses", Display: "displayName",
		Identity: []string{"displayName", "mail", "proxyAddresses"},
		Unique: []UniqueName{{Attribute: "mail", Space: MailAddresses},
			{Attribute: "proxyAddresses", Space: MailAddresses, Further: true}},
		Exchange: "Set-MailContact",
		Read:     "OrgContact.Read.All",
	},
	{
		Kind: DirectorySync, Noun: "directory synchronisation switch", Declared: true, Alone: true, Phase: 4,
		Actions: []Action{ActionUpdate},
		Read:    "Organization.Read.All", Write: "Organization.ReadWrite.All",
		Grants: []Grant{{Permission: "Organization.ReadWrite.All"}, {Permission: "Directory.ReadWrite.All"},
			{Permission: "Directory.AccessAsUser.All", Delegated: true}},
	},
}

// Describe describes every kind as kinds does, which is [Kind.Descriptor] where it is nil. A kind that nobody knows
// has nothing but its name, so that the result never gives nil.
func Describe(kinds func(Kind) *Descriptor) func(Kind) *Descriptor {
	if kinds == nil {
		kinds = Kind.Descriptor
	}
	return func(kind Kind) *Descriptor {
		if d := kinds(kind); d != nil {
			return d
		}
		return &Descriptor{Kind: kind, Noun: string(kind)}
	}
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
