package providers

import (
	"strconv"

	"github.com/dirform/dirform/state"
)

// TenantSchema describes the attributes of one kind of object in an Entra tenant, as Microsoft Graph v1.0 has them. It is
// closed: a name that is not listed cannot be read or written with dirform. For a kind that the tenant does not have it is nil.
//
// Limits come from Microsoft's reference of the user and group resources ("user reference", "group reference"), from its page
// on password and user name rules ("user name policy") and from its preparation guide for directory synchronisation
// ("preparation guide"). What Graph holds but an application cannot usefully map is left out: collections of structures
// (licences, plans, identities), and properties that live in SharePoint (skills, aboutMe …), which a list request refuses.
func TenantSchema(kind state.Kind) *state.Schema {
	var attrs []state.Attribute
	switch kind {
	case state.User:
		attrs = concat(userIdentity(), userAccount(), userPerson(), userWork(), userPlace(), userExtensions(), userComputed())
	case state.Group:
		attrs = concat(groupSettable(), groupComputed())
	case state.Contact:
		attrs = contactComputed()
	case state.DirectorySync:
		attrs = []state.Attribute{{Name: "onPremisesSyncEnabled", Type: state.TypeBool,
			Doc: "whether sync clients may write to the tenant; null if they never could (organization reference)"}}
	default:
		return nil
	}
	return state.NewSchema("entra", kind, false, attrs)
}

// maxAddress is how long a primary address may be: proxyAddresses takes 256 characters, SMTP: among them.
const maxAddress = 256 - len("SMTP:")

// Characters that the service refuses.
const (
	// Everything printable in ASCII but letters, digits, ' . - _ ! # ^ ~ and the @ itself.
	denyUPN = " \"$%&()*+,/:;<=>?[\\]`{|}"
	// An address in mail becomes the primary entry of proxyAddresses, whose rules apply.
	denyAddress = " <>();,[]\""
	// A dot inside is allowed in a user's nickname (it may not be the first character), but not in a group's.
	denyUserNickname  = " @()\\/[]\"';:<>,"
	denyGroupNickname = denyUserNickname + "."
)

func userIdentity() []state.Attribute {
	return []state.Attribute{
		{Name: "id", ReadOnly: true, Doc: "object id; the service chooses it"},
		{Name: "userPrincipalName", Required: true, NotNull: true, MaxLen: 113, ASCII: true, Deny: denyUPN, Equality: state.EqualFold,
			Doc: "sign-in name alias@domain in a verified domain; at most 64 characters before the @ and 48 after (user name policy)"},
		{Name: "onPremisesImmutableId", Deny: "$_",
			Doc: "the anchor: base64 of the source object's GUID, case-sensitive; $ and _ are refused (user reference); required at creation in a federated domain"},
		{Name: "mail", NotNull: true, MaxLen: maxAddress, ASCII: true, Deny: denyAddress, Form: state.FormAddress, Equality: state.EqualFold,
			Doc: "primary SMTP address; becomes the primary entry of proxyAddresses; no accents (user reference)"},
		{Name: "mailNickname", Required: true, NotNull: true, MaxLen: 64, ASCII: true, Deny: denyUserNickname, Form: state.FormNickname, Equality: state.EqualFold,
			Doc: "mail alias; at most 64 characters (user reference), may not begin with a dot (preparation guide)"},
		{Name: "otherMails", Multi: true, MaxLen: 250, MaxCount: 250, ASCII: true, Form: state.FormAddress, Equality: state.EqualFold,
			Doc: "further addresses, not for delivery; at most 250 of 250 characters, no accents (user reference)"},
		{Name: "proxyAddresses", Multi: true, ReadOnly: true, Reported: true, NotNull: true, MaxLen: 256, MaxCount: 300, ASCII: true,
			Deny: denyAddress, Equality: state.EqualProxy,
			Doc: "mail addresses of at most 256 characters (preparation guide), about 300 of them; Graph only reads them (user reference): " +
				"the primary one follows mail, and what a mapping wants of the others (smtp:) is reported with the commands for Exchange"},
		{Name: "userType", Doc: "Member or Guest (user reference)"},
	}
}

