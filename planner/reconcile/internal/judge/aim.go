package judge

import (
	"slices"
	"strings"

	"github.com/dirform/dirform/planner/reconcile/internal/table"
	"github.com/dirform/dirform/providers"
)

// aim is what --target and --exclude leave in the plan.
type aim struct {
	targets, excludes []string
	hit               map[string]bool // those of them that something has
}

func newAim(targets, excludes []string) *aim {
	return &aim{targets: targets, excludes: excludes, hit: map[string]bool{}}
}

func (a *aim) selectsAll() bool { return len(a.targets)+len(a.excludes) == 0 }

func (a *aim) selects(address string) bool {
	covers := func(pattern string) bool {
		hit := pattern == address || strings.HasPrefix(address, pattern+"[")
		if hit {
			a.hit[pattern] = true
		}
		return hit
	}
	if slices.ContainsFunc(a.excludes, covers) {
		return false
	}
	return len(a.targets) == 0 || slices.ContainsFunc(a.targets, covers)
}

func (a *aim) missed() (list []string) {
	for _, pattern := range slices.Concat(a.targets, a.excludes) {
		if !a.hit[pattern] {
			list = append(list, pattern)
		}
	}
	return list
}

// Domains are those of the tenant.
type Domains struct {
	all      []providers.TenantDomain
	verified map[string]bool // lower case
}

func newDomains(all []providers.TenantDomain) Domains { return Domains{all, table.Verified(all)} }

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

// initial is the tenant's own domain, *.onmicrosoft.com, or "" if it names none.
func (d Domains) initial() string {
	for _, x := range d.all {
		if x.Initial && x.Verified {
			return x.Name
		}
	}
	return ""
}
