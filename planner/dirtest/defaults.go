package dirtest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dirform/dirform/planner/dirtest/internal/memory"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
)

// always are the attributes that Active Directory gives an object. A label with an @ is its user name.
func always(o *memory.Object, label string) map[string]state.Value {
	local, _, isName := strings.Cut(label, "@")
	class := map[state.Kind]string{state.User: "user", state.Group: "group", state.Contact: "contact"}[o.Kind]
	cn := dn.FirstValue(o.DN)
	attrs := map[string]state.Value{
		"objectguid": state.String(base64.StdEncoding.EncodeToString(o.GUID[:])), "distinguishedname": state.String(o.DN),
		"cn": state.String(cn), "name": state.String(cn), "objectclass": state.List([]string{"top", class}),
		"objectcategory": state.String("CN=" + map[string]string{"user": "Person", "group": "Group",
			"contact": "Person"}[class] +
			",CN=Schema,CN=Configuration," + dn.OfDomain(dn.Domain(o.DN))),
		"instancetype": state.Int(4), "usncreated": state.Int(1000), "usnchanged": state.Int(2000),
		"whencreated": state.String("2020-01-01T00:00:00Z"), "whenchanged": state.String("2020-01-01T00:00:00Z"),
	}
	if class == "contact" {
		return attrs
	}
	attrs["samaccountname"] = state.String(local)
	attrs["objectsid"] = state.String(fmt.Sprintf("S-1-5-21-1000-2000-3000-%d", 10000+int(o.GUID[0])<<8+int(o.GUID[1])))
	attrs["samaccounttype"] = state.Int(map[string]int64{"user": 805306368, "group": 268435456}[class])
	if class == "user" {
		attrs["useraccountcontrol"] = state.Int(512)
		if isName {
			attrs["userprincipalname"] = state.String(label)
		}
	}
	return attrs
}

// complete gives an account what every account has.
func (b *builder) complete(a *Account, m *memory.Account) error {
	missing := func(name string) bool { _, there := m.Attrs[name]; return !there }
	byDefault := func(name string, v state.Value) {
		if missing(name) {
			m.Attrs[name] = v
		}
	}
	byDefault("displayname", state.String(a.Label))
	if a.Kind == state.User {
		if strings.Contains(a.Label, "@") {
			byDefault("userprincipalname", state.String(a.Label))
		}
		upn := m.Attrs["userprincipalname"].Str()
		if upn == "" {
			return &fault.Error{Summary: fmt.Sprintf("%s: account %q has no user name", a.DeclaredAt, a.Label),
				Detail: "Every account of a tenant has a userPrincipalName.",
				Hint:   "Add userPrincipalName to its attributes, or let the account's name be its user name: account \"jane@contoso.com\"."}
		}
		local, _, _ := strings.Cut(upn, "@")
		byDefault("mailnickname", state.String(local))
		byDefault("accountenabled", state.Bool(true))
		byDefault("usertype", state.String("Member"))
	}
	// The service makes an account's address the primary one of its proxy addresses.
	if mail := m.Attrs["mail"].Str(); mail != "" && a.Attributes["proxyaddresses"].IsNull() {
		others := slices.DeleteFunc(slices.Clone(m.Attrs["proxyaddresses"].List()),
			func(p string) bool { return strings.HasPrefix(p, "SMTP:") })
		m.Attrs["proxyaddresses"] = state.List(append([]string{"SMTP:" + mail}, others...))
	}
	if a.Deleted {
		byDefault("deleteddatetime", state.String(b.now.Add(-24*time.Hour).Format(time.RFC3339)))
		if a.Kind == state.User { // the recycle bin keeps user names behind the id, so that they are free
			m.Attrs["userprincipalname"] = state.String(strings.ReplaceAll(m.ID, "-", "") +
				m.Attrs["userprincipalname"].Str())
		}
	}
	return nil
}

// domains are those that the tenant has verified and the suffixes of the forest: what the test says, or all that
// anybody uses.
func (b *builder) domains() {
	used := map[string]bool{}
	note := func(v state.Value) {
		for _, text := range append(slices.Clone(v.List()), v.Str()) {
			if _, domain, ok := strings.Cut(text, "@"); ok && strings.Contains(domain, ".") {
				used[strings.ToLower(domain)] = true
			}
		}
	}
	for _, u := range b.cfg.UPNSuffixes {
		used[strings.ToLower(u.Name)] = true
	}
	for _, o := range b.world.Objects {
		for _, name := range []string{"userprincipalname", "mail", "proxyaddresses"} {
			note(o.Attrs[name])
		}
		if scope := b.scopeOf(o); scope != nil {
			wanted := b.wanted(o, scope)
			note(wanted["userprincipalname"])
			note(wanted["mail"])
		}
	}
	for _, a := range b.world.Accounts {
		for _, name := range []string{"userprincipalname", "mail", "proxyaddresses"} {
			note(a.Attrs[name])
		}
	}
	names := slices.Sorted(maps.Keys(used))
	if b.t.Suffixes == nil {
		b.world.Suffixes = names
	}
	if b.t.Domains != nil {
		names = b.t.Domains
	}
	initial := ""
	for _, name := range names {
		first := initial == "" && strings.HasSuffix(strings.ToLower(name), ".onmicrosoft.com")
		if first {
			initial = name
		}
		b.world.Domains = append(b.world.Domains, providers.TenantDomain{Name: name, Verified: true, Initial: first})
	}
	if initial == "" {
		own := cmp.Or(b.cfg.Entra.Name, "example") + ".onmicrosoft.com"
		b.world.Domains = append(b.world.Domains, providers.TenantDomain{Name: own, Verified: true, Initial: true})
	}
}
