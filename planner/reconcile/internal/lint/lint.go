// Package lint checks values against what the service accepts, before anybody tries to write them.
package lint

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/acceptable"
	"github.com/dirform/dirform/state/visible"
)

// Rules are what the values of one object are checked against.
type Rules struct {
	Schema   *state.Schema // the tenant's, of the object's kind
	UserName string        // the attribute with the name with which people sign in, or ""
	Domains  table.Domains // the tenant's
	Policy   *config.LinkPolicy
}

// Values are findings about values that are about to be written and that the service would refuse.
func (r *Rules) Values(attrs []state.AttributeChange) (found []*planner.Finding) {
	for _, c := range attrs {
		a := r.Schema.Lookup(c.Name)
		if a == nil || a.Type == state.TypeReference || c.After.IsNull() {
			continue
		}
		values := c.After.List()
		if c.After.Kind() == state.StringValue {
			values = []string{c.After.Str()}
		}
		if a.MaxCount > 0 && len(values) > a.MaxCount {
			found = append(found, words.TooMany(a, values))
		}
		for _, v := range values {
			found = append(found, r.text(a, v)...)
		}
	}
	return found
}

// text checks one value of an attribute.
func (r *Rules) text(a *state.Attribute, v string) (found []*planner.Finding) {
	if n := utf8.RuneCountInString(v); a.MaxLen > 0 && n > a.MaxLen {
		found = append(found, words.TooLong(a, v, n))
	}
	if name, n := visible.Trap(v, a.Lines); n > 0 {
		return append(found, words.Trap(a, v, name, n))
	}
	if bad := r.wrong(a, v); bad != "" {
		return append(found, words.BadValue(a, v, bad, r.cure(a, v)))
	}
	if _, domain, _ := strings.Cut(v, "@"); a.Name == r.UserName && !r.Domains.Has(domain) {
		found = append(found, words.Unverified(a.Name, v, domain, r.Domains.List(), r.Policy))
	}
	return found
}

// wrong says why the service refuses a value, or "".
func (r *Rules) wrong(a *state.Attribute, v string) string {
	bad := acceptable.Wrong(a, v)
	if bad == "" && a.Name == r.UserName {
		bad = badUserName(v)
	}
	return bad
}

// cure is what makes a value acceptable that is wrong, so far as the mapping can: nothing is advised that does not help this value.
// Another domain than the one that stands there is no cure.
func (r *Rules) cure(a *state.Attribute, v string) words.Cure {
	if a.Form == state.FormCountry || a.Form == state.FormLanguage {
		return words.Translated
	}
	domain := func(s string) string { return s[strings.LastIndexByte(s, '@')+1:] }
	ascii := expr.ASCII(v)
	kept := strings.Map(func(c rune) rune {
		if strings.ContainsRune(a.Deny, c) || c > unicode.MaxASCII && !unicode.IsLetter(c) && !unicode.IsMark(c) {
			return -1
		}
		return c
	}, v)
	switch {
	case ascii != v && r.wrong(a, ascii) == "" && (domain(ascii) == domain(v) || !strings.Contains(v, "@")):
		return words.Transliterated
	case kept != v && kept != "" && r.wrong(a, kept) == "":
		return words.Replaced
	}
	return words.AnyHow
}

// badUserName checks what the schema table cannot say: the form alias@domain, and the length of each part (64 and 48 characters,
// Microsoft's table of userPrincipalName constraints). It is "" if nothing is wrong.
func badUserName(v string) string {
	const notInLocal = "%&*+/=?{}|<>();:,[]\"\\ "
	local, domain, ok := strings.Cut(v, "@")
	switch {
	case !ok || local == "" || domain == "" || strings.Contains(domain, "@"):
		return "it must have the form name@domain with exactly one @"
	case strings.ContainsAny(local, notInLocal):
		return fmt.Sprintf("the character %q is not allowed before the @", local[strings.IndexAny(local, notInLocal)])
	case strings.HasSuffix(local, ".") || strings.HasPrefix(local, "."):
		return "the part before the @ must neither begin nor end with a dot"
	case len(local) > table.MaxLocalPart || len(domain) > table.MaxDomainPart:
		return "at most 64 characters may stand before the @ and 48 after it"
	}
	return ""
}

// Missing are findings about what the service demands of a new object and attrs do not have. expression is the source
// text of the expression that is to give an attribute, "" if none does.
func (r *Rules) Missing(attrs []state.AttributeChange, expression func(name string) string) (found []*planner.Finding) {
	for _, a := range r.Schema.Required() {
		has := slices.ContainsFunc(attrs, func(c state.AttributeChange) bool {
			return c.Name == a.Name && !c.After.IsNull()
		})
		if !a.Hidden && !has {
			found = append(found, words.Missing(a, expression(a.Name)))
		}
	}
	return found
}
