package providertest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// stamp is what a directory keeps about an object's changes.
type stamp struct {
	usn              int64
	guid, sid        string
	created, changed string
}

func (x *exam) stamp(rdns string) stamp {
	n, _ := strconv.ParseInt(x.get(rdns, "uSNChanged"), 10, 64)
	return stamp{n, x.get(rdns, "objectGUID"), x.get(rdns, "objectSid"), x.get(rdns, "whenCreated"), x.get(rdns, "whenChanged")}
}

// since says what has changed in an object's stamp.
func (x *exam) since(before stamp, rdns string) string {
	now := x.stamp(rdns)
	follows := now.changed >= before.changed && (now.usn > before.usn || now.changed == before.changed) // it has whole seconds, so it need not be later
	return fmt.Sprintf("same objectGUID: %v, same objectSid: %v, same whenCreated: %v, higher uSNChanged: %v, whenChanged goes with it: %v\n", now.guid == before.guid && now.guid != "",
		now.sid == before.sid, now.created == before.created, now.usn > before.usn, follows)
}

// stamps examines which changes count, and for whom.
func (x *exam) stamps() {
	x.must(x.create(user("CN=Stamp,OU=Work", "pt-stamp", "title", "one")))
	x.must(x.create(object{"CN=Stamped,OU=Work", "group", [][]string{{"sAMAccountName", "pt-stamped"}}}))
	created := x.get("CN=Stamp,OU=Work", "whenCreated") == x.get("CN=Stamp,OU=Work", "whenChanged")
	x.note("stamp/created when changed first", fmt.Sprint(created))
	user, group := "CN=Stamp,OU=Work", "CN=Stamped,OU=Work"
	time.Sleep(1100 * time.Millisecond) // whenChanged has whole seconds
	x.must(x.modify(user, "replace", "title", "later"))
	x.note("stamp/a second later", fmt.Sprintf("whenChanged is later: %v", x.get(user, "whenChanged") > x.get(user, "whenCreated")))
	for _, step := range []struct {
		name   string
		change func() error
	}{
		{"another value", func() error { return x.modify(user, "replace", "title", "two") }},
		{"the same value", func() error { return x.modify(user, "replace", "title", "two") }},
		{"the same value in another case", func() error { return x.modify(user, "replace", "title", "TWO") }},
		{"a value more", func() error { return x.modify(user, "add", "otherTelephone", "1", "2") }},
		{"the same values in another order", func() error { return x.modify(user, "replace", "otherTelephone", "2", "1") }},
		{"no value", func() error { return x.modify(user, "replace", "title") }},
		{"no value where there is none", func() error { return x.modify(user, "replace", "title") }},
		{"a member", func() error { return x.modify(group, "add", "member", "@"+user) }},
		{"a manager", func() error { return x.modify(user, "replace", "manager", "@CN=Boss,OU=People") }},
		{"a refusal", func() error { return x.modify(user, "add", "title", "a", "b") }},
		{"another name", func() error { return x.c.ModifyDN(ldap.NewModifyDNRequest(x.dn(user), "CN=Stamp", true, "")) }},
	} {
		before, other := x.stamp(user), x.stamp(group)
		err := step.change()
		x.note("stamp/"+step.name, outcome(err)+"\nuser: "+x.since(before, user)+"group: "+x.since(other, group))
	}
	low, _ := strconv.Atoi(x.get(user, "uSNChanged"))
	x.note("stamp/what has changed since", x.ask(question{base: "OU=Work", scope: ldap.ScopeWholeSubtree, filter: fmt.Sprintf("(uSNChanged>=%d)", low)})+
		x.ask(question{base: "OU=Work", scope: ldap.ScopeWholeSubtree, filter: fmt.Sprintf("(uSNChanged>=%d)", low+100000)}))
	root, err := x.c.Search(x.request(question{base: "=", attrs: []string{"highestCommittedUSN"}}))
	x.must(err)
	highest, _ := strconv.Atoi(root.Entries[0].GetAttributeValue("highestCommittedUSN"))
	x.note("stamp/highestCommittedUSN covers it", fmt.Sprint(highest >= low))
}

func (x *exam) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// modify changes one attribute. "@" stands for a name below the suite's unit, as in the fixture.
func (x *exam) modify(rdns, op, attr string, values ...string) error {
	r := ldap.NewModifyRequest(x.dn(rdns), nil)
	values = x.expand(values)
	switch op {
	case "add":
		r.Add(attr, values)
	case "delete":
		r.Delete(attr, values)
	default:
		r.Replace(attr, values)
	}
	return x.c.Modify(r)
}

