package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// daclOnly has the server show and take the access control list of a security descriptor alone.
var daclOnly = []ldap.Control{&ldap.ControlMicrosoftSDFlags{ControlValue: 4}}

// editAccess changes the access control entries of an object. What it inherits is kept as its own, and it inherits no more.
func (f *forest) editAccess(dn string, edit func(entries [][]byte) [][]byte) (before []byte) {
	f.t.Helper()
	r, err := f.conn.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)",
		[]string{"nTSecurityDescriptor"}, daclOnly))
	if err != nil || len(r.Entries) != 1 {
		f.t.Fatal(dn, err)
	}
	sd := r.Entries[0].GetRawAttributeValue("nTSecurityDescriptor")
	list := sd[binary.LittleEndian.Uint32(sd[16:]):]
	var entries [][]byte
	at := 8
	for range binary.LittleEndian.Uint16(list[4:]) {
		size := int(binary.LittleEndian.Uint16(list[at+2:]))
		e := slices.Clone(list[at : at+size])
		e[1] &^= 0x10 // inherited
		entries, at = append(entries, e), at+size
	}
	entries = edit(entries)
	made := slices.Concat(sd[:20], list[:8], slices.Concat(entries...))
	binary.LittleEndian.PutUint16(made[2:], binary.LittleEndian.Uint16(sd[2:])|0x1000) // protected
	copy(made[4:16], make([]byte, 12))
	binary.LittleEndian.PutUint32(made[16:], 20)
	binary.LittleEndian.PutUint16(made[22:], uint16(len(made)-20))
	binary.LittleEndian.PutUint16(made[24:], uint16(len(entries)))
	f.setAccess(dn, made)
	return sd
}

func (f *forest) setAccess(dn string, sd []byte) {
	f.t.Helper()
	m := ldap.NewModifyRequest(dn, daclOnly)
	m.Replace("nTSecurityDescriptor", []string{string(sd)})
	if err := f.conn.Modify(m); err != nil {
		f.t.Fatal(dn, err)
	}
}

// Rights on one attribute.
const (
	mayRead  = 0x10
	mayWrite = 0x20
)

// takeAway takes a right on an attribute of an object, or to see the object at all (""), away from the account that dirform
// binds with. The result gives it back.
func (f *forest) takeAway(dn, attribute string, right byte) (back func()) {
	f.t.Helper()
	sid := f.find(fmt.Sprintf("(distinguishedName=%s)", ldap.EscapeFilter(os.Getenv("AD_SVC_DN"))), "objectSid").GetRawAttributeValue("objectSid")
	before := f.editAccess(dn, func(entries [][]byte) [][]byte {
		e := []byte{1, 0x02, 0, 0, 0x94, 0, 0, 0} // deny, for what lies below too: list, list the object, read properties
		if attribute != "" {
			e = append([]byte{6, 0x02, 0, 0, right, 0, 0, 0, 1, 0, 0, 0}, f.attributeID(attribute)...) // deny, for one property
		}
		e = append(e, sid...)
		binary.LittleEndian.PutUint16(e[2:], uint16(len(e)))
		return append([][]byte{e}, entries...)
	})
	return func() { f.setAccess(dn, before) }
}

func (f *forest) attributeID(name string) []byte {
	f.t.Helper()
	r, err := f.conn.Search(ldap.NewSearchRequest("CN=Schema,CN=Configuration,"+os.Getenv("AD_BASE_DN"), ldap.ScopeSingleLevel,
		ldap.NeverDerefAliases, 0, 0, false, "(lDAPDisplayName="+name+")", []string{"schemaIDGUID"}, nil))
	if err != nil || len(r.Entries) != 1 {
		f.t.Fatal(name, err)
	}
	return r.Entries[0].GetRawAttributeValue("schemaIDGUID")
}

