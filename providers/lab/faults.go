package lab

import (
	"github.com/dirform/dirform/providers/lab/internal/graphd"
	"github.com/dirform/dirform/providers/lab/internal/ldapd"
)

// Faults is what goes wrong in the tenant; see [Lab.SetFaults].
type Faults = graphd.Faults

// Throttle is a quota, for Faults.
type Throttle = graphd.Throttle

// Stats is what the tenant has been asked.
type Stats = graphd.Stats

// ADLimits make the LDAP server small or faulty; see [Lab.SetADLimits].
type ADLimits = ldapd.Limits

// DocumentedThrottle is Microsoft's published quota for a tenant with this many users.
func DocumentedThrottle(users int) *Throttle { return graphd.DocumentedThrottle(users) }

// SetFaults switches the tenant's faults on or off, at any time, and starts their counts anew.
func (l *Lab) SetFaults(f Faults) { l.tenant.SetFaults(f) }

// Stats is what the tenant has been asked since the lab was opened or since ResetStats.
func (l *Lab) Stats() Stats { return l.tenant.Stats() }

// ResetStats sets the tenant's counters to zero.
func (l *Lab) ResetStats() { l.tenant.ResetStats() }

// SetADLimits changes what the LDAP server allows, at any time.
func (l *Lab) SetADLimits(limits ADLimits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.adLimits = limits
	if l.adServer != nil {
		l.adServer.SetLimits(limits)
	}
}

// ADWriteAttempts is how many writes LDAP clients have asked for, refused ones included.
func (l *Lab) ADWriteAttempts() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.adServer == nil {
		return 0
	}
	return l.adServer.WriteAttempts()
}

// ADSearches is how many search requests LDAP clients have sent; each page of a search is one.
func (l *Lab) ADSearches() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.adServer == nil {
		return 0
	}
	return l.adServer.Searches()
}
