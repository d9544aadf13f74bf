package graphd

import "strings"

// propType is the type of a property's value.
type propType uint8

const (
	textProp propType = iota
	boolProp
	listProp // collection of strings
	timeProp
	objectProp  // a complex value, kept as it is
	objectsProp // a collection of complex values
	numberProp
)

// Properties that the rules speak about; they are the first numbers of every registry.
const (
	propUPN = iota
	propDisplayName
	propMailNickname
	propMail
	propProxyAddresses
	propImmutableID
	propAccountEnabled
	propSyncEnabled
	propDeletedDateTime
	propCreatedDateTime
	propUserType
	propUsageLocation
	propOtherMails
	propBusinessPhones
	propMobilePhone
	propAssignableToRole
	propEmployeeID
	propSecurityEnabled
	propGroupTypes
	propMailEnabled
	propUniqueName
	propMembershipRule
	propVisibility
	propAssignedLicenses
	propID // of organization, domains and the like; users, groups and contacts have a guid instead
)

// signInActivity is the property that takes a permission of its own.
const signInActivity = "signInActivity"

// prop describes a property. Lengths are those of the v1.0 reference of the user resource; 0 is no documented limit.
type prop struct {
	name      string
	typ       propType
	max       int   // characters, or of each item
	write     bool  // a client may set it on a cloud-only user
	sensitive bool  // on a role holder only a privileged role may set it
	keep      bool  // can't be cleared
	lacking   uint8 // kinds that don't have it, one bit each
}

// knownProps are the properties with a rule or a type that matters. A seed may use others; they are kept and listed as given.
func knownProps() []prop {
	w := func(name string, max int) prop { return prop{name: name, max: max, write: true} }
	ro := func(name string, typ propType) prop { return prop{name: name, typ: typ} }
	return []prop{
		propUPN:              {name: "userPrincipalName", max: 113, write: true, sensitive: true, keep: true},
		propDisplayName:      {name: "displayName", max: 256, write: true, keep: true},
		propMailNickname:     {name: "mailNickname", max: 64, write: true, keep: true},
		propMail:             w("mail", 256),
		propProxyAddresses:   ro("proxyAddresses", listProp),
		propImmutableID:      {name: "onPremisesImmutableId", max: 60, write: true, sensitive: true},
		propAccountEnabled:   {name: "accountEnabled", typ: boolProp, write: true, sensitive: true, keep: true},
		propSyncEnabled:      ro("onPremisesSyncEnabled", boolProp),
		propDeletedDateTime:  ro("deletedDateTime", timeProp),
		propCreatedDateTime:  ro("createdDateTime", timeProp),
		propUserType:         w("userType", 0),
		propUsageLocation:    {name: "usageLocation", max: 2, write: true, keep: true},
		propOtherMails:       {name: "otherMails", typ: listProp, max: 250, write: true, sensitive: true},
		propBusinessPhones:   {name: "businessPhones", typ: listProp, write: true, sensitive: true},
		propMobilePhone:      {name: "mobilePhone", max: 64, write: true, sensitive: true},
		propAssignableToRole: ro("isAssignableToRole", boolProp),
		propEmployeeID:       w("employeeId", 16),
		propSecurityEnabled:  ro("securityEnabled", boolProp),
		propGroupTypes:       ro("groupTypes", listProp),
		propMailEnabled:      ro("mailEnabled", boolProp),
		propUniqueName:       {name: "uniqueName", max: 128},
		propMembershipRule:   {name: "membershipRule", max: 3072},
		propVisibility:       ro("visibility", textProp),
		propAssignedLicenses: ro("assignedLicenses", objectsProp),
		propID:               ro("id", textProp),
		propID + 1:           w("givenName", 64), w("surname", 64), w("jobTitle", 128), w("department", 64),
		w("companyName", 64), w("city", 128), w("state", 128), w("country", 128), w("postalCode", 40),
		w("streetAddress", 1024), w("officeLocation", 0), w("preferredLanguage", 0), w("faxNumber", 0),
		w("employeeType", 0), w("passwordPolicies", 0), w("preferredDataLocation", 0), w("ageGroup", 0),
		w("consentProvidedForMinor", 0),
		{name: "employeeHireDate", typ: timeProp, write: true},
		{name: "employeeLeaveDateTime", typ: timeProp, write: true},
		{name: "employeeOrgData", typ: objectProp, write: true},
		{name: "onPremisesExtensionAttributes", typ: objectProp, write: true},
		{name: "showInAddressList", typ: boolProp, write: true},
		ro("imAddresses", listProp), ro("creationType", textProp), ro("securityIdentifier", textProp),
		ro("externalUserState", textProp), ro("legalAgeGroupClassification", textProp),
		ro("onPremisesLastSyncDateTime", timeProp), ro("onPremisesSamAccountName", textProp),
		ro("onPremisesDistinguishedName", textProp), ro("onPremisesDomainName", textProp),
		ro("onPremisesUserPrincipalName", textProp), ro("onPremisesSecurityIdentifier", textProp),
		ro("onPremisesNetBiosName", textProp), ro("onPremisesProvisioningErrors", objectsProp),
		ro("serviceProvisioningErrors", objectsProp), ro("assignedPlans", objectsProp),
		ro("provisionedPlans", objectsProp), ro("licenseAssignmentStates", objectsProp), ro("identities", objectsProp),
		ro(signInActivity, objectProp), ro("signInSessionsValidFromDateTime", timeProp), ro("lastPasswordChangeDateTime", timeProp),
		{name: "description", max: 1024}, ro("membershipRuleProcessingState", textProp),
		ro("classification", textProp), ro("theme", textProp), ro("renewedDateTime", timeProp), ro("expirationDateTime", timeProp),
		ro("resourceBehaviorOptions", listProp), ro("resourceProvisioningOptions", listProp),
		ro("allowExternalSenders", boolProp), ro("autoSubscribeNewMembers", boolProp), ro("hideFromAddressLists", boolProp),
		ro("hideFromOutlookClients", boolProp), ro("isSubscribedByMail", boolProp), ro("unseenCount", numberProp),
		ro("consumedUnits", numberProp), ro("appliesTo", textProp), ro("capabilityStatus", textProp),
		ro("marketingNotificationEmails", listProp), ro("privacyProfile", objectProp), ro("securityComplianceNotificationMails", listProp),
		ro("securityComplianceNotificationPhones", listProp), ro("technicalNotificationMails", listProp),
		ro("addresses", objectsProp), ro("phones", objectsProp), ro("verifiedDomains", objectsProp),
		ro("supportedServices", listProp), ro("servicePlans", objectsProp), ro("prepaidUnits", objectProp),
		ro("authenticationType", textProp), ro("isAdminManaged", boolProp), ro("isDefault", boolProp), ro("isInitial", boolProp),
		ro("isRoot", boolProp), ro("isVerified", boolProp), ro("tenantType", textProp), ro("skuId", textProp),
		ro("skuPartNumber", textProp), ro("principalId", textProp), ro("roleDefinitionId", textProp),
		ro("directoryScopeId", textProp), ro("roleDefinition", objectProp), ro("roleTemplateId", textProp),
		ro("isBuiltIn", boolProp), ro("isEnabled", boolProp), ro("templateId", textProp),
	}
}