// TestSambaRightsTakenAway: rights that the reading account loses, one by one, are named in the plan or of no account; nobody is
// switched on because of one, and nothing is cleared.
func TestSambaRightsTakenAway(t *testing.T) {
	f := newForest(t)
	scope := f.addOU("Staff", f.root)
	// As if nobody were in Pre-Windows 2000 Compatible Access: what everybody may read is what classes grant by themselves.
	bare := f.addOU("Bare", scope)
	people := f.staff(6, scope)
	people[0].disabled = true
	f.addPeople(people)
	env := sambaFolder(t, sambaService, fmt.Sprintf(sambaScope+"\nguard \"wide\" {\n  clears { off = true }\n  enables { off = true }\n"+
		"  blocked { off = true }\n  disables { off = true }\n  source_shrink { off = true }\n}\n", scope))
	succeed(t, env, "apply", "--auto-approve")
	wantAccounts := func(what string) {
		t.Helper()
		for i, p := range people {
			u := labAccount(t, env, p.mail())
			if strings.Contains(u, "accountEnabled") && strings.Contains(u, "true") != !p.disabled && i == 0 {
				t.Errorf("%s: %s can sign in\n%s", what, p.mail(), u)
			}
			for _, value := range []string{p.department, p.cn} {
				if value != "" && !strings.Contains(u, value) {
					t.Errorf("%s: %s has lost %q\n%s", what, p.mail(), value, u)
				}
			}
		}
	}
	wantAccounts("at first")
	for _, attribute := range []string{"userAccountControl", "cn", "department", "mail", "userPrincipalName", "manager", "objectGUID"} {
		var back []func()
		for _, p := range people {
			back = append(back, f.takeAway(f.dn(p.account), attribute, mayRead))
		}
		code, out, stderr := runMain(t, env, "plan")
		if !strings.Contains(out+stderr, attribute) {
			t.Errorf("without %s: status %d, and the plan does not name it\n%s\n%s", attribute, code, out, stderr)
		}
		if attribute == "department" && (code != 1 || !strings.Contains(out, "DF503 Source attributes cannot be read")) {
			t.Errorf("what would be cleared does not refuse the plan: status %d\n%s", code, out)
		}
		runMain(t, env, "apply", "--auto-approve")
		wantAccounts("without " + attribute)
		for _, b := range back {
			b()
		}
		wantNothing(t, env, "DF412")
	}

	// an OU that is hidden with its people
	back := f.takeAway(scope, "", 0)
	code, out, stderr := runMain(t, env, "plan")
	if code != 1 || !strings.Contains(out+stderr, scope) {
		t.Errorf("a hidden OU: status %d\n%s\n%s", code, out, stderr)
	}
	back()
	wantNothing(t, env, "DF412")

	f.editAccess(bare, func(entries [][]byte) [][]byte {
		return slices.DeleteFunc(entries, func(e []byte) bool {
			return strings.HasSuffix(string(e), "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x2a\x02\x00\x00") // S-1-5-32-554
		})
	})
	leaver := person{account: "leaver" + f.tag, cn: "Leaver " + f.tag, parent: bare, sn: "Leaver", disabled: true}
	f.addPeople([]person{leaver})
	_, out, stderr = runMain(t, env, "plan")
	if !strings.Contains(out, "DF110") || !strings.Contains(out, "userAccountControl") || strings.Contains(out, "will be created") {
		t.Errorf("without Pre-Windows 2000 Compatible Access\n%s\n%s", out, stderr)
	}
}

// TestSambaMayNotWrite: apply asks the server what the account may write before it writes anything. Where it may not stamp
// anchors, nothing is changed in either directory; where it may not stamp one of several, that one alone fails.
func TestSambaMayNotWrite(t *testing.T) {
	f := newForest(t)
	scope := f.addOU("Staff", f.root)
	people := f.staff(3, scope)
	f.addPeople(people)
	env := sambaFolder(t, sambaService, fmt.Sprintf(sambaScope, scope)+
		"\nlink_policy \"staff\" {\n  scope  = scope.staff\n  anchor = \"ms-DS-ConsistencyGuid\"\n}\n")
	var back []func()
	for _, p := range people {
		back = append(back, f.takeAway(f.dn(p.account), "mS-DS-ConsistencyGuid", mayWrite))
	}
	out := succeed(t, env, "plan")
	if !strings.Contains(out, "DF504") || !strings.Contains(out, "3 objects of scope staff are to get mS-DS-ConsistencyGuid") {
		t.Errorf("the plan does not warn\n%s", out)
	}
	code, _, stderr := runMain(t, env, "apply", "--auto-approve")
	if code != 1 || !strings.Contains(stderr, "Rights are missing, so nothing was changed") || !strings.Contains(stderr, "WP;mS-DS-ConsistencyGuid") {
		t.Errorf("status %d\n%s", code, stderr)
	}
	if code, _, _ := runMain(t, env, "lab", "show", "tenant", people[0].mail()); code == 0 {
		t.Error("an account was made")
	}
	back[0]()
	back[1]()
	if code, _, stderr := runMain(t, env, "apply", "--auto-approve"); code != 3 || strings.Count(stderr, "failed") != 1 {
		t.Errorf("status %d\n%s", code, stderr)
	}
}

// labAccount is what the lab's tenant has of an account.
func labAccount(t *testing.T, env cli.Environment, name string) string {
	t.Helper()
	return succeed(t, env, "lab", "show", "tenant", name)
}
