package reconcile_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
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
	met := func() bool { return blocked > 0 } // about one world in five does
	quick.Until(t, 100, met, func(rt *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(rt, "seed"))
		for i := range rapid.IntRange(1, 7).Draw(rt, "people") {
			w.hire(rt, byte(i+1))
		}
		w.source[boss] = bossPerson(512)
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
		if rapid.IntRange(0, 2).Draw(rt, "one administrator") == 0 {
			w.lastAdministratorLeaves(rt)
		} else if rapid.Bool().Draw(rt, "without the record") {
			h.state += ".new"
		}
		plan, again := h.plan(), h.plan()
		sameBytes(rt, h, plan, again)
		changes, findings := collect(h.t, plan.Changes()), collect(h.t, plan.Findings())
		if administratorsLeft(rt, w, changes, findings) {
			blocked++
		}
	})
	t.Logf("%d worlds kept their last administrator", blocked)
	if !t.Failed() && !met() {
		t.Error("no world came near its last administrator")
	}
}

// boss is a person whom no other in a world stands in the way of.
var boss = state.GUID{200}

// lastAdministratorLeaves makes the boss, if there is an account, the only administrator, who leaves or is disabled.
func (w *world) lastAdministratorLeaves(rt *rapid.T) {
	clear(w.roles)
	for id, a := range w.tenant {
		if a["userPrincipalName"].Str() == "boss@contoso.com" {
			w.roles[id] = []string{globalAdministrator}
			a["accountEnabled"] = state.Bool(true)
			a["onPremisesImmutableId"] = state.String(base64.StdEncoding.EncodeToString(boss[:]))
		}
	}
	w.source[boss] = bossPerson(514)
	if rapid.Bool().Draw(rt, "administrator gone") {
		delete(w.source, boss)
	}
}

func bossPerson(uac int64) *person {
	return &person{dn: "CN=boss,OU=In", attrs: map[string]state.Value{"userPrincipalName": state.String("boss@contoso.com"),
		"displayName": state.String("Boss"), "sAMAccountName": state.String("boss"), "userAccountControl": state.Int(uac)}}
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