func userAccount() []state.Attribute {
	return []state.Attribute{
		{Name: "accountEnabled", Type: state.TypeBool, Required: true, NotNull: true, Doc: "whether the account may sign in"},
		{Name: "usageLocation", NotNull: true, MaxLen: 2, ASCII: true, Form: state.FormCountry, Equality: state.EqualFold,
			Doc: "two-letter ISO 3166 country, needed before licences; cannot be cleared (user reference)"},
		{Name: "preferredLanguage", Form: state.FormLanguage, Equality: state.EqualFold, Doc: "RFC 4646 language tag, such as en-US (user reference)"},
		{Name: "preferredDataLocation", Doc: "region for multi-geo storage"},
		{Name: "passwordPolicies", Doc: "DisableStrongPassword, DisablePasswordExpiration or both, separated by a comma (user reference)"},
		{Name: "passwordProfile", ReadOnly: true, Hidden: true,
			Doc: "password of a new account; dirform sets a random one and no mapping can"},
		{Name: "ageGroup", Doc: "Minor, NotAdult or Adult (user reference)"},
		{Name: "consentProvidedForMinor", Doc: "Granted, Denied or NotRequired (user reference)"},
		{Name: "showInAddressList", Type: state.TypeBool, ReadOnly: true,
			Doc: "not to be used through Graph v1.0, a known issue of the service (user reference)"},
	}
}

func userPerson() []state.Attribute {
	return []state.Attribute{
		{Name: "displayName", Required: true, NotNull: true, MaxLen: 256, Doc: "name in the address book; at most 256 characters, cannot be cleared (user reference)"},
		{Name: "givenName", MaxLen: 64, Doc: "first name; at most 64 characters (user reference)"},
		{Name: "surname", MaxLen: 64, Doc: "family name; at most 64 characters (user reference)"},
		{Name: "businessPhones", Multi: true, MaxCount: 1, Equality: state.EqualPhone,
			Doc: "telephone numbers; the service keeps only one (user reference)"},
		{Name: "mobilePhone", MaxLen: 64, Equality: state.EqualPhone, Doc: "mobile number; at most 64 characters (user reference)"},
		{Name: "faxNumber", Equality: state.EqualPhone, Doc: "fax number"},
	}
}

func userWork() []state.Attribute {
	return []state.Attribute{
		{Name: "jobTitle", MaxLen: 128, Doc: "at most 128 characters (user reference)"},
		{Name: "department", MaxLen: 64, Doc: "at most 64 characters (user reference)"},
		{Name: "companyName", MaxLen: 64, Doc: "at most 64 characters (user reference)"},
		{Name: "employeeId", MaxLen: 16, Doc: "at most 16 characters (user reference)"},
		{Name: "employeeType", Doc: "such as Employee, Contractor, Consultant or Vendor"},
		{Name: "employeeHireDate", Type: state.TypeTime, Doc: "date the person was or will be hired; some tenants refuse it from applications"},
		{Name: "employeeLeaveDateTime", Type: state.TypeTime,
			Doc: "date the person leaves; reading and writing need permissions of their own, User-LifeCycleInfo (user reference)"},
		{Name: "division", Path: []string{"employeeOrgData", "division"}, Doc: "division of the organisation"},
		{Name: "costCenter", Path: []string{"employeeOrgData", "costCenter"}, Doc: "cost centre"},
		{Name: "manager", Type: state.TypeReference, Doc: "object id of the manager, a user or organisational contact; written as a reference of its own"},
	}
}

func userPlace() []state.Attribute {
	return []state.Attribute{
		{Name: "officeLocation", Doc: "office"},
		{Name: "streetAddress", Lines: true, MaxLen: 1024, Doc: "at most 1,024 characters (user reference)"},
		{Name: "city", MaxLen: 128, Doc: "at most 128 characters (user reference)"},
		{Name: "state", MaxLen: 128, Doc: "state or province; at most 128 characters (user reference)"},
		{Name: "postalCode", MaxLen: 40, Doc: "at most 40 characters (user reference)"},
		{Name: "country", MaxLen: 128, Doc: "country or region; at most 128 characters (user reference)"},
	}
}

