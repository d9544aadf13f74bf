package lab

import (
	"bufio"
	"encoding/base64"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// ldif writes one line, base64 where the format asks for it (RFC 2849: values beyond ASCII).
func ldif(w *bufio.Writer, name, value string) {
	w.WriteString(name)
	for i := 0; i < len(value); i++ {
		if value[i] >= 0x80 {
			w.WriteString(":: ")
			w.WriteString(base64.StdEncoding.EncodeToString([]byte(value)))
			w.WriteByte('\n')
			return
		}
	}
	w.WriteString(": ")
	w.WriteString(value)
	w.WriteByte('\n')
}

// writeLDIF writes the record, apart from the manager and the empty line at the end.
func (x *person) writeLDIF(w *bufio.Writer) {
	ldif(w, "dn", x.dn())
	w.WriteString("objectClass: user\nobjectGUID:: " + x.anchor() + "\n")
	ldif(w, "sAMAccountName", x.sam())
	ldif(w, "userPrincipalName", x.upn())
	ldif(w, "displayName", x.cn)
	ldif(w, "givenName", x.given)
	ldif(w, "sn", x.sur)
	if !x.noMail {
		ldif(w, "mail", x.upn())
		ldif(w, "proxyAddresses", "SMTP:"+x.upn())
	}
	if x.disabled {
		ldif(w, "userAccountControl", "514")
	} else {
		ldif(w, "userAccountControl", "512")
	}
	ldif(w, "title", x.title)
	ldif(w, "department", x.department.name)
	ldif(w, "company", "Contoso")
	ldif(w, "employeeID", x.employeeID())
	ldif(w, "physicalDeliveryOfficeName", x.office())
	ldif(w, "streetAddress", x.city.street)
	ldif(w, "postalCode", x.city.postalCode)
	ldif(w, "l", x.city.name)
	ldif(w, "co", x.city.country)
	ldif(w, "c", x.city.code)
	ldif(w, "preferredLanguage", x.city.language)
	ldif(w, "telephoneNumber", x.phone)
	if x.mobile != "" {
		ldif(w, "mobile", x.mobile)
	}
}

func (x *person) employeeID() string { return strconv.Itoa(1000000 + x.i) }

func (x *person) office() string { return x.city.code + "-" + strconv.Itoa(100+x.i%400) }

// writeJSON writes the person's account as the default mapping has it; unless it is to agree, some values are old ones.
func (x *person) writeJSON(w *bufio.Writer, match matchKind, manager int, p *people) {
	title, department := x.title, x.department.name
	if match != agreeing {
		title, department = "Trainee", []string{x.department.name, "Operations"}[x.i%2]
	}
	sep := "{"
	raw := func(name, value string) {
		w.WriteString(sep + `"` + name + `":` + value)
		sep = ","
	}
	text := func(name, value string) {
		b, _ := jsontext.AppendQuote(nil, value) // the names below are valid UTF-8
		raw(name, string(b))
	}
	text("id", x.tenantID())
	text("userPrincipalName", x.upn())
	text("displayName", x.cn)
	text("givenName", x.given)
	text("surname", x.sur)
	text("mailNickname", x.login)
	if !x.noMail {
		text("mail", x.upn())
	}
	if match != softMatch {
		text("onPremisesImmutableId", x.anchor())
	}
	raw("accountEnabled", strconv.FormatBool(!x.disabled))
	text("jobTitle", title)
	text("department", department)
	text("companyName", "Contoso")
	text("employeeId", x.employeeID())
	text("officeLocation", x.office())
	text("streetAddress", x.city.street)
	text("postalCode", x.city.postalCode)
	text("city", x.city.name)
	text("country", x.city.country)
	text("usageLocation", x.city.code)
	text("preferredLanguage", x.city.language)
	raw("businessPhones", `["`+x.phone+`"]`)
	if x.mobile != "" {
		text("mobilePhone", x.mobile)
	}
	if manager >= 0 {
		text("manager", p.person(manager).tenantID())
	}
	w.WriteByte('}')
}
