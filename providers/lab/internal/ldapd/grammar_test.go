package ldapd

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/ldapfilter"
)

// Choices of the filter in a search request (RFC 4511, section 4.5.1).
const (
	filterAnd        = 0xa0
	filterOr         = 0xa1
	filterNot        = 0xa2
	filterEqual      = 0xa3
	filterSubstrings = 0xa4
	filterAtLeast    = 0xa5
	filterAtMost     = 0xa6
	filterPresent    = 0x87
	filterApprox     = 0xa8
	filterExtensible = 0xa9
)

// chooser makes decisions of the bytes that a fuzz target is given; once they are used up, the first choice is taken.
type chooser struct{ b []byte }

func (c *chooser) next(n int) int {
	if len(c.b) == 0 {
		return 0
	}
	v := int(c.b[0]) % n
	c.b = c.b[1:]
	return v
}

func (c *chooser) of(list ...string) string { return list[c.next(len(list))] }

// asked is a filter in a form that can be written for the wire, and judged without the directory's own code.
type asked struct {
	op           byte // a tag
	kids         []asked
	label, value string
	parts        []string // of substrings: initial, inner ones, final; empty ones are left out
}

// filter draws a filter over what the seed has.
func (c *chooser) filter(depth int) asked {
	if depth > 0 {
		switch c.next(5) {
		case 1:
			f := asked{op: []byte{filterAnd, filterOr}[c.next(2)]}
			for range c.next(4) {
				f.kids = append(f.kids, c.filter(depth-1))
			}
			return f
		case 2:
			return asked{op: filterNot, kids: []asked{c.filter(depth - 1)}}
		}
	}
	f := asked{op: []byte{filterEqual, filterSubstrings, filterAtLeast, filterAtMost, filterPresent, filterExtensible, filterApprox}[c.next(7)]}
	f.label = c.of("mail", "title", "TITLE", "userAccountControl", "proxyAddresses", "objectClass", "manager", "directReports", "sAMAccountName", "shoeSize",
		"badPwdCount", "description")
	f.value = c.of("u@x.test", "U@X.TEST", "Boss", "boss", "b", "514", "512", "0514", "2", "-1", "9223372036854775808", "", "user", "person", "organizationalUnit",
		fuzzUser, strings.ToLower(fuzzUser), "CN=v,OU=A,DC=x,DC=test", "smtp:u@x.test", "SMTP:a@x.test", "u", "ő", "\x00")
	switch f.op {
	case filterSubstrings:
		f.parts = []string{c.of("", "b", "B", "smtp:", "bo"), c.of("", "o", "s", "x", "@"), c.of("", "s", "oss", "test", "SS")}
	case filterExtensible:
		f.label, f.value = "userAccountControl", c.of("2", "512", "514", "1", "0", "-1", "x", "66048")
		f.parts = []string{c.of(ldapfilter.BitAnd, ldapfilter.BitOr, "1.2.3")}
	}
	return f
}

// wire is the filter as a request has it.
func (f *asked) wire() []byte {
	switch f.op {
	case filterAnd, filterOr, filterNot:
		var in []byte
		for i := range f.kids {
			in = append(in, f.kids[i].wire()...)
		}
		return appendTLV(nil, f.op, in)
	case filterPresent:
		return appendTLV(nil, f.op, f.label)
	case filterSubstrings:
		var list []byte
		for i, part := range f.parts {
			if part != "" {
				list = appendTLV(list, byte(0x80+i), part)
			}
		}
		return appendTLV(nil, f.op, appendTLV(appendTLV(nil, tagOctetString, f.label), tagSequence, list))
	case filterExtensible:
		return appendTLV(nil, f.op, appendTLV(appendTLV(appendTLV(nil, 0x81, f.parts[0]), 0x82, f.label), 0x83, f.value))
	}
	return appendTLV(nil, f.op, appendTLV(appendTLV(nil, tagOctetString, f.label), tagOctetString, f.value))
}