// userExtensions are the fifteen custom attributes that come from Exchange.
func userExtensions() []state.Attribute {
	attrs := make([]state.Attribute, 0, 15)
	for i := 1; i <= 15; i++ {
		name := "extensionAttribute" + strconv.Itoa(i)
		attrs = append(attrs, state.Attribute{Name: name, Path: []string{"onPremisesExtensionAttributes", name}, MaxLen: 1024, Lines: true, Lockable: true,
			Doc: "custom attribute, at most 1,024 characters; read-only on an account that was ever synchronised (user reference)"})
	}
	return attrs
}

func userComputed() []state.Attribute {
	return []state.Attribute{
		{Name: "onPremisesSyncEnabled", Type: state.TypeBool, ReadOnly: true, Doc: "true: another engine masters the account"},
		{Name: CloudManaged, Type: state.TypeBool, ReadOnly: true, Doc: "true: taken over from another engine; written alone, by a policy and not by a mapping"},
		{Name: "onPremisesLastSyncDateTime", Type: state.TypeTime, ReadOnly: true, Doc: "last synchronisation by another engine"},
		{Name: "onPremisesSamAccountName", ReadOnly: true, Doc: "set by Microsoft's sync engines only"},
		{Name: "onPremisesDistinguishedName", ReadOnly: true, Doc: "set by Microsoft's sync engines only"},
		{Name: "onPremisesDomainName", ReadOnly: true, Doc: "set by Microsoft's sync engines only"},
		{Name: "onPremisesUserPrincipalName", ReadOnly: true, Doc: "set by Microsoft's sync engines only"},
		{Name: "onPremisesSecurityIdentifier", ReadOnly: true, Doc: "set by Microsoft's sync engines only"},
		{Name: "securityIdentifier", ReadOnly: true, Doc: "the account's SID in the cloud"},
		{Name: "imAddresses", Multi: true, ReadOnly: true, Doc: "SIP addresses"},
		{Name: "createdDateTime", Type: state.TypeTime, ReadOnly: true, Doc: "creation in the tenant"},
		{Name: "deletedDateTime", Type: state.TypeTime, ReadOnly: true, Doc: "deletion, of an account in the recycle bin"},
		{Name: "lastPasswordChangeDateTime", Type: state.TypeTime, ReadOnly: true, Doc: "last change of the password"},
		{Name: "signInSessionsValidFromDateTime", Type: state.TypeTime, ReadOnly: true, Doc: "sessions older than this are void"},
		{Name: "creationType", ReadOnly: true, Doc: "how the account came about; null for an ordinary one"},
		{Name: "externalUserState", ReadOnly: true, Doc: "invitation status of a guest"},
		{Name: "legalAgeGroupClassification", ReadOnly: true, Doc: "computed from ageGroup and consentProvidedForMinor"},
	}
}

func groupSettable() []state.Attribute {
	return []state.Attribute{
		{Name: "displayName", Required: true, NotNull: true, MaxLen: 256, Doc: "at most 256 characters, cannot be cleared (group reference)"},
		{Name: "description", Lines: true, Doc: "free text"},
		{Name: "mailNickname", Required: true, NotNull: true, MaxLen: 64, ASCII: true, Deny: denyGroupNickname, Equality: state.EqualFold,
			Doc: "mail alias, unique among Microsoft 365 groups; at most 64 ASCII characters (group reference)"},
		{Name: "mailEnabled", Type: state.TypeBool, Required: true, NotNull: true,
			Doc: "true for Microsoft 365 groups; Graph cannot create other mail-enabled groups (group reference)"},
		{Name: "securityEnabled", Type: state.TypeBool, Required: true, NotNull: true, Doc: "whether it is a security group"},
		{Name: "groupTypes", Multi: true, NotNull: true, Doc: "Unified for a Microsoft 365 group, DynamicMembership for a dynamic one; empty for a security group"},
		{Name: "visibility", Doc: "Private, Public or HiddenMembership (group reference)"},
		{Name: "classification", Doc: "such as low, medium or high business impact; values are defined by the tenant"},
		{Name: "membershipRule", Doc: "rule of a dynamic group"},
		{Name: "preferredLanguage", Equality: state.EqualFold, Doc: "language of a Microsoft 365 group, such as en-US"},
		{Name: "preferredDataLocation", Doc: "region for multi-geo storage"},
		{Name: "uniqueName", Doc: "alternate key; can be set when the group is created, never changed (group reference)"},
		{Name: "isAssignableToRole", Type: state.TypeBool, Doc: "can be set when the group is created, never changed (group reference)"},
	}
}

