package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// fallback gives those whose user name lies under a domain that the tenant has not verified a name under the tenant's own
// domain, as a link policy with on_unverified_suffix = "initial_domain" asks for. Microsoft's sync engine does the same by
// itself: Graph would refuse the name. The name depends on the source object alone, so that it is the same in each plan.
type fallback struct {
	initial  string                   // the tenant's *.onmicrosoft.com domain
	verified map[string]bool          // verified domains, lower case
	nickname *config.AttributeMapping // what mailNickname is going to be, or nil

	// The domain of the object before: neighbours mostly have the same, and then it need not be looked up.
	domain string
	taken  bool
}

// newFallback is nil where names are left as they are: the policy asks for it, or the tenant names no initial domain.
func newFallback(policy *config.LinkPolicy, mapping *config.Mapping, domains []providers.TenantDomain) *fallback {
	if policy == nil || mapping == nil || policy.OnUnverifiedSuffix != "initial_domain" {
		return nil
	}
	f := &fallback{verified: verifiedDomains(domains)}
	for _, d := range domains {
		if d.Initial && d.Verified {
			f.initial = d.Name
		}
	}
	for _, a := range mapping.Attributes {
		if a.Target.Name == "mailNickname" {
			f.nickname = a
		}
	}
	if f.initial == "" {
		return nil
	}
	return f
}

func verifiedDomains(domains []providers.TenantDomain) map[string]bool {
	verified := map[string]bool{}
	for _, d := range domains {
		if d.Verified {
			verified[strings.ToLower(d.Name)] = true
		}
	}
	return verified
}

// replace is the user name that object o gets in place of the wanted one; ok is false if it gets the wanted one. A name that is
// malformed anyway is left to be found out as such.
func (f *fallback) replace(a *state.Attribute, wanted state.Value, o *state.Object) (name state.Value, ok bool) {
	local, domain, ok := strings.Cut(wanted.Str(), "@")
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") || f.takes(domain) {
		return wanted, false
	}
	if f.nickname != nil {
		if v, err := f.nickname.Expr.Eval(o); err == nil && v.Str() != "" {
			local = v.Str()
		}
	}
	if local = legalName(a, local); local == "" {
		return wanted, false
	}
	return state.String(local + "@" + f.initial), true
}

// takes reports whether the tenant takes user names under a domain.
func (f *fallback) takes(domain string) bool {
	if domain != f.domain {
		f.domain, f.taken = strings.Clone(domain), f.verified[strings.ToLower(domain)]
	}
	return f.taken
}

// legalName makes s fit to stand before the @ of user name attribute a: what the service refuses becomes an underscore, as the
// sync engine has it.
func legalName(a *state.Attribute, s string) string {
	s = strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || unicode.IsControl(r) || r == '@' || strings.ContainsRune(a.Deny, r) {
			return '_'
		}
		return r
	}, s)
	return strings.Trim(s[:min(len(s), maxLocalPart)], ".")
}

// maxLocalPart and maxDomainPart are how many characters may stand before and after the @ of a user name (Microsoft's table of
// userPrincipalName constraints).
const maxLocalPart, maxDomainPart = 64, 48

// userName is the user name that an object gets in place of what the mapping says; replaced tells whether that is another one.
func (t *sourceTable) userName(m *config.AttributeMapping, mapped state.Value, o *state.Object) (name state.Value, replaced bool) {
	if t.fallback == nil || m.Target.Name != "userPrincipalName" {
		return mapped, false
	}
	return t.fallback.replace(m.Target, mapped, o)
}

// keepsFallback reports whether source row s is linked to an account that goes by its fallback name already.
func (p *plan) keepsFallback(s int) bool {
	v, t := &p.verdicts[s], p.srcTable(s)
	return t.fallback != nil && t.upnCol >= 0 && p.srcMeta(s).flags&srcFallback != 0 && v.link >= 0 && v.target >= 0 && v.flags == 0 &&
		p.tenMeta(int(v.target)).upn == p.srcFP(s)[t.columns[t.upnCol].col]
}

// fallbacks are the source rows whose accounts keep going by a fallback name; no change tells of them.
func (p *plan) fallbacks() map[int]bool {
	rows := map[int]bool{}
	for _, t := range p.b.sources {
		if t.fallback == nil {
			continue
		}
		for s := t.first; s < t.first+t.rows.Len(); s++ {
			if p.keepsFallback(s) {
				rows[s] = true
			}
		}
	}
	return rows
}

// fallenBack warns of accounts that keep going by a fallback name, and names the domains that the first of them wait for.
func (e *emitter) fallenBack() error {
	rows := e.p.fallbacks()
	first, err := e.p.firstOf(slices.Collect(maps.Keys(rows)))
	if err != nil || len(first) == 0 {
		return err
	}
	domains, refs := map[string]bool{}, []planner.ObjectRef{}
	for _, sub := range first {
		_, domain, _ := strings.Cut(sub.wanted, "@")
		domains[strings.ToLower(domain)] = true
		refs = append(refs, sub.ref())
	}
	f := fallbackNames(len(rows), slices.Sorted(maps.Keys(domains)), first[0].table.policy.DeclaredAt)
	f.Objects = refs
	return e.sink.Finding(f)
}

// fallbackNames is about n accounts with a user name under the tenant's initial domain, and domains that are not verified.
func fallbackNames(n int, domains []string, declaredAt string) *planner.Finding {
	names := strings.Join(domains, ", ")
	who, theirs := fmt.Sprintf("%d objects have", n), "theirs are"
	if n == 1 {
		who, theirs = "One object has", "its own is"
	}
	under, such := "domains that are", ""
	if len(domains) == 1 {
		under = "a domain that is"
	}
	if n > namedTogether {
		such = "such as "
	}
	detail := fmt.Sprintf("%s a user name under the tenant's initial domain, because %s under %s not verified: %s%s.", who, theirs, under, such, names)
	hint := fmt.Sprintf("Verify %s in the tenant; the next plan then gives the accounts the names they want.", names)
	if n == 1 {
		hint = fmt.Sprintf("Verify %s in the tenant; the next plan then gives the account the name it wants.", names)
	}
	return about(planner.NewFinding("DF107", detail, hint), "userPrincipalName", names, declaredAt)
}
