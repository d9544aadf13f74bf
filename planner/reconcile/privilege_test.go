package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/reconcile"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// allowed are rules under which everything may happen to everybody.
func allowed(leaving string) string {
	return fmt.Sprintf(`
provider "ad" "corp" {
  lab = "lab"
}
provider "entra" "contoso" {
  lab = "lab"
}
scope "in" {
  ou = "OU=In"
}
mapping "in" {
  scope  = scope.in
  object = "user"
  attributes {
    userPrincipalName = lower(ad.userPrincipalName)
    displayName       = ad.displayName
    mailNickname      = ad.sAMAccountName
    mail              = ad.mail
    department        = ad.department
    accountEnabled    = !has_flag(ad.userAccountControl, 2)
  }
}
link_policy "in" {
  scope          = scope.in
  foreign_anchor = "relink"
  privileged     = "allow"
  leaving        = %q
}
guard "none" {
  creates {
    count = 1000
  }
}
`, leaving)
}

// TestAnAdministratorIsLeft: in random worlds whose policies allow everything, with administrators who leave, are disabled and are
// renamed, no plan takes the last enabled one out of service, renames it, or gives a role holder an anchor; and nobody is blocked
// for it as long as one is left.
func TestAnAdministratorIsLeft(t *testing.T) {
	blocked := 0
	world := func(rt *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(rt, "seed"))
		for i := range rapid.IntRange(1, 7).Draw(rt, "people") {
			w.hire(rt, byte(i+1))
		}
		for i := range rapid.IntRange(0, 4).Draw(rt, "accounts") {
			w.account(rt, i)
		}
		clear(w.roles)
		h := newHarness(t, w, allowed(rapid.SampledFrom([]string{"disable", "delete", "unlink"}).Draw(rt, "leaving")))
		h.apply(h.plan())
		for _, id := range slices.Sorted(maps.Keys(w.tenant)) {
			if rapid.IntRange(0, 9).Draw(rt, "anchor lost") == 0 {
				delete(w.tenant[id], "onPremisesImmutableId")
			}
			switch rapid.IntRange(0, 4).Draw(rt, "role") {
			case 0, 1:
				w.roles[id] = []string{globalAdministrator}
			case 2:
				w.roles[id] = []string{"User Administrator"}
			}
		}
		w.live(rt)
		if rapid.Bool().Draw(rt, "without the record") {
			h.state += ".new"
		}
		plan, again := h.plan(), h.plan()
		sameBytes(rt, h, plan, again)
		changes, findings := collect(h.t, plan.Changes()), collect(h.t, plan.Findings())
		if administratorsLeft(rt, w, changes, findings) {
			blocked++
		}
	}
	for tries := 0; tries < 10 && blocked == 0; tries++ { // about one world in a hundred comes near it
		rapid.Check(t, world)
	}
	if blocked == 0 {
		t.Error("no world came near its last administrator")
	}
}

// administratorsLeft checks a plan and reports whether it had to keep somebody.
func administratorsLeft(rt *rapid.T, w *world, changes []*state.Change, findings []*planner.Finding) bool {
	enabled := map[string]bool{}
	for id, roles := range w.roles {
		if slices.Contains(roles, globalAdministrator) && w.tenant[id] != nil && w.tenant[id]["accountEnabled"].Bool() {
			enabled[id] = true
		}
	}
	before := len(enabled)
	for _, c := range changes {
		if len(w.roles[c.TargetID]) > 0 && c.Match != nil && c.Match.Rule == "immutable_id" {
			rt.Fatalf("a role holder is paired by its anchor:\n%s", describe(changes, findings))
		}
		for _, a := range c.Attributes {
			if len(w.roles[c.TargetID]) > 0 && a.Name == "onPremisesImmutableId" && !a.After.IsNull() {
				rt.Fatalf("a role holder gets an anchor:\n%s", describe(changes, findings))
			}
			if before == 1 && enabled[c.TargetID] && a.Name == "userPrincipalName" {
				rt.Fatalf("the only administrator is renamed:\n%s", describe(changes, findings))
			}
			if a.Name == "accountEnabled" && !a.After.Bool() {
				delete(enabled, c.TargetID)
			}
		}
		if c.Action == state.ActionDisable || c.Action == state.ActionDelete {
			delete(enabled, c.TargetID)
		}
	}
	kept := slices.ContainsFunc(findings, func(f *planner.Finding) bool { return f.Code == "DF407" })
	switch {
	case before > 0 && len(enabled) == 0:
		rt.Fatalf("of %d administrators none is left:\n%s", before, describe(changes, findings))
	case kept && before > 1 && len(enabled) < before:
		rt.Fatalf("somebody is kept although others go:\n%s", describe(changes, findings))
	}
	return kept
}

