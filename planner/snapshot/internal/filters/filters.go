// Package filters evaluates LDAP filters over the objects of a snapshot.
package filters

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/ldapfilter"
)

// Filter is an LDAP filter over the objects of a section.
type Filter = ldapfilter.Filter[*state.Object]

// Leaves are filters about single attributes of the objects of a section.
type Leaves struct {
	Shape   *state.Shape
	Schema  *state.Schema
	Unknown func(name string) bool // the server's schema has no such attribute
	// Chain are the keys of those whose links of an attribute lead to an object, over any number of steps.
	Chain func(attribute, name string) (map[string]bool, error)
	// Lacking are attributes that the snapshot does not have; err is why a chain cannot be followed.
	Lacking []string
	err     error
}

// Compile turns a filter's text into a matcher. What it names and the snapshot lacks is in Lacking.
func (l *Leaves) Compile(text string) (Filter, error) {
	packet, err := ldap.CompileFilter(text)
	if err != nil {
		return Filter{}, fmt.Errorf("filter %q is not an LDAP filter such as (employeeType=staff): %w", text, err)
	}
	f, err := ldapfilter.Compile[*state.Object](packet.Bytes(), l)
	if err == nil {
		err = l.err
	}
	return f, err
}

// find is the index of an attribute, -1 if it has none here; then ok says that nobody has it, which is no lack.
func (l *Leaves) find(label string) (i int, ok bool) {
	label, _, _ = strings.Cut(label, ";")
	if i = l.Shape.Index(label); i >= 0 && !l.Unknown(label) {
		return i, true
	}
	if i < 0 && !l.Unknown(label) {
		if !slices.Contains(l.Lacking, label) {
			l.Lacking = append(l.Lacking, label)
		}
		return -1, false
	}
	return -1, true
}

// Hidden reports nothing: what the account may not see is not in a snapshot.
func (l *Leaves) Hidden(string) bool { return false }

// Present matches what has a value.
func (l *Leaves) Present(label string) Filter {
	if strings.EqualFold(label, "objectClass") { // also of what is taken without its classes
		return Filter{Match: func(*state.Object) ldapfilter.Verdict { return ldapfilter.Yes }}
	}
	i, _ := l.find(label)
	if i < 0 {
		return ldapfilter.Unknown[*state.Object]()
	}
	return Filter{Match: func(o *state.Object) ldapfilter.Verdict { return ldapfilter.Of(!o.Values[i].IsNull()) }}
}

// any matches objects of which a value of an attribute, as text, satisfies the test.
func (l *Leaves) any(label string, test func(string) bool) Filter {
	i, _ := l.find(label)
	if i < 0 {
		return ldapfilter.Unknown[*state.Object]()
	}
	return Filter{Match: func(o *state.Object) ldapfilter.Verdict {
		switch v := o.Values[i]; v.Kind() {
		case state.NullValue:
			return ldapfilter.No
		case state.ListValue:
			return ldapfilter.Of(slices.ContainsFunc(v.List(), test))
		case state.BoolValue:
			return ldapfilter.Of(test(strings.ToUpper(v.Text())))
		default:
			return ldapfilter.Of(test(v.Text()))
		}
	}}
}

// Equal matches a value by the attribute's syntax.
func (l *Leaves) Equal(label, value string) Filter {
	switch strings.ToLower(label) {
	case "anr":
		return l.ambiguousName(value)
	case "objectcategory":
		return l.category(value)
	case "distinguishedname":
		return Filter{Match: func(o *state.Object) ldapfilter.Verdict { return ldapfilter.Of(dn.Equal(o.DN, value)) }}
	case "objectguid":
		g, ok := guidOf(value)
		return Filter{Match: func(o *state.Object) ldapfilter.Verdict { return ldapfilter.Of(ok && o.GUID == g) }}
	}
	a := l.Schema.Lookup(label)
	switch {
	case a == nil:
		want := fold(value)
		return l.any(label, func(v string) bool { return fold(v) == want })
	case a.Type == state.TypeReference:
		want := Key(value)
		return l.any(label, func(v string) bool { return Key(v) == want })
	case a.Type == state.TypeBinary:
		want := base64.StdEncoding.EncodeToString([]byte(value))
		return l.any(label, func(v string) bool { return v == want })
	case a.Type == state.TypeInt:
		want, err := strconv.ParseInt(value, 10, 64)
		return l.any(label, func(v string) bool {
			have, bad := strconv.ParseInt(v, 10, 64)
			return err == nil && bad == nil && have == want
		})
	case a.Type == state.TypeTime:
		want, ok := moment(value)
		return l.any(label, func(v string) bool {
			have, err := time.Parse(time.RFC3339Nano, v)
			return ok && err == nil && have.Equal(want)
		})
	}
	want := fold(value)
	if sid, ok := sidOf(value); ok {
		want = fold(sid)
	}
	return l.any(label, func(v string) bool { return fold(v) == want })
}

// fold is the form in which texts are compared.
func fold(s string) string { return strings.ToLower(s) }

// guidOf is a GUID in its text form or as its bytes.
func guidOf(value string) (g state.GUID, ok bool) {
	if g, ok = state.ParseGUID(value); ok || len(value) != len(g) {
		return g, ok
	}
	copy(g[:], value)
	return g, true
}

