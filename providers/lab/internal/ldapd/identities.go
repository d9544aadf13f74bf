package ldapd

// attributeIDs are the object identifiers of attributes in Microsoft's schema (the AD schema documents of Windows Server
// 2008 R2 and 2016) and, where they are not what the kind of value stands for, attributeSyntax and oMSyntax. An attribute
// that is not listed, such as Exchange's, has an identifier made from its name.
const attributeIDs = `
	accountExpires 1.2.840.113556.1.4.159 2.5.5.16 65
	adminCount 1.2.840.113556.1.4.150
	adminDescription 1.2.840.113556.1.2.226
	adminDisplayName 1.2.840.113556.1.2.194
	allowedAttributes 1.2.840.113556.1.4.913 2.5.5.2 6
	allowedAttributesEffective 1.2.840.113556.1.4.914 2.5.5.2 6
	altSecurityIdentities 1.2.840.113556.1.4.867
	assistant 1.2.840.113556.1.4.652
	attributeID 1.2.840.113556.1.2.30 2.5.5.2 6
	attributeSyntax 1.2.840.113556.1.2.32 2.5.5.2 6
	attributeTypes 2.5.21.5 2.5.5.12 64
	audio 0.9.2342.19200300.100.1.55
	badPasswordTime 1.2.840.113556.1.4.49 2.5.5.16 65
	badPwdCount 1.2.840.113556.1.4.12
	businessCategory 2.5.4.15
	c 2.5.4.6
	canonicalName 1.2.840.113556.1.4.916
	carLicense 2.16.840.1.113730.3.1.1
	cn 2.5.4.3
	co 1.2.840.113556.1.2.131
	codePage 1.2.840.113556.1.4.16
	comment 1.2.840.113556.1.4.156
	company 1.2.840.113556.1.2.146
	countryCode 1.2.840.113556.1.4.25
	createTimeStamp 2.5.18.1 2.5.5.11 24
	dBCSPwd 1.2.840.113556.1.4.55
	dc 0.9.2342.19200300.100.1.25
	department 1.2.840.113556.1.2.141
	departmentNumber 2.16.840.1.113730.3.1.2
	description 2.5.4.13
	destinationIndicator 2.5.4.27 2.5.5.5 19
	directReports 1.2.840.113556.1.2.436
	displayName 1.2.840.113556.1.2.13
	displayNamePrintable 1.2.840.113556.1.2.353 2.5.5.5 19
	distinguishedName 2.5.4.49 2.5.5.1 127
	division 1.2.840.113556.1.4.261
	dNSHostName 1.2.840.113556.1.4.619
	dnsRoot 1.2.840.113556.1.4.28
	dSCorePropagationData 1.2.840.113556.1.4.1357
	employeeID 1.2.840.113556.1.4.35
	employeeNumber 1.2.840.113556.1.2.610
	employeeType 1.2.840.113556.1.2.613
	extensionName 1.2.840.113556.1.2.227
	facsimileTelephoneNumber 2.5.4.23
	fSMORoleOwner 1.2.840.113556.1.4.369 2.5.5.1 127
	gecos 1.3.6.1.1.1.1.2 2.5.5.5 22
	generationQualifier 2.5.4.44
	gidNumber 1.3.6.1.1.1.1.1
	givenName 2.5.4.42
	governsID 1.2.840.113556.1.2.22 2.5.5.2 6
	gPLink 1.2.840.113556.1.4.891
	gPOptions 1.2.840.113556.1.4.892
	groupType 1.2.840.113556.1.4.750
	hasMasterNCs 1.2.840.113556.1.2.14
	homeDirectory 1.2.840.113556.1.4.44
	homeDrive 1.2.840.113556.1.4.45
	homePhone 0.9.2342.19200300.100.1.20
	homePostalAddress 1.2.840.113556.1.2.617
	info 1.2.840.113556.1.2.81
	initials 2.5.4.43
	instanceType 1.2.840.113556.1.2.1
	internationalISDNNumber 2.5.4.25 2.5.5.6 18
	invocationId 1.2.840.113556.1.2.115
	ipPhone 1.2.840.113556.1.4.721
	isCriticalSystemObject 1.2.840.113556.1.4.868
	isDeleted 1.2.840.113556.1.2.48
	isRecycled 1.2.840.113556.1.4.2058
	isSingleValued 1.2.840.113556.1.2.33
	jpegPhoto 0.9.2342.19200300.100.1.60
	l 2.5.4.7
	labeledURI 1.3.6.1.4.1.250.1.57
	lastKnownParent 1.2.840.113556.1.4.781
	lastLogoff 1.2.840.113556.1.4.51 2.5.5.16 65
	lastLogon 1.2.840.113556.1.4.52 2.5.5.16 65
	lastLogonTimestamp 1.2.840.113556.1.4.1696 2.5.5.16 65
	lDAPDisplayName 1.2.840.113556.1.2.460
	legacyExchangeDN 1.2.840.113556.1.4.655 2.5.5.4 20
	localeID 1.2.840.113556.1.4.58
	location 1.2.840.113556.1.4.222
	lockoutDuration 1.2.840.113556.1.4.60 2.5.5.16 65
	lockOutObservationWindow 1.2.840.113556.1.4.61 2.5.5.16 65
	lockoutThreshold 1.2.840.113556.1.4.73
	lockoutTime 1.2.840.113556.1.4.662 2.5.5.16 65
	loginShell 1.3.6.1.1.1.1.4 2.5.5.5 22
	logonCount 1.2.840.113556.1.4.169
	logonHours 1.2.840.113556.1.4.64
	mail 0.9.2342.19200300.100.1.3
	managedBy 1.2.840.113556.1.4.653
	managedObjects 1.2.840.113556.1.4.654
	manager 0.9.2342.19200300.100.1.10
	maxPwdAge 1.2.840.113556.1.4.74 2.5.5.16 65
	member 2.5.4.31
	memberOf 1.2.840.113556.1.2.102
	middleName 2.16.840.1.113730.3.1.34
	minPwdAge 1.2.840.113556.1.4.78 2.5.5.16 65
	minPwdLength 1.2.840.113556.1.4.79
	mobile 0.9.2342.19200300.100.1.41
	modifyTimeStamp 2.5.18.2 2.5.5.11 24
	mS-DS-ConsistencyGuid 1.2.840.113556.1.4.1360
	mS-DS-CreatorSID 1.2.840.113556.1.4.1410
	ms-DS-MachineAccountQuota 1.2.840.113556.1.4.1411
	msDS-AllowedToDelegateTo 1.2.840.113556.1.4.1787
	msDS-Behavior-Version 1.2.840.113556.1.4.1459
	msDS-HABSeniorityIndex 1.2.840.113556.1.4.1997
	msDS-PhoneticCompanyName 1.2.840.113556.1.4.1945
	msDS-PhoneticDepartment 1.2.840.113556.1.4.1944
	msDS-PhoneticDisplayName 1.2.840.113556.1.4.1946
	msDS-PhoneticFirstName 1.2.840.113556.1.4.1942
	msDS-PhoneticLastName 1.2.840.113556.1.4.1943
	msDS-PrincipalName 1.2.840.113556.1.4.1865
	msDS-SupportedEncryptionTypes 1.2.840.113556.1.4.1963
	msDS-User-Account-Control-Computed 1.2.840.113556.1.4.1460
	msDS-UserPasswordExpiryTimeComputed 1.2.840.113556.1.4.1996 2.5.5.16 65
	msExchAssistantName 1.2.840.113556.1.2.444
	name 1.2.840.113556.1.4.1
	nCName 1.2.840.113556.1.2.16
	nETBIOSName 1.2.840.113556.1.4.87
	networkAddress 1.2.840.113556.1.2.459 2.5.5.4 20
	nTSecurityDescriptor 1.2.840.113556.1.2.281 2.5.5.15 66
	o 2.5.4.10
	objectCategory 1.2.840.113556.1.4.782 2.5.5.1 127
	objectClass 2.5.4.0 2.5.5.2 6
	objectClassCategory 1.2.840.113556.1.2.370 2.5.5.9 10
	objectClasses 2.5.21.6 2.5.5.12 64
	objectGUID 1.2.840.113556.1.4.2
	objectSid 1.2.840.113556.1.4.146
	objectVersion 1.2.840.113556.1.2.76
	oMSyntax 1.2.840.113556.1.2.231
	operatingSystem 1.2.840.113556.1.4.363
	operatingSystemVersion 1.2.840.113556.1.4.364
	options 1.2.840.113556.1.4.307
	otherFacsimileTelephoneNumber 1.2.840.113556.1.4.646
	otherHomePhone 1.2.840.113556.1.2.277
	otherIpPhone 1.2.840.113556.1.4.722
	otherMailbox 1.2.840.113556.1.4.651
	otherMobile 1.2.840.113556.1.4.647
	otherPager 1.2.840.113556.1.2.118
	otherTelephone 1.2.840.113556.1.2.18
	otherWellKnownObjects 1.2.840.113556.1.4.1359 2.5.5.7 127
	ou 2.5.4.11
	owner 2.5.4.32
	ownerBL 1.2.840.113556.1.2.104
	pager 0.9.2342.19200300.100.1.42
	parentGUID 1.2.840.113556.1.4.1224
	personalTitle 1.2.840.113556.1.2.615
	photo 0.9.2342.19200300.100.1.7
	physicalDeliveryOfficeName 2.5.4.19
	postalAddress 2.5.4.16
	postalCode 2.5.4.17
	postOfficeBox 2.5.4.18
	preferredLanguage 2.16.840.1.113730.3.1.39
	primaryGroupID 1.2.840.113556.1.4.98
	primaryGroupToken 1.2.840.113556.1.4.1412
	primaryTelexNumber 1.2.840.113556.1.4.648
	profilePath 1.2.840.113556.1.4.139
	proxyAddresses 1.2.840.113556.1.2.210
	pwdHistoryLength 1.2.840.113556.1.4.95
	pwdLastSet 1.2.840.113556.1.4.96 2.5.5.16 65
	pwdProperties 1.2.840.113556.1.4.93
	rangeUpper 1.2.840.113556.1.2.35
	registeredAddress 2.5.4.26 2.5.5.10 4
	roleOccupant 2.5.4.33
	roomNumber 0.9.2342.19200300.100.1.6
	sAMAccountName 1.2.840.113556.1.4.221
	sAMAccountType 1.2.840.113556.1.4.302
	schemaIDGUID 1.2.840.113556.1.4.148
	scriptPath 1.2.840.113556.1.4.62
	sDRightsEffective 1.2.840.113556.1.4.1304
	secretary 0.9.2342.19200300.100.1.21
	seeAlso 2.5.4.34
	servicePrincipalName 1.2.840.113556.1.4.771
	showInAddressBook 1.2.840.113556.1.4.644
	showInAdvancedViewOnly 1.2.840.113556.1.2.169
	sIDHistory 1.2.840.113556.1.4.609
	sn 2.5.4.4
	sPNMappings 1.2.840.113556.1.4.1347
	st 2.5.4.8
	street 2.5.4.9
	streetAddress 1.2.840.113556.1.2.256
	structuralObjectClass 2.5.21.9 2.5.5.2 6
	subClassOf 1.2.840.113556.1.2.21 2.5.5.2 6
	supplementalCredentials 1.2.840.113556.1.4.125
	systemFlags 1.2.840.113556.1.4.375
	telephoneNumber 2.5.4.20
	telexNumber 2.5.4.21 2.5.5.10 4
	textEncodedORAddress 0.9.2342.19200300.100.1.2
	thumbnailLogo 2.16.840.1.113730.3.1.36
	thumbnailPhoto 2.16.840.1.113730.3.1.35
	title 2.5.4.12
	tokenGroups 1.2.840.113556.1.4.1301 2.5.5.17 4
	uid 0.9.2342.19200300.100.1.1
	uidNumber 1.3.6.1.1.1.1.0
	unicodePwd 1.2.840.113556.1.4.90
	unixHomeDirectory 1.3.6.1.1.1.1.3 2.5.5.5 22
	uPNSuffixes 1.2.840.113556.1.4.890
	url 1.2.840.113556.1.4.749
	userAccountControl 1.2.840.113556.1.4.8
	userCertificate 2.5.4.36
	userParameters 1.2.840.113556.1.4.138 2.5.5.12 64
	userPassword 2.5.4.35
	userPrincipalName 1.2.840.113556.1.4.656
	userSMIMECertificate 2.16.840.1.113730.3.140
	userWorkstations 1.2.840.113556.1.4.86
	uSNChanged 1.2.840.113556.1.2.120 2.5.5.16 65
	uSNCreated 1.2.840.113556.1.2.19 2.5.5.16 65
	wellKnownObjects 1.2.840.113556.1.4.618 2.5.5.7 127
	whenChanged 1.2.840.113556.1.2.3
	whenCreated 1.2.840.113556.1.2.2
	wWWHomePage 1.2.840.113556.1.2.464
`

