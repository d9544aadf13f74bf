package providertest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/state"
)

// objects shows what the fixture's objects look like, attribute by attribute. Only attributes that dirform and its users deal
// with: a server may keep more.
func (x *exam) objects() {
	attrs := []string{"objectClass", "objectCategory", "objectGUID", "objectSid", "sAMAccountName", "sAMAccountType", "userAccountControl", "userPrincipalName",
		"primaryGroupID", "accountExpires", "countryCode", "codePage", "cn", "ou", "name", "distinguishedName", "displayName", "givenName", "sn", "title", "department",
		"l", "c", "co", "info", "description", "mail", "proxyAddresses", "telephoneNumber", "otherTelephone", "employeeNumber", "manager", "directReports", "memberOf",
		"managedBy", "managedObjects", "groupType", "mS-DS-ConsistencyGuid", "thumbnailPhoto", "userSMIMECertificate", "instanceType", "whenCreated", "whenChanged",
		"uSNCreated", "uSNChanged", "pwdLastSet", "lastLogon", "logonCount", "badPwdCount", "badPasswordTime"}
	for _, o := range fixture {
		x.note("object/"+cmp.Or(o.rdns, "the unit"), x.show(question{base: o.rdns, attrs: attrs}))
	}
	x.note("object/members", x.show(question{base: "OU=Groups", scope: ldap.ScopeSingleLevel, filter: "(!(cn=Big))", attrs: []string{"member"}}))
	x.note("object/worked out when asked", x.show(question{base: "OU=People", scope: ldap.ScopeSingleLevel, filter: "(objectClass=user)",
		attrs: []string{"canonicalName", "parentGUID", "createTimeStamp", "modifyTimeStamp", "msDS-User-Account-Control-Computed", "structuralObjectClass"}}))
	x.note("object/groups that somebody is in", x.tokenGroups("CN=Ann Ames,OU=People"))
	x.note("object/tokenGroups below a base", x.ask(question{base: "OU=People", scope: ldap.ScopeWholeSubtree, attrs: []string{"tokenGroups"}}))
	x.note("object/primaryGroupToken", x.show(question{base: "OU=Groups", scope: ldap.ScopeSingleLevel, filter: "(!(cn=Big))", attrs: []string{"primaryGroupToken"}}))
	x.note("object/attributes that may be written", fmt.Sprint(strings.Contains(strings.ToLower(x.show(question{base: "CN=Ann Ames,OU=People", attrs: []string{"allowedAttributesEffective"}})), "ms-ds-consistencyguid")))
}

// tokenGroups says which of the fixture's groups are among an account's.
func (x *exam) tokenGroups(rdns string) string {
	res, err := x.c.Search(x.request(question{base: rdns, attrs: []string{"tokenGroups"}}))
	if err != nil || len(res.Entries) != 1 {
		return outcome(err)
	}
	have := res.Entries[0].GetAttributeValues("tokenGroups")
	var lines []string
	for _, g := range []string{"CN=Inner,OU=Groups", "CN=Outer,OU=Groups", "CN=List,OU=Groups", "CN=Local,OU=Groups"} {
		lines = append(lines, fmt.Sprintf("%s: %v", g, slices.Contains(have, x.get(g, "objectSid"))))
	}
	return strings.Join(lines, "\n") + "\n"
}