// TestReviewerKeepsAnAdministrator: what is let through counts, so that changes that were planned one by one do not leave nobody.
func TestReviewerKeepsAnAdministrator(t *testing.T) {
	ids := []string{"00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b", "00000000-0000-4000-8000-00000000000c"}
	var holders []providers.RoleHolder
	accounts := map[string]*state.Object{}
	shape := state.NewShape("accountEnabled")
	var changes []*state.Change
	for i, id := range ids {
		holders = append(holders, providers.RoleHolder{ID: strings.ToUpper(id), Roles: []string{globalAdministrator}, Templates: []string{providers.GlobalAdministrator}})
		accounts[id] = &state.Object{Kind: state.User, ID: id, Shape: shape, Values: []state.Value{state.Bool(true)}}
		changes = append(changes, &state.Change{Address: fmt.Sprintf("user.in[%q]", id), Kind: state.User, Action: state.ActionDisable, Scope: "in", TargetID: id,
			Attributes: []state.AttributeChange{{Name: "accountEnabled", Before: state.Bool(true), After: state.Bool(false)}}, SourceGUID: state.GUID{byte(i)}.String()})
	}
	h := newHarness(t, newWorld(1), allowed("disable"))
	review := func(set reconcile.Settings, change ...*state.Change) (out []string) {
		set.Rules, set.Schema, set.Key = h.cfg, providers.TenantSchema, h.key
		v := reconcile.NewReviewer(set, true)
		defer v.Close()
		if wants, _ := v.Wants(state.User, change); len(set.RoleHolders) > 0 && len(wants) < len(holders) {
			t.Errorf("%d accounts are looked at", len(wants))
		}
		for _, c := range change {
			out = append(out, v.Stale(c, nil, accounts))
		}
		return out
	}
	last := "its account is the last enabled user that holds Global Administrator"
	higher := providers.RoleHolder{ID: "application", Templates: []string{providers.PrivilegedAuthenticationAdministrator}}
	set := reconcile.Settings{RoleHolders: append(holders, higher), Identity: providers.Identity{ID: "application"}}
	if d := cmp.Diff([]string{"", "", last}, review(set, changes...)); d != "" {
		t.Error(d)
	}
	accounts[ids[1]].Values[0] = state.Bool(false)
	if d := cmp.Diff([]string{"", "", last}, review(set, changes...)); d != "" { // who is disabled already is no loss, and no help
		t.Error(d)
	}
	accounts[ids[0]].Values[0] = state.Bool(false)
	rename := &state.Change{Address: "user.in[\"x\"]", Kind: state.User, Action: state.ActionUnlink, Scope: "in", TargetID: ids[2],
		Attributes: []state.AttributeChange{{Name: "userPrincipalName", Before: state.String("a"), After: state.String("b")}}}
	if d := cmp.Diff([]string{last}, review(set, rename)); d != "" {
		t.Error(d)
	}
	set.Identity = providers.Identity{ID: ids[2], User: true}
	if d := cmp.Diff([]string{"dirform is signed in with this account"}, review(set, rename)); d != "" {
		t.Error(d)
	}
}

// TestReviewerOfAnUndeclaredScope: the scope is gone from the rules, and with it the policy that allowed anything to role holders.
func TestReviewerOfAnUndeclaredScope(t *testing.T) {
	h := newHarness(t, newWorld(1), allowed("disable"))
	id := "00000000-0000-4000-8000-00000000000a"
	v := reconcile.NewReviewer(reconcile.Settings{Rules: h.cfg, Schema: providers.TenantSchema, Key: h.key,
		RoleHolders: []providers.RoleHolder{{ID: id, Roles: []string{"User Administrator"}}}}, false)
	defer v.Close()
	c := &state.Change{Address: `user.old["x"]`, Kind: state.User, Action: state.ActionDisable, Scope: "old", TargetID: id}
	if why := v.Stale(c, nil, nil); why != "its account holds a directory role: User Administrator" {
		t.Error(why)
	}
	c.Scope = "in"
	if why := v.Stale(c, nil, nil); why != "" {
		t.Error(why)
	}
	c.Attributes = []state.AttributeChange{{Name: "onPremisesImmutableId", After: state.String("x")}}
	if why := v.Stale(c, nil, nil); !strings.Contains(why, "not taken over by an anchor") {
		t.Error(why)
	}
}
