package lab

import (
	"github.com/dirform/dirform/providers/lab/internal/graphd"
)

// SetReadOnly makes both served directories refuse clients' writes, as they do with an account that may only read. It replaces
// the faults that were set before. The lab's own edits (SetAD, SetTenant, …) go on working.
func (l *Lab) SetReadOnly(on bool) {
	l.mu.Lock()
	adServer := l.adServer
	l.mu.Unlock()
	if adServer != nil {
		adServer.SetReadOnly(on)
	}
	l.tenant.SetFaults(graphd.Faults{ReadOnly: on})
}

// WriteAttempts is how many writes clients have asked each side for, refused ones included.
func (l *Lab) WriteAttempts() (ad, tenant int) {
	l.mu.Lock()
	adServer := l.adServer
	l.mu.Unlock()
	if adServer != nil {
		ad = adServer.WriteAttempts()
	}
	return ad, l.tenant.Stats().Writes
}