// filters asks with every type of filter below OU=People.
func (x *exam) filters() {
	ann := x.get("CN=Ann Ames,OU=People", "objectGUID")
	sid := x.get("CN=Ann Ames,OU=People", "objectSid")
	for _, f := range []string{
		"(cn=Ann Ames)", "(cn=ANN ames)", "(cn=Ann  Ames)", "(CN=Ann Ames)", "(commonName=Ann Ames)", "(cn=Ann)", "(cn=*)", "(mail=*)", "(!(mail=*))",
		"(cn=A*)", "(cn=*s)", "(cn=*n*)", "(cn=A*n*s)", "(cn=A*Ames*)", "(cn=*Ann*Ames*)", "(mail=ann.ames@PROVIDERTEST.example)",
		"(l=győr)", "(l=GYŐR)", "(sn=müller)", "(sn=MÜLLER)", "(displayName=*ÇØDÉ*)", "(displayName=Ünï Çødé 名前 Имя)", "(title=straße)",
		"(telephoneNumber=+1 \\28555\\29 0100)", "(description=\\28paren\\29 \\2a star \\5c back)", "(description=*\\2a*)",
		`(cn=M\c3\bcller, J\c3\bcrgen)`, "(cn=Müller, Jürgen)", "(cn=Müller*)",
		"(proxyAddresses=smtp:juergen@providertest.example)", "(proxyAddresses=SMTP:*)", "(otherTelephone=+36 1 222)", "(otherTelephone=*2*)",
		"(userAccountControl=512)", "(userAccountControl=0512)", "(userAccountControl>=514)", "(userAccountControl<=513)", "(userAccountControl=abc)", "(userAccountControl=51*)",
		"(userAccountControl:1.2.840.113556.1.4.803:=2)", "(userAccountControl:1.2.840.113556.1.4.803:=514)", "(userAccountControl:1.2.840.113556.1.4.803:=0)",
		"(userAccountControl:1.2.840.113556.1.4.804:=65538)", "(!(userAccountControl:1.2.840.113556.1.4.803:=2))", "(userAccountControl:1.2.840.113556.1.4.804:=0)",
		"(cn:1.2.840.113556.1.4.803:=2)", "(userAccountControl:1.2.3.4:=2)",
		"(accountExpires=133500000000000000)", "(accountExpires>=133500000000000000)", "(countryCode=348)", "(employeeNumber=007)", "(employeeNumber=7)",
		"(sAMAccountName=PT-ANN)", "(userPrincipalName=ANN@providertest.EXAMPLE)", "(cn>=M)", "(cn<=B)", "(cn~=ann ames)", "(whenCreated>=20200101000000.0Z)", "(whenCreated<=20200101000000.0Z)",
		"(&(objectClass=user)(cn=A*))", "(|(cn=A*)(cn=B*))", "(!(cn=A*))", "(&(!(cn=A*))(|(objectClass=user)(objectClass=contact)))", "(&)", "(|)",
		"(objectClass=user)", "(objectClass=USER)", "(objectClass=person)", "(objectClass=contact)", "(objectClass=organizationalUnit)", "(objectClass=top)", "(objectClass=nonsense)", "(objectClass=*)",
		"(objectCategory=person)", "(objectCategory=user)", "(objectCategory=contact)", "(objectCategory=organizationalUnit)", "(objectCategory=CN=Person,CN=Schema,CN=Configuration," + x.s.BaseDN + ")",
		"(objectCategory=CN=Person," + x.s.BaseDN + ")", "(&(objectCategory=person)(objectClass=user))", "(!(objectCategory=person))",
		"(noSuchAttribute=1)", "(!(noSuchAttribute=1))", "(noSuchAttribute=*)", "(|(noSuchAttribute=1)(cn=Ann Ames))", "(&(!(noSuchAttribute=1))(cn=Ann Ames))",
		"(!(department=Sales))", "(department=sales)", "(distinguishedName=" + x.dn("CN=Ann Ames,OU=People") + ")", "(distinguishedName=cn=ann ames , ou=people," + x.root + ")", "(distinguishedName=*Ann*)",
		"(manager=" + x.dn("CN=Boss,OU=People") + ")", "(manager=cn=BOSS, ou=people," + x.root + ")", "(manager=*)", "(manager=CN=Boss*)", "(manager=" + x.dn("CN=Nobody") + ")", "(manager=nonsense)", "(directReports=*)",
		"(directReports=" + x.dn("CN=Ann Ames,OU=People") + ")", "(memberOf=" + x.dn("CN=Inner,OU=Groups") + ")", "(memberOf=" + x.dn("CN=Outer,OU=Groups") + ")", "(memberOf=*)", "(!(memberOf=*))",
		"(memberOf:1.2.840.113556.1.4.1941:=" + x.dn("CN=Outer,OU=Groups") + ")", "(memberOf:1.2.840.113556.1.4.1941:=" + x.dn("CN=Nobody") + ")", "(manager:1.2.840.113556.1.4.1941:=" + x.dn("CN=Boss,OU=People") + ")",
		"(objectGUID=" + ldap.EscapeFilter(ann) + ")", "(objectGUID=" + state.GUID([]byte(ann)).String() + ")", "(objectSid=" + ldap.EscapeFilter(sid) + ")", "(objectSid=" + sidText([]byte(sid)) + ")",
		`(mS-DS-ConsistencyGuid=\00\01\02\03\28\29\2a\5c\ff\fe\0a\0d\00\7f\80\00)`, "(mS-DS-ConsistencyGuid=*)", "(thumbnailPhoto=*)", `(userSMIMECertificate=\30\00)`,
		"(uSNChanged>=1)", "(uSNChanged<=1)", "(instanceType=4)", "(sAMAccountType=805306368)", "(primaryGroupID=513)", "(isDeleted=TRUE)", "(!(isDeleted=TRUE))", "(showInAdvancedViewOnly=TRUE)",
		"(unicodePwd=*)", "(canonicalName=*)", "(cn:=ann ames)", "(cn:dn:=Ann Ames)", "(ou:dn:=Deep)", "(anr=ann)", "(anr=ann am)", "(anr==ann)", "(anr=ames)", "(anr=zzz)", "(name=Boss)", "(ou=Deep)", "(ou=*)",
	} {
		x.note("filter/"+x.filterName(f), x.ask(question{base: "OU=People", scope: ldap.ScopeWholeSubtree, filter: f}))
	}
	x.note("filter/groups that somebody is in", x.ask(question{base: "OU=Groups", scope: ldap.ScopeSingleLevel, filter: "(member:1.2.840.113556.1.4.1941:=" + x.dn("CN=Ann Ames,OU=People") + ")"}))
	x.note("filter/groups by kind", x.ask(question{base: "OU=Groups", scope: ldap.ScopeSingleLevel, filter: "(groupType:1.2.840.113556.1.4.803:=2147483648)"}))
	x.note("filter/groups by negative number", x.ask(question{base: "OU=Groups", scope: ldap.ScopeSingleLevel, filter: "(groupType=-2147483640)"}))
	x.note("filter/many", fmt.Sprint(strings.Count(x.ask(question{base: "OU=Many", scope: ldap.ScopeSingleLevel, filter: "(cn=m00*)"}), "\n")))
}

