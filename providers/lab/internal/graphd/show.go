package graphd

// Counts is the number of objects of each kind, by its plural.
func (t *Tenant) Counts() map[string]int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return map[string]int{
		"users": len(t.live[userKind]), "groups": len(t.live[groupKind]), "contacts": len(t.live[contactKind]),
		"deleted objects": len(t.bin), "verified domains": len(t.verified), "licences": len(t.skus),
	}
}
