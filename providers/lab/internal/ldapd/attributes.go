package ldapd

// attributeGroups is the part of AD's schema that matters for people, groups and the tree around them, with Exchange's and
// Windows Server 2016's additions. A number after a colon is the schema's rangeUpper.
var attributeGroups = []struct {
	like  attribute
	names string
}{
	{attribute{syntax: text, single: true}, `
		sAMAccountName:256 userPrincipalName:1024 mail:256 displayName:256 givenName:64 sn:64 initials:6 middleName:64
		personalTitle:64 generationQualifier:64 title:128 department:64 company:64 division:256 physicalDeliveryOfficeName:128
		streetAddress:1024 l:128 st:128 postalCode:40 c:3 co:128 telephoneNumber:64 mobile:64 homePhone:64 pager:64 ipPhone:64
		facsimileTelephoneNumber:64 info:1024 employeeID:16 employeeNumber:512 employeeType:256 
		preferredLanguage wWWHomePage:2048 homeDirectory homeDrive:3 profilePath scriptPath userWorkstations:1024 comment
		displayNamePrintable:256 mailNickname:64 targetAddress:1123 legacyExchangeDN homePostalAddress:4096 street:1024
		extensionAttribute1:1024 extensionAttribute2:1024 extensionAttribute3:1024 extensionAttribute4:1024
		extensionAttribute5:1024 extensionAttribute6:1024 extensionAttribute7:1024 extensionAttribute8:1024
		extensionAttribute9:1024 extensionAttribute10:1024 extensionAttribute11:2048 extensionAttribute12:2048
		extensionAttribute13:2048 extensionAttribute14:2048 extensionAttribute15:2048
		msDS-cloudExtensionAttribute1 msDS-cloudExtensionAttribute2 msDS-cloudExtensionAttribute3 msDS-cloudExtensionAttribute4
		msDS-cloudExtensionAttribute5 msDS-cloudExtensionAttribute6 msDS-cloudExtensionAttribute7 msDS-cloudExtensionAttribute8
		msDS-cloudExtensionAttribute9 msDS-cloudExtensionAttribute10 msDS-cloudExtensionAttribute11
		msDS-cloudExtensionAttribute12 msDS-cloudExtensionAttribute13 msDS-cloudExtensionAttribute14
		msDS-cloudExtensionAttribute15 msDS-cloudExtensionAttribute16 msDS-cloudExtensionAttribute17
		msDS-cloudExtensionAttribute18 msDS-cloudExtensionAttribute19 msDS-cloudExtensionAttribute20
		msDS-ExternalDirectoryObjectId:256 msDS-SourceAnchor:256 msDS-PhoneticDisplayName:256 msDS-PhoneticFirstName:64
		msDS-PhoneticLastName:64 msDS-PhoneticDepartment:64 msDS-PhoneticCompanyName:64 msExchAssistantName
		msExchHomeServerName msExchUsageLocation textEncodedORAddress:1024 dNSHostName:2048 operatingSystem
		operatingSystemVersion location:1024 adminDescription adminDisplayName nETBIOSName gPLink telephoneAssistant
		unixHomeDirectory loginShell gecos lDAPDisplayName attributeSyntax attributeID governsID
		msDS-preferredDataLocation msDS-PrincipalName msRTCSIP-PrimaryUserAddress primaryTelexNumber:64`},
	{attribute{syntax: text}, `
		departmentNumber dnsRoot uid subClassOf proxyAddresses:1123 description:1024 otherTelephone:64 otherMobile:64 otherHomePhone:64 otherPager:64 otherIpPhone:64
		otherFacsimileTelephoneNumber:64 otherMailbox url businessCategory:128 carLicense roomNumber labeledURI
		servicePrincipalName altSecurityIdentities postalAddress:4096 postOfficeBox:40 o:64 registeredAddress:4096
		msDS-AllowedToDelegateTo uPNSuffixes sPNMappings wellKnownObjects otherWellKnownObjects msExchExtensionCustomAttribute1
		msExchExtensionCustomAttribute2 msExchExtensionCustomAttribute3 msExchExtensionCustomAttribute4
		msExchExtensionCustomAttribute5 destinationIndicator:128 internationalISDNNumber telexNumber networkAddress
		extensionName msExchSenderHintTranslations msExchArchiveName msExchUserHoldPolicies msExchPoliciesIncluded`},
	{attribute{syntax: integer, single: true}, `
		userAccountControl groupType primaryGroupID countryCode codePage adminCount systemFlags logonCount badPwdCount
		accountExpires lastLogon lastLogonTimestamp lastLogoff badPasswordTime lockoutTime pwdLastSet maxPwdAge minPwdAge
		minPwdLength lockoutDuration lockoutThreshold lockOutObservationWindow pwdHistoryLength pwdProperties
		msDS-Behavior-Version msDS-SupportedEncryptionTypes msExchRecipientTypeDetails msExchRecipientDisplayType
		msExchRemoteRecipientType msDS-MachineAccountQuota ms-DS-MachineAccountQuota objectVersion gPOptions options oMSyntax
		uidNumber gidNumber objectClassCategory
		rangeUpper deliverContLength msExchELCMailboxFlags msDS-HABSeniorityIndex msDS-UserPasswordExpiryTimeComputed
		msExchGroupJoinRestriction msExchGroupDepartRestriction msExchModerationFlags`},
	{attribute{syntax: integer}, `localeID`},
	{attribute{syntax: boolean, single: true}, `
		msExchHideFromAddressLists showInAdvancedViewOnly isCriticalSystemObject mAPIRecipient msOrg-IsOrganizational
		msExchEnableModeration msExchRequireAuthToSendTo reportToOriginator reportToOwner oOFReplyToOriginator
		isSingleValued hideDLMembership deliverAndRedirect`},
	{attribute{syntax: octets, single: true}, `
		mS-DS-ConsistencyGuid thumbnailPhoto:102400 thumbnailLogo msExchMailboxGuid msExchArchiveGUID logonHours
		userParameters msExchBlockedSendersHash msExchSafeSendersHash
		msExchSafeRecipientsHash invocationId nTSecurityDescriptor schemaIDGUID`},
	{attribute{syntax: sid, single: true}, `msExchMasterAccountSid mS-DS-CreatorSID`},
	{attribute{syntax: sid}, `sIDHistory`},
	{attribute{syntax: octets}, `
		jpegPhoto photo audio userCertificate userSMIMECertificate msDS-KeyCredentialLink`},
	{attribute{syntax: moment, single: true}, `msDS-cloudExtensionTime`},
	{attribute{syntax: moment}, `dSCorePropagationData`},
	{attribute{syntax: name, origin: link, single: true}, `
		manager managedBy assistant homeMDB altRecipient lastKnownParent nCName masteredByDN fSMORoleOwner`},
	{attribute{syntax: name, origin: link}, `
		member secretary owner seeAlso roleOccupant publicDelegates showInAddressBook msExchCoManagedByLink authOrig unauthOrig
		dLMemSubmitPerms dLMemRejectPerms hasMasterNCs msExchModeratedByLink
		msExchBypassModerationLink`},
	{attribute{syntax: name, origin: backLink, system: true}, `
		memberOf directReports managedObjects publicDelegatesBL ownerBL msExchCoManagedObjectsBL authOrigBL unauthOrigBL
		dLMemSubmitPermsBL dLMemRejectPermsBL altRecipientBL`},
	{attribute{syntax: octets, secret: true, single: true}, `
		unicodePwd userPassword clearTextPassword dBCSPwd supplementalCredentials`},
	{attribute{syntax: boolean, single: true, system: true}, `isDeleted isRecycled`},
	{attribute{syntax: text, single: true, system: true, origin: fromDN}, `distinguishedName`},
	{attribute{syntax: text, single: true, system: true, origin: fromRDN}, `name cn dc`},
	{attribute{syntax: text, system: true, origin: fromRDN}, `ou`},
	{attribute{syntax: guid, single: true, system: true, origin: fromGUID}, `objectGUID`},
	{attribute{syntax: sid, single: true, system: true, origin: fromSID}, `objectSid`},
	{attribute{syntax: integer, single: true, system: true, origin: fromUSNCreated}, `uSNCreated`},
	{attribute{syntax: integer, single: true, system: true, origin: fromUSNChanged}, `uSNChanged`},
	{attribute{syntax: moment, single: true, system: true, origin: fromCreated}, `whenCreated`},
	{attribute{syntax: moment, single: true, system: true, origin: fromChanged}, `whenChanged`},
	{attribute{syntax: text, system: true, origin: fromClass}, `objectClass`},
	{attribute{syntax: text, single: true, system: true, origin: fromCategory}, `objectCategory`},
	{attribute{syntax: integer, single: true, system: true, origin: fromInstance}, `instanceType`},
	{attribute{syntax: integer, single: true, system: true, origin: fromAccountType}, `sAMAccountType`},
	{attribute{syntax: text, single: true, system: true, origin: constructed}, `
		canonicalName createTimeStamp modifyTimeStamp structuralObjectClass`},
	{attribute{syntax: text, system: true, origin: constructed}, `
		allowedAttributes allowedAttributesEffective attributeTypes objectClasses`},
	{attribute{syntax: octets, single: true, system: true, origin: constructed}, `parentGUID`},
	{attribute{syntax: octets, system: true, origin: constructed}, `tokenGroups`},
	{attribute{syntax: integer, single: true, system: true, origin: constructed}, `
		msDS-User-Account-Control-Computed primaryGroupToken sDRightsEffective`},
}