// writes provokes what is refused, and shows that nothing was changed by it.
func (x *exam) writes() {
	x.must(x.create(user("CN=Target,OU=Work", "pt-target", "title", "old", "userPrincipalName", "target@providertest.example")))
	x.must(x.create(object{"CN=Friend,OU=Work", "contact", nil}))
	for _, o := range []object{
		{"CN=Target,OU=Work", "user", [][]string{{"sAMAccountName", "pt-other"}}},
		{"cn=target,OU=Work", "contact", nil},
		{"CN=Same account,OU=Work", "user", [][]string{{"sAMAccountName", "PT-TARGET"}}},
		{"CN=Same UPN,OU=Work", "user", [][]string{{"sAMAccountName", "pt-upn"}, {"userPrincipalName", "Target@providertest.example"}}},
		{"CN=No parent,OU=Nowhere", "contact", nil},
		{"CN=No class,OU=Work", "nonsense", nil},
		{"CN=No attribute,OU=Work", "contact", [][]string{{"noSuchAttribute", "1"}}},
		{"CN=Below a user,CN=Target,OU=Work", "contact", nil},
		{"CN=Below a group,CN=Inner,OU=Groups", "contact", nil},
		{"CN=Two values,OU=Work", "contact", [][]string{{"title", "a", "b"}}},
		{"CN=Bad number,OU=Work", "user", [][]string{{"sAMAccountName", "pt-number"}, {"countryCode", "x"}}},
		{"CN=Long,OU=Work", "contact", [][]string{{"initials", "1234567"}}},
		{"CN=System,OU=Work", "contact", [][]string{{"objectGUID", "0123456789abcdef"}}},
		{"CN=Dangling,OU=Work", "contact", [][]string{{"manager", "@CN=Nobody"}}},
		{"CN=Wrong kind,OU=Work", "contact", [][]string{{"groupType", "2"}}},
		{"CN=Same value twice,OU=Work", "contact", [][]string{{"otherTelephone", "1", "1"}}},
		{"nonsense", "contact", nil},
		{"CN=No account name,OU=Work", "user", nil},
		{"CN=Weak,OU=Work", "user", [][]string{{"sAMAccountName", "pt-weak"}, {"unicodePwd", "not quoted"}}},
	} {
		x.note("add/"+o.rdns, outcome(x.create(o)))
	}
	x.note("add/an account without a name gets one", fmt.Sprint(x.get("CN=No account name,OU=Work", "sAMAccountName") != ""))
	x.note("add/what an account gets by itself", x.show(question{base: "CN=No account name,OU=Work", attrs: []string{"userAccountControl", "primaryGroupID", "accountExpires", "pwdLastSet", "codePage", "countryCode", "objectClass"}}))
	x.modifications()
	x.note("modify/what is left", x.show(question{base: "CN=Target,OU=Work", attrs: []string{"title", "otherTelephone", "manager", "mS-DS-ConsistencyGuid", "description", "userPrincipalName", "proxyAddresses", "countryCode", "initials", "accountExpires"}}))
	x.suffixes()
}

