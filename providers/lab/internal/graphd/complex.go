package graphd

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

var extensionName = regexp.MustCompile(`^extensionAttribute([1-9]|1[0-5])$`)

// signInName are the names of the parts of signInActivity (v1.0 metadata).
var signInName = regexp.MustCompile(`^last(|NonInteractive|Successful)SignIn(DateTime|RequestId)$`)

// checkComplex checks the parts of a complex value: strings of a known name, or null.
func (t *Tenant) checkComplex(k kind, p int, raw []byte) *Error {
	var parts map[string]*string
	err := json.Unmarshal(raw, &parts)
	property := t.reg.props[p].name
	for name, v := range parts {
		if !isPart(property, name, v) {
			return invalidValue(k, property)
		}
	}
	if err != nil {
		return invalidValue(k, property)
	}
	return nil
}

// isPart reports whether a complex property has a part with that name, which can hold v.
func isPart(property, name string, v *string) bool {
	switch property {
	case "onPremisesExtensionAttributes":
		return extensionName.MatchString(name) && (v == nil || utf8.RuneCountInString(*v) <= 1024)
	case signInActivity:
		if v == nil || strings.HasSuffix(name, "RequestId") {
			return signInName.MatchString(name)
		}
		_, err := time.Parse(time.RFC3339, *v)
		return err == nil && signInName.MatchString(name)
	}
	return name == "division" || name == "costCenter"
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
