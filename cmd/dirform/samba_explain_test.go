package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// TestSambaExplain asks a real domain controller about objects of every sort, by every name it knows them by.
func TestSambaExplain(t *testing.T) {
	f := newForest(t)
	staff, elsewhere := f.addOU("Staff", f.root), f.addOU("Elsewhere", f.root)
	people := []person{
		{account: f.tag + "-in", cn: "Jane Doe " + f.tag, parent: staff, title: "Clerk"},
		{account: f.tag + "-filter", cn: "Filtered " + f.tag, parent: staff, title: "external"},
		{account: f.tag + "-out", cn: "Őrs, Elsewhere (" + f.tag + ")", parent: elsewhere},
	}
	f.addPeople(people)
	f.set(people[0].account, "proxyAddresses", "SMTP:"+people[0].mail(), "smtp:alias-"+people[0].mail())
	f.addOther("computer", "PC "+f.tag, staff, map[string]string{"sAMAccountName": f.tag + "-pc$", "userAccountControl": "4096"})
	f.addOther("contact", "Contact "+f.tag, staff, map[string]string{"mail": f.tag + "@fabrikam.com"})
	f.addOther("inetOrgPerson", "Inet "+f.tag, staff, map[string]string{"sAMAccountName": f.tag + "-inet", "userAccountControl": "544",
		"userPrincipalName": f.tag + "-inet@contoso.com", "displayName": "Inet"})
	env := sambaFolder(t, sambaService, fmt.Sprintf(`
scope "staff" {
  ou     = %q
  filter = "(!(title=external))"
}
`, staff))
	guid := f.find("(sAMAccountName=" + people[2].account + ")").GetRawAttributeValue("objectGUID")
	address := fmt.Sprintf("user.staff[%q]", people[0].mail())
	for _, c := range []struct{ name, want string }{
		{people[0].mail(), address},
		{"alias-" + people[0].mail(), address},
		{people[0].account, address},
		{people[0].cn, address},
		{strings.ToLower(people[0].dn()), address},
		{people[1].account, "the filter (!(title=external)) does not match it"},
		{people[2].account, "it does not lie below " + staff},
		{people[2].dn(), "it does not lie below " + staff},
		{base64.StdEncoding.EncodeToString(guid), "it does not lie below " + staff},
		{f.tag + "-pc$", "it is of class computer, which no scope synchronises"},
		{f.tag + "@fabrikam.com", "it synchronises no objects of kind contact; it lies below " + staff},
		{f.tag + "-inet", "object class inetOrgPerson, which is a user"},
		{staff, "it is of class organizationalUnit"},
	} {
		code, out, stderr := runMain(t, env, "explain", c.name)
		if code != 0 || !strings.Contains(out, c.want) {
			t.Errorf("explain %q: status %d, not %q:\n%s%s", c.name, code, c.want, out, stderr)
		}
	}
}

// addOther makes an object that is no plain user.
func (f *forest) addOther(class, cn, parent string, attributes map[string]string) {
	f.t.Helper()
	r := ldap.NewAddRequest("CN="+ldap.EscapeDN(cn)+","+parent, nil)
	r.Attribute("objectClass", []string{class})
	for name, value := range attributes {
		r.Attribute(name, []string{value})
	}
	if err := f.conn.Add(r); err != nil {
		f.t.Fatal(err)
	}
}

// TestSambaSystemObjects has a scope over the accounts that every domain comes with: nobody's account is among those in scope.
func TestSambaSystemObjects(t *testing.T) {
	newForest(t)
	users := "CN=Users," + os.Getenv("AD_BASE_DN")
	env := sambaFolder(t, sambaService, fmt.Sprintf(`
scope "all" {
  ou     = %q
  filter = "(|(sAMAccountName=Administrator)(sAMAccountName=Guest)(sAMAccountName=krbtgt))"
}
`, users))
	code, out, stderr := runMain(t, env, "plan", "--verbose")
	for _, want := range []string{"scope all: 3 users read, 0 in scope", "3 system objects left out",
		"CN=krbtgt," + users + ": a critical system object of the domain", "No changes."} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("status %d, not %q:\n%s%s", code, want, out, stderr)
		}
	}
}
