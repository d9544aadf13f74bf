package lab

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// A defect is something that is wrong with one user, or with two at a time.
type defect struct {
	name string
	pair bool
	make func(d *dirty, u, v *dirtyUser) // v is nil unless it takes a pair
}

// value is a defect that is nothing but a value of an attribute of the source; it is made of the part of the user's
// addresses before the @.
func value(name, attribute string, of func(login string) string) defect {
	return defect{name: name, make: func(_ *dirty, u, _ *dirtyUser) {
		if attribute == "mail" {
			u.mail(of(u.login))
			return
		}
		u.set(attribute, of(u.login))
	}}
}

// text is value for one that is the same for everybody.
func text(name, attribute, v string) defect {
	return value(name, attribute, func(string) string { return v })
}

// signIn is value for a user name, by what follows its first part.
func signIn(name, rest string) defect {
	return value(name, "userPrincipalName", func(login string) string { return login + rest })
}

// long is value for one that is too long by a character.
func long(attribute string, most int) defect {
	return text(attribute+" too long", attribute, strings.Repeat("x", most+1))
}

// matched is a defect of the account that the user matches.
func matched(name string, properties map[string]any) defect {
	return defect{name: name, make: func(d *dirty, u, _ *dirtyUser) { d.match(u, properties) }}
}