// filterName is a filter without what differs between servers.
func (x *exam) filterName(f string) string {
	for _, id := range []string{x.get("CN=Ann Ames,OU=People", "objectGUID"), x.get("CN=Ann Ames,OU=People", "objectSid")} {
		f = strings.ReplaceAll(f, ldap.EscapeFilter(id), "bytes")
	}
	f = strings.ReplaceAll(f, sidText([]byte(x.get("CN=Ann Ames,OU=People", "objectSid"))), "sid")
	return x.plain(f)
}

// scopes asks with all scopes and forms of the base.
func (x *exam) scopes() {
	guid := state.GUID([]byte(x.get("OU=Deep,OU=People", "objectGUID")))
	for _, scope := range []int{ldap.ScopeBaseObject, ldap.ScopeSingleLevel, ldap.ScopeWholeSubtree} {
		name := fmt.Sprintf("scope/%s ", ldap.ScopeMap[scope])
		for _, base := range []string{"OU=People", "ou = PEOPLE", "OU=Deep,OU=People", "OU=Work", "CN=Boss,OU=People", "OU=Nowhere", "OU=Deep,OU=Nowhere", "=not a name", "=<GUID=" + guid.String() + ">",
			fmt.Sprintf("=<GUID=%x>", guid[:]), "=<SID=" + sidText([]byte(x.get("CN=Boss,OU=People", "objectSid"))) + ">", "=<GUID=00000000-0000-0000-0000-000000000001>"} {
			label := strings.TrimPrefix(base, "=")
			switch {
			case strings.HasPrefix(label, "<SID="):
				label = "<SID>"
			case strings.HasPrefix(label, "<GUID=0000"):
				label = "<GUID> of nothing"
			case strings.HasPrefix(label, "<GUID=") && strings.Contains(label, "-"):
				label = "<GUID>"
			case strings.HasPrefix(label, "<GUID="):
				label = "<GUID> in hexadecimal"
			}
			x.note(name+label, x.ask(question{base: base, scope: scope}))
		}
	}
	x.note("scope/well known", x.ask(question{base: "=<WKGUID=A9D1CA15768811D1ADED00C04FD8D5CD," + x.s.BaseDN + ">"}))
	x.note("scope/another domain", x.ask(question{base: "=DC=elsewhere,DC=example"}))
	for _, limit := range []int{1, 3, 100} {
		res, err := x.c.Search(x.request(question{base: "OU=People", scope: ldap.ScopeWholeSubtree, limit: limit, attrs: []string{"1.1"}}))
		x.note(fmt.Sprintf("scope/size limit %d", limit), fmt.Sprintf("%d entries, %s", len(res.Entries), outcome(err)))
	}
	res, err := x.c.Search(x.request(question{base: "OU=Many", scope: ldap.ScopeSingleLevel, attrs: []string{"1.1"}}))
	x.note("scope/more than a page, unpaged", fmt.Sprintf("%d entries, %s", len(res.Entries), outcome(err)))
	res, err = x.c.Search(x.request(question{base: "=" + x.s.BaseDN, scope: ldap.ScopeWholeSubtree, filter: "(cn=nothing at all)"}))
	x.note("scope/referrals below the domain", fmt.Sprintf("%v, %s", len(res.Referrals) > 0, outcome(err)))
	res, err = x.c.Search(x.request(question{base: "=" + x.s.BaseDN, scope: ldap.ScopeWholeSubtree, filter: "(cn=nothing at all)", ctls: []ldap.Control{ldap.NewControlString("1.2.840.113556.1.4.1339", true, "")}}))
	x.note("scope/no referrals with domain scope", fmt.Sprintf("%d, %s", len(res.Referrals), outcome(err)))
}

