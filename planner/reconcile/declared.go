package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile/internal/judge/offlimits"
	"github.com/dirform/dirform/planner/reconcile/internal/words"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// suffixAddress is the plan address of a declared UPN suffix.
func suffixAddress(u *config.UPNSuffix) string { return fmt.Sprintf("%s[%q]", state.UPNSuffix, u.Name) }

// forestHas reports whether the forest of a declared UPN suffix has it.
func (s *Settings) forestHas(u *config.UPNSuffix) bool {
	return slices.ContainsFunc(s.Suffixes[u.Provider.Name],
		func(name string) bool { return strings.EqualFold(name, u.Name) })
}

// suffixes plans the declared UPN suffixes: the forest gets those it lacks, and the tenant must have verified them.
func (t *teller) suffixes() error {
	for _, u := range t.set.Rules.UPNSuffixes {
		addr := suffixAddress(u)
		if !t.Selected(addr) {
			continue
		}
		if !t.Domains.Has(u.Name) {
			if err := t.sink.Finding(words.UnverifiedSuffix(u, addr, t.Domains.List())); err != nil {
				return err
			}
			t.totals.Summary.Blocked++
			continue
		}
		if t.set.forestHas(u) {
			continue
		}
		c := &state.Change{Address: addr, Kind: state.UPNSuffix, Action: state.ActionCreate, DeclaredAt: u.DeclaredAt,
			Reason: "the forest does not have it", ReasonCode: state.BecauseMissingAtForest,
			Attributes:       []state.AttributeChange{},
			SourceAttributes: []state.AttributeChange{{Name: "uPNSuffixes", After: state.String(u.Name)}}}
		t.totals.Summary.Count(c.Action, 1)
		t.sourceWrites++
		if err := t.sink.Change(c); err != nil {
			return err
		}
	}
	return nil
}

// syncAddress is the plan address of the tenant's directory synchronisation.
func (s *Settings) syncAddress() string {
	return fmt.Sprintf("%s[%q]", state.DirectorySync, s.Rules.Entra.Name)
}

// The tenant's directory synchronisation is switched on before everything but what turns sign-in off, and off last:
// every other change finds the tenant as it was reviewed.
func (t *teller) switchOn() error  { return t.switchSync(true) }
func (t *teller) switchOff() error { return t.switchSync(false) }

// switchSync plans to switch the tenant's directory synchronisation, if the rules declare it so and the tenant has it otherwise.
func (t *teller) switchSync(on bool) error {
	want, org := t.set.Rules.DirectorySync, t.set.Organization
	if want == nil || want.Enabled != on {
		return nil
	}
	addr := t.set.syncAddress()
	if !t.Selected(addr) || org.SyncEnabled == on {
		return nil
	}
	before, has := state.Null(), "off"
	if org.SyncedOnce {
		before = state.Bool(org.SyncEnabled)
	}
	f := words.SyncSwitchedOn(org)
	if !on {
		f, has = words.SyncSwitchedOff(org, offlimits.Mastered(&t.Tenant)), "on"
	}
	f.Objects = []planner.ObjectRef{{Address: addr, TargetID: org.ID, Kind: state.DirectorySync, Name: org.DisplayName}}
	if err := t.sink.Finding(words.About(f, providers.SyncEnabled, fmt.Sprint(on), want.DeclaredAt)); err != nil {
		return err
	}
	return t.change(&state.Change{Address: addr, Kind: state.DirectorySync, Action: state.ActionUpdate, TargetID: org.ID,
		DeclaredAt: want.DeclaredAt, Reason: "the tenant has it " + has, ReasonCode: state.BecauseDeclared,
		Attributes: []state.AttributeChange{{Name: providers.SyncEnabled, Before: before, After: state.Bool(on)}}})
}