// defects are all that a dirty directory has, in the order in which people get them.
var defects = []defect{
	signIn("user name with a blank", " x@contoso.com"),
	signIn("user name with a bad character", "&co@contoso.com"),
	signIn("user name with an accent", "é@contoso.com"),
	signIn("user name with two @", "@home@contoso.com"),
	signIn("user name without @", ""),
	signIn("user name with a dot before the @", ".@contoso.com"),
	signIn("user name too long", strings.Repeat("x", 65)+"@contoso.com"),
	signIn("user name in an unverified domain", "@fabrikam.com"),
	signIn("user name in a domain that does not route", "@corp.local"),
	signIn("user name with a character of no width", "\u200bx@contoso.com"),
	{"no user name", false, func(_ *dirty, u, _ *dirtyUser) { u.set("userPrincipalName") }},
	{"two with one user name", true, func(_ *dirty, u, v *dirtyUser) {
		v.set("userPrincipalName", u.values["userPrincipalName"]...)
	}},

	value("mail without @", "mail", func(s string) string { return s + ".contoso.com" }),
	value("mail with a prefix", "mail", func(s string) string { return "smtp:" + s + "@contoso.com" }),
	value("mail with a blank", "mail", func(s string) string { return s + " @contoso.com" }),
	value("mail with an accent", "mail", func(s string) string { return s + "ö@contoso.com" }),
	value("mail with two @", "mail", func(s string) string { return s + "@x@contoso.com" }),
	value("mail with two dots", "mail", func(s string) string { return s + "..x@contoso.com" }),
	value("mail in angle brackets", "mail", func(s string) string { return "<" + s + "@contoso.com>" }),
	value("mail with a character of no width", "mail", func(s string) string { return s + "\u200b.x@contoso.com" }),
	value("mail in a domain of one label", "mail", func(s string) string { return s + "@contoso" }),
	{"two with one mail", true, func(_ *dirty, u, v *dirtyUser) {
		u.mail("team." + u.login + "@contoso.com")
		v.mail("TEAM." + u.login + "@contoso.com")
	}},
	{"two with one primary address", true, func(_ *dirty, u, v *dirtyUser) {
		v.set("proxyAddresses", u.values["proxyAddresses"]...)
	}},
	{"two with one alias", true, func(_ *dirty, u, v *dirtyUser) {
		alias := "smtp:desk." + u.login + "@contoso.com"
		u.set("proxyAddresses", append(u.values["proxyAddresses"], alias)...)
		v.set("proxyAddresses", append(v.values["proxyAddresses"], alias)...)
	}},
	{"alias is another's mail", true, func(_ *dirty, u, v *dirtyUser) {
		u.set("proxyAddresses", append(u.values["proxyAddresses"], "smtp:"+v.login+"@contoso.com")...)
	}},
	{"alias with a blank", false, func(_ *dirty, u, _ *dirtyUser) {
		u.set("proxyAddresses", append(u.values["proxyAddresses"], "smtp:"+u.login+" x@contoso.com")...)
	}},
	{"alias in an unverified domain", false, func(_ *dirty, u, _ *dirtyUser) {
		u.set("proxyAddresses", append(u.values["proxyAddresses"], "smtp:"+u.login+"@fabrikam.com")...)
	}},
	{"alias that is no address", false, func(_ *dirty, u, _ *dirtyUser) {
		u.set("proxyAddresses", append(u.values["proxyAddresses"], "smtp:"+u.login)...)
	}},

	long("displayName", 256), long("givenName", 64), long("sn", 64), long("title", 128), long("department", 64),
	long("company", 64), long("employeeID", 16), long("l", 128), long("streetAddress", 1024), long("postalCode", 40), long("mobile", 64),
	text("nothing but a no-break space for the name of a user", "userPrincipalName", "\u00a0"),
	text("name with a line break", "displayName", "Jane\nDoe"),
	text("name with a control character", "displayName", "Jane\x07Doe"),
	text("name written backwards", "displayName", "Jane \u202eeoD"),
	text("name with a character of no width", "displayName", "Ja\u200bne Doe"),
	text("title of two lines", "title", "Clerk\r\nBoss"),
	text("department with a tab", "department", "Sales\tWest"),
	text("country that ISO has not", "c", "ZZ"),
	text("country by another code", "c", "UK"),
	text("country of one character", "c", "1"),
	text("language in words", "preferredLanguage", "English"),
	text("language with an underline", "preferredLanguage", "en_US"),
	value("nickname with a blank", "mailNickname", func(s string) string { return s + " x" }),
	value("nickname that is an address", "mailNickname", func(s string) string { return s + "@contoso.com" }),
	value("nickname with an accent", "mailNickname", func(s string) string { return s + "á" }),
	value("nickname with a dot in front", "mailNickname", func(s string) string { return "." + s }),
	long("mailNickname", 64),

	text("anchor of three bytes", "mS-DS-ConsistencyGuid", "abc"),
	text("anchor in text", "mS-DS-ConsistencyGuid", "0f8fad5b-d9cb-469f-a165-70867728950e"),
	text("anchor of zeros", "mS-DS-ConsistencyGuid", strings.Repeat("\x00", 16)),
	{"anchor copied", true, func(_ *dirty, u, v *dirtyUser) {
		copied := "dirform " + (u.login + strings.Repeat("x", 8))[:8]
		u.set("mS-DS-ConsistencyGuid", copied)
		v.set("mS-DS-ConsistencyGuid", copied)
	}},
	{"shared mailbox switched on", false, func(_ *dirty, u, _ *dirtyUser) { u.set("msExchRecipientTypeDetails", "4") }},
	text("names of services", "servicePrincipalName", "HTTP/intranet"),

	{"account of an administrator", false, func(d *dirty, u, _ *dirtyUser) {
		d.match(u, nil)
		d.roles = append(d.roles,
			map[string]any{"principalId": u.account["id"], "roleDefinitionId": "User Administrator"})
	}},
	{"account with a foreign anchor", false, func(d *dirty, u, _ *dirtyUser) {
		d.match(u, map[string]any{"onPremisesImmutableId": foreignAnchor(u)})
	}},
	matched("account synchronised elsewhere", map[string]any{"onPremisesSyncEnabled": true}),
	{"account of a guest", false, func(d *dirty, u, _ *dirtyUser) {
		d.match(u, map[string]any{"userType": "Guest",
			"userPrincipalName": u.login + "_fabrikam.com#EXT#@contoso.onmicrosoft.com"})
	}},
	{"account without an address, under another name", false, func(d *dirty, u, _ *dirtyUser) {
		d.match(u, map[string]any{"mail": nil})
		u.set("userPrincipalName", u.login+".new@contoso.com")
	}},
	{"mailbox in an unverified domain", false, func(d *dirty, u, _ *dirtyUser) {
		d.match(u, map[string]any{"assignedLicenses": []map[string]any{{"skuId": dirtyLicence}}})
		u.set("proxyAddresses")
		u.set("mail", u.login+"@fabrikam.com")
	}},
	{"two with one account", true, func(d *dirty, u, v *dirtyUser) {
		d.match(u, nil)
		u.set("userPrincipalName", u.login+".one@contoso.com")
		v.set("proxyAddresses", u.values["proxyAddresses"]...)
		v.set("userPrincipalName", u.login+".two@contoso.com")
	}},
	{"namesake in the recycle bin", false, func(d *dirty, u, _ *dirtyUser) {
		delete(u.account, "onPremisesImmutableId")
		delete(u.account, "mail")
		u.account["deletedDateTime"] = "2026-11-20T08:00:00Z"
		d.bin = append(d.bin, u.account)
	}},
	{"address of a group", false, func(d *dirty, u, _ *dirtyUser) { d.group(u.login, u.login) }},
	{"user name is a group's address", false, func(d *dirty, u, _ *dirtyUser) {
		d.group(u.login, u.login)
		u.set("proxyAddresses", "SMTP:mr."+u.login+"@contoso.com")
	}},
	{"address is somebody else's alias", false, func(d *dirty, u, _ *dirtyUser) {
		delete(u.account, "onPremisesImmutableId")
		u.account["userPrincipalName"], u.account["mailNickname"] = "old."+u.login+"@contoso.com", "old"
		u.account["mail"] = "old." + u.login + "@contoso.com"
		u.account["proxyAddresses"] = []string{"SMTP:old." + u.login + "@contoso.com",
			"smtp:" + u.login + "@contoso.com"}
		d.objects = append(d.objects, u.account)
	}},
	{"user name of an account without an address", false, func(d *dirty, u, _ *dirtyUser) {
		d.match(u, map[string]any{"mail": nil, "onPremisesImmutableId": foreignAnchor(u)})
		u.set("proxyAddresses", "SMTP:mr."+u.login+"@contoso.com")
	}},
}

// foreignAnchor is the anchor of an object that nobody knows.
func foreignAnchor(u *dirtyUser) string {
	sum := sha256.Sum256([]byte("foreign " + u.guid))
	return base64.StdEncoding.EncodeToString(sum[:16])
}

// group adds a group with an address to the tenant.
func (d *dirty) group(name, login string) {
	d.groups = append(d.groups, map[string]any{"displayName": "Group " + name, "mailNickname": login, "mailEnabled": true,
		"securityEnabled": false, "groupTypes": []string{"Unified"}, "mail": login + "@contoso.com"})
}
