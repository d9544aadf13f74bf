package graphd

import (
	"encoding/json"
	"regexp"
	"unicode/utf8"
)

var extensionName = regexp.MustCompile(`^extensionAttribute([1-9]|1[0-5])$`)

// checkComplex checks the parts of a complex value: strings of a known name, or null.
func (t *Tenant) checkComplex(k kind, p int, raw []byte) *Error {
	var parts map[string]*string
	err := json.Unmarshal(raw, &parts)
	extensions := p == t.reg.must("onPremisesExtensionAttributes")
	for name, v := range parts {
		switch {
		case extensions && (!extensionName.MatchString(name) || v != nil && utf8.RuneCountInString(*v) > 1024),
			!extensions && name != "division" && name != "costCenter":
			return invalidValue(k, t.reg.props[p].name)
		}
	}
	if err != nil {
		return invalidValue(k, t.reg.props[p].name)
	}
	return nil
}

// merge is a complex value after a PATCH, which keeps the parts it does not name and removes those it sets to null.
func merge(old, patch string) string {
	parts := map[string]json.RawMessage{}
	for _, raw := range []string{old, patch} {
		if raw != "" {
			_ = json.Unmarshal([]byte(raw), &parts) // both were checked when they came in
		}
	}
	for name, v := range parts {
		if string(v) == "null" {
			delete(parts, name)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	b, err := json.Marshal(parts)
	if err != nil {
		return old
	}
	return string(b)
}