func (x *exam) modifications() {
	const who = "CN=Target,OU=Work"
	for _, m := range []struct {
		rdns, op, attr string
		values         []string
	}{
		{who, "add", "title", []string{"new"}}, {who, "replace", "title", []string{"a", "b"}}, {who, "add", "otherTelephone", []string{"1", "2"}}, {who, "add", "otherTelephone", []string{"2"}},
		{who, "add", "otherTelephone", []string{"3", "3"}}, {who, "delete", "otherTelephone", []string{"9"}}, {who, "delete", "otherTelephone", []string{"1"}}, {who, "delete", "mobile", nil},
		{who, "delete", "otherTelephone", nil}, {who, "replace", "mobile", nil}, {who, "add", "mobile", nil}, {who, "replace", "noSuchAttribute", []string{"1"}}, {who, "replace", "title", []string{""}},
		{who, "replace", "countryCode", []string{"x"}}, {who, "replace", "countryCode", []string{"36"}}, {who, "replace", "countryCode", []string{"99999999999"}}, {who, "replace", "initials", []string{"1234567"}},
		{who, "replace", "initials", []string{"123456"}}, {who, "replace", "objectGUID", []string{"0123456789abcdef"}}, {who, "replace", "objectSid", []string{"x"}}, {who, "replace", "whenChanged", []string{"20200101000000.0Z"}},
		{who, "replace", "uSNChanged", []string{"1"}}, {who, "replace", "memberOf", []string{"@CN=Inner,OU=Groups"}}, {who, "replace", "cn", []string{"Other"}}, {who, "replace", "name", []string{"Other"}},
		{who, "replace", "distinguishedName", []string{"@CN=Other"}}, {who, "replace", "manager", []string{"@CN=Nobody"}}, {who, "replace", "manager", []string{"nonsense"}}, {who, "replace", "manager", []string{"@CN=Friend,OU=Work"}},
		{who, "replace", "manager", []string{"@" + who}}, {who, "replace", "userPrincipalName", []string{"ann@providertest.example"}}, {who, "replace", "sAMAccountName", []string{"pt-ann"}},
		{who, "replace", "unicodePwd", []string{"plain"}}, {who, "replace", "unicodePwd", []string{password("Another-1")}}, {who, "replace", "pwdLastSet", []string{"5"}}, {who, "replace", "pwdLastSet", []string{"0"}}, {who, "replace", "pwdLastSet", []string{"-1"}},
		{who, "replace", "description", []string{"line\nbreak"}}, {who, "replace", "accountExpires", []string{"0"}}, {who, "replace", "showInAdvancedViewOnly", []string{"true"}}, {who, "replace", "showInAdvancedViewOnly", []string{"TRUE"}},
		{who, "replace", "proxyAddresses", []string{"SMTP:a@providertest.example", "smtp:b@providertest.example"}}, {who, "replace", "groupType", []string{"2"}}, {who, "replace", "mS-DS-ConsistencyGuid", []string{"\x00\xff\x00"}},
		{who, "replace", "objectClass", []string{"contact"}}, {who, "replace", "userAccountControl", []string{"514"}},
		{"CN=Nobody,OU=Work", "replace", "title", []string{"x"}}, {"nonsense", "replace", "title", []string{"x"}}, {"CN=Inner,OU=Groups", "add", "member", []string{"@CN=Ann Ames,OU=People"}}, {"CN=Inner,OU=Groups", "delete", "member", []string{"@CN=Boss,OU=People"}},
		{"CN=Inner,OU=Groups", "add", "member", []string{"@CN=Nobody"}}, {"CN=Inner,OU=Groups", "add", "member", []string{"@CN=Outer,OU=Groups"}}, {"CN=Inner,OU=Groups", "delete", "member", []string{"@CN=Outer,OU=Groups"}},
		{"CN=Inner,OU=Groups", "replace", "mS-DS-ConsistencyGuid", []string{"1"}},
	} {
		label := m.rdns[:min(len(m.rdns), 8)] + " " + m.op + " " + m.attr
		for _, v := range m.values {
			label += " " + strconv.QuoteToASCII(x.plain(v))
		}
		x.note("modify/"+label, outcome(x.modify(m.rdns, m.op, m.attr, m.values...)))
	}
	both := ldap.NewModifyRequest(x.dn(who), nil)
	both.Replace("title", []string{"half done"})
	both.Replace("noSuchAttribute", []string{"1"})
	x.note("modify/one possible and one not", outcome(x.c.Modify(both))+", title: "+x.get(who, "title"))
	permissive := ldap.NewModifyRequest(x.dn("CN=Inner,OU=Groups"), []ldap.Control{ldap.NewControlString("1.2.840.113556.1.4.1413", true, "")})
	permissive.Add("member", []string{x.dn("CN=Ann Ames,OU=People")})
	permissive.Delete("member", []string{x.dn("CN=Boss,OU=People")})
	x.note("modify/permissive", outcome(x.c.Modify(permissive)))
}

// suffixes examines the forest's UPN suffixes through the provider.
func (x *exam) suffixes() {
	const suffix = "providertest.example"
	partitions := "CN=Partitions,CN=Configuration," + x.s.BaseDN
	remove := func() error {
		r := ldap.NewModifyRequest(partitions, nil)
		r.Delete("uPNSuffixes", []string{suffix})
		return x.c.Modify(r)
	}
	_ = remove()
	list := func() string {
		all, err := x.s.Reader.UPNSuffixes(x.t.Context())
		n := 0
		for _, s := range all {
			if s == suffix {
				n++
			}
		}
		return fmt.Sprintf("%d times, %s", n, outcome(err))
	}
	x.note("suffix/before", list())
	x.note("suffix/adding it", outcome(x.s.Writer.AddUPNSuffix(x.t.Context(), suffix))+"; "+list())
	x.note("suffix/adding it again", outcome(x.s.Writer.AddUPNSuffix(x.t.Context(), suffix))+"; "+list())
	x.note("suffix/removing it", outcome(remove())+"; "+list())
	x.note("suffix/removing it again", outcome(remove()))
}
