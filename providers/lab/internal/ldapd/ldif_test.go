package ldapd_test

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/text/encoding/unicode"

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

// Dumps as tools write them: entries in any order, what is printed around them, marks of byte order and UTF-16.
func TestLDIFDumps(t *testing.T) {
	const (
		domain = "dn: " + base + "\nobjectClass: top\nobjectClass: domain\nobjectClass: domainDNS\n" +
			"objectSid: S-1-5-21-1-2-3\nobjectGUID: 11111111-2222-4333-8444-555555555555\n"
		inner = "dn: CN=Jane Ö,OU=B,OU=A," + base + "\nobjectClass: top\nobjectClass: person\nobjectClass: user\n" +
			"objectSid: S-1-5-21-1-2-3-4711\nsAMAccountName: jane\nmanager: CN=Bob,CN=Users," + base + "\n"
		bob   = "dn: CN=Bob,CN=Users," + base + "\nobjectClass: user\nobjectSid: S-1-5-21-1-2-3-4712\n"
		outer = "dn: OU=B,OU=A," + base + "\nobjectClass: organizationalUnit\n"
		ou    = "dn: OU=A," + base + "\nobjectClass: organizationalUnit\n"
	)
	ldbsearch := "# record 1\n" + inner + "\n# record 2\n" + bob + "\n# record 3\n" + outer + "\n# record 4\n" + domain + "\n# record 5\n" + ou +
		"\n# Referral\nref: ldap://corp.contoso.com/CN=Configuration," + base + "\n\n# returned 6 records\n# 5 entries\n# 1 referrals\n"
	ldapsearch := "# extended LDIF\n#\n# LDAPv3\n# base <" + base + "> with scope subtree\n#\n\n# corp.contoso.com\n" + domain + "\n" + bob +
		"\n# search reference\nref: ldap://DomainDnsZones.corp.contoso.com/DC=DomainDnsZones," + base + "\n\n# Jane, B, A\n" + inner + "\n" + outer + "\n" + ou +
		"\n# search result\nsearch: 2\nresult: 0 Success\ncontrol: 1.2.840.113556.1.4.319 false MAUCAQAEAA==\npagedresults: cookie=\n\n# numResponses: 7\n"
	ldifde := strings.ReplaceAll(strings.ReplaceAll(inner+"\n"+domain+"\n"+ou+"\n"+bob+"\n"+outer, "\nobjectClass: top", "\nchangetype: add\nobjectClass: top"),
		"\n", "\r\n")
	little, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(ldifde)
	if err != nil {
		t.Fatal(err)
	}
	big, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(ldifde)
	if err != nil {
		t.Fatal(err)
	}
	for name, dump := range map[string]string{"ldbsearch": ldbsearch, "ldapsearch": ldapsearch, "ldifde": ldifde, "mark": "\xef\xbb\xbf" + ldifde,
		"UTF-16LE": little, "UTF-16BE": big} {
		if got, err := ldapd.DomainOf(strings.NewReader(dump)); got != "corp.contoso.com" {
			t.Errorf("%s: the domain is %q (%v)", name, got, err)
		}
		d := ldapd.New("corp.contoso.com")
		if err := d.LoadLDIF(strings.NewReader(dump), "corp.ldif"); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c := serve(t, d).bound(t)
		jane := one(t, c, "CN=Jane Ö,OU=B,OU=A,"+base)
		if sid := jane.GetRawAttributeValue("objectSid"); len(sid) != 28 || sid[24] != 0x67 || sid[12] != 1 {
			t.Errorf("%s: the SID is %x", name, sid)
		}
		if jane.GetAttributeValue("manager") != "CN=Bob,CN=Users,"+base || jane.GetAttributeValue("primaryGroupID") != "513" {
			t.Errorf("%s: %v", name, jane.Attributes)
		}
	}
	for _, test := range []struct{ ldif, want string }{
		{inner + "\n" + ou, "corp.ldif:1: CN=Jane Ö,OU=B,OU=A," + base + " has no parent: OU=B,OU=A," + base + " does not exist"},
		{outer + "\n" + outer + "\n" + ou, "corp.ldif:4: OU=B,OU=A," + base + " is there twice"},
	} {
		if err := ldapd.New("corp.contoso.com").LoadLDIF(strings.NewReader(test.ldif), "corp.ldif"); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
}
