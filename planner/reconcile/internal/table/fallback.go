package table

import (
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// fallback gives those whose user name lies under a domain that the tenant has not verified a name under the tenant's
// own domain, as a link policy with on_unverified_suffix = "initial_domain" asks for. Microsoft's sync engine does the
// same by itself: Graph would refuse the name. The name depends on the source object alone, so that it is the same in
// each plan.
type fallback struct {
	initial  string                   // the tenant's *.onmicrosoft.com domain
	verified map[string]bool          // verified domains, lower case
	nickname *config.AttributeMapping // what the nickname is going to be, or nil

	// The domain of the object before: neighbours mostly have the same, and then it need not be looked up.
	domain string
	taken  bool
}

// newFallback is nil where names are left as they are: the policy asks for it, or the tenant names no initial domain.
func newFallback(of *state.Descriptor, policy *config.LinkPolicy, mapping *config.Mapping,
	domains []providers.TenantDomain) *fallback {
	if of.UserName == "" || policy == nil || mapping == nil || policy.OnUnverifiedSuffix != "initial_domain" {
		return nil
	}
	f := &fallback{verified: Verified(domains)}
	for _, d := range domains {
		if d.Initial && d.Verified {
			f.initial = d.Name
		}
	}
	for _, a := range mapping.Attributes {
		if a.Target.Name == of.Nickname {
			f.nickname = a
		}
	}
	if f.initial == "" {
		return nil
	}
	return f
}

// Verified are the verified ones among a tenant's domains, lower case.
func Verified(domains []providers.TenantDomain) map[string]bool {
	verified := map[string]bool{}
	for _, d := range domains {
		if d.Verified {
			verified[strings.ToLower(d.Name)] = true
		}
	}
	return verified
}

// replace is the user name that object o gets in place of the wanted one; ok is false if it gets the wanted one. A name
// that is malformed anyway is left to be found out as such.
func (f *fallback) replace(a *state.Attribute, wanted state.Value, o *state.Object) (name state.Value, ok bool) {
	local, domain, ok := strings.Cut(wanted.Str(), "@")
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") || f.takes(domain) {
		return wanted, false
	}
	if f.nickname != nil {
		if v, err := Want(f.nickname, o); err == nil && v.Str() != "" {
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

// UserName is the user name that an object gets in place of what the mapping says; replaced tells whether that is
// another one.
func (t *Source) UserName(m *config.AttributeMapping, mapped state.Value, o *state.Object) (name state.Value,
	replaced bool) {
	if t.fallback == nil || m.Target.Name != t.Of.UserName {
		return mapped, false
	}
	return t.fallback.replace(m.Target, mapped, o)
}

// FallsBack reports whether names under an unverified domain are replaced in this table.
func (t *Source) FallsBack() bool { return t.fallback != nil }
