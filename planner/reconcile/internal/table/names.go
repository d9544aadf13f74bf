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

// SpeltCol is the column of the user name where the mapping has it written as it is spelt (case_changes), else -1.
func (t *Source) SpeltCol() int {
	i := t.Names[state.SignInNames]
	if i < 0 || !t.Mapping.CaseChanges {
		return -1
	}
	return t.Columns[i].Col
}