// classIDs are the object identifiers of classes in the same documents, and their objectClassCategory.
const classIDs = `
	applicationSettings 1.2.840.113556.1.5.7000.49 2
	attributeSchema 1.2.840.113556.1.3.14 1
	builtinDomain 1.2.840.113556.1.5.4 1
	classSchema 1.2.840.113556.1.3.13 1
	computer 1.2.840.113556.1.3.30 1
	configuration 1.2.840.113556.1.5.12 1
	connectionPoint 1.2.840.113556.1.5.14 2
	contact 1.2.840.113556.1.5.15 1
	container 1.2.840.113556.1.3.23 1
	country 2.5.6.2 0
	crossRef 1.2.840.113556.1.3.11 1
	crossRefContainer 1.2.840.113556.1.5.7000.53 1
	dMD 1.2.840.113556.1.3.9 1
	domain 1.2.840.113556.1.5.66 2
	domainDNS 1.2.840.113556.1.5.67 1
	foreignSecurityPrincipal 1.2.840.113556.1.5.76 1
	group 1.2.840.113556.1.5.8 1
	inetOrgPerson 2.16.840.1.113730.3.2.2 1
	leaf 1.2.840.113556.1.5.20 2
	locality 2.5.6.3 1
	lostAndFound 1.2.840.113556.1.5.139 1
	nTDSDSA 1.2.840.113556.1.5.7000.47 1
	organization 2.5.6.4 1
	organizationalPerson 2.5.6.7 0
	organizationalUnit 2.5.6.5 1
	person 2.5.6.6 0
	printQueue 1.2.840.113556.1.5.23 1
	server 1.2.840.113556.1.5.17 1
	serversContainer 1.2.840.113556.1.5.7000.48 1
	site 1.2.840.113556.1.5.31 1
	sitesContainer 1.2.840.113556.1.5.107 1
	subSchema 2.5.20.1 1
	top 2.5.6.0 2
	user 1.2.840.113556.1.5.9 1
	volume 1.2.840.113556.1.5.36 1
`
