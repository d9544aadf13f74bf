package graphd

import "strings"

// has says whether objects of kind k have the property. What a seed brought that is not known here belongs to all.
func (p *prop) has(k kind) bool { return p.lacking&(1<<k) == 0 }

// propertiesOf lists the properties that not all of users, groups and contacts have, by the kinds that do (v1.0 metadata).
var propertiesOf = []struct {
	kinds []kind
	names string
}{
	{[]kind{userKind}, "accountEnabled ageGroup assignedPlans businessPhones city consentProvidedForMinor country creationType" +
		" employeeHireDate employeeId employeeLeaveDateTime employeeOrgData employeeType externalUserState faxNumber identities" +
		" imAddresses lastPasswordChangeDateTime legalAgeGroupClassification licenseAssignmentStates mobilePhone officeLocation" +
		" onPremisesDistinguishedName onPremisesImmutableId onPremisesUserPrincipalName otherMails passwordPolicies postalCode" +
		" provisionedPlans showInAddressList signInActivity signInSessionsValidFromDateTime state streetAddress usageLocation userPrincipalName userType"},
	{[]kind{groupKind}, "allowExternalSenders autoSubscribeNewMembers classification description expirationDateTime groupTypes" +
		" hideFromAddressLists hideFromOutlookClients isAssignableToRole isSubscribedByMail mailEnabled membershipRule" +
		" membershipRuleProcessingState onPremisesNetBiosName renewedDateTime resourceBehaviorOptions resourceProvisioningOptions" +
		" securityEnabled theme uniqueName unseenCount visibility"},
	{[]kind{contactKind}, "addresses phones"},
	{[]kind{userKind, groupKind}, "assignedLicenses createdDateTime onPremisesDomainName onPremisesExtensionAttributes" +
		" onPremisesSamAccountName onPremisesSecurityIdentifier preferredDataLocation preferredLanguage securityIdentifier"},
	{[]kind{userKind, contactKind}, "companyName department givenName jobTitle surname"},
	{nil, "appliesTo authenticationType capabilityStatus consumedUnits directoryScopeId isAdminManaged isBuiltIn isDefault isEnabled isInitial isRoot isVerified prepaidUnits" +
		" principalId roleDefinition roleDefinitionId roleTemplateId servicePlans skuId skuPartNumber supportedServices templateId" +
		" tenantType verifiedDomains marketingNotificationEmails privacyProfile securityComplianceNotificationMails" +
		" securityComplianceNotificationPhones technicalNotificationMails"},
}

// elsewhere are user properties that live outside the directory: asking for them in a list is refused with 501 (v1.0
// reference, user-list), and an application can't write them.
var elsewhere = map[string]bool{"aboutme": true, "birthday": true, "hiredate": true, "interests": true, "mysite": true, "pastprojects": true,
	"preferredname": true, "responsibilities": true, "schools": true, "skills": true, "mailboxsettings": true}

// restrict notes which kinds lack which properties.
func (r *registry) restrict() {
	for _, group := range propertiesOf {
		lacking := uint8(1<<userKind | 1<<groupKind | 1<<contactKind)
		for _, k := range group.kinds {
			lacking &^= 1 << k
		}
		for name := range strings.SplitSeq(group.names, " ") {
			r.props[r.must(name)].lacking = lacking
		}
	}
}

// lookup finds a property that a client names in a query about objects of kind k.
func (r *registry) lookup(name string, k kind) (int, *Error) {
	p, ok := r.find(name)
	if ok && r.props[p].has(k) {
		return p, nil
	}
	if k == userKind && elsewhere[strings.ToLower(name)] {
		return 0, &Error{Status: 501, Code: "NotImplemented", Message: "This operation target is not yet supported."}
	}
	return 0, parsingError("Could not find a property named '%s' on type '%s'.", name, k.typeName())
}
