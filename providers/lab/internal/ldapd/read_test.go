package ldapd_test

import (
	"fmt"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
)

func TestEntryAsADShowsIt(t *testing.T) {
	d, _, c := start(t)
	e := one(t, c, jane)
	got := map[string]string{}
	for _, a := range e.Attributes {
		got[a.Name] = strings.Join(a.Values, " ")
	}
	sid := string(e.GetRawAttributeValue("objectSid"))
	if len(sid) != 28 || !strings.HasPrefix(d.SID(), "S-1-5-21-") {
		t.Errorf("objectSid %x, domain %s", sid, d.SID())
	}
	delete(got, "objectSid")
	delete(got, "objectGUID")
	delete(got, "uSNCreated")
	delete(got, "uSNChanged")
	want := map[string]string{
		"objectClass": "top person organizationalPerson user", "cn": "Jane Doe", "name": "Jane Doe", "sn": "Doe",
		"givenName": "Jane", "displayName": "Jane Doe", "distinguishedName": jane, "instanceType": "4",
		"whenCreated": "20250101000000.0Z", "whenChanged": "20250101000000.0Z", "userAccountControl": "512",
		"primaryGroupID": "513", "sAMAccountName": "jdoe", "sAMAccountType": "805306368",
		"userPrincipalName": "jane.doe@contoso.com", "mail": "Jane.Doe@contoso.com",
		"objectCategory": "CN=Person,CN=Schema,CN=Configuration," + base, "memberOf": inner, "manager": bob,
		"proxyAddresses": "SMTP:jane.doe@contoso.com smtp:jd@contoso.com",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := one(t, c, bob).GetAttributeValue("directReports"); got != jane {
		t.Errorf("directReports %q", got)
	}
	if got := one(t, c, bob).GetAttributeValue("description"); got != "a long line that is folded" {
		t.Errorf("description %q", got)
	}
	if got := one(t, c, bob).GetAttributeValue("cn"); got != "Bob, the boss" {
		t.Errorf("cn %q", got)
	}
}

func TestSeedIsDeterministic(t *testing.T) {
	_, _, c1 := start(t)
	_, _, c2 := start(t)
	for _, dn := range []string{bob, outer, "OU=Staff," + base} {
		e1, e2 := one(t, c1, dn), one(t, c2, dn)
		if diff := cmp.Diff(e1.Attributes, e2.Attributes, cmp.AllowUnexported(ldap.EntryAttribute{})); diff != "" {
			t.Error(diff)
		}
		if g := e1.GetRawAttributeValue("objectGUID"); len(g) != 16 || g[7]>>4 != 4 || g[8]>>6 != 2 {
			t.Errorf("%s: objectGUID %x is not a version 4 GUID", dn, g)
		}
	}
	// RIDs count from 1103 in file order: svc-dirform, Jane, Bob, Everyone, Inner.
	for i, dn := range []string{bindDN, jane, bob, outer, inner} {
		sid := one(t, c1, dn, "objectSid").GetRawAttributeValue("objectSid")
		if rid := int(sid[24]) | int(sid[25])<<8; rid != 1103+i {
			t.Errorf("%s: RID %d", dn, rid)
		}
	}
}

func TestAttributeSelection(t *testing.T) {
	_, _, c := start(t)
	e := one(t, c, jane, "SAMACCOUNTNAME", "nosuch", "mAiL")
	if len(e.Attributes) != 2 || e.Attributes[0].Name != "sAMAccountName" || e.Attributes[1].Name != "mail" {
		t.Errorf("%v", e.Attributes)
	}
	if e := one(t, c, jane, "1.1"); len(e.Attributes) != 0 {
		t.Errorf("1.1: %v", e.Attributes)
	}
	if e := one(t, c, jane, "+"); len(e.Attributes) != 0 {
		t.Errorf("+: %v", e.Attributes)
	}
	e = one(t, c, jane, "*", "canonicalName")
	if e.GetAttributeValue("canonicalName") != "corp.contoso.com/Staff/Jane Doe" || e.GetAttributeValue("sn") != "Doe" {
		t.Errorf("* and canonicalName: %v", e.Attributes)
	}
	r := request(jane, ldap.ScopeBaseObject, "(objectClass=*)", "sn", "memberOf", "name")
	r.TypesOnly = true
	res, err := c.Search(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range res.Entries[0].Attributes {
		if len(a.Values) != 0 {
			t.Errorf("types only: %s has %v", a.Name, a.Values)
		}
	}
	if len(res.Entries[0].Attributes) != 3 {
		t.Errorf("types only: %v", res.Entries[0].Attributes)
	}
}

func TestConstructedAttributes(t *testing.T) {
	_, _, c := start(t)
	e := one(t, c, jane, "parentGUID", "tokenGroups", "createTimeStamp", "modifyTimeStamp", "msDS-User-Account-Control-Computed")
	parent := one(t, c, "OU=Staff,"+base, "objectGUID")
	if e.GetAttributeValue("parentGUID") != parent.GetAttributeValue("objectGUID") {
		t.Error("parentGUID is not the parent's objectGUID")
	}
	if n := len(e.GetAttributeValues("tokenGroups")); n != 3 { // Domain Users, Inner, Everyone
		t.Errorf("%d tokenGroups", n)
	}
	if e.GetAttributeValue("createTimeStamp") != "20250101000000.0Z" || e.GetAttributeValue("msDS-User-Account-Control-Computed") != "0" {
		t.Errorf("%v", e.Attributes)
	}
	_, err := c.Search(request(base, ldap.ScopeWholeSubtree, "(sn=*)", "tokenGroups"))
	wantCode(t, err, 1)
	if got := one(t, c, jane, "allowedAttributesEffective").GetAttributeValues("allowedAttributesEffective"); len(got) < 50 {
		t.Errorf("%d writable attributes", len(got))
	}
}

func TestBases(t *testing.T) {
	_, _, c := start(t)
	sid := fmt.Sprintf("%x", one(t, c, jane, "objectSid").GetRawAttributeValue("objectSid"))
	for dn, want := range map[string]string{
		"<GUID=0efcf528-7204-5ca5-ac20-d4d286b89e52>":            jane,
		"<GUID=28f5fc0e0472a55cac20d4d286b89e52>":                jane,
		"<SID=" + sid + ">":                                      jane,
		"<WKGUID=A9D1CA15768811D1ADED00C04FD8D5CD," + base + ">": "CN=Users," + base,
		"cn=JANE doe , ou=staff,dc=corp,dc=contoso,dc=com":       jane,
		`CN=Bob\2C the boss,OU=Staff,` + base:                    bob,
		`CN="Bob, the boss",OU=Staff,` + base:                    bob,
	} {
		if e := one(t, c, dn); e.DN != want {
			t.Errorf("%s: %s", dn, e.DN)
		}
	}
	for dn, code := range map[string]uint16{
		"OU=Nowhere," + base: 32, "DC=example,DC=com": 10, "nonsense": 34, "<GUID=1>": 32, "": 32,
	} {
		_, err := c.Search(request(dn, ldap.ScopeSingleLevel, "(objectClass=*)"))
		wantCode(t, err, code)
	}
	_, err := c.Search(request("OU=Deep,OU=Nowhere,OU=Staff,"+base, ldap.ScopeBaseObject, "(objectClass=*)"))
	if e, ok := err.(*ldap.Error); !ok || e.MatchedDN != "OU=Staff,"+base {
		t.Errorf("matched DN: %v", err)
	}
	if got := names(search(t, c, "OU=Staff,"+base, ldap.ScopeSingleLevel, "(objectClass=*)")); got != `Jane Doe|Bob\, the boss` {
		t.Errorf("one level: %s", got)
	}
	if got := names(search(t, c, "OU=Staff,"+base, ldap.ScopeWholeSubtree, "(memberOf="+outer+")")); got != "" {
		t.Errorf("an index leads out of the scope: %s", got)
	}
	if n := len(search(t, c, base, ldap.ScopeWholeSubtree, "(objectClass=crossRef)")); n != 0 {
		t.Error("a subtree search of the domain reaches the configuration")
	}
	if n := len(search(t, c, "CN=Configuration,"+base, ldap.ScopeWholeSubtree, "(&(objectClass=crossRef)(nETBIOSName=CORP))")); n != 1 {
		t.Error("no crossRef")
	}
}

func TestReferral(t *testing.T) {
	_, _, c := start(t)
	r := request(base, ldap.ScopeWholeSubtree, "(sn=Doe)")
	res, err := c.Search(r)
	if err != nil || len(res.Referrals) != 1 || res.Referrals[0] != "ldaps://corp.contoso.com/CN=Configuration,"+base {
		t.Errorf("%v %v", res.Referrals, err)
	}
	r.Scope = ldap.ScopeSingleLevel
	if res, err := c.Search(r); err != nil || len(res.Referrals) != 1 || !strings.HasSuffix(res.Referrals[0], "CN=Configuration,"+base+"??base") {
		t.Errorf("one level: %v %v", res.Referrals, err)
	}
	r.Scope = ldap.ScopeWholeSubtree
	r.Controls = []ldap.Control{ldap.NewControlString("1.2.840.113556.1.4.1339", true, "")}
	if res, err := c.Search(r); err != nil || len(res.Referrals) != 0 || len(res.Entries) != 1 {
		t.Errorf("domain scope: %v %v", res, err)
	}
}

func TestControls(t *testing.T) {
	_, _, c := start(t)
	r := request(base, ldap.ScopeWholeSubtree, "(sn=Doe)")
	r.Controls = []ldap.Control{ldap.NewControlString("1.2.3.4", true, "")}
	_, err := c.Search(r)
	wantCode(t, err, 12)
	r.Controls = []ldap.Control{ldap.NewControlString("1.2.3.4", false, "")}
	_, err = c.Search(r)
	wantCode(t, err, 0)

	r.Controls = []ldap.Control{extendedDN{}}
	r.Attributes = []string{"manager"}
	res, err := c.Search(r)
	if err != nil {
		t.Fatal(err)
	}
	e := res.Entries[0]
	if !strings.HasPrefix(e.DN, "<GUID=0efcf528-7204-5ca5-ac20-d4d286b89e52>;<SID=S-1-5-21-") || !strings.HasSuffix(e.DN, ">;"+jane) {
		t.Errorf("extended DN: %s", e.DN)
	}
	if m := e.GetAttributeValue("manager"); !strings.HasPrefix(m, "<GUID=") || !strings.HasSuffix(m, ">;"+bob) {
		t.Errorf("extended manager: %s", m)
	}

	r = request(base, ldap.ScopeWholeSubtree, "(objectClass=user)", "cn")
	r.Controls = []ldap.Control{ldap.NewControlServerSideSortingWithSortKeys([]*ldap.SortKey{{AttributeType: "cn", Reverse: true}})}
	if res, err = c.Search(r); err != nil {
		t.Fatal(err)
	}
	if got := res.Entries[0].GetAttributeValue("cn"); got != "svc-dirform" {
		t.Errorf("sorted: %s first", got)
	}
}

// extendedDN is the extended DN control asking for the text form.
type extendedDN struct{}

func (extendedDN) GetControlType() string { return "1.2.840.113556.1.4.529" }
func (extendedDN) String() string         { return "extended DN" }
func (extendedDN) Encode() *ber.Packet {
	p := ber.NewSequence("")
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "1.2.840.113556.1.4.529", ""))
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "\x30\x03\x02\x01\x01", ""))
	return p
}

