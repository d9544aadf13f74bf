package ldapd_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

type modification struct {
	op     string
	attr   string
	values []string
}

func modify(c *ldap.Conn, dn string, mods ...modification) error {
	m := ldap.NewModifyRequest(dn, nil)
	for _, x := range mods {
		switch x.op {
		case "add":
			m.Add(x.attr, x.values)
		case "delete":
			m.Delete(x.attr, x.values)
		default:
			m.Replace(x.attr, x.values)
		}
	}
	return c.Modify(m)
}

func mod(op, attr string, values ...string) modification { return modification{op, attr, values} }

func TestModifyCodes(t *testing.T) {
	_, _, c := start(t)
	for _, test := range []struct {
		code uint16
		mods []modification
	}{
		{0, []modification{mod("replace", "title", "Engineer")}},
		{16, []modification{mod("delete", "title", "Boss"), mod("add", "title", "x")}},
		{0, []modification{mod("delete", "title", "ENGINEER"), mod("add", "title", "Boss")}},
		{20, []modification{mod("add", "title", "Second")}},
		{20, []modification{mod("add", "proxyAddresses", "SMTP:JD@contoso.com")}},
		{19, []modification{mod("replace", "title", "a", "b")}},
		{20, []modification{mod("replace", "url", "a", "A")}},
		{16, []modification{mod("replace", "noSuchThing", "x")}},
		{16, []modification{mod("delete", "mobile")}},
		{0, []modification{mod("replace", "mobile")}},
		{19, []modification{mod("replace", "objectGUID", "0123456789abcdef")}},
		{53, []modification{mod("add", "memberOf", outer)}},
		{67, []modification{mod("replace", "cn", "x")}},
		{21, []modification{mod("replace", "userAccountControl", "many")}},
		{21, []modification{mod("replace", "msExchHideFromAddressLists", "yes")}},
		{21, []modification{mod("replace", "title", "")}},
		{21, []modification{mod("replace", "title", "\xff")}},
		{19, []modification{mod("replace", "department", strings.Repeat("x", 65))}},
		{19, []modification{mod("replace", "manager", "CN=Nobody,"+base)}},
		{19, []modification{mod("replace", "userPrincipalName", "DIRFORM@contoso.com")}},
		{68, []modification{mod("replace", "sAMAccountName", "BOB")}},
		{0, []modification{mod("replace", "userPrincipalName", "Jane.Doe@CONTOSO.com")}},
		{0, []modification{mod("delete", "userPrincipalName")}},
		{0, []modification{mod("add", "mS-DS-ConsistencyGuid", "0123456789abcdef")}},
		{20, []modification{mod("add", "mS-DS-ConsistencyGuid", "fedcba9876543210")}},
		{16, []modification{mod("delete", "mS-DS-ConsistencyGuid", "0123456789ABCDEF"), mod("add", "mS-DS-ConsistencyGuid", "fedcba9876543210")}},
		{0, []modification{mod("delete", "mS-DS-ConsistencyGuid", "0123456789abcdef"), mod("add", "mS-DS-ConsistencyGuid", "fedcba9876543210")}},
		{53, []modification{mod("replace", "unicodePwd", "plain")}},
		{0, []modification{mod("replace", "unicodePwd", "\"\x00p\x00w\x00\"\x00")}},
	} {
		err := modify(c, jane, test.mods...)
		if !ldap.IsErrorWithCode(err, test.code) && (test.code != 0 || err != nil) {
			t.Errorf("%v: %v, want code %d", test.mods, err, test.code)
		}
	}
	wantCode(t, modify(c, "CN=Nobody,"+base, mod("replace", "title", "x")), 32)
	e := one(t, c, jane, "*", "unicodePwd")
	if e.GetAttributeValue("title") != "Boss" || e.GetAttributeValue("mS-DS-ConsistencyGuid") != "fedcba9876543210" {
		t.Errorf("%v", e.Attributes)
	}
	if e.GetAttributeValue("unicodePwd") != "" || e.GetAttributeValue("pwdLastSet") == "" {
		t.Error("a password can be read, or setting it left no trace")
	}
	m := ldap.NewModifyRequest(jane, []ldap.Control{ldap.NewControlString("1.2.840.113556.1.4.1413", true, "")})
	m.Add("proxyAddresses", []string{"smtp:jd@contoso.com"})
	m.Delete("url", []string{"none"})
	wantCode(t, c.Modify(m), 0)
}

