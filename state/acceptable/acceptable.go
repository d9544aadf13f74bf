// Package acceptable says which values the service takes for an attribute, so far as that follows from the value alone.
package acceptable

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/visible"
)

// Never says which text of a value the service takes of no object, and why; "" if it takes them all.
func Never(a *state.Attribute, v state.Value) (text, why string) {
	if a.Type == state.TypeReference || a.Reported {
		return "", ""
	}
	texts := v.List()
	if v.Kind() == state.StringValue && v.Str() != "" {
		texts = []string{v.Str()}
	}
	for _, text := range texts {
		if why := cmp.Or(trapped(a, text), Wrong(a, text), tooLong(a, text)); why != "" {
			return text, why
		}
	}
	return "", ""
}

// tooLong says that v has more characters than the service accepts, or "".
func tooLong(a *state.Attribute, v string) string {
	if n := utf8.RuneCountInString(v); a.MaxLen > 0 && n > a.MaxLen {
		return fmt.Sprintf("it has %d characters, and at most %d are accepted", n, a.MaxLen)
	}
	return ""
}

// Wrong says which character of v the service refuses or what is wrong with v as a whole, or "".
func Wrong(a *state.Attribute, v string) string {
	if a.Form == state.FormCountry { // what is no code is told as such, whatever characters it has
		return Malformed(a.Form, v)
	}
	return cmp.Or(Refused(a, v), Malformed(a.Form, v))
}

// Illegal says what is wrong with the characters of v, or "": one that people do not see, or one that is [Refused].
func Illegal(a *state.Attribute, v string) string {
	return cmp.Or(trapped(a, v), Refused(a, v))
}

// trapped says which character of v would deceive whoever reads it, or "".
func trapped(a *state.Attribute, v string) string {
	if name, n := visible.Trap(v, a.Lines); n > 0 {
		return fmt.Sprintf("character %d of it is %s", n, name)
	}
	return ""
}

// Refused says which character of v the service refuses, or "".
func Refused(a *state.Attribute, v string) string {
	if !a.ASCII && a.Deny == "" {
		return ""
	}
	for _, r := range v {
		switch {
		case a.ASCII && r > unicode.MaxASCII:
			return fmt.Sprintf("the character %q is not ASCII", r)
		case strings.ContainsRune(a.Deny, r):
			return fmt.Sprintf("the character %q is not allowed", r)
		}
	}
	return ""
}
