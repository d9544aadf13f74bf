package lab

import "strconv"

// personAttributes are the attributes of a generated user, in the order of corp.ldif.
var personAttributes = []string{"sAMAccountName", "userPrincipalName", "displayName", "givenName", "sn", "mail", "proxyAddresses",
	"userAccountControl", "title", "department", "company", "employeeID", "physicalDeliveryOfficeName", "streetAddress", "postalCode", "l",
	"co", "c", "preferredLanguage", "telephoneNumber", "mobile"}

// eachAttribute calls put with the position in personAttributes and the value of everything the person has.
func (x *person) eachAttribute(put func(slot int, value string)) {
	mail, proxy, control := x.upn(), x.smtp, "512"
	if x.noMail {
		mail, proxy = "", ""
	}
	if x.disabled {
		control = "514"
	}
	for slot, value := range [...]string{x.sam, x.upn(), x.cn(), x.given, x.sur, mail, proxy, control, x.title, x.department.name, "Contoso",
		x.employeeID, x.office, x.city.street, x.city.postalCode, x.city.name, x.city.country, x.city.code, x.city.language, x.phone, x.mobile} {
		if value != "" {
			put(slot, value)
		}
	}
}

// accountProperties are the properties of a generated account, in the order of tenant.json.
var accountProperties = []string{"userPrincipalName", "displayName", "givenName", "surname", "mailNickname", "mail", "onPremisesImmutableId",
	"accountEnabled", "jobTitle", "department", "companyName", "employeeId", "officeLocation", "streetAddress", "postalCode", "city", "country",
	"usageLocation", "preferredLanguage", "businessPhones", "mobilePhone"}

// eachProperty calls put with the position in accountProperties and the value of everything the person's account has by the
// default mapping; unless it is to agree, some values are old ones. A list is given as its only item.
func (x *person) eachProperty(match matchKind, put func(slot int, value string)) {
	mail, anchor, title, department := x.upn(), "", x.title, x.department.name
	if x.noMail {
		mail = ""
	}
	if match != softMatch {
		anchor = x.anchor()
	}
	if match != agreeing {
		title, department = "Trainee", []string{x.department.name, "Operations"}[x.i%2]
	}
	for slot, value := range [...]string{x.upn(), x.cn(), x.given, x.sur, x.login(), mail, anchor, strconv.FormatBool(!x.disabled), title, department,
		"Contoso", x.employeeID, x.office, x.city.street, x.city.postalCode, x.city.name, x.city.country, x.city.code, x.city.language, x.phone, x.mobile} {
		if value != "" {
			put(slot, value)
		}
	}
}