func TestUSN(t *testing.T) {
	_, _, c := start(t)
	usn := func() int {
		n, _ := strconv.Atoi(one(t, c, "", "highestCommittedUSN").GetAttributeValue("highestCommittedUSN"))
		return n
	}
	before := usn()
	modify(c, jane, mod("replace", "title", "x"))
	if got := usn(); got != before+1 {
		t.Errorf("USN %d after %d", got, before)
	}
	modify(c, jane, mod("replace", "title", "x")) // the same again is no change
	if got := usn(); got != before+1 {
		t.Errorf("USN %d after writing the same value", got)
	}
	got := names(search(t, c, base, ldap.ScopeWholeSubtree, "(uSNChanged>="+strconv.Itoa(before+1)+")", "1.1"))
	if got != "Jane Doe" {
		t.Errorf("changed since: %s", got)
	}
	e := one(t, c, jane)
	if e.GetAttributeValue("whenChanged") == e.GetAttributeValue("whenCreated") {
		t.Error("whenChanged did not change")
	}
}

func TestLinks(t *testing.T) {
	d, _, c := start(t)
	wantCode(t, modify(c, outer, mod("add", "member", bob)), 0)
	wantCode(t, modify(c, outer, mod("add", "member", strings.ToLower(bob))), 68)
	wantCode(t, modify(c, outer, mod("delete", "member", jane)), 53)
	if got := one(t, c, bob).GetAttributeValue("memberOf"); got != outer {
		t.Errorf("memberOf %q", got)
	}
	wantCode(t, modify(c, outer, mod("delete", "member", inner)), 0)
	if got := one(t, c, outer).GetAttributeValues("member"); len(got) != 1 || got[0] != bob {
		t.Errorf("member %v", got)
	}
	if got := one(t, c, inner).GetAttributeValue("memberOf"); got != "" {
		t.Errorf("memberOf %q", got)
	}
	wantCode(t, modify(c, inner, mod("replace", "member", jane, bob, inner)), 0)
	wantCode(t, modify(c, inner, mod("replace", "member", bob)), 0)
	if got := one(t, c, inner).GetAttributeValue("memberOf"); got != "" {
		t.Errorf("memberOf of itself %q", got)
	}
	// Names in links follow a rename, in both directions.
	if err := d.Rename("OU=Staff,"+base, "OU=People,"+base); err != nil {
		t.Fatal(err)
	}
	moved := strings.Replace(bob, "Staff", "People", 1)
	if got := one(t, c, outer).GetAttributeValue("member"); got != moved {
		t.Errorf("member %q", got)
	}
	if got := one(t, c, strings.Replace(jane, "Staff", "People", 1)).GetAttributeValue("manager"); got != moved {
		t.Errorf("manager %q", got)
	}
	if _, ok := d.Find(jane); ok {
		t.Error("the old name still resolves")
	}
}

func TestRename(t *testing.T) {
	_, _, c := start(t)
	guid := one(t, c, jane).GetAttributeValue("objectGUID")
	wantCode(t, c.ModifyDN(ldap.NewModifyDNRequest(jane, "CN=Jane Roe", true, "OU=Groups,"+base)), 0)
	e := one(t, c, "CN=Jane Roe,OU=Groups,"+base)
	if e.GetAttributeValue("objectGUID") != guid || e.GetAttributeValue("cn") != "Jane Roe" || e.GetAttributeValue("sn") != "Doe" {
		t.Errorf("%v", e.Attributes)
	}
	roe := e.DN
	for _, test := range []struct {
		dn, rdn, parent string
		code            uint16
		keep            bool
	}{
		{roe, "CN=Everyone", "", 68, false},
		{roe, "CN=x", "OU=Nowhere," + base, 32, false},
		{roe, "OU=x", "", 64, false},
		{roe, "nonsense", "", 34, false},
		{roe, "CN=x", "", 53, true},
		{"OU=Groups," + base, "OU=Groups", roe, 53, false},
		{base, "DC=x", "", 53, false},
		{"CN=Nobody," + base, "CN=x", "", 32, false},
		{roe, "CN=JANE roe", "", 0, false},
	} {
		err := c.ModifyDN(ldap.NewModifyDNRequest(test.dn, test.rdn, !test.keep, test.parent))
		t.Log(test.dn, test.rdn, err)
		wantCode(t, err, test.code)
	}
}

