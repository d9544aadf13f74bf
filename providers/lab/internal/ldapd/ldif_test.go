package ldapd_test

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

func TestLDIFErrors(t *testing.T) {
	const ou = "dn: OU=A," + base + "\nobjectClass: organizationalUnit\n"
	for _, test := range []struct{ ldif, want string }{
		{"dn: CN=x,OU=Nowhere," + base + "\nobjectClass: user\n", "corp.ldif:1: CN=x,OU=Nowhere," + base + " has no parent: OU=Nowhere," + base + " does not exist"},
		{ou + "\n\n" + ou, "corp.ldif:5: OU=A," + base + " is there twice"},
		{"version: 2\n\n" + ou, "corp.ldif:1: version"},
		{"dn: CN=x," + base + "\nobjectClass: user\njpegPhoto:< file:///etc/passwd\n", "corp.ldif:3: jpegPhoto is given as a URL"},
		{"dn: CN=x," + base + "\nchangetype: delete\n", "corp.ldif:2: changetype delete"},
		{"dn: CN=x," + base + "\nsn:: !!!\n", "corp.ldif:2: the value of sn is not valid base64"},
		{"dn: CN=x," + base + "\nsn: x\n", "corp.ldif:1: CN=x," + base + " has no objectClass"},
		{"sn: x\n", "corp.ldif:1: a record starts with dn:"},
		{" sn: x\n", "corp.ldif:1: this line starts with a space"},
		{"dn: nonsense\nobjectClass: user\n", `corp.ldif:1: "nonsense" is not a distinguished name`},
		{"dn: CN=x," + base + "\nobjectClass: user\nnonsense\n", "corp.ldif:3: expected name: value"},
		{"dn: CN=x," + base + "\nobjectClass: user\nmanager: CN=y," + base + "\n", "corp.ldif:3: manager of CN=x," + base + ": CN=y," + base + " does not exist"},
		{"dn: CN=x," + base + "\nobjectClass: user\nobjectGUID: x\n", "corp.ldif:3: this objectGUID is malformed"},
		{ou + "dn: OU=B," + base + "\n", "corp.ldif:3: a second dn in one record"},
		{"dn: OU=A,DC=other,DC=com\nobjectClass: organizationalUnit\n", "does not exist"},
	} {
		err := ldapd.New("corp.contoso.com").LoadLDIF(strings.NewReader(test.ldif), "corp.ldif")
		if err == nil || !strings.HasPrefix(err.Error(), test.want) && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q:\n got %v\nwant %s", test.ldif, err, test.want)
		}
	}
}

func TestLDIFForms(t *testing.T) {
	ldif := "version: 1\r\n# a comment\r\n  that goes on\r\n\r\ndn:: " + "T1U9w4TDlixEQz1jb3JwLERDPWNvbnRvc28sREM9Y29t" + "\r\nchangetype: add\r\nobjectClass: top\r\n" +
		"objectClass: organizationalUnit\r\ndescription: one\r\n two\r\n\r\n" +
		"dn: CN=G,OU=ÄÖ," + base + "\r\nobjectClass: group\r\ngroupType: 2\r\n\r\n" +
		"dn: CN=u,OU=ÄÖ," + base + "\r\nobjectClass: user\r\nmemberOf: CN=G,OU=ÄÖ," + base + "\r\nmyOwnAttribute: 1\r\nmsDS-AllowedToDelegateTo: cifs/fs1\r\nthumbnailPhoto:: /9j/4A==\r\n\r\n" +
		"dn: CN=t,OU=ÄÖ," + base + "\r\nobjectClass: top\r\nobjectClass: msDFSR-Thing\r\n\r\n" +
		"search: 2\r\nresult: 0 Success\r\n"
	c := serve(t, directory(t, ldif)).bound(t)
	if got := one(t, c, "OU=äö,"+base).GetAttributeValue("description"); got != "onetwo" {
		t.Errorf("description %q", got)
	}
	u := one(t, c, "CN=u,OU=ÄÖ,"+base)
	if u.GetAttributeValue("thumbnailPhoto") != "\xff\xd8\xff\xe0" || u.GetAttributeValue("myOwnAttribute") != "1" ||
		u.GetAttributeValue("msDS-AllowedToDelegateTo") != "cifs/fs1" {
		t.Errorf("%v", u.Attributes)
	}
	g := one(t, c, "CN=G,OU=ÄÖ,"+base)
	if g.GetAttributeValue("member") != u.DN || g.GetAttributeValue("sAMAccountType") != "268435457" {
		t.Errorf("%v", g.Attributes)
	}
	if got := search(t, c, base, ldap.ScopeWholeSubtree, "(objectClass=msDFSR-Thing)"); len(got) != 1 {
		t.Errorf("%d things", len(got))
	}
}

// TestDump loads what a real directory's dump looks like: with identifiers, and records for what every domain has.
func TestDump(t *testing.T) {
	ldif := `dn: ` + base + `
objectClass: top
objectClass: domain
objectClass: domainDNS
objectSid:: AQQAAAAAAAUVAAAAAQAAAAIAAAADAAAA
objectGUID:: AAECAwQFBgcICQoLDA0ODw==

dn: CN=Users,` + base + `
objectClass: container
description: Default container
whenCreated: 20200101000000.0Z

dn: CN=First,CN=Users,` + base + `
objectClass: user

dn: CN=Domain Users,CN=Users,` + base + `
objectClass: group
objectSid:: AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAAQIAAA==
sAMAccountName: Domain Users

dn: CN=Second,CN=Users,` + base + `
objectClass: user
objectSid: S-1-5-21-1-2-3-1103
`
	d := directory(t, ldif)
	if d.SID() != "S-1-5-21-1-2-3" {
		t.Errorf("SID %s", d.SID())
	}
	c := serve(t, d).bound(t)
	if e := one(t, c, "CN=Users,"+base); e.GetAttributeValue("description") == "" || e.GetAttributeValue("whenCreated")[:4] != "2020" {
		t.Errorf("%v", e.Attributes)
	}
	if e := one(t, c, "<SID=S-1-5-21-1-2-3-513>"); e.GetAttributeValue("cn") != "Domain Users" {
		t.Errorf("%v", e.Attributes)
	}
	for sid, want := range map[string]string{"1103": "Second", "1104": "First"} { // a RID that is taken is not given again
		if e := one(t, c, "<SID=S-1-5-21-1-2-3-"+sid+">"); e.GetAttributeValue("cn") != want {
			t.Errorf("RID %s: %s", sid, e.DN)
		}
	}
	if e := one(t, c, "<GUID=03020100-0504-0706-0809-0a0b0c0d0e0f>"); e.DN != base {
		t.Errorf("%s", e.DN)
	}
}

func TestDomainOf(t *testing.T) {
	got, err := ldapd.DomainOf(strings.NewReader(seed))
	if err != nil || got != "corp.contoso.com" {
		t.Errorf("%s %v", got, err)
	}
	if _, err := ldapd.DomainOf(strings.NewReader("# nothing\n")); err == nil {
		t.Error("a domain in an empty file")
	}
}
