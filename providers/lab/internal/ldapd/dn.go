package ldapd

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/dirform/dirform/state/dn"
)

// rdn is one relative distinguished name in canonical spelling: type in capitals, value escaped as AD escapes it.
type rdn = string

var errDN = errors.New("not a distinguished name")

// splitDN takes a distinguished name apart into canonical relative names, innermost first; none of a name of spaces only.
func splitDN(name string) ([]rdn, error) {
	var out []rdn
	for more := strings.TrimLeft(name, " ") != ""; more; {
		one, tail, goesOn, err := cutRDN(name)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
		name, more = tail, goesOn
	}
	return out, nil
}

// cutRDN takes the first relative name off a distinguished name; more says that a comma followed it. AD has no relative names
// of several attributes, and none without a value.
func cutRDN(name string) (one rdn, rest string, more bool, err error) {
	p, rest, sep, err := dn.Cut(name)
	if err != nil || sep == '+' || p.Value == "" || !utf8.ValidString(p.Value) || !isAttributeName(p.Type) {
		return "", "", false, errDN
	}
	return strings.ToUpper(p.Type) + "=" + dn.Escape(p.Value), rest, sep != 0, nil
}

func isAttributeName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// rdnType returns the attribute of a canonical relative name, in capitals.
func rdnType(r rdn) string { return r[:strings.IndexByte(r, '=')] }

// rdnValue returns the value of a canonical relative name without escapes.
func rdnValue(r rdn) string {
	if strings.IndexByte(r, '\\') >= 0 {
		return dn.FirstValue(r)
	}
	return r[strings.IndexByte(r, '=')+1:]
}