// selections asks for attributes in all ways.
func (x *exam) selections() {
	const who = "CN=Ann Ames,OU=People"
	for name, attrs := range map[string][]string{
		"one": {"mail"}, "spelt otherwise": {"MAIL", "givenname"}, "twice": {"mail", "Mail"}, "unknown": {"noSuchAttribute", "mail"}, "none": {"1.1"}, "none and one": {"1.1", "mail"},
		"missing values": {"mobile", "sn"}, "secret": {"unicodePwd", "sn"}, "with an option": {"mail;x-none", "sn"}, "links": {"manager", "memberOf"}, "binary option": {"mail;binary"},
	} {
		x.note("select/"+name, x.show(question{base: who, attrs: attrs}))
	}
	x.note("select/types only", x.show(question{base: who, attrs: []string{"mail", "sn", "objectGUID", "manager"}, types: true}))
	for name, attrs := range map[string][]string{"everything": nil, "star": {"*"}, "star and more": {"*", "canonicalName"}} {
		res, err := x.c.Search(x.request(question{base: who, attrs: attrs}))
		var have []string
		for _, want := range []string{"cn", "objectGUID", "objectSid", "uSNChanged", "whenChanged", "memberOf", "mail", "canonicalName", "unicodePwd", "tokenGroups", "distinguishedName", "parentGUID"} {
			if err == nil && len(res.Entries[0].GetRawAttributeValues(want)) > 0 {
				have = append(have, want)
			}
		}
		x.note("select/"+name, strings.Join(have, " ")+" "+outcome(err))
	}
	slices.SortFunc(x.record[len(x.record)-15:], func(a, b Entry) int { return strings.Compare(a.Name, b.Name) }) // maps have no order
	extended := &ldap.ControlString{ControlType: "1.2.840.113556.1.4.529", Criticality: false, ControlValue: "\x30\x03\x02\x01\x01"}
	text := x.show(question{base: who, attrs: []string{"manager"}, ctls: []ldap.Control{extended}})
	x.note("select/names with identifiers", sidInText.ReplaceAllString(text, "S-…"))
}
