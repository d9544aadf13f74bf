// Package proxies reads proxyAddresses: the mail addresses of an object at the source, each behind its type. It is the one judgement of
// what such a value means, for expressions, for matching and for the report on aliases.
//
// The values of an attribute are a set: a directory gives them in any order, and nothing here depends on it.
package proxies

import (
	"strings"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/visible"
)

// Kind is what a proxy address is.
type Kind uint8

// The kinds of proxy addresses.
const (
	Other     Kind = iota // SIP:, X500: and the like, which have nothing to do with mail addresses
	Primary               // SMTP: is the primary address, which is mail's business
	Further               // smtp: is an alias
	Disguised             // would be an address but for a character before the address that nobody sees
)

// Read is the address without its type, and what it is. Blanks around the address are none of it, nor are those around the value. Only
// SMTP: in capitals is the primary address. An address without a type is an alias, which is what Exchange takes it for. The address
// is "" where the kind is [Other] or [Disguised].
func Read(value string) (address string, kind Kind) {
	value = state.Trim(value)
	if address, kind = read(value); kind != Other {
		return address, kind
	}
	if _, n := visible.Trap(value, false); n > 0 {
		if _, kind = read(state.Trim(strings.Map(shown, value))); kind != Other {
			return "", Disguised
		}
	}
	return "", Other
}

func read(value string) (string, Kind) {
	const typ = "SMTP:"
	if len(value) > len(typ) && strings.EqualFold(value[:len(typ)], typ) {
		switch address := state.Trim(value[len(typ):]); {
		case address == "":
			return "", Other
		case value[:len(typ)] == typ:
			return address, Primary
		default:
			return address, Further
		}
	}
	if !strings.Contains(value, ":") && strings.Contains(value, "@") {
		return value, Further
	}
	return "", Other
}

// shown drops a character that nobody sees.
func shown(r rune) rune {
	if visible.Hides(r) {
		return -1
	}
	return r
}

// PrimaryOf is the primary address among values. It is "" if there is none, and if there are several: nobody can tell then which is
// meant. An address that stands there twice, in another case, is one.
func PrimaryOf(values []string) string {
	found := ""
	for _, value := range values {
		address, kind := Read(value)
		switch {
		case kind != Primary:
		case found == "", address < found && Same(address, found):
			found = address
		case !Same(address, found):
			return ""
		}
	}
	return found
}

// FurtherOf are the aliases among values, in their order.
func FurtherOf(values []string) (list []string) {
	for _, value := range values {
		if address, kind := Read(value); kind == Further {
			list = append(list, address)
		}
	}
	return list
}

// Same reports whether two addresses are one, regardless of case.
func Same(a, b string) bool { return strings.EqualFold(state.NFC(a), state.NFC(b)) }