// moment is a GeneralizedTime.
func moment(value string) (time.Time, bool) {
	for _, layout := range []string{"20060102150405Z0700", "20060102150405.0Z0700"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// category matches objectCategory by the name of a class or by distinguished name.
func (l *Leaves) category(value string) Filter {
	if !strings.Contains(value, "=") {
		class := fold(value)
		want, ok := map[string]string{"user": "person", "contact": "person", "inetorgperson": "person",
			"organizationalperson": "person"}[class]
		if !ok {
			want = class
		}
		return l.any("objectCategory", func(v string) bool {
			return fold(strings.ReplaceAll(dn.FirstValue(v), "-", "")) == strings.ReplaceAll(want, "-", "")
		})
	}
	want := Key(value)
	return l.any("objectCategory", func(v string) bool { return Key(v) == want })
}

// ambiguousName is Active Directory's (anr=text): the start of any of the names that a person goes by.
func (l *Leaves) ambiguousName(value string) Filter {
	exact := strings.HasPrefix(value, "=")
	want := fold(strings.TrimPrefix(value, "="))
	var parts []Filter
	for _, label := range []string{"displayName", "givenName", "sn", "sAMAccountName", "name", "proxyAddresses", "mail",
		"physicalDeliveryOfficeName", "legacyExchangeDN"} {
		if l.Shape.Index(label) < 0 {
			continue
		}
		parts = append(parts, l.any(label, func(v string) bool {
			v = strings.TrimPrefix(fold(v), "smtp:")
			return v == want || !exact && strings.HasPrefix(v, want)
		}))
	}
	return ldapfilter.AnyOf(parts)
}

// Ordered matches values on one side of another.
func (l *Leaves) Ordered(label, value string, atLeast bool) Filter {
	switch a := l.Schema.Lookup(label); {
	case a != nil && a.Type == state.TypeInt:
		bound, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return ldapfilter.Unknown[*state.Object]()
		}
		return l.any(label, func(v string) bool {
			have, err := strconv.ParseInt(v, 10, 64)
			return err == nil && ldapfilter.Within(have, bound, atLeast)
		})
	case a != nil && a.Type == state.TypeTime:
		bound, ok := moment(value)
		if !ok {
			return ldapfilter.Unknown[*state.Object]()
		}
		return l.any(label, func(v string) bool {
			have, err := time.Parse(time.RFC3339Nano, v)
			return err == nil && ldapfilter.Within(have.Unix(), bound.Unix(), atLeast)
		})
	}
	bound := fold(value)
	return l.any(label, func(v string) bool { return fold(v) == bound || fold(v) > bound == atLeast })
}

// Substrings matches parts of texts; of names and identifiers Active Directory matches none.
func (l *Leaves) Substrings(label string, p ldapfilter.Pattern) Filter {
	a := l.Schema.Lookup(label)
	if a != nil && (a.Type == state.TypeReference || a.Name == "objectGUID" || a.Name == "objectSid" ||
		a.Name == "objectCategory") {
		return ldapfilter.Never[*state.Object]()
	}
	if a != nil && a.Type == state.TypeBinary {
		return l.any(label, func(v string) bool {
			raw, err := base64.StdEncoding.DecodeString(v)
			return err == nil && p.Matches(string(raw))
		})
	}
	p = p.Map(fold)
	return l.any(label, func(v string) bool { return p.Matches(fold(v)) })
}

// Rule applies a matching rule.
func (l *Leaves) Rule(rule, label, value string) Filter {
	switch a := l.Schema.Lookup(label); {
	case rule == ldapfilter.BitAnd || rule == ldapfilter.BitOr:
		mask, ok := ldapfilter.Mask(value)
		if !ok || a != nil && a.Type != state.TypeInt {
			return ldapfilter.Unknown[*state.Object]()
		}
		return l.any(label, func(v string) bool {
			have, err := strconv.ParseInt(v, 10, 64)
			return err == nil && ldapfilter.BitsOf(have, mask, rule)
		})
	case rule == ldapfilter.InChain:
		reached, err := l.Chain(fold(label), value)
		if err != nil {
			l.err = err
		}
		return Filter{Match: func(o *state.Object) ldapfilter.Verdict { return ldapfilter.Of(reached[Key(o.DN)]) }}
	}
	return ldapfilter.Unknown[*state.Object]()
}

var _ ldapfilter.Leaves[*state.Object] = (*Leaves)(nil)

// SchemaOf is the schema by which a section's objects were read.
func SchemaOf(kind state.Kind) *state.Schema {
	if s := providers.ADSchema(kind); s != nil {
		return s
	}
	return providers.ADSchema(state.User)
}

// sidOf is the text form of a security identifier's bytes (MS-DTYP 2.4.2).
func sidOf(value string) (string, bool) {
	if len(value) < 8 || value[0] != 1 || len(value) != 8+4*int(value[1]) {
		return "", false
	}
	authority := uint64(0)
	for i := 2; i < 8; i++ {
		authority = authority<<8 | uint64(value[i])
	}
	text := fmt.Sprintf("S-1-%d", authority)
	for at := 8; at < len(value); at += 4 {
		text += fmt.Sprintf("-%d",
			uint32(value[at])|uint32(value[at+1])<<8|uint32(value[at+2])<<16|uint32(value[at+3])<<24)
	}
	return text, true
}

// Key is what a distinguished name is looked up by, however it is written.
func Key(name string) string {
	if n, err := dn.Parse(name); err == nil {
		return string(n)
	}
	return dn.Key(name)
}
