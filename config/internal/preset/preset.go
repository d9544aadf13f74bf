// Package preset has the attributes of a mapping with preset = "default".
package preset

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/config/internal/source"
	"github.com/dirform/dirform/state"
)

// Text has the usual flows of a user from Active Directory to Entra, as Entra Connect's default rules have them as far
// as Microsoft Graph can write them, and proxyAddresses, which it only reads, so that further addresses are reported. Two things
// are left out on purpose: the fifteen extension attributes, which only exist where Exchange has extended the forest's schema,
// and the anchor, which is not a matter of mapping. The primary address of proxyAddresses goes before mail, as Exchange has it: where
// the two differ, mail is what somebody forgot. A null usageLocation, mail or proxyAddresses leaves the tenant's value alone,
// because the tenant can't clear them.
const Text = `
userPrincipalName = ad.userPrincipalName
displayName       = coalesce(ad.displayName, ad.cn)
givenName         = ad.givenName
surname           = ad.sn
mail              = coalesce(primary_smtp(ad.proxyAddresses), ad.mail)
proxyAddresses    = ad.proxyAddresses
mailNickname      = coalesce(ad.mailNickname, replace(split("@", ad.userPrincipalName)[0], "'", ""), ad.sAMAccountName)
accountEnabled    = !has_flag(ad.userAccountControl, 2)
jobTitle          = ad.title
department        = ad.department
companyName       = ad.company
employeeId        = ad.employeeID
employeeType      = ad.employeeType
officeLocation    = ad.physicalDeliveryOfficeName
streetAddress     = ad.streetAddress
postalCode        = ad.postalCode
city              = ad.l
state             = ad.st
country           = ad.co
usageLocation     = upper(coalesce(ad.msExchUsageLocation, ad.c))
preferredLanguage = ad.preferredLanguage
businessPhones    = [ad.telephoneNumber]
mobilePhone       = ad.mobile
faxNumber         = ad.facsimileTelephoneNumber
manager           = ad.manager
`

// Attributes parses the preset anew: compiling changes a syntax tree.
func Attributes() []*hclsyntax.Attribute {
	file, diags := hclsyntax.ParseConfig([]byte(Text), "preset default", hcl.InitialPos)
	if diags.HasErrors() {
		return nil // a test proves that it can be parsed
	}
	return source.Attributes(file.Body.(*hclsyntax.Body))
}

// Names are the attributes that the preset manages, sorted.
func Names() []string {
	var names []string
	for _, a := range Attributes() {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return names
}

// Schemaless is what is known about an attribute of the preset without a schema: its type.
func Schemaless(name string) *state.Attribute {
	switch name {
	case "accountEnabled":
		return &state.Attribute{Name: name, Type: state.TypeBool}
	case "businessPhones":
		return &state.Attribute{Name: name, Multi: true}
	case "proxyAddresses":
		return &state.Attribute{Name: name, Multi: true, Reported: true}
	case "manager":
		return &state.Attribute{Name: name, Type: state.TypeReference}
	}
	return &state.Attribute{Name: name}
}