// judge is the filter's verdict on an entry with these values, by LDAP's rules and as slowly as they are written.
func (f *asked) judge(has map[string][]string) verdict {
	switch f.op {
	case filterAnd, filterOr:
		decides := map[byte]verdict{filterAnd: no, filterOr: yes}[f.op]
		out := map[byte]verdict{filterAnd: yes, filterOr: no}[f.op]
		for i := range f.kids {
			switch v := f.kids[i].judge(has); v {
			case decides:
				return v
			case undefined:
				out = undefined
			}
		}
		return out
	case filterNot:
		return map[verdict]verdict{yes: no, no: yes, undefined: undefined}[f.kids[0].judge(has)]
	}
	label := strings.ToLower(f.label)
	values := has[label]
	number := label == "useraccountcontrol" || label == "badpwdcount"
	want, err := strconv.ParseInt(f.value, 10, 64)
	ordered := f.op == filterAtLeast || f.op == filterAtMost || f.op == filterExtensible
	if label == "shoesize" || f.op == filterExtensible && f.parts[0] == "1.2.3" || number && ordered && err != nil {
		return undefined
	}
	switch f.op {
	case filterPresent:
		return verdictOf(len(values) > 0)
	case filterSubstrings:
		if label == "manager" || label == "directreports" {
			return no
		}
		p := "(?is)^" + regexp.QuoteMeta(f.parts[0]) + ".*" + regexp.QuoteMeta(f.parts[1]) + ".*" + regexp.QuoteMeta(f.parts[2]) + "$"
		return verdictOf(slices.ContainsFunc(values, regexp.MustCompile(p).MatchString))
	}
	return verdictOf(slices.ContainsFunc(values, func(v string) bool {
		n, _ := strconv.ParseInt(v, 10, 64)
		order := strings.Compare(strings.ToLower(v), strings.ToLower(f.value))
		if number {
			order = int(max(-1, min(n-want, 1)))
		}
		switch {
		case f.op == filterExtensible && f.parts[0] == ldapfilter.BitAnd:
			return n&want == want
		case f.op == filterExtensible:
			return n&want != 0
		case f.op == filterAtLeast:
			return order >= 0
		case f.op == filterAtMost:
			return order <= 0
		case number:
			return err == nil && order == 0
		}
		return order == 0
	}))
}

// judged reports whether judge knows the rules for what the filter asks: classes and names have rules of their own for more
// than equality.
func (f *asked) judged() bool {
	for i := range f.kids {
		if !f.kids[i].judged() {
			return false
		}
	}
	switch strings.ToLower(f.label) {
	case "objectclass", "manager", "directreports":
		return f.op == filterEqual || f.op == filterApprox || f.op == filterPresent
	}
	return true
}

// valuesOf are an entry's values by their attributes' names in lower case.
func valuesOf(t testing.TB, d *Directory, name string) map[string][]string {
	list, err := d.Show(name)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, x := range list {
		for _, v := range x.Values {
			out[strings.ToLower(x.Name)] = append(out[strings.ToLower(x.Name)], string(v))
		}
	}
	return out
}

// dump is everything that the directory holds, deleted entries included and the schema left out.
func dump(t testing.TB, d *Directory) string {
	var b strings.Builder
	for id := uint32(1); id <= d.count; id++ {
		e := d.at(id)
		if e.parent == nil && e != d.root || strings.HasSuffix(e.dn(), ",CN=Schema,CN=Configuration,DC=x,DC=test") {
			continue
		}
		b.WriteString("\n" + e.dn())
		list, err := d.Show(e.dn())
		if err != nil {
			t.Fatalf("%q: %v", e.dn(), err)
		}
		for _, x := range list {
			slices.SortFunc(x.Values, bytes.Compare)
			b.WriteString("\n " + x.Name)
			for _, v := range x.Values {
				b.WriteString(" " + strconv.Quote(string(v)))
			}
		}
	}
	return b.String()
}