// defaultUserProps are what GET /users returns without $select, in the service's order.
var defaultUserProps = []string{"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
	"preferredLanguage", "surname", "userPrincipalName", "id"}

// registry numbers properties. It grows under the tenant's write lock only.
type registry struct {
	props  []prop
	byName map[string]int // under the name as it is and in lower case

	filters    map[ruleKey]filterRule
	documented int // properties with lower numbers are the service's own
}

func newRegistry() *registry {
	r := &registry{props: knownProps(), byName: map[string]int{}}
	for i, p := range r.props {
		r.byName[p.name], r.byName[strings.ToLower(p.name)] = i, i
	}
	r.restrict()
	r.learnFilters()
	return r
}

// find is the property's number; names are compared regardless of case, as OData clients are forgiven.
func (r *registry) find(name string) (int, bool) {
	if i, ok := r.byName[name]; ok {
		return i, true
	}
	i, ok := r.byName[strings.ToLower(name)]
	return i, ok
}

// must is the number of a known property.
func (r *registry) must(name string) int {
	i, ok := r.byName[strings.ToLower(name)]
	if !ok {
		return r.intern(name, nil)
	}
	return i
}

// intern is find, but learns an unknown name; raw, the first value seen, decides the type. It needs the write lock.
func (r *registry) intern(name string, raw []byte) int {
	if i, ok := r.find(name); ok {
		return i
	}
	p := prop{name: name}
	if len(raw) > 0 {
		switch raw[0] {
		case '[':
			p.typ = objectsProp
		case '{':
			p.typ = objectProp
		case 't', 'f':
			p.typ = boolProp
		case '"', 'n':
		default:
			p.typ = numberProp
		}
	}
	r.props = append(r.props, p)
	i := len(r.props) - 1
	r.byName[name], r.byName[strings.ToLower(name)] = i, i
	return i
}

// empty is how a property without value is written; "" is that it is left out.
func (p *prop) empty() string {
	if p.name == signInActivity { // which is no nullable property
		return ""
	}
	if p.typ == listProp || p.typ == objectsProp {
		return "[]"
	}
	return "null"
}

// defaultGroupProps and defaultContactProps are likewise those of groups and contacts.
var (
	defaultGroupProps = []string{"id", "deletedDateTime", "classification", "createdDateTime", "description", "displayName",
		"expirationDateTime", "groupTypes", "isAssignableToRole", "mail", "mailEnabled", "mailNickname", "membershipRule",
		"membershipRuleProcessingState", "onPremisesDomainName", "onPremisesLastSyncDateTime", "onPremisesNetBiosName",
		"onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "preferredDataLocation", "preferredLanguage",
		"proxyAddresses", "renewedDateTime", "resourceBehaviorOptions", "resourceProvisioningOptions", "securityEnabled",
		"securityIdentifier", "theme", "uniqueName", "visibility", "onPremisesProvisioningErrors", "serviceProvisioningErrors"}
	defaultContactProps = []string{"id", "deletedDateTime", "companyName", "department", "displayName", "givenName", "jobTitle", "mail",
		"mailNickname", "onPremisesLastSyncDateTime", "onPremisesSyncEnabled", "surname", "addresses", "phones", "proxyAddresses",
		"onPremisesProvisioningErrors", "serviceProvisioningErrors"}
)
