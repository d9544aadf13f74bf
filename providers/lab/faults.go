package lab

import (
	"crypto/x509"

	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

// Faults is what goes wrong in the tenant; see [Lab.SetFaults].
type Faults = graphd.Faults

// Throttle is a quota, for Faults.
type Throttle = graphd.Throttle

// Stats is what the tenant has been asked.
type Stats = graphd.Stats

// ThrottleOfSize is Microsoft's published quota for a tenant of size "S" (under 50 users), "M" (up to 500) or "L"; or, for a number, one
// of so many resource units in 10 s.
func ThrottleOfSize(size string) (*Throttle, bool) { return graphd.ThrottleOfSize(size) }

// SetFaults switches the tenant's faults on or off, at any time, and starts their counts anew.
func (l *Lab) SetFaults(f Faults) { l.tenant.SetFaults(f) }

// Faults is what is switched on: by SetFaults, or else by the key "lab" of tenant.json.
func (l *Lab) Faults() Faults { return l.tenant.Faults() }

// Stats is what the tenant has been asked since the lab was opened or since ResetStats.
func (l *Lab) Stats() Stats { return l.tenant.Stats() }

// ResetStats sets the tenant's counters to zero.
func (l *Lab) ResetStats() { l.tenant.ResetStats() }

// SetClientCertificate registers the application's certificate in the tenant: from then on only client assertions that its key
// signed get a token. Without one (nil) every well-formed assertion does, whoever signed it.
func (l *Lab) SetClientCertificate(c *x509.Certificate) { l.tenant.SetCertificate(c) }

// ADSearches is how many search requests LDAP clients have sent; each page of a search is one.
func (l *Lab) ADSearches() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.adServer == nil {
		return 0
	}
	return l.adServer.Searches()
}
