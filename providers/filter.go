package providers

import (
	"encoding/hex"
	"strings"

	"github.com/dirform/dirform/state"
)

// GUIDFilter is the LDAP filter for the objects that hold one of the GUIDs in one of the attributes, such as
// objectGUID. It is true of no object if there are no GUIDs or no attributes.
func GUIDFilter(guids []state.GUID, attributes ...string) string {
	var b strings.Builder
	b.WriteString("(|")
	for _, g := range guids {
		value := escaped(g)
		for _, name := range attributes {
			b.WriteString("(" + name + "=" + value + ")")
		}
	}
	b.WriteByte(')')
	return b.String()
}

// escaped is a GUID as a filter's value: each byte a backslash and two hexadecimal digits (RFC 4515).
func escaped(g state.GUID) string {
	b := make([]byte, 0, 3*len(g))
	for i := range g {
		b = hex.AppendEncode(append(b, '\\'), g[i:i+1])
	}
	return string(b)
}