// linkPairs are the links that AD keeps from both ends.
var linkPairs = [][2]string{
	{"member", "memberOf"}, {"manager", "directReports"}, {"managedBy", "managedObjects"},
	{"publicDelegates", "publicDelegatesBL"}, {"owner", "ownerBL"}, {"msExchCoManagedByLink", "msExchCoManagedObjectsBL"},
	{"authOrig", "authOrigBL"}, {"unauthOrig", "unauthOrigBL"}, {"dLMemSubmitPerms", "dLMemSubmitPermsBL"},
	{"dLMemRejectPerms", "dLMemRejectPermsBL"}, {"altRecipient", "altRecipientBL"},
}

// indexedAttributes are found without a scan when a filter asks for equality. objectGUID, objectSid, distinguishedName and
// memberOf need no index of their own.
var indexedAttributes = []string{"sAMAccountName", "userPrincipalName", "mail", "proxyAddresses", "mS-DS-ConsistencyGuid"}

var classTable = []struct {
	chain, category string
	account         bool
}{
	{"top", "Top", false},
	{"top container", "Container", false},
	{"top organizationalUnit", "Organizational-Unit", false},
	{"top domain domainDNS", "Domain-DNS", true},
	{"top builtinDomain", "Builtin-Domain", false},
	{"top person", "Person", false},
	{"top person organizationalPerson", "Person", false},
	{"top person organizationalPerson user", "Person", true},
	{"top person organizationalPerson user inetOrgPerson", "Person", true},
	{"top person organizationalPerson user computer", "Computer", true},
	{"top person organizationalPerson user computer msDS-GroupManagedServiceAccount", "ms-DS-Group-Managed-Service-Account", true},
	{"top person organizationalPerson contact", "Person", false},
	{"top group", "Group", true},
	{"top foreignSecurityPrincipal", "Foreign-Security-Principal", false},
	{"top configuration", "Configuration", false},
	{"top dMD", "DMD", false},
	{"top attributeSchema", "Attribute-Schema", false},
	{"top classSchema", "Class-Schema", false},
	{"top subSchema", "SubSchema", false},
	{"top crossRefContainer", "Cross-Ref-Container", false},
	{"top crossRef", "Cross-Ref", false},
	{"top sitesContainer", "Sites-Container", false},
	{"top site", "Site", false},
	{"top serversContainer", "Servers-Container", false},
	{"top server", "Server", false},
	{"top applicationSettings nTDSDSA", "NTDS-DSA", false},
	{"top lostAndFound", "Lost-And-Found", false},
	{"top publicFolder", "ms-Exch-Public-Folder", false},
	{"top msExchDynamicDistributionList", "ms-Exch-Dynamic-Distribution-List", false},
	{"top country", "Country", false},
	{"top organization", "Organization", false},
	{"top locality", "Locality", false},
	{"top leaf volume", "Volume", false},
	{"top leaf connectionPoint printQueue", "Print-Queue", false},
}