func TestAddAndDelete(t *testing.T) {
	_, l, c := start(t)
	add := func(dn string, attributes ...string) error {
		r := ldap.NewAddRequest(dn, nil)
		for i := 0; i < len(attributes); i += 2 {
			r.Attribute(attributes[i], []string{attributes[i+1]})
		}
		return c.Add(r)
	}
	ann := "CN=Ann,OU=Staff," + base
	wantCode(t, add(ann, "objectClass", "user", "sn", "Smith", "manager", jane, "userPassword", "secret", "cn", "Ann"), 0)
	wantCode(t, add(ann, "objectClass", "user"), 68)
	wantCode(t, add("CN=x,OU=Nowhere,"+base, "objectClass", "user"), 32)
	wantCode(t, add("CN=x,"+base, "sn", "x"), 65)
	wantCode(t, add("CN=x,"+base, "objectClass", "user", "sAMAccountName", "bob"), 68)
	wantCode(t, add("CN=x,"+base, "objectClass", "user", "nonsense", "bob"), 16)
	e := one(t, c, ann)
	sid := e.GetRawAttributeValue("objectSid")
	if e.GetAttributeValue("sAMAccountName") != "Ann" || e.GetAttributeValue("userAccountControl") != "546" ||
		len(sid) != 28 || len(e.GetAttributeValue("objectGUID")) != 16 || e.GetAttributeValue("userPassword") != "" {
		t.Errorf("%v", e.Attributes)
	}
	if e.GetAttributeValue("whenCreated") != e.GetAttributeValue("whenChanged") ||
		e.GetAttributeValue("uSNCreated") != e.GetAttributeValue("uSNChanged") {
		t.Errorf("created and changed differ: %v", e.Attributes)
	}
	guid := e.GetAttributeValue("objectGUID")

	wantCode(t, c.Del(ldap.NewDelRequest("OU=Staff,"+base, nil)), 66)
	wantCode(t, c.Del(ldap.NewDelRequest("CN=Nobody,"+base, nil)), 32)
	wantCode(t, c.Del(ldap.NewDelRequest(base, nil)), 53)
	wantCode(t, c.Del(ldap.NewDelRequest(ann, nil)), 0)
	if n := len(search(t, c, base, ldap.ScopeWholeSubtree, "(sAMAccountName=Ann)")); n != 0 {
		t.Error("a deleted user is found")
	}
	if got := one(t, c, jane).GetAttributeValue("directReports"); got != "" {
		t.Errorf("directReports %q", got)
	}
	r := request(base, ldap.ScopeWholeSubtree, "(&(isDeleted=TRUE)(objectClass=user))")
	r.Controls = []ldap.Control{ldap.NewControlMicrosoftShowDeleted()}
	res, err := c.Search(r)
	if err != nil || len(res.Entries) != 1 {
		t.Fatalf("%v %v", res, err)
	}
	dead := res.Entries[0]
	if !strings.HasPrefix(dead.DN, `CN=Ann\0ADEL:`) || !strings.HasSuffix(dead.DN, ",CN=Deleted Objects,"+base) ||
		dead.GetAttributeValue("lastKnownParent") != "OU=Staff,"+base || dead.GetAttributeValue("sn") != "" ||
		dead.GetAttributeValue("objectGUID") != guid || dead.GetAttributeValue("objectCategory") != "" ||
		dead.GetAttributeValue("sAMAccountType") != "" || dead.GetAttributeValue("sAMAccountName") != "Ann" {
		t.Errorf("%s %v", dead.DN, dead.Attributes)
	}
	wantCode(t, add(ann, "objectClass", "user", "sAMAccountName", "Ann"), 0) // name and account name are free again

	wantCode(t, c.Del(ldap.NewDelRequest("OU=Staff,"+base, []ldap.Control{ldap.NewControlSubtreeDelete()})), 0)
	if n := len(search(t, l.bound(t), base, ldap.ScopeWholeSubtree, "(sn=Doe)")); n != 0 {
		t.Error("tree delete left an entry")
	}
}

func TestSuffixes(t *testing.T) {
	_, _, c := start(t)
	dn := "CN=Partitions,CN=Configuration," + base
	wantCode(t, modify(c, dn, mod("add", "uPNSuffixes", "fabrikam.com")), 0)
	wantCode(t, modify(c, dn, mod("add", "uPNSuffixes", "FABRIKAM.com")), 20)
	if got := one(t, c, dn).GetAttributeValues("uPNSuffixes"); strings.Join(got, " ") != "contoso.com fabrikam.com" {
		t.Errorf("%v", got)
	}
}

