package providertest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// reads examines what the provider makes of the directory.
func (x *exam) reads() {
	x.t.Helper()
	domain, err := x.s.Reader.Domain(x.t.Context())
	x.note("provider/domain", fmt.Sprintf("SID known: %v, base: %s, name matches: %v, %v", strings.HasPrefix(domain.SID, "S-1-5-21-"), x.plain(domain.BaseDN),
		strings.EqualFold("DC="+strings.ReplaceAll(domain.Name, ".", ",DC="), x.s.BaseDN), outcome(err)))
	x.containers()
	people := x.dn("OU=People")
	all := state.NewShape("objectGUID", "cn", "sAMAccountName", "userPrincipalName", "mail", "proxyAddresses", "otherTelephone", "manager", "memberOf",
		"userAccountControl", "accountExpires", "whenCreated", "mS-DS-ConsistencyGuid", "thumbnailPhoto", "description", "countryCode", "objectClass", "noSuchAttribute")
	names := state.NewShape("cn")
	for _, c := range []struct {
		name string
		q    providers.Query
	}{
		{"users", providers.Query{Kind: state.User, Bases: []string{people}, Attributes: all}},
		{"groups", providers.Query{Kind: state.Group, Bases: []string{x.root}, Attributes: state.NewShape("cn", "groupType", "managedBy", "mail"), Filter: "(!(cn=Big))"}},
		{"contacts", providers.Query{Kind: state.Contact, Bases: []string{people}, Attributes: state.NewShape("cn", "displayName", "mail", "objectSid")}},
		{"exclude", providers.Query{Kind: state.User, Bases: []string{people}, Exclude: []string{"ou = excluded," + people, x.dn("OU=Deeper,OU=Deep,OU=People")}, Attributes: names}},
		{"exclude everything", providers.Query{Kind: state.User, Bases: []string{people}, Exclude: []string{people}, Attributes: names}},
		{"overlapping bases", providers.Query{Kind: state.User, Bases: []string{people, x.dn("OU=Deep,OU=People"), strings.ToUpper(people)}, Attributes: names}},
		{"filter", providers.Query{Kind: state.User, Bases: []string{people}, Filter: "(!(userAccountControl:1.2.840.113556.1.4.803:=2))", Attributes: names}},
		{"filter on a group", providers.Query{Kind: state.User, Bases: []string{people}, Filter: "(memberOf:1.2.840.113556.1.4.1941:=" + x.dn("CN=Outer,OU=Groups") + ")", Attributes: names}},
		{"empty container", providers.Query{Kind: state.User, Bases: []string{x.dn("OU=Work")}, Attributes: names}},
		{"missing container", providers.Query{Kind: state.User, Bases: []string{x.dn("OU=Nowhere")}, Attributes: names}},
		{"bad filter", providers.Query{Kind: state.User, Bases: []string{people}, Filter: "(cn=", Attributes: names}},
	} {
		x.note("provider/read "+c.name, x.stream(x.s.Reader.Read(x.t.Context(), c.q)))
	}
	x.lookups()
}

func (x *exam) containers() {
	found := func(name, dn string, guid state.GUID) state.GUID {
		c, ok, err := x.s.Reader.Container(x.t.Context(), dn, guid)
		id := ""
		if ok {
			id = x.name("guid-", c.GUID.String())
		}
		x.note("provider/container "+name, fmt.Sprintf("%v %s %s %s", ok, x.plain(c.DN), id, outcome(err)))
		return c.GUID
	}
	id := found("by name", "ou=people , "+x.root, state.GUID{})
	found("by GUID", "", id)
	found("that is missing", x.dn("OU=Nowhere"), state.GUID{})
	found("with a GUID of nothing", "", state.GUID{1, 2, 3})
}

func (x *exam) lookups() {
	var ids []state.GUID
	for _, rdns := range []string{"CN=Ann Ames,OU=People", "CN=Off,OU=Deep,OU=People"} {
		ids = append(ids, state.GUID([]byte(x.get(rdns, "objectGUID"))))
	}
	ids = append(ids, ids[0], state.GUID{9, 9})
	x.note("provider/lookup", x.stream(x.s.Reader.Lookup(x.t.Context(), state.User, ids, state.NewShape("cn", "memberOf"))))
	big := []state.GUID{state.GUID([]byte(x.get("CN=Big,OU=Groups", "objectGUID")))}
	for o, err := range x.s.Reader.Lookup(x.t.Context(), state.Group, big, state.NewShape("member")) {
		if err != nil {
			x.note("provider/many members", outcome(err))
			break
		}
		members := slices.Sorted(slices.Values(o.Get("member").List()))
		x.note("provider/many members", fmt.Sprintf("%d, %d of them different, from %s to %s", len(members), len(slices.Compact(slices.Clone(members))),
			x.plain(members[0]), x.plain(members[len(members)-1])))
	}
}

// stream lists the objects of a stream, sorted by name, with their values.
func (x *exam) stream(objects providers.Objects) string {
	var list []*state.Object
	var failed error
	for o, err := range objects {
		if failed = err; err != nil {
			break
		}
		list = append(list, o.Clone())
	}
	slices.SortFunc(list, func(a, b *state.Object) int { return strings.Compare(x.plain(a.DN), x.plain(b.DN)) })
	var b strings.Builder
	for _, o := range list {
		b.WriteString(x.plain(o.DN) + "\n")
		for i, v := range o.Values {
			if !v.IsNull() {
				b.WriteString("  " + o.Shape.Name(i) + ": " + x.valueText(strings.ToLower(o.Shape.Name(i)), v) + "\n")
			}
		}
	}
	if failed != nil {
		b.WriteString(outcome(failed) + "\n")
	}
	return cmp.Or(b.String(), "nothing\n")
}

// valueText is a value with its kind, since what is a list or a number must not depend on the server either.
func (x *exam) valueText(name string, v state.Value) string {
	kind := [...]string{"null", "text", "bool", "number", "list"}[v.Kind()]
	list := slices.Clone(v.List())
	if v.Kind() != state.ListValue {
		list = []string{v.Text()}
	}
	for i, s := range list {
		switch name {
		case "objectguid":
			s = x.name("base64-", s)
		case "whencreated":
			s = "a time"
		}
		list[i] = x.plain(s)
	}
	if name != "objectclass" {
		slices.Sort(list)
	}
	return kind + " " + strings.ReplaceAll(strings.Join(list, " | "), "\n", `\n`)
}
