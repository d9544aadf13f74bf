package table

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/acceptable"
)

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
	switch why := acceptable.Illegal(a, address); {
	case why != "":
		return why
	case !ok || local == "" || domain == "" || strings.Contains(domain, "@"):
		return "an address must have the form name@domain with exactly one @"
	case a.MaxLen > 0 && len("smtp:")+len(address) > a.MaxLen:
		return fmt.Sprintf("it has more than %d characters", a.MaxLen)
	}
	return ""
}
