// Package filters tells what LDAP filters of a configuration ask about.
package filters

import (
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// Names are the attributes that an LDAP filter asks about, as they are written but for options; identifiers made of
// numbers are left out.
func Names(p *ber.Packet) (names []string) {
	add := func(name any) {
		s, _ := name.(string)
		if s, _, _ = strings.Cut(s, ";"); s != "" && !strings.Contains(s, ".") {
			names = append(names, s)
		}
	}
	switch p.Tag {
	case ldap.FilterAnd, ldap.FilterOr, ldap.FilterNot:
		for _, c := range p.Children {
			names = append(names, Names(c)...)
		}
	case ldap.FilterPresent:
		add(p.Data.String())
	case ldap.FilterExtensibleMatch:
		for _, c := range p.Children {
			if c.Tag == ldap.MatchingRuleAssertionType {
				add(c.Value)
			}
		}
	default:
		if len(p.Children) > 0 {
			add(p.Children[0].Value)
		}
	}
	return names
}
