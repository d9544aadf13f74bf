package reconcile

import (
	"fmt"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// switchSync plans to switch the tenant's directory synchronisation on or off, if the rules declare it and the tenant has it
// otherwise. Switched on it comes first, and off last: every other change finds the tenant as it was reviewed.
func (e *emitter) switchSync(on bool) error {
	want, org := e.p.b.set.Rules.DirectorySync, e.p.b.set.Organization
	if want == nil || want.Enabled != on {
		return nil
	}
	addr := fmt.Sprintf("%s[%q]", state.DirectorySync, e.p.b.set.Rules.Entra.Name)
	if !e.p.selected(addr) || org.SyncEnabled == on {
		return nil
	}
	before, has := state.Null(), "off"
	if org.SyncedOnce {
		before = state.Bool(org.SyncEnabled)
	}
	f := switchedOn(org)
	if !on {
		f, has = e.p.switchedOffSync(org), "on"
	}
	f.Objects = []planner.ObjectRef{{Address: addr, TargetID: org.ID, Kind: state.DirectorySync, Name: org.DisplayName}}
	if err := e.sink.Finding(about(f, syncEnabled, fmt.Sprint(on), want.DeclaredAt)); err != nil {
		return err
	}
	return e.change(&state.Change{Address: addr, Kind: state.DirectorySync, Action: state.ActionUpdate, TargetID: org.ID, DeclaredAt: want.DeclaredAt,
		Reason: "the tenant has it " + has, Attributes: []state.AttributeChange{{Name: syncEnabled, Before: before, After: state.Bool(on)}}})
}

// syncEnabled is the organisation's switch.
const syncEnabled = providers.SyncEnabled

// syncedAccounts counts the tenant's users that a sync engine masters. ok is false if the users were not read.
func (p *plan) syncedAccounts() (n int, ok bool) {
	for _, t := range p.b.tenant {
		if t.kind != state.User {
			continue
		}
		ok = true
		for i := range t.rows.Len() {
			if t.rows.Meta(i).flags&tenSynced != 0 {
				n++
			}
		}
	}
	return n, ok
}

// switchedOffSync is about what cannot be undone: "Turn off directory synchronization for Microsoft 365" names the 72 hours and the
// attributes that are cleared.
func (p *plan) switchedOffSync(org providers.Organization) *planner.Finding {
	who := "Every user, group and contact that a sync engine masters"
	if n, ok := p.syncedAccounts(); ok && n == 1 {
		who = "Every user, group and contact that a sync engine masters, 1 user today,"
	} else if ok {
		who = fmt.Sprintf("Every user, group and contact that a sync engine masters, %d users today,", n)
	}
	return planner.NewFinding("DF305", fmt.Sprintf("Directory synchronisation of the whole tenant %s is switched off, and cannot be switched on again for 72 hours. "+
		"%s becomes cloud-managed. The tenant loses what it holds in DnsDomainName, NetBiosName, onPremisesDistinguishedName, "+
		"onPremisesSamAccountName and onPremisesUserPrincipalName of each of them.", org.DisplayName, who), "")
}

func switchedOn(org providers.Organization) *planner.Finding {
	return planner.NewFinding("DF306", fmt.Sprintf("Directory synchronisation of the whole tenant %s is switched on: Entra Connect or Cloud Sync may then write to it and take "+
		"accounts over. dirform itself never needs it. The service refuses it within 72 hours of being switched off.", org.DisplayName), "")
}
