// Package jwtclaims reads what a token says about itself. It verifies nothing: a token is for the service that it is
// meant for, which does that.
package jwtclaims

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Read reads the claims of a token into v, as encoding/json does. It reports whether the token is a JWT (RFC 7519)
// whose claims fit; if not, v may be filled in part and is not to be used.
func Read(token string, v any) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	return err == nil && json.Unmarshal(raw, v) == nil
}

// Audience is whom a token is for: one text or a list of them, as RFC 7519 allows.
type Audience []string

// UnmarshalJSON reads either form.
func (a *Audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = Audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}
