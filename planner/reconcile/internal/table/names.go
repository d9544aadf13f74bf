package table

import (
	"encoding/base64"
	"strings"

	"github.com/dirform/dirform/state"
)

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

// nameCase is of a user name as it is spelt: the same for two names that differ in nothing, and hardly ever for
// others. It is 0 for none.
func nameCase(h Hash, name state.Value) uint32 {
	if name.Str() == "" {
		return 0
	}
	return uint32(h.h.SumExact(name.Str())) | 1
}

// Respelt reports whether the mapping has an attribute written whose value differs in the case of its letters only: a
// user name, where case_changes says so.
func (t *Source) Respelt(a *state.Attribute, have, want state.Value) bool {
	return t.Mapping.CaseChanges && a.Name == t.Of.UserName && have.Str() != want.Str()
}
