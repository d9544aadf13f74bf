package graphd

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// checkValue checks one property's new value as far as it can be judged alone. Null is judged by the caller.
func (t *Tenant) checkValue(k kind, p int, v jsontext.Value) *Error {
	def := &t.reg.props[p]
	if checkShape(def, v) != nil {
		return invalidValue(k, def.name)
	}
	raw := string(v)
	switch def.typ {
	case textProp:
		s := text(raw)
		if s == "" || def.max > 0 && utf8.RuneCountInString(s) > def.max {
			return invalidValue(k, def.name)
		}
		return t.checkText(k, p, s)
	case timeProp:
		if _, err := time.Parse(time.RFC3339, text(raw)); err != nil {
			return invalidValue(k, def.name)
		}
	case listProp:
		return t.checkList(k, p, texts(raw))
	case objectProp:
		return t.checkComplex(k, p, v)
	}
	return nil
}

func (t *Tenant) checkText(k kind, p int, s string) *Error {
	ok := true
	switch p {
	case propUPN:
		return t.checkUPN(s)
	case propMailNickname:
		ok = isASCII(s) && !strings.ContainsAny(s, `@()/\[]";:<>, '`) && s[0] != '.'
	case propMail:
		local, domain, found := strings.Cut(s, "@")
		ok = found && isASCII(s) && local != "" && strings.Contains(domain, ".") && !strings.ContainsAny(s, " <>();,[]\"")
	case propImmutableID:
		ok = isASCII(s) && !strings.ContainsAny(s, "$_")
	case propUsageLocation:
		ok = len(s) == 2 && isLetter(s[0]) && isLetter(s[1])
	case propUserType:
		ok = s == "Member" || s == "Guest"
	}
	if !ok {
		return invalidValue(k, t.reg.props[p].name)
	}
	return nil
}

// checkUPN applies the lengths and characters of concept-sspr-policy.md, then asks for a verified domain.
func (t *Tenant) checkUPN(upn string) *Error {
	local, domain, found := strings.Cut(upn, "@")
	ok := found && local != "" && len(upn) <= 113 && len(local) <= 64 && len(domain) <= 48 && !strings.HasSuffix(local, ".")
	for i := 0; ok && i < len(local); i++ {
		c := local[i]
		ok = isLetter(c) || '0' <= c && c <= '9' || strings.IndexByte("'.-_!#^~", c) >= 0
	}
	if !ok || strings.Contains(domain, "@") {
		return badRequest("Property userPrincipalName is invalid.")
	}
	if _, verified := t.verified[strings.ToLower(domain)]; !verified {
		return badRequest("The domain portion of the userPrincipalName property is invalid. You must use one of the verified" +
			" domain names in your organization.")
	}
	return nil
}

func (t *Tenant) checkList(k kind, p int, items []string) *Error {
	def := &t.reg.props[p]
	most := 250
	if p == propBusinessPhones {
		most = 1
	}
	if len(items) > most {
		return invalidValue(k, def.name)
	}
	for _, s := range items {
		if s == "" || def.max > 0 && utf8.RuneCountInString(s) > def.max || p == propOtherMails && !isASCII(s) {
			return invalidValue(k, def.name)
		}
	}
	return nil
}

// checkPassword judges a passwordProfile: 8 to 256 characters, three of four classes, no Unicode.
func checkPassword(v jsontext.Value) *Error {
	var s string
	dec := jsontext.NewDecoder(strings.NewReader(string(v)))
	if dec.PeekKind() != '{' {
		return invalidValue(userKind, "passwordProfile")
	}
	dec.ReadToken()
	for dec.PeekKind() == '"' {
		name, _ := dec.ReadToken()
		key := name.String()
		raw, err := dec.ReadValue()
		if err != nil {
			return invalidValue(userKind, "passwordProfile")
		}
		if key == "password" {
			s = text(string(raw))
		}
	}
	var lower, upper, digit, symbol int
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z':
			lower = 1
		case c >= 'A' && c <= 'Z':
			upper = 1
		case c >= '0' && c <= '9':
			digit = 1
		case c > ' ' && c < 0x7f || c == ' ':
			symbol = 1
		default:
			return weakPassword()
		}
	}
	if len(s) < 8 || len(s) > 256 || lower+upper+digit+symbol < 3 {
		return weakPassword()
	}
	return nil
}

func weakPassword() *Error {
	return badRequest("The specified password does not comply with password complexity requirements. Please provide a different password.")
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