func groupComputed() []state.Attribute {
	return []state.Attribute{
		{Name: "id", ReadOnly: true, Doc: "object id; the service chooses it"},
		{Name: "mail", ReadOnly: true, ASCII: true, Equality: state.EqualFold, Doc: "SMTP address; follows mailNickname and the tenant's default domain"},
		{Name: "proxyAddresses", Multi: true, ReadOnly: true, ASCII: true, Equality: state.EqualProxy, Doc: "mail addresses; managed in Exchange"},
		{Name: "onPremisesSyncEnabled", Type: state.TypeBool, ReadOnly: true, Doc: "true: another engine masters the group"},
		{Name: CloudManaged, Type: state.TypeBool, ReadOnly: true, Doc: "true: taken over from another engine; written alone, by a policy and not by a mapping"},
		{Name: "onPremisesLastSyncDateTime", Type: state.TypeTime, ReadOnly: true, Doc: "last synchronisation by another engine"},
		{Name: "onPremisesSamAccountName", ReadOnly: true, Doc: "set by Microsoft's sync engines only"},
		{Name: "onPremisesDomainName", ReadOnly: true, Doc: "set by Microsoft's sync engines only"},
		{Name: "onPremisesNetBiosName", ReadOnly: true, Doc: "set by Microsoft's sync engines only"},
		{Name: "onPremisesSecurityIdentifier", ReadOnly: true, Doc: "set by Microsoft's sync engines only"},
		{Name: "securityIdentifier", ReadOnly: true, Doc: "the group's SID in the cloud"},
		{Name: "createdDateTime", Type: state.TypeTime, ReadOnly: true, Doc: "creation in the tenant"},
		{Name: "deletedDateTime", Type: state.TypeTime, ReadOnly: true, Doc: "deletion, of a group in the recycle bin"},
	}
}

// contactComputed lists organisational contacts' attributes: permissions exist for reading them only.
func contactComputed() []state.Attribute {
	return []state.Attribute{
		{Name: "id", ReadOnly: true, Doc: "object id; the service chooses it"},
		{Name: "displayName", ReadOnly: true, MaxLen: 256, Doc: "contacts are managed in Exchange, Graph only reads them"},
		{Name: "givenName", ReadOnly: true, Doc: "first name"},
		{Name: "surname", ReadOnly: true, Doc: "family name"},
		{Name: "mail", ReadOnly: true, ASCII: true, Equality: state.EqualFold, Doc: "SMTP address"},
		{Name: "mailNickname", ReadOnly: true, ASCII: true, Equality: state.EqualFold, Doc: "mail alias"},
		{Name: "proxyAddresses", Multi: true, ReadOnly: true, ASCII: true, Equality: state.EqualProxy, Doc: "mail addresses"},
		{Name: "companyName", ReadOnly: true, Doc: "company"},
		{Name: "department", ReadOnly: true, Doc: "department"},
		{Name: "jobTitle", ReadOnly: true, Doc: "job title"},
		{Name: "onPremisesSyncEnabled", Type: state.TypeBool, ReadOnly: true, Doc: "true: another engine masters the contact"},
		{Name: "onPremisesLastSyncDateTime", Type: state.TypeTime, ReadOnly: true, Doc: "last synchronisation by another engine"},
	}
}

func concat(parts ...[]state.Attribute) []state.Attribute {
	var all []state.Attribute
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
