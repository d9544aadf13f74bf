package providertest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"
)

// object is something to create: its name below the suite's unit, its class, and attributes as name, value, value, ….
type object struct {
	rdns, class string
	attrs       [][]string
}

// manyMembers is more than any server gives at once: Windows has 1,500.
const manyMembers = 1600

// fixture is what every run begins with, in order. "@" before a value stands for a name below the suite's unit.
var fixture = []object{
	{"", "organizationalUnit", [][]string{{"description", "the conformance suite's own"}}},
	{"OU=People", "organizationalUnit", nil},
	{"OU=Deep,OU=People", "organizationalUnit", nil},
	{"OU=Deeper,OU=Deep,OU=People", "organizationalUnit", nil},
	{"OU=Excluded,OU=People", "organizationalUnit", nil},
	{"OU=Groups", "organizationalUnit", nil},
	{"OU=Many", "organizationalUnit", nil},
	{"OU=Work", "organizationalUnit", nil},
	user("CN=Boss,OU=People", "pt-boss", "displayName", "The Boss", "title", "Chief", "mail", "boss@providertest.example"),
	user("CN=Ann Ames,OU=People", "pt-ann", "givenName", "Ann", "sn", "Ames", "displayName", "Ann Ames", "mail", "Ann.Ames@providertest.example",
		"userPrincipalName", "ann@providertest.example", "telephoneNumber", "+1 (555) 0100", "employeeNumber", "007", "manager", "@CN=Boss,OU=People",
		"department", "Sales", "c", "HU", "co", "Hungary", "countryCode", "348"),
	with(user(`CN=Müller\, Jürgen,OU=People`, "pt-mueller", "sn", "Müller", "givenName", "Jürgen", "displayName", "Jürgen Müller", "l", "Győr"),
		[]string{"proxyAddresses", "SMTP:juergen@providertest.example", "smtp:jm@providertest.example", "X500:/o=Old/cn=jm"},
		[]string{"otherTelephone", "+36 1 111", "+36 1 222"}),
	user(`CN=\#Q \"uote\" \<a\>\; b\=c\+d \\ e,OU=People`, "pt-quote", "displayName", `#Q "uote" <a>; b=c+d \ e`, "description", "(paren) * star \\ back"),
	user(`CN=Ünï Çødé 名前 Имя,OU=Deep,OU=People`, "pt-unicode", "displayName", "Ünï Çødé 名前 Имя", "title", "Straße"),
	user("CN=Off,OU=Deep,OU=People", "pt-off", "userAccountControl", "514", "accountExpires", "133500000000000000", "info", "two\r\nlines"),
	with(user("CN=Binary,OU=Deeper,OU=Deep,OU=People", "pt-binary"),
		[]string{"mS-DS-ConsistencyGuid", "\x00\x01\x02\x03\x28\x29\x2a\x5c\xff\xfe\x0a\x0d\x00\x7f\x80\x00"}, []string{"thumbnailPhoto", "\xff\xd8\xff\x00\x00bytes"},
		[]string{"userSMIMECertificate", "\x30\x00", "\x30\x01\x00"}),
	user("CN=Hidden,OU=Excluded,OU=People", "pt-hidden", "userAccountControl", "66048"),
	{"CN=Vendor,OU=People", "contact", [][]string{{"displayName", "Vic Vendor"}, {"mail", "vic@vendor.example"}, {"targetAddress", ""}}},
	{"CN=Inner,OU=Groups", "group", [][]string{{"sAMAccountName", "pt-inner"}, {"member", "@CN=Ann Ames,OU=People", "@CN=Off,OU=Deep,OU=People"}}},
	{"CN=Outer,OU=Groups", "group", [][]string{{"sAMAccountName", "pt-outer"}, {"groupType", "-2147483640"}, {"member", "@CN=Inner,OU=Groups", `@CN=Müller\, Jürgen,OU=People`},
		{"managedBy", "@CN=Boss,OU=People"}}},
	{"CN=List,OU=Groups", "group", [][]string{{"sAMAccountName", "pt-list"}, {"groupType", "8"}, {"mail", "list@providertest.example"}}},
	{"CN=Local,OU=Groups", "group", [][]string{{"sAMAccountName", "pt-local"}, {"groupType", "-2147483644"}}},
}

// user is an account with a password.
func user(rdns, account string, pairs ...string) object {
	o := object{rdns: rdns, class: "user", attrs: [][]string{{"sAMAccountName", account}}}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.attrs = append(o.attrs, []string{pairs[i], pairs[i+1]})
	}
	for _, a := range o.attrs {
		if a[0] == "userAccountControl" {
			return with(o, []string{"unicodePwd", password("Pass-word-1")})
		}
	}
	return with(o, []string{"userAccountControl", "512"}, []string{"unicodePwd", password("Pass-word-1")})
}

func with(o object, attrs ...[]string) object {
	o.attrs = append(o.attrs, attrs...)
	return o
}

// password is a password as unicodePwd takes it: in quotes, UTF-16LE.
func password(plain string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(`"` + plain + `"`)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// prepare creates the fixture, after removing what an earlier run has left.
func (x *exam) prepare() {
	x.t.Helper()
	x.clear()
	x.t.Cleanup(x.clear)
	for _, o := range fixture {
		if err := x.create(o); err != nil {
			x.t.Fatalf("creating %s: %v", o.rdns, err)
		}
	}
	var members []string
	for i := range manyMembers {
		o := object{fmt.Sprintf("CN=m%04d,OU=Many", i), "contact", nil}
		if err := x.create(o); err != nil {
			x.t.Fatalf("creating %s: %v", o.rdns, err)
		}
		members = append(members, "@"+o.rdns)
	}
	if err := x.create(object{"CN=Big,OU=Groups", "group", [][]string{{"sAMAccountName", "pt-big"}, append([]string{"member"}, members...)}}); err != nil {
		x.t.Fatal(err)
	}
}

// create adds an object.
func (x *exam) create(o object) error {
	r := ldap.NewAddRequest(x.dn(o.rdns), nil)
	r.Attribute("objectClass", []string{o.class})
	for _, a := range o.attrs {
		if len(a) == 2 && a[1] == "" {
			continue
		}
		r.Attribute(a[0], x.expand(a[1:]))
	}
	return x.c.Add(r)
}

// expand replaces "@" by where the suite's unit is.
func (x *exam) expand(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v
		if rdns, ok := strings.CutPrefix(v, "@"); ok {
			out[i] = x.dn(rdns)
		}
	}
	return out
}

// clear removes the suite's unit with everything in it.
func (x *exam) clear() {
	c := x.bound()
	c.SetTimeout(5 * time.Minute)
	_ = c.Del(ldap.NewDelRequest(x.dn("CN=Big,OU=Groups"), nil)) // first: each member that goes would change it
	del := ldap.NewDelRequest(x.root, []ldap.Control{ldap.NewControlString(ldap.ControlTypeSubtreeDelete, false, "")})
	if err := c.Del(del); err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		x.t.Fatalf("removing what an earlier run has left: %v", err)
	}
}
