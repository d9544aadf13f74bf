package table

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/visible"
)

// Illegal says what is wrong with the characters of v, or "": one that people do not see, or one that is [Refused].
func Illegal(a *state.Attribute, v string) string {
	if name, n := visible.Trap(v, a.Lines); n > 0 {
		return fmt.Sprintf("character %d of it is %s", n, name)
	}
	return Refused(a, v)
}

// Refused says which character of v the service refuses, or "".
func Refused(a *state.Attribute, v string) string {
	if !a.ASCII && a.Deny == "" {
		return ""
	}
	for _, r := range v {
		switch {
		case a.ASCII && r > unicode.MaxASCII:
			return fmt.Sprintf("the character %q is not ASCII", r)
		case strings.ContainsRune(a.Deny, r):
			return fmt.Sprintf("the character %q is not allowed", r)
		}
	}
	return ""
}

// legalName makes s fit to stand before the @ of user name attribute a: what the service refuses becomes an underscore,
// as the sync engine has it.
func legalName(a *state.Attribute, s string) string {
	s = strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || unicode.IsControl(r) || r == '@' || strings.ContainsRune(a.Deny, r) {
			return '_'
		}
		return r
	}, s)
	return strings.Trim(s[:min(len(s), MaxLocalPart)], ".")
}

// MaxLocalPart and MaxDomainPart are how many characters may stand before and after the @ of a user name (Microsoft's
// table of userPrincipalName constraints).
const MaxLocalPart, MaxDomainPart = 64, 48

// RefusedAddress says why Exchange would refuse an address, or "".
func RefusedAddress(a *state.Attribute, address string) string {
	local, domain, ok := strings.Cut(address, "@")
	switch why := Illegal(a, address); {
	case why != "":
		return why
	case !ok || local == "" || domain == "" || strings.Contains(domain, "@"):
		return "an address must have the form name@domain with exactly one @"
	case a.MaxLen > 0 && len("smtp:")+len(address) > a.MaxLen:
		return fmt.Sprintf("it has more than %d characters", a.MaxLen)
	}
	return ""
}
