package providertest

import (
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/state/dn"
)

// binds examines who gets in, and how others are kept out.
func (x *exam) binds() {
	const right, wrong = "Pass-word-1", "wrong"
	x.setUp()
	domain := dn.Domain(x.s.BaseDN)
	netbios := strings.ToUpper(strings.SplitN(domain, ".", 2)[0])
	ann := x.dn("CN=Ann Ames,OU=People")
	for _, try := range []struct{ name, who, password string }{
		{"by name", ann, right}, {"by name in another case", strings.ToUpper(ann), right}, {"by UPN", "ann@providertest.example", right}, {"by UPN in another case", "ANN@Providertest.Example", right},
		{"by account and domain", "pt-ann@" + domain, right}, {"by account and short domain", "pt-ann@" + netbios, right}, {"by domain and account", netbios + `\pt-ann`, right}, {"by account alone", "pt-ann", right},
		{"by domain/account", netbios + "/pt-ann", right},
		{"wrong password", ann, wrong}, {"unknown name", x.dn("CN=Nobody"), right}, {"unknown account", "nobody@" + domain, right}, {"a group", x.dn("CN=Inner,OU=Groups"), right},
		{"disabled", x.dn("CN=Disabled,OU=Work"), right}, {"disabled, wrong password", x.dn("CN=Disabled,OU=Work"), wrong},
		{"expired", x.dn("CN=Expired,OU=Work"), right}, {"expired, wrong password", x.dn("CN=Expired,OU=Work"), wrong}, {"must change the password", x.dn("CN=Change,OU=Work"), right},
	} {
		c := x.s.Dial(x.t)
		err := c.Bind(try.who, try.password)
		text := outcome(err)
		if err == nil {
			_, err = c.Search(x.request(question{base: "OU=Work", attrs: []string{"1.1"}}))
			text += ", then " + outcome(err)
		}
		x.note("bind/"+try.name, text)
		c.Close()
	}
	x.plainBinds()
}

// setUp creates accounts that may not sign in.
func (x *exam) setUp() {
	for _, o := range []object{
		user("CN=Disabled,OU=Work", "pt-disabled", "userAccountControl", "514"),
		user("CN=Expired,OU=Work", "pt-expired", "accountExpires", "128000000000000000"),
		user("CN=Change,OU=Work", "pt-change", "pwdLastSet", "0"),
	} {
		if err := x.create(o); err != nil {
			x.t.Fatalf("creating %s: %v", o.rdns, err)
		}
	}
}

// plainBinds examines connections without TLS, StartTLS, and binds without a name or password.
func (x *exam) plainBinds() {
	ann := x.dn("CN=Ann Ames,OU=People")
	c := x.s.DialPlain(x.t)
	defer c.Close()
	x.note("bind/without TLS", outcome(c.Bind(ann, "Pass-word-1")))
	_, err := c.Search(x.request(question{base: "=", attrs: []string{"defaultNamingContext"}}))
	x.note("bind/rootDSE without TLS", outcome(err))
	x.note("bind/StartTLS", outcome(x.s.StartTLS(c)))
	x.note("bind/after StartTLS", outcome(c.Bind(ann, "Pass-word-1")))
	_, err = c.Search(x.request(question{base: "OU=Work", attrs: []string{"1.1"}}))
	x.note("bind/search after StartTLS", outcome(err))

	c = x.s.Dial(x.t)
	defer c.Close()
	_, err = c.Search(x.request(question{base: "OU=Work", attrs: []string{"1.1"}}))
	x.note("bind/search without a bind", outcome(err))
	x.note("bind/change without a bind", outcome(c.Del(ldap.NewDelRequest(ann, nil))))
	x.note("bind/without a password", outcome(c.UnauthenticatedBind(ann)))
	x.note("bind/anonymous", outcome(c.UnauthenticatedBind("")))
	_ = c.Bind(ann, "Pass-word-1")
	x.note("bind/again with a wrong password", outcome(c.Bind(ann, "wrong")))
	_, err = c.Search(x.request(question{base: "OU=Work", attrs: []string{"1.1"}}))
	x.note("bind/search after a bind that failed", outcome(err))
	_, err = c.Compare(ann, "cn", "ann ames")
	x.note("bind/compare after a bind that failed", outcome(err))
	equal, err := x.c.Compare(ann, "cn", "ANN ames")
	x.note("bind/compare", strings.Join([]string{outcome(err), map[bool]string{true: "equal", false: "different"}[equal]}, " "))
	equal, err = x.c.Compare(ann, "cn", "somebody else")
	x.note("bind/compare with another value", strings.Join([]string{outcome(err), map[bool]string{true: "equal", false: "different"}[equal]}, " "))
}
