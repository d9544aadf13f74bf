package providertest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// page asks for one page and says how many entries came and whether there are more.
func (x *exam) page(c *ldap.Conn, q question, size uint32, cookie []byte) (names []string, next []byte, text string) {
	ctl := ldap.NewControlPaging(size)
	ctl.SetCookie(cookie)
	q.ctls = append(slices.Clone(q.ctls), ctl)
	res, err := c.Search(x.request(q))
	if err != nil {
		return nil, nil, outcome(err)
	}
	for _, e := range res.Entries {
		names = append(names, x.plain(e.DN))
	}
	if back, ok := ldap.FindControl(res.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging); ok {
		next = back.Cookie
	}
	return names, next, fmt.Sprintf("%d entries, more: %v", len(names), len(next) > 0)
}

// pages reads page by page.
func (x *exam) pages() {
	people := question{base: "OU=People", scope: ldap.ScopeWholeSubtree, filter: "(objectClass=user)", attrs: []string{"1.1"}}
	many := question{base: "OU=Many", scope: ldap.ScopeSingleLevel, attrs: []string{"1.1"}}
	for _, size := range []uint32{1, 3, 8, 9, 500} {
		var lines []string
		var all []string
		var cookie []byte
		for {
			names, next, text := x.page(x.c, people, size, cookie)
			all, lines, cookie = append(all, names...), append(lines, text), next
			if len(cookie) == 0 {
				break
			}
		}
		slices.Sort(all)
		x.note(fmt.Sprintf("page/of %d", size), strings.Join(lines, "\n")+"\n"+fmt.Sprintf("%d different\n", len(slices.Compact(all))))
	}
	_, first, _ := x.page(x.c, people, 3, nil)
	_, second, _ := x.page(x.c, many, 3, nil)
	_, _, text := x.page(x.c, people, 3, first)
	_, _, other := x.page(x.c, many, 4, second)
	x.note("page/two searches at once", text+"\n"+other)
	_, cookie, _ := x.page(x.c, people, 3, nil)
	_, _, text = x.page(x.bound(), people, 3, cookie)
	x.note("page/cookie of another connection", text)
	_, _, text = x.page(x.c, people, 3, []byte("nonsense"))
	x.note("page/cookie that is nonsense", text)
	_, _, text = x.page(x.c, question{base: "OU=Nowhere", scope: ldap.ScopeWholeSubtree}, 3, nil)
	x.note("page/of nowhere", text)
	_, _, text = x.page(x.c, many, 1200, nil)
	x.note("page/larger than Windows allows", text)
	c := x.bound()
	var oldest []byte
	for i := range 12 {
		if _, next, _ := x.page(c, people, 1, nil); i == 0 {
			oldest = next
		}
	}
	_, _, text = x.page(c, people, 1, oldest)
	x.note("page/the oldest of twelve searches", text)
}

// ranges reads a long attribute in parts.
func (x *exam) ranges() {
	for _, option := range []string{"", ";range=0-99", ";range=100-109", ";range=0-*", ";range=1500-*", ";range=1590-1700", ";range=1599-1599", ";range=1600-*", ";range=900000-*", ";range=abc", ";Range=0-9", ";range=5-2"} {
		res, err := x.c.Search(x.request(question{base: "CN=Big,OU=Groups", attrs: []string{"member" + option}}))
		text := outcome(err)
		if err == nil {
			text = ""
			for _, a := range res.Entries[0].Attributes {
				text += fmt.Sprintf("%s: %d values\n", a.Name, len(a.Values))
			}
		}
		x.note("range/member"+option, text)
	}
	x.note("range/of a short list", x.show(question{base: "CN=Inner,OU=Groups", attrs: []string{"member;range=0-1499"}}))
	x.note("range/of nothing", x.show(question{base: "CN=List,OU=Groups", attrs: []string{"member;range=0-1499", "cn"}}))
}

// rootDSE asks the server about itself, without a bind.
func (x *exam) rootDSE() {
	c := x.s.Dial(x.t)
	defer c.Close()
	for _, name := range []string{"defaultNamingContext", "configurationNamingContext", "schemaNamingContext", "rootDomainNamingContext", "namingContexts", "dsServiceName", "serverName",
		"dnsHostName", "ldapServiceName", "currentTime", "highestCommittedUSN", "isSynchronized", "isGlobalCatalogReady", "supportedLDAPVersion", "supportedControl", "supportedCapabilities",
		"supportedSASLMechanisms", "domainFunctionality", "forestFunctionality", "domainControllerFunctionality", "subschemaSubentry", "noSuchAttribute"} {
		res, err := c.Search(x.request(question{base: "=", attrs: []string{name}}))
		x.note("rootDSE/"+name, rootText(x, name, res, err))
	}
	res, err := c.Search(x.request(question{base: "="}))
	have := 0
	if err == nil && len(res.Entries) == 1 {
		have = len(res.Entries[0].Attributes)
	}
	x.note("rootDSE/everything", fmt.Sprintf("more than ten attributes: %v", have > 10))
	x.note("rootDSE/with another scope", func() string {
		_, err := c.Search(x.request(question{base: "=", scope: ldap.ScopeSingleLevel}))
		return outcome(err)
	}())
}

func rootText(x *exam, name string, res *ldap.SearchResult, err error) string {
	if err != nil || len(res.Entries) != 1 {
		return outcome(err)
	}
	values := res.Entries[0].GetAttributeValues(name)
	switch name {
	case "supportedControl":
		var have []string
		for _, oid := range []string{"1.2.840.113556.1.4.319", "1.2.840.113556.1.4.417", "1.2.840.113556.1.4.473", "1.2.840.113556.1.4.529", "1.2.840.113556.1.4.801", "1.2.840.113556.1.4.805",
			"1.2.840.113556.1.4.841", "1.2.840.113556.1.4.1339", "1.2.840.113556.1.4.1413", "1.2.840.113556.1.4.2064"} {
			if slices.Contains(values, oid) {
				have = append(have, oid)
			}
		}
		return strings.Join(have, "\n") + "\n"
	case "supportedCapabilities", "highestCommittedUSN", "supportedSASLMechanisms", "ldapServiceName", "dnsHostName", "subschemaSubentry":
		return fmt.Sprintf("given: %v", len(values) > 0)
	case "domainFunctionality", "forestFunctionality", "domainControllerFunctionality":
		return fmt.Sprintf("2008 R2 or later: %v", len(values) == 1 && values[0] >= "4")
	case "currentTime":
		return x.timeText(values[0])
	case "namingContexts":
		values = slices.DeleteFunc(values, func(v string) bool { return strings.Contains(v, "DnsZones") })
	}
	slices.Sort(values)
	return x.plain(strings.Join(values, "\n")) + "\n"
}
