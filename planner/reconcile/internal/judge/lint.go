package judge

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/state"
)

// lint checks the values that are about to be written against what the service accepts.
func lint(d *draft) {
	schema := d.j.set.Schema(d.Table.Kind)
	if d.Mapped != "" && !d.j.keepsFallback(d.Row) {
		d.report(words.FallbackName(d.Table.Of.UserName, d.Mapped, d.Key, d.once, d.Table.Policy))
	}
	for _, c := range d.attrs {
		a := schema.Lookup(c.Name)
		if a == nil || a.Type == state.TypeReference || c.After.IsNull() {
			continue
		}
		values := c.After.List()
		if c.After.Kind() == state.StringValue {
			values = []string{c.After.Str()}
		}
		if a.MaxCount > 0 && len(values) > a.MaxCount {
			d.report(words.TooMany(a, values))
		}
		for _, v := range values {
			lintString(d, a, v)
		}
	}
}

func lintString(d *draft, a *state.Attribute, v string) {
	if n := utf8.RuneCountInString(v); a.MaxLen > 0 && n > a.MaxLen {
		d.report(words.TooLong(a, v, n))
	}
	if bad := table.Illegal(a, v); bad != "" {
		d.report(words.BadValue(a, v, bad))
		return
	}
	if a.Name == d.Table.Of.UserName {
		lintUPN(d, a, v)
	}
}

// lintUPN checks what the schema table cannot say: the form alias@domain, the length of each part (64 and 48
// characters, Microsoft's table of userPrincipalName constraints), and that the tenant has verified the domain.
func lintUPN(d *draft, a *state.Attribute, v string) {
	local, domain, ok := strings.Cut(v, "@")
	switch {
	case !ok || local == "" || domain == "" || strings.Contains(domain, "@"):
		d.report(words.BadValue(a, v, "it must have the form name@domain with exactly one @"))
	case strings.ContainsAny(local, "%&*+/=?{}|<>();:,[]\"\\ "):
		i := strings.IndexAny(local, "%&*+/=?{}|<>();:,[]\"\\ ")
		d.report(words.BadValue(a, v, fmt.Sprintf("the character %q is not allowed before the @", local[i])))
	case strings.HasSuffix(local, ".") || strings.HasPrefix(local, "."):
		d.report(words.BadValue(a, v, "the part before the @ must neither begin nor end with a dot"))
	case len(local) > table.MaxLocalPart || len(domain) > table.MaxDomainPart:
		d.report(words.BadValue(a, v, "at most 64 characters may stand before the @ and 48 after it"))
	case !d.j.Domains.Has(domain):
		d.report(words.Unverified(a.Name, v, domain, d.j.Domains.List(), d.Table.Policy))
	}
}

// lintRequired checks that a new object has what the service demands.
func lintRequired(d *draft) {
	for _, a := range d.j.set.Schema(d.Table.Kind).Required() {
		has := slices.ContainsFunc(d.attrs, func(c state.AttributeChange) bool {
			return c.Name == a.Name && !c.After.IsNull()
		})
		if !a.Hidden && !has {
			d.report(words.Missing(a, d.Expression(a.Name)))
		}
	}
}
