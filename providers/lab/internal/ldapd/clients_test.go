package ldapd_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

// What clients other than dirform's ask a directory for.

func TestSubschemaDescribesAttributesAndClasses(t *testing.T) {
	_, _, c := start(t)
	at := one(t, c, "").GetAttributeValue("subschemaSubentry")
	e := one(t, c, at, "attributeTypes", "objectClasses", "objectClass")
	for _, want := range []string{
		"( 0.9.2342.19200300.100.1.3 NAME 'mail' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' SINGLE-VALUE )",
		"( 1.2.840.113556.1.4.159 NAME 'accountExpires' SYNTAX '1.2.840.113556.1.4.906' SINGLE-VALUE )",
		"( 2.16.840.1.113730.3.1.2 NAME 'departmentNumber' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' )",
		"( 2.5.4.31 NAME 'member' SYNTAX '1.3.6.1.4.1.1466.115.121.1.12' )",
	} {
		if !slices.Contains(e.GetAttributeValues("attributeTypes"), want) {
			t.Errorf("attributeTypes lacks %s", want)
		}
	}
	if want := "( 1.2.840.113556.1.5.9 NAME 'user' SUP organizationalPerson STRUCTURAL )"; !slices.Contains(
		e.GetAttributeValues("objectClasses"), want) {
		t.Errorf("objectClasses lacks %s", want)
	}
	got := names(search(t, c, at, ldap.ScopeBaseObject, "(objectClass=subschema)", "cn"))
	if !strings.HasPrefix(got, "Aggregate,") {
		t.Errorf("found %q", got)
	}
	if len(one(t, c, at).GetAttributeValues("attributeTypes")) > 0 {
		t.Error("attributeTypes comes without being asked for")
	}
	user := search(t, c, "CN=Schema,CN=Configuration,"+base, ldap.ScopeSingleLevel,
		"(&(objectClass=classSchema)(lDAPDisplayName=user))", "governsID", "subClassOf")
	if len(user) != 1 || user[0].GetAttributeValue("governsID") != "1.2.840.113556.1.5.9" ||
		user[0].GetAttributeValue("subClassOf") != "organizationalPerson" {
		t.Errorf("classSchema of user: %v", user)
	}
}

func TestAttributesAreKnownByTheirObjectIdentifiers(t *testing.T) {
	_, _, c := start(t)
	found := search(t, c, base, ldap.ScopeWholeSubtree, "(0.9.2342.19200300.100.1.3=jane.doe@contoso.com)",
		"1.2.840.113556.1.4.221")
	if len(found) != 1 || found[0].GetAttributeValue("sAMAccountName") != "jdoe" {
		t.Errorf("found %v", found)
	}
}

func TestTokenGroupsAreSecurityGroupsThroughThePrimaryOneToo(t *testing.T) {
	d := directory(t, seed+`
dn: CN=Domain Users,CN=Users,DC=corp,DC=contoso,DC=com
objectClass: group
objectSid: `+ldapd.New("corp.contoso.com").SID()+`-513

dn: CN=Above,OU=Groups,DC=corp,DC=contoso,DC=com
objectClass: group
member: CN=Domain Users,CN=Users,DC=corp,DC=contoso,DC=com

dn: CN=News,OU=Groups,DC=corp,DC=contoso,DC=com
objectClass: group
groupType: 2
member: CN=Jane Doe,OU=Staff,DC=corp,DC=contoso,DC=com
`)
	c := serve(t, d).bound(t)
	var got []string
	for _, sid := range one(t, c, jane, "tokenGroups").GetRawAttributeValues("tokenGroups") {
		name, _, _ := strings.Cut(one(t, c, "<SID="+hex.EncodeToString(sid)+">").DN, ",")
		got = append(got, strings.TrimPrefix(name, "CN="))
	}
	slices.Sort(got)
	if want := "[Above Domain Users Everyone Inner]"; fmt.Sprint(got) != want {
		t.Errorf("tokenGroups are %v, want %s", got, want)
	}
}

func TestBuiltinGroupIsFoundByItsSID(t *testing.T) {
	d := directory(t, seed+`
dn: CN=Administrators,CN=Builtin,DC=corp,DC=contoso,DC=com
objectClass: group
objectSid: S-1-5-32-544
`)
	c := serve(t, d).bound(t)
	if got := one(t, c, "<SID=S-1-5-32-544>").GetAttributeValue("cn"); got != "Administrators" {
		t.Errorf("found %q", got)
	}
}

func TestSecurityDescriptorIsServedWhenItIsAskedFor(t *testing.T) {
	_, _, c := start(t)
	sd := one(t, c, jane, "nTSecurityDescriptor").GetRawAttributeValue("nTSecurityDescriptor")
	// revision 1, self-relative, with a list; the owner's SID ends in 512
	if len(sd) < 48 || sd[0] != 1 || sd[2] != 0x04 || sd[3] != 0x80 || !bytes.Equal(sd[44:48], []byte{0, 2, 0, 0}) {
		t.Errorf("descriptor %x", sd)
	}
	if len(one(t, c, jane).GetRawAttributeValue("nTSecurityDescriptor")) > 0 {
		t.Error("it comes without being asked for")
	}
}

func TestDeletedObjectIsBroughtBack(t *testing.T) {
	d, _, c := start(t)
	var changes []ldapd.Change
	d.OnChange(func(c ldapd.Change) { changes = append(changes, c) })
	before := one(t, c, jane)
	if err := c.Del(ldap.NewDelRequest(jane, nil)); err != nil {
		t.Fatal(err)
	}
	shown := []ldap.Control{ldap.NewControlString("1.2.840.113556.1.4.417", true, "")}
	guid := before.GetRawAttributeValue("objectGUID")
	r := request(base, ldap.ScopeWholeSubtree, "(&(isDeleted=TRUE)(sAMAccountName=jdoe))")
	r.Controls = shown
	res, err := c.Search(r)
	if err != nil || len(res.Entries) != 1 {
		t.Fatal(res, err)
	}
	again := strings.Replace(jane, "Jane Doe", "Jane Again", 1)
	back := func(controls []ldap.Control) error {
		m := ldap.NewModifyRequest(res.Entries[0].DN, controls)
		m.Delete("isDeleted", nil)
		m.Replace("distinguishedName", []string{again})
		return c.Modify(m)
	}
	if back(nil) == nil {
		t.Error("brought back without the control that shows deleted objects")
	}
	if err := back(shown); err != nil {
		t.Fatal(err)
	}
	after := one(t, c, again)
	if !bytes.Equal(after.GetRawAttributeValue("objectGUID"), guid) ||
		after.GetAttributeValue("sAMAccountName") != "jdoe" ||
		after.GetAttributeValue("isDeleted") != "" || after.GetAttributeValue("mail") != "" {
		t.Errorf("back as %v", after.Attributes)
	}
	copied := directory(t, seed)
	for _, change := range changes {
		if err := copied.Apply(change); err != nil {
			t.Fatal(err)
		}
	}
	if got := one(t, serve(t, copied).bound(t), again).GetAttributeValue("sAMAccountName"); got != "jdoe" {
		t.Errorf("repeated elsewhere it is %q", got)
	}
}
