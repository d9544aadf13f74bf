package memory

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/dn"
	"github.com/dirform/dirform/state/fault"
)

// truth is what a filter says of an object: undefined if the object lacks what is asked about (RFC 4511, section
// 4.5.1.7).
type truth int

const (
	no truth = iota
	undefined
	yes
)

func of(b bool) truth {
	if b {
		return yes
	}
	return no
}

// condition is a filter as a function of an object's attributes.
type condition func(attrs map[string]state.Value) truth

// compile makes a condition of an LDAP filter. What Active Directory's servers understand beyond it is an error: nobody
// is to be in or out of a scope by a guess.
func compile(filter string) (condition, error) {
	if filter == "" {
		return func(map[string]state.Value) truth { return yes }, nil
	}
	p, err := ldap.CompileFilter(filter)
	if err != nil {
		return nil, err
	}
	return build(p)
}

func build(p *ber.Packet) (condition, error) {
	switch p.Tag {
	case ldap.FilterAnd, ldap.FilterOr, ldap.FilterNot:
		return combined(p)
	case ldap.FilterPresent:
		name := strings.ToLower(p.Data.String())
		return func(attrs map[string]state.Value) truth { return of(len(texts(attrs[name])) > 0) }, nil
	case ldap.FilterSubstrings:
		return substrings(p), nil
	case ldap.FilterExtensibleMatch:
		return extended(p)
	}
	name, want := assertion(p)
	test := func(got string) bool { return same(name, got, want) }
	switch p.Tag {
	case ldap.FilterGreaterOrEqual:
		test = func(got string) bool { return compare(got, want) >= 0 }
	case ldap.FilterLessOrEqual:
		test = func(got string) bool { return compare(got, want) <= 0 }
	}
	return some(name, test), nil
}

func combined(p *ber.Packet) (condition, error) {
	var parts []condition
	for _, c := range p.Children {
		part, err := build(c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return func(attrs map[string]state.Value) truth {
		all, one := yes, no
		for _, part := range parts {
			t := part(attrs)
			all, one = min(all, t), max(one, t)
		}
		switch p.Tag {
		case ldap.FilterAnd:
			return all
		case ldap.FilterOr:
			return one
		}
		return yes - one
	}, nil
}

// assertion is the attribute, in small letters, and the value of a simple filter.
func assertion(p *ber.Packet) (name, value string) {
	return strings.ToLower(p.Children[0].Data.String()), ber.DecodeString(p.Children[1].Data.Bytes())
}

// some holds of objects of which one value passes; it is undefined of those without one.
func some(name string, test func(string) bool) condition {
	return func(attrs map[string]state.Value) truth {
		list := texts(attrs[name])
		for _, got := range list {
			if test(got) {
				return yes
			}
		}
		if len(list) == 0 {
			return undefined
		}
		return no
	}
}

func texts(v state.Value) []string {
	switch v.Kind() {
	case state.NullValue:
		return nil
	case state.ListValue:
		return v.List()
	case state.BoolValue:
		return []string{strings.ToUpper(v.Text())}
	}
	return []string{v.Text()}
}

// same compares as the directory does: names by what they name, anything else regardless of case.
func same(name, got, want string) bool {
	if name == "objectcategory" && !strings.Contains(want, "=") { // a class's short name
		return strings.EqualFold(dn.FirstValue(got), want)
	}
	if got == base64.StdEncoding.EncodeToString([]byte(want)) { // bytes
		return true
	}
	return strings.EqualFold(state.NFC(got), state.NFC(want)) || strings.Contains(want, "=") && dn.Equal(got, want)
}

// compare orders numbers as numbers and anything else as text.
func compare(a, b string) int {
	x, err1 := strconv.ParseInt(a, 10, 64)
	y, err2 := strconv.ParseInt(b, 10, 64)
	if err1 == nil && err2 == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

func substrings(p *ber.Packet) condition {
	return some(strings.ToLower(p.Children[0].Data.String()), func(got string) bool {
		rest := strings.ToLower(state.NFC(got))
		for _, part := range p.Children[1].Children {
			want := strings.ToLower(state.NFC(ber.DecodeString(part.Data.Bytes())))
			switch part.Tag {
			case ldap.FilterSubstringsInitial:
				if !strings.HasPrefix(rest, want) {
					return false
				}
				rest = rest[len(want):]
			case ldap.FilterSubstringsFinal:
				if !strings.HasSuffix(rest, want) {
					return false
				}
				rest = ""
			default:
				i := strings.Index(rest, want)
				if i < 0 {
					return false
				}
				rest = rest[i+len(want):]
			}
		}
		return true
	})
}

// Matching rules of Active Directory (MS-ADTS, section 3.1.1.3.4.4).
const (
	allBits = "1.2.840.113556.1.4.803"
	anyBit  = "1.2.840.113556.1.4.804"
)

func extended(p *ber.Packet) (condition, error) {
	rule, name, want := "", "", ""
	for _, c := range p.Children {
		switch text := ber.DecodeString(c.Data.Bytes()); c.Tag {
		case ldap.MatchingRuleAssertionMatchingRule:
			rule = text
		case ldap.MatchingRuleAssertionType:
			name = strings.ToLower(text)
		case ldap.MatchingRuleAssertionMatchValue:
			want = text
		}
	}
	bits, err := strconv.ParseInt(want, 10, 64)
	if rule != allBits && rule != anyBit || err != nil {
		return nil, &fault.Error{Summary: "A test cannot evaluate this filter",
			Detail: fmt.Sprintf("It has the matching rule %s with the value %q. Tests know %s (all bits) and %s (any bit) with a number.",
				rule, want, allBits, anyBit),
			Hint: "Say the same with a where expression, or rehearse on an embedded directory: \"dirform help lab\"."}
	}
	return some(name, func(got string) bool {
		n, err := strconv.ParseInt(got, 10, 64)
		return err == nil && (rule == allBits && n&bits == bits || rule == anyBit && n&bits != 0)
	}), nil
}
