package reconcile

// Suffix is a declared UPN suffix.
type Suffix struct {
	Name, Address, DeclaredAt string
	InForest, Verified        bool
}

// Suffixes are the declared UPN suffixes, in the order of declaration.
func (v *View) Suffixes() (list []Suffix) {
	for _, u := range v.s.set.Rules.UPNSuffixes {
		list = append(list, Suffix{Name: u.Name, Address: suffixAddress(u), DeclaredAt: u.DeclaredAt,
			InForest: v.s.set.forestHas(u), Verified: v.s.Domains.Has(u.Name)})
	}
	return list
}

// VerifiedDomains lists the tenant's verified domains for people.
func (v *View) VerifiedDomains() string { return v.s.Domains.List() }

// SyncSwitch is the declared state of the tenant's directory synchronisation.
type SyncSwitch struct {
	TenantID, Address, DeclaredAt string
	Enabled                       bool // as declared
}

// SyncSwitch is what is declared about the tenant's directory synchronisation, nil if nothing is.
func (v *View) SyncSwitch() *SyncSwitch {
	want := v.s.set.Rules.DirectorySync
	if want == nil {
		return nil
	}
	return &SyncSwitch{TenantID: v.s.set.Organization.ID, Address: v.s.set.syncAddress(), DeclaredAt: want.DeclaredAt,
		Enabled: want.Enabled}
}
