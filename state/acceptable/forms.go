package acceptable

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/acceptable/internal/codes"
)

// Malformed says what is wrong with v as a whole, and what is meant where that is known; "" if nothing is.
func Malformed(form state.Form, v string) string {
	switch form {
	case state.FormAddress:
		return badAddress(v)
	case state.FormCountry:
		return codes.Country(v)
	case state.FormLanguage:
		return codes.Language(v)
	case state.FormNickname:
		if strings.HasPrefix(v, ".") {
			return "a nickname may not begin with a dot"
		}
	}
	return ""
}

// badAddress says why v is no mail address. RFC 5321 allows more than is ever used, quoted names among it; Exchange
// does not take that either.
func badAddress(v string) string {
	if why := badType(v); why != "" {
		return why
	}
	local, domain, ok := strings.Cut(v, "@")
	switch {
	case !ok || local == "" || domain == "" || strings.Contains(domain, "@"):
		return "an address must have the form name@domain with exactly one @"
	case strings.ContainsFunc(v, unicode.IsSpace):
		return "an address holds no blank"
	case strings.Contains(local, ":"):
		return "the character ':' is not allowed before the @"
	case strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, ".."):
		return "the part before the @ must neither begin nor end with a dot, nor have two in a row"
	}
	if !strings.Contains(domain, ".") {
		return fmt.Sprintf("%q is not the whole name of a domain, which has a dot", domain)
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, func(r rune) bool {
				return !(r == '-' || r == '_' || unicode.IsLetter(r) ||
					unicode.IsDigit(r))
			}) {
			return fmt.Sprintf("%q is not the name of a domain", domain)
		}
	}
	return ""
}

// addressTypes are the types of proxyAddresses that people copy together with an address, and that of a link.
var addressTypes = [...]string{"smtp", "sip", "eum", "x400", "x500", "notes", "mailto"}

// badType says that v is an address behind a type, and which address is meant, if what follows is one; else it is "".
func badType(v string) string {
	typ, address, ok := strings.Cut(v, ":")
	known := func(t string) bool { return strings.EqualFold(t, typ) }
	if !ok || !strings.Contains(address, "@") || !slices.ContainsFunc(addressTypes[:], known) {
		return ""
	}
	why := typ + ": is the type that an address has in proxyAddresses"
	if strings.EqualFold(typ, "mailto") {
		why = typ + ": is what a link begins with, and no part of an address"
	}
	if address = state.Trim(address); badAddress(address) == "" {
		why += fmt.Sprintf("; %q is meant", address)
	}
	return why
}