func TestManyAlternatives(t *testing.T) {
	d := directory(t, crowd(2000))
	c := serve(t, d).bound(t)
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "(sAMAccountName=u%d)", 3*i)
	}
	got := search(t, c, base, ldap.ScopeWholeSubtree, "(&(objectCategory=person)(|"+b.String()+"))", "1.1")
	if len(got) != 500 {
		t.Errorf("%d entries", len(got))
	}
}

func TestCompareAndFind(t *testing.T) {
	d, _, c := start(t)
	for _, test := range []struct {
		attribute, value string
		want             bool
	}{{"sn", "DOE", true}, {"sn", "x", false}, {"memberOf", inner, true}} {
		if got, err := c.Compare(jane, test.attribute, test.value); err != nil || got != test.want {
			t.Errorf("%s=%s: %v %v", test.attribute, test.value, got, err)
		}
	}
	_, err := c.Compare(jane, "title", "x")
	wantCode(t, err, 16)
	for _, key := range []string{jane, "jdoe", "JANE.DOE@contoso.com", "jane.doe@contoso.com", "0efcf528-7204-5ca5-ac20-d4d286b89e52"} {
		if dn, ok := d.Find(key); !ok || dn != jane {
			t.Errorf("Find %s: %s %v", key, dn, ok)
		}
	}
	if _, ok := d.Find("nobody"); ok {
		t.Error("nobody was found")
	}
}