// TestCompareAndSwap lets many connections race for one value: exactly one may win.
func TestCompareAndSwap(t *testing.T) {
	_, l, c := start(t)
	wantCode(t, modify(c, jane, mod("replace", "mS-DS-ConsistencyGuid", "old")), 0)
	var won sync.Map
	var wg sync.WaitGroup
	for i := range 8 {
		c := l.bound(t)
		wg.Go(func() {
			v := "new" + strconv.Itoa(i)
			if modify(c, jane, mod("delete", "mS-DS-ConsistencyGuid", "old"), mod("add", "mS-DS-ConsistencyGuid", v)) == nil {
				won.Store(v, true)
			}
		})
	}
	wg.Wait()
	n := 0
	won.Range(func(v, _ any) bool {
		n++
		if got := one(t, c, jane).GetAttributeValue("mS-DS-ConsistencyGuid"); got != v {
			t.Errorf("%v won but the value is %s", v, got)
		}
		return true
	})
	if n != 1 {
		t.Errorf("%d winners", n)
	}
}

// snapshot is everything a client can see, deleted objects included.
func snapshot(t *testing.T, c *ldap.Conn) map[string]map[string][]string {
	t.Helper()
	r := request(base, ldap.ScopeWholeSubtree, "(objectClass=*)")
	r.Controls = []ldap.Control{ldap.NewControlMicrosoftShowDeleted()}
	res, err := c.Search(r)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string][]string{}
	for _, e := range append(res.Entries, one(t, c, "CN=Partitions,CN=Configuration,"+base)) {
		all[e.DN] = map[string][]string{}
		for _, a := range e.Attributes {
			all[e.DN][a.Name] = a.Values
		}
	}
	return all
}

// TestReplay makes changes of all kinds and repeats them, by way of JSON, on a fresh directory: nothing may differ.
func TestReplay(t *testing.T) {
	d, _, c := start(t)
	var lines [][]byte
	d.OnChange(func(ch ldapd.Change) {
		b, err := json.Marshal(ch)
		if err != nil {
			t.Error(err)
		}
		lines = append(lines, b)
	})
	add := ldap.NewAddRequest("CN=Ann,OU=Staff,"+base, nil)
	add.Attribute("objectClass", []string{"user"})
	add.Attribute("manager", []string{jane})
	add.Attribute("unicodePwd", []string{"\"\x00p\x00w\x00\"\x00"})
	add.Attribute("thumbnailPhoto", []string{"\xff\xd8"})
	wantCode(t, c.Add(add), 0)
	wantCode(t, modify(c, inner, mod("add", "member", add.DN, bob), mod("delete", "member", jane)), 0)
	wantCode(t, modify(c, jane, mod("delete", "sn", "doe"), mod("add", "sn", "Roe"), mod("replace", "title")), 0)
	wantCode(t, modify(c, "CN=Partitions,CN=Configuration,"+base, mod("add", "uPNSuffixes", "x.com")), 0)
	wantCode(t, c.ModifyDN(ldap.NewModifyDNRequest("OU=Staff,"+base, "OU=People", true, "OU=Groups,"+base)), 0)
	if err := d.Set(strings.Replace(bob, "OU=Staff", "OU=People,OU=Groups", 1), "title", [][]byte{[]byte("Boss")}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, c.Del(ldap.NewDelRequest(outer, nil)), 0)

	copied := directory(t, seed)
	for _, b := range lines {
		if strings.Contains(string(b), "unicodePwd") {
			t.Errorf("a password is kept: %s", b)
		}
		var ch ldapd.Change
		if err := json.Unmarshal(b, &ch); err != nil {
			t.Fatal(err)
		}
		if err := copied.Apply(ch); err != nil {
			t.Fatal(err)
		}
	}
	want, got := snapshot(t, c), snapshot(t, serve(t, copied).bound(t))
	if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Error(diff)
	}
	if len(lines) != 7 {
		t.Errorf("%d changes", len(lines))
	}
	if err := copied.Apply(ldapd.Change{Op: "modify", DN: "CN=Nobody," + base}); err == nil {
		t.Error("a change of nobody was applied")
	}
}

func TestEdits(t *testing.T) {
	d := directory(t, seed)
	if err := d.Set(jane, "nosuch", nil); err == nil {
		t.Error("an unknown attribute was set")
	}
	if err := d.Set(jane, "title", nil); err != nil {
		t.Error(err)
	}
	if err := d.Remove("OU=Staff," + base); err == nil {
		t.Error("an OU with children was removed")
	}
	if err := d.Remove(jane); err != nil {
		t.Error(err)
	}
	if _, ok := d.Find("jdoe"); ok {
		t.Error("a removed user is found")
	}
}

