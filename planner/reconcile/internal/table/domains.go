package table

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/providers"
)

// Domains are those of the tenant.
type Domains struct {
	all      []providers.TenantDomain
	verified map[string]bool // lower case
}

// NewDomains are a tenant's domains.
func NewDomains(all []providers.TenantDomain) Domains { return Domains{all, Verified(all)} }

// Has reports whether the tenant has verified a domain.
func (d Domains) Has(name string) bool { return d.verified[strings.ToLower(name)] }

// List names the verified ones, sorted.
func (d Domains) List() string {
	var names []string
	for _, x := range d.all {
		if x.Verified {
			names = append(names, x.Name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Initial is the tenant's own domain, *.onmicrosoft.com, or "" if it names none.
func (d Domains) Initial() string {
	for _, x := range d.all {
		if x.Initial && x.Verified {
			return x.Name
		}
	}
	return ""
}
