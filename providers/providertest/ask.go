package providertest

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// question is a search.
type question struct {
	base   string // below the suite's unit; "=" before it: as it is
	scope  int
	filter string
	attrs  []string
	limit  int
	types  bool
	ctls   []ldap.Control
}

func (x *exam) request(q question) *ldap.SearchRequest {
	base := x.dn(q.base)
	if plain, ok := strings.CutPrefix(q.base, "="); ok {
		base = plain
	}
	if q.filter == "" {
		q.filter = "(objectClass=*)"
	}
	return ldap.NewSearchRequest(base, q.scope, ldap.NeverDerefAliases, q.limit, 0, q.types, q.filter, q.attrs, q.ctls)
}

// ask searches and lists the names found, or says what refused it.
func (x *exam) ask(q question) string {
	if q.attrs == nil {
		q.attrs = []string{"1.1"}
	}
	res, err := x.c.Search(x.request(q))
	var lines []string
	if res != nil {
		for _, e := range res.Entries {
			lines = append(lines, x.plain(e.DN))
		}
	}
	slices.Sort(lines)
	if err != nil {
		lines = append(lines, outcome(err))
	}
	if len(lines) == 0 {
		return "nothing\n"
	}
	return strings.Join(lines, "\n") + "\n"
}

// show searches and lists what was found with its attributes.
func (x *exam) show(q question) string {
	res, err := x.c.Search(x.request(q))
	if err != nil {
		return outcome(err) + "\n"
	}
	slices.SortFunc(res.Entries, func(a, b *ldap.Entry) int { return strings.Compare(x.plain(a.DN), x.plain(b.DN)) })
	var b strings.Builder
	for _, e := range res.Entries {
		b.WriteString(x.plain(e.DN) + "\n")
		slices.SortFunc(e.Attributes, func(a, b *ldap.EntryAttribute) int { return strings.Compare(a.Name, b.Name) })
		for _, a := range e.Attributes {
			b.WriteString("  " + x.attribute(a) + "\n")
		}
	}
	if b.Len() == 0 {
		return "nothing\n"
	}
	return b.String()
}

// get is the first value of an attribute, "" if there is none.
func (x *exam) get(rdns, attr string) string {
	res, err := x.c.Search(x.request(question{base: rdns, attrs: []string{attr}}))
	if err != nil || len(res.Entries) == 0 {
		return ""
	}
	return string(res.Entries[0].GetRawAttributeValue(attr))
}
