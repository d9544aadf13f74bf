package ldapd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// crowd is a seed of n users in OU=Staff and a group with all of them.
func crowd(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "dn: OU=Staff,%s\nobjectClass: organizationalUnit\n\n", base)
	for i := range n {
		fmt.Fprintf(&b, "dn: CN=User %04d,OU=Staff,%s\nobjectClass: user\nsAMAccountName: u%d\n\n", i, base, i)
	}
	fmt.Fprintf(&b, "dn: CN=All,OU=Staff,%s\nobjectClass: group\n", base)
	for i := range n {
		fmt.Fprintf(&b, "member: CN=User %04d,OU=Staff,%s\n", i, base)
	}
	return b.String()
}

// page reads one page and returns its entries and the cookie for the next.
func page(t *testing.T, c *ldap.Conn, filter string, size uint32, cookie []byte) ([]*ldap.Entry, []byte, error) {
	t.Helper()
	r := request("OU=Staff,"+base, ldap.ScopeWholeSubtree, filter, "sAMAccountName")
	p := ldap.NewControlPaging(size)
	p.SetCookie(cookie)
	r.Controls = []ldap.Control{p}
	res, err := c.Search(r)
	if err != nil {
		return nil, nil, err
	}
	back, ok := ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
	if !ok {
		t.Fatal("no paging control in the response")
	}
	return res.Entries, back.Cookie, nil
}

func TestPaging(t *testing.T) {
	d := directory(t, crowd(2500))
	l := serve(t, d)
	c := l.bound(t)
	first, cookie, err := page(t, c, "(objectClass=user)", 5000, nil)
	if err != nil || len(first) != 1000 || len(cookie) == 0 {
		t.Fatalf("first page: %d entries, cookie %x, %v", len(first), cookie, err)
	}
	other, otherCookie, err := page(t, c, "(sAMAccountName=u1*)", 10, nil) // interleaved
	if err != nil || len(other) != 10 {
		t.Fatalf("%d entries, %v", len(other), err)
	}
	// Writes between pages neither repeat nor lose entries.
	if err := d.Rename("CN=User 0005,OU=Staff,"+base, "CN=Zoe,CN=Users,"+base); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove("CN=User 2400,OU=Staff," + base); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, e := range first {
		seen[e.GetAttributeValue("sAMAccountName")] = true
	}
	for pages := 1; len(cookie) > 0; pages++ {
		if pages > 5 {
			t.Fatal("paging does not end")
		}
		var entries []*ldap.Entry
		if entries, cookie, err = page(t, c, "(objectClass=user)", 1000, cookie); err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			sam := e.GetAttributeValue("sAMAccountName")
			if seen[sam] {
				t.Errorf("%s twice", sam)
			}
			seen[sam] = true
		}
	}
	if len(seen) != 2499 {
		t.Errorf("%d users, want 2499", len(seen))
	}
	_, _, err = page(t, l.bound(t), "(sAMAccountName=u1*)", 10, otherCookie)
	wantCode(t, err, 53) // another connection
	if entries, _, err := page(t, c, "(sAMAccountName=u1*)", 10, otherCookie); err != nil || len(entries) != 10 {
		t.Errorf("interleaved: %d entries, %v", len(entries), err)
	}
	_, _, err = page(t, c, "(sAMAccountName=u1*)", 10, otherCookie)
	wantCode(t, err, 53) // used up
	_, third, _ := page(t, c, "(objectClass=user)", 10, nil)
	if e, rest, err := page(t, c, "(objectClass=user)", 0, third); err != nil || len(e) != 0 || len(rest) != 0 {
		t.Errorf("giving up: %d entries, cookie %x, %v", len(e), rest, err)
	}
}

func TestExactPages(t *testing.T) {
	c := serve(t, directory(t, crowd(20))).bound(t)
	_, cookie, _ := page(t, c, "(objectClass=user)", 10, nil)
	entries, cookie, err := page(t, c, "(objectClass=user)", 10, cookie)
	if err != nil || len(entries) != 10 || len(cookie) != 0 {
		t.Errorf("last page: %d entries, cookie %x, %v", len(entries), cookie, err)
	}
}

func TestCookieEviction(t *testing.T) {
	c := serve(t, directory(t, crowd(20))).bound(t)
	_, oldest, _ := page(t, c, "(objectClass=user)", 5, nil)
	for range 10 {
		page(t, c, "(objectClass=user)", 5, nil)
	}
	_, _, err := page(t, c, "(objectClass=user)", 5, oldest)
	wantCode(t, err, 53)
}

func TestSizeLimits(t *testing.T) {
	c := serve(t, directory(t, crowd(1200))).bound(t)
	for _, test := range []struct {
		asked, got int
		code       uint16
	}{{0, 1000, 4}, {10, 10, 4}, {5000, 1000, 4}} {
		r := request("OU=Staff,"+base, ldap.ScopeWholeSubtree, "(objectClass=user)", "1.1")
		r.SizeLimit = test.asked
		res, err := c.Search(r)
		wantCode(t, err, test.code)
		if len(res.Entries) != test.got {
			t.Errorf("limit %d: %d entries", test.asked, len(res.Entries))
		}
	}
	r := request("OU=Staff,"+base, ldap.ScopeWholeSubtree, "(sAMAccountName=u11*)", "1.1")
	r.SizeLimit = 200
	if res, err := c.Search(r); err != nil || len(res.Entries) != 111 {
		t.Errorf("%d entries, %v", len(res.Entries), err)
	}
}

