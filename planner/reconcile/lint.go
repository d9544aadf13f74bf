package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dirform/dirform/state"
)

// lint checks the values that are about to be written against what the service accepts.
func (s *subject) lint() {
	schema := s.p.b.set.Schema(s.table.kind)
	if s.wanted != "" && !s.p.keepsFallback(s.row) {
		s.find(fallbackName(s.wanted, s.key, s.once, s.table.policy))
	}
	for _, c := range s.attrs {
		a := schema.Lookup(c.Name)
		if a == nil || a.Type == state.TypeReference || c.After.IsNull() {
			continue
		}
		values := c.After.List()
		if c.After.Kind() == state.StringValue {
			values = []string{c.After.Str()}
		}
		if a.MaxCount > 0 && len(values) > a.MaxCount {
			s.find(tooMany(a, values))
		}
		for _, v := range values {
			s.lintString(a, v)
		}
	}
}

func (s *subject) lintString(a *state.Attribute, v string) {
	if n := utf8.RuneCountInString(v); a.MaxLen > 0 && n > a.MaxLen {
		s.find(tooLong(a, v, n))
	}
	if bad := illegal(a, v); bad != "" {
		s.find(badValue(a, v, bad))
		return
	}
	if a.Name == "userPrincipalName" {
		s.lintUPN(a, v)
	}
}

// illegal says what is wrong with the characters of v, or "".
func illegal(a *state.Attribute, v string) string {
	for _, r := range v {
		switch {
		case a.ASCII && r > unicode.MaxASCII:
			return fmt.Sprintf("the character %q is not ASCII; ascii() transliterates it", r)
		case strings.ContainsRune(a.Deny, r):
			return fmt.Sprintf("the character %q is not allowed", r)
		case unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t':
			return fmt.Sprintf("it holds the control character %U", r)
		}
	}
	return ""
}

// lintUPN checks what the schema table cannot say: the form alias@domain, the length of each part (64 and 48 characters,
// Microsoft's table of userPrincipalName constraints), and that the tenant has verified the domain.
func (s *subject) lintUPN(a *state.Attribute, v string) {
	local, domain, ok := strings.Cut(v, "@")
	switch {
	case !ok || local == "" || domain == "" || strings.Contains(domain, "@"):
		s.find(badValue(a, v, "it must have the form name@domain with exactly one @"))
	case strings.ContainsAny(local, "%&*+/=?{}|<>();:,[]\"\\ "):
		i := strings.IndexAny(local, "%&*+/=?{}|<>();:,[]\"\\ ")
		s.find(badValue(a, v, fmt.Sprintf("the character %q is not allowed before the @", local[i])))
	case strings.HasSuffix(local, ".") || strings.HasPrefix(local, "."):
		s.find(badValue(a, v, "the part before the @ must neither begin nor end with a dot"))
	case len(local) > maxLocalPart || len(domain) > maxDomainPart:
		s.find(badValue(a, v, "at most 64 characters may stand before the @ and 48 after it"))
	case !s.p.verified[strings.ToLower(domain)]:
		s.find(unverified(v, domain, s.p.verifiedList(), s.table.policy))
	}
}

func (p *plan) verifiedList() string {
	var names []string
	for _, d := range p.b.set.Domains {
		if d.Verified {
			names = append(names, d.Name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// lintRequired checks that a new object has what the service demands.
func (s *subject) lintRequired() {
	schema := s.p.b.set.Schema(s.table.kind)
	for _, a := range schema.Required() {
		has := slices.ContainsFunc(s.attrs, func(c state.AttributeChange) bool { return c.Name == a.Name && !c.After.IsNull() })
		if !a.Hidden && !has {
			s.find(missing(a, s.expression(a.Name)))
		}
	}
}

// expression is the source text of a managed attribute's expression.
func (s *subject) expression(name string) string {
	for _, c := range s.table.columns {
		if c.m.Target.Name == name {
			return c.m.Expr.Source()
		}
	}
	return ""
}
