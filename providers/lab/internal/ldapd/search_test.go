package ldapd_test

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

const (
	jane  = "CN=Jane Doe,OU=Staff," + base
	bob   = `CN=Bob\, the boss,OU=Staff,` + base
	outer = "CN=Everyone,OU=Groups," + base
	inner = "CN=Inner,OU=Groups," + base
)

func TestFilters(t *testing.T) {
	_, _, c := start(t)
	for _, test := range []struct{ filter, want string }{
		{"(&(objectCategory=person)(objectClass=user)(sn=*))", `Jane Doe|Bob\, the boss`},
		{"(&(sn=*)(objectCategory=CN=Person,CN=Schema,CN=Configuration," + base + "))", `Jane Doe|Bob\, the boss`},
		{"(objectClass=GROUP)", "Everyone|Inner"},
		{"(!(objectClass=user))", "DC|Everyone"},
		{"(sAMAccountName=JDOE)", "Jane Doe"},
		{"(userPrincipalName=JANE.DOE@contoso.com)", "Jane Doe"},
		{"(mail=jane.doe@CONTOSO.com)", "Jane Doe"},
		{"(proxyAddresses=SMTP:jd@contoso.com)", "Jane Doe"},
		{"(sn=MÜLLER)", `Bob\, the boss`},
		{"(displayName=j*n*D*e)", "Jane Doe"},
		{"(displayName=*x*)", ""},
		{"(userAccountControl:1.2.840.113556.1.4.803:=2)", `Bob\, the boss`},
		{"(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2))(sn=*))", "Jane Doe"},
		{"(&(sn=*)(userAccountControl:1.2.840.113556.1.4.804:=514))", `Jane Doe|Bob\, the boss`},
		{"(userAccountControl:1.2.840.113556.1.4.803:=514)", `Bob\, the boss`},
		{"(memberOf=" + inner + ")", "Jane Doe"},
		{"(memberOf=" + outer + ")", "Inner"},
		{"(memberOf:1.2.840.113556.1.4.1941:=" + outer + ")", "Inner|Jane Doe"},
		{"(member:1.2.840.113556.1.4.1941:=" + jane + ")", "Inner|Everyone"},
		{"(manager=" + `CN=Bob\5c, the boss,OU=Staff,` + base + ")", "Jane Doe"},
		{"(manager=*)", "Jane Doe"},
		{"(objectGUID=0efcf528-7204-5ca5-ac20-d4d286b89e52)", "Jane Doe"},
		{`(objectGUID=\28\f5\fc\0e\04\72\a5\5c\ac\20\d4\d2\86\b8\9e\52)`, "Jane Doe"},
		{"(|(sAMAccountName=bob)(sAMAccountName=jdoe))", `Bob\, the boss|Jane Doe`},
		{"(noSuchAttribute=1)", ""},
		{"(!(noSuchAttribute=1))", ""},
		{"(&(sn=*)(!(manager=*)))", `Bob\, the boss`},
		{"(sn>=e)", `Bob\, the boss`},
		{"(sn<=doe)", "Jane Doe"},
		{"(distinguishedName=" + jane + ")", "Jane Doe"},
		{"(anr=Jan)", "Jane Doe"},
		{"(sn~=doe)", "Jane Doe"},
	} {
		got := names(search(t, c, base, ldap.ScopeWholeSubtree, test.filter, "1.1"))
		if test.want == "DC|Everyone" {
			if strings.Contains(got, "Jane") || !strings.Contains(got, "Everyone") {
				t.Errorf("%s: %s", test.filter, got)
			}
		} else if got != test.want {
			t.Errorf("%s: %s, want %s", test.filter, got, test.want)
		}
	}
}

func TestRootDSE(t *testing.T) {
	d := directory(t, seed)
	l := serve(t, d)
	c := l.dial(t)
	root := one(t, c, "")
	if got := root.GetAttributeValue("defaultNamingContext"); got != base || got != d.BaseDN() {
		t.Errorf("defaultNamingContext %q", got)
	}
	_, err := c.Search(request(base, ldap.ScopeBaseObject, "(objectClass=*)"))
	wantCode(t, err, 1)
}
