package table

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// Readable is what people know a tenant object by: its user name, address, display name or, without any, its id.
func Readable(o *state.Object) string {
	for _, name := range [...]string{"userPrincipalName", "mail", "displayName"} {
		if s := o.Get(name).Str(); s != "" {
			return s
		}
	}
	return o.ID
}

// AccountNames are the names by which a person may mean an account: id, user name and addresses.
func AccountNames(o *state.Object) []string {
	names := []string{o.ID}
	for _, attribute := range [...]string{"userPrincipalName", "mail"} {
		if i := o.Shape.Index(attribute); i >= 0 && o.Values[i].Str() != "" {
			names = append(names, o.Values[i].Str())
		}
	}
	if i := o.Shape.Index("proxyAddresses"); i >= 0 {
		for _, a := range o.Values[i].List() {
			if address, ok := SMTPAddress(a); ok {
				names = append(names, address)
			}
		}
	}
	return names
}

// ContainsFold reports whether list has s in whatever case.
func ContainsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, s) })
}

// Ref names a tenant object in a finding.
func Ref(o *state.Object) planner.ObjectRef {
	name := o.Get("userPrincipalName").Str()
	if name == "" {
		name = o.Get("displayName").Str()
	}
	return planner.ObjectRef{TargetID: o.ID, Kind: o.Kind, Name: name}
}

// MailAddresses are a tenant object's addresses, the primary one first.
func MailAddresses(o *state.Object) (list []string) {
	add := func(a string) {
		if a != "" && !slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, a) }) {
			list = append(list, a)
		}
	}
	proxies := o.Get("proxyAddresses").List()
	for _, p := range proxies {
		if a, ok := SMTPAddress(p); ok && p[0] == 'S' {
			add(a)
		}
	}
	add(o.Get("mail").Str())
	for _, p := range proxies {
		if a, ok := SMTPAddress(p); ok {
			add(a)
		}
	}
	return list
}

// AnchorGUID is the GUID in an anchor, which is the base64 of its bytes.
func AnchorGUID(anchor string) (g state.GUID, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(anchor)
	return g, err == nil && copy(g[:], raw) == len(raw) && len(raw) == len(g)
}

// SMTPAddress is the address of an SMTP: or smtp: proxy address.
func SMTPAddress(proxy string) (string, bool) {
	if len(proxy) > 5 && strings.EqualFold(proxy[:5], "smtp:") {
		return proxy[5:], true
	}
	return "", false
}