func TestIndexFollowsWrites(t *testing.T) {
	d, _, c := start(t)
	wantCode(t, modify(c, jane, mod("replace", "mail", "new@contoso.com"), mod("delete", "proxyAddresses", "smtp:jd@contoso.com")), 0)
	for filter, want := range map[string]int{
		"(mail=new@contoso.com)": 1, "(mail=jane.doe@contoso.com)": 0, "(proxyAddresses=smtp:jd@contoso.com)": 0,
		"(proxyAddresses=smtp:jane.doe@contoso.com)": 1, "(sn=doe)": 1,
	} {
		if n := len(search(t, c, base, ldap.ScopeWholeSubtree, filter)); n != want {
			t.Errorf("%s: %d entries, want %d", filter, n, want)
		}
	}
	got, err := d.Values(jane, "proxyaddresses")
	if err != nil || len(got) != 1 || string(got[0]) != "SMTP:jane.doe@contoso.com" {
		t.Errorf("%q %v", got, err)
	}
}

// TestReadersAndWriters reads page by page while everything moves: each entry comes exactly once.
func TestReadersAndWriters(t *testing.T) {
	d := directory(t, crowd(3000))
	l := serve(t, d)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := w; ; i += 2 {
				select {
				case <-stop:
					return
				default:
				}
				n := strconv.Itoa(i % 3000)
				if dn, ok := d.Find("u" + n); ok {
					d.Set(dn, "title", [][]byte{[]byte(n + " " + strconv.Itoa(i))})
					d.Rename(dn, "CN=Moved "+n+"-"+strconv.Itoa(i)+",OU=Staff,"+base)
				}
			}
		})
	}
	for range 3 {
		r := request("OU=Staff,"+base, ldap.ScopeWholeSubtree, "(objectClass=user)", "sAMAccountName", "title", "memberOf")
		res, err := l.bound(t).SearchWithPaging(r, 200)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, e := range res.Entries {
			seen[e.GetAttributeValue("sAMAccountName")] = true
		}
		if len(res.Entries) != 3000 || len(seen) != 3000 {
			t.Errorf("%d entries, %d different", len(res.Entries), len(seen))
		}
	}
	close(stop)
	wg.Wait()
}

// TestOrdinaryAccountsSeeNothingDeleted: to an account without the right, the container of deleted objects shows its
// name and nothing else, and no search finds a tombstone; administrators see them.
func TestOrdinaryAccountsSeeNothingDeleted(t *testing.T) {
	d, l, c := start(t)
	wantCode(t, c.Del(ldap.NewDelRequest("CN=Bob\\, the boss,OU=Staff,"+base, nil)), 0)
	secret := `"` + "Passw0rd" + `"`
	var utf16 []byte
	for _, b := range []byte(secret) {
		utf16 = append(utf16, b, 0)
	}
	if _, err := d.SetAll(jane, []ldapd.Replacement{{Attr: "unicodePwd", Values: [][]byte{utf16}}}); err != nil {
		t.Fatal(err)
	}
	found := func() (names []string, guids int) {
		c := l.dial(t)
		if err := c.Bind(jane, "Passw0rd"); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			base, filter string
			scope        int
		}{{"<WKGUID=18E2EA80684F11D2B9AA00C04F79F805," + base + ">", "(objectClass=*)", ldap.ScopeBaseObject},
			{base, "(sAMAccountName=bob)", ldap.ScopeWholeSubtree}} {
			r := request(x.base, x.scope, x.filter)
			r.Controls = []ldap.Control{ldap.NewControlMicrosoftShowDeleted()}
			res, err := c.Search(r)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range res.Entries {
				names = append(names, e.DN)
				guids += len(e.GetRawAttributeValue("objectGUID"))
			}
		}
		return names, guids
	}
	if names, guids := found(); len(names) != 1 || names[0] != "CN=Deleted Objects,"+base || guids != 0 {
		t.Errorf("an ordinary account sees %q, %d bytes of GUIDs", names, guids)
	}
	if _, err := d.SetAll(jane, []ldapd.Replacement{{Attr: "adminCount", Values: [][]byte{[]byte("1")}}}); err != nil {
		t.Fatal(err)
	}
	if names, guids := found(); len(names) != 2 || guids != 32 {
		t.Errorf("an administrator sees %q, %d bytes of GUIDs", names, guids)
	}
}