func TestPagedSizeLimit(t *testing.T) {
	c := serve(t, directory(t, crowd(50))).bound(t)
	r := request("OU=Staff,"+base, ldap.ScopeWholeSubtree, "(objectClass=user)", "1.1")
	r.SizeLimit = 15
	p := ldap.NewControlPaging(10)
	r.Controls = []ldap.Control{p}
	res, err := c.Search(r)
	if err != nil || len(res.Entries) != 10 {
		t.Fatalf("%v %v", res, err)
	}
	p.SetCookie(ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging).Cookie)
	res, err = c.Search(r)
	wantCode(t, err, 4)
	if len(res.Entries) != 5 {
		t.Errorf("%d entries", len(res.Entries))
	}
}

func TestRangeOfStoredValues(t *testing.T) {
	ldif := "dn: OU=A," + base + "\nobjectClass: organizationalUnit\n"
	for i := range 1600 {
		ldif += fmt.Sprintf("description: text %d\n", i)
	}
	c := serve(t, directory(t, ldif)).bound(t)
	e := one(t, c, "OU=A,"+base, "description")
	if len(e.Attributes) != 2 || e.Attributes[0].Name != "description" || len(e.Attributes[0].Values) != 0 ||
		len(e.GetAttributeValues("description;range=0-1499")) != 1500 {
		t.Errorf("%d attributes, the first is %s", len(e.Attributes), e.Attributes[0].Name)
	}
	e = one(t, c, "OU=A,"+base, "description;range=1500-*")
	if got := e.GetAttributeValues("description;range=1500-*"); len(got) != 100 || got[99] != "text 1599" {
		t.Errorf("%d values at the end", len(got))
	}
}

func TestRangeRetrieval(t *testing.T) {
	c := serve(t, directory(t, crowd(3200))).bound(t)
	all := "CN=All,OU=Staff," + base
	for _, test := range []struct {
		ask, label string
		n          int
	}{
		{"member", "member;range=0-1499", 1500},
		{"*", "member;range=0-1499", 1500},
		{"member;range=1500-2999", "member;range=1500-2999", 1500},
		{"member;range=3000-*", "member;range=3000-*", 200},
		{"member;range=0-*", "member;range=0-1499", 1500},
		{"member;range=10-19", "member;range=10-19", 10},
		{"MEMBER;range=3100-9000", "member;range=3100-*", 100},
	} {
		e := one(t, c, all, test.ask)
		if got := e.GetAttributeValues(test.label); len(got) != test.n {
			t.Errorf("%s: %d values of %s, want %d", test.ask, len(got), test.label, test.n)
		}
		named := slices.ContainsFunc(e.Attributes, func(a *ldap.EntryAttribute) bool { return a.Name == "member" })
		if named != (test.ask == "member" || test.ask == "*") {
			t.Errorf("%s: the plain attribute is there: %v", test.ask, named)
		}
		if got := e.GetAttributeValues("member"); len(got) != 0 {
			t.Errorf("%s: %d plain values", test.ask, len(got))
		}
	}
	e := one(t, c, all, "member;range=1499-1501")
	if got := e.GetAttributeValues("member;range=1499-1501"); len(got) != 3 || got[1] != "CN=User 1500,OU=Staff,"+base {
		t.Errorf("range in the middle: %v", got)
	}
	_, err := c.Search(request(all, ldap.ScopeBaseObject, "(objectClass=*)", "member;range=5000-*"))
	wantCode(t, err, 1)
	_, err = c.Search(request(all, ldap.ScopeBaseObject, "(objectClass=*)", "member;range=a-b"))
	wantCode(t, err, 53)
}

func TestReadOnly(t *testing.T) {
	l := serve(t, directory(t, crowd(2)))
	c := l.bound(t)
	user := "CN=User 0001,OU=Staff," + base
	l.srv.SetReadOnly(true)
	before := l.srv.WriteAttempts()
	wantCode(t, c.Del(ldap.NewDelRequest(user, nil)), 50)
	if got := l.srv.WriteAttempts() - before; got != 1 {
		t.Errorf("%d write attempts counted", got)
	}
	if got := one(t, c, user, "allowedAttributesEffective").GetAttributeValues("allowedAttributesEffective"); len(got) != 0 {
		t.Errorf("allowedAttributesEffective %v", got)
	}
	l.srv.SetReadOnly(false)
	m := ldap.NewModifyRequest(user, nil)
	m.Replace("mS-DS-ConsistencyGuid", []string{"0123456789abcdef"})
	wantCode(t, c.Modify(m), 0)
}