// request draws a request: its tag and its body.
func (c *chooser) request() (tag byte, body []byte) {
	name := func() []byte {
		return appendTLV(nil, tagOctetString, c.of(fuzzUser, "CN=v,OU=A,DC=x,DC=test", "OU=A,DC=x,DC=test", "cn=U,ou=a,dc=x,dc=test", "DC=x,DC=test",
			"CN=new,OU=A,DC=x,DC=test", "CN=new,CN=u,OU=A,DC=x,DC=test", "CN=g,OU=A,DC=x,DC=test", "OU=B,DC=x,DC=test", "CN=nobody,DC=x,DC=test", "", "x",
			"CN=a\\,b,OU=A,DC=x,DC=test", "CN=Deleted Objects,DC=x,DC=test", "CN=Users,DC=x,DC=test"))
	}
	attribute := func() []byte {
		label := c.of("title", "mail", "description", "manager", "member", "userAccountControl", "proxyAddresses", "sAMAccountName", "cn", "objectGUID", "shoeSize",
			"objectClass", "userPrincipalName", "mS-DS-ConsistencyGuid", "badPwdCount", "directReports")
		var set []byte
		for range c.next(4) {
			set = appendTLV(set, tagOctetString, c.of("Boss", "boss", "u@x.test", fuzzUser, "CN=v,OU=A,DC=x,DC=test", "CN=nobody,DC=x,DC=test", "514", "512", "x", "",
				"SMTP:a@x.test", "user", "group", "0123456789abcdef", "\xff", "u", strings.Repeat("long", 100)))
		}
		return appendTLV(nil, tagSequence, appendTLV(appendTLV(nil, tagOctetString, label), tagSet, set))
	}
	switch c.next(6) {
	case 0:
		var changes []byte
		dn := name()
		for range 1 + c.next(3) {
			changes = appendTLV(changes, tagSequence, append(appendInteger(nil, tagEnumerated, int64(c.next(4))), attribute()...))
		}
		return tagModifyRequest, append(dn, appendTLV(nil, tagSequence, changes)...)
	case 1:
		dn := name()
		class := appendTLV(appendTLV(nil, tagOctetString, "objectClass"), tagSet, appendTLV(nil, tagOctetString, c.of("user", "group", "organizationalUnit", "nothing")))
		list := appendTLV(nil, tagSequence, class)
		for range c.next(3) {
			list = append(list, attribute()...)
		}
		return tagAddRequest, append(dn, appendTLV(nil, tagSequence, list)...)
	case 2:
		r := reader{b: name()}
		return tagDeleteRequest, []byte(r.text())
	case 3:
		body = append(name(), appendTLV(nil, tagOctetString, c.of("CN=w", "CN=u", "CN=v", "OU=w", "cn=U", "CN=", "x", "CN=a\\,b"))...)
		body = append(body, "\x01\x01\xff"...)
		if c.next(2) == 1 {
			body = appendTLV(body, 0x80, c.of("OU=A,DC=x,DC=test", "DC=x,DC=test", fuzzUser, "OU=B,DC=x,DC=test", "OU=nowhere,DC=x,DC=test"))
		}
		return tagModifyDNRequest, body
	case 4:
		return tagCompareRequest, append(name(), appendTLV(nil, tagSequence, appendTLV(appendTLV(nil, tagOctetString, c.of("title", "mail", "shoeSize")),
			tagOctetString, c.of("Boss", "boss", "u@x.test")))...)
	}
	f := c.filter(3)
	body = append(name(), 0x0a, 1, byte(c.next(4)), 0x0a, 1, 0, 2, 1, byte(c.next(3)), 2, 1, 0, 1, 1, byte(c.next(2)*255))
	body = append(body, f.wire()...)
	var list []byte
	for range c.next(3) {
		list = appendTLV(list, tagOctetString, c.of("mail", "*", "+", "1.1", "member;range=0-1", "member;range=5-*", "tokenGroups", "objectGUID", "shoeSize"))
	}
	return tagSearchRequest, appendTLV(body, tagSequence, list)
}

// controls draws the controls of a request.
func (c *chooser) controls() (b []byte) {
	for range c.next(3) {
		switch c.next(6) {
		case 0:
			b = appendControl(b, oidPaging, appendTLV(nil, tagSequence, appendTLV(appendInteger(nil, tagInteger, int64(c.next(4))), tagOctetString, c.of("", "x"))))
		case 1:
			b = appendTLV(b, tagSequence, appendTLV(nil, tagOctetString, c.of(oidTreeDelete, oidShowDeleted, oidPermissiveModify, oidDomainScope, oidExtendedDN)))
		case 2:
			b = appendTLV(b, tagSequence, append(appendTLV(nil, tagOctetString, "1.2.3"), 1, 1, byte(c.next(2)*255)))
		case 3:
			b = appendControl(b, oidSort, appendTLV(nil, tagSequence, appendTLV(nil, tagSequence, appendTLV(nil, tagOctetString, c.of("mail", "cn", "shoeSize")))))
		case 4:
			b = appendControl(b, oidExtendedDN, appendTLV(nil, tagSequence, appendInteger(nil, tagInteger, int64(c.next(3)))))
		case 5:
			b = append(b, c.of("\x30\x00", "\x30\x80", "\x04\x01x", "\x30\x03\x04\x05x")...)
		}
	}
	return b
}
