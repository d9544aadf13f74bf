package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

const movedScope = `
scope "staff" {
  ou = %q
}

link_policy "staff" {
  scope          = scope.staff
  anchor         = "ms-DS-ConsistencyGuid"
  foreign_anchor = "relink"
}
`

// TestSambaMigration moves accounts to a real domain controller's objects: an anchor that was carried over from the old domain is a
// hard match, an object without one gives the account its objectGUID and gets it stamped, and an object that was made anew gets
// the account of the one that was deleted, of which the directory keeps a tombstone, by a link block.
func TestSambaMigration(t *testing.T) {
	f := newForest(t)
	scope := f.addOU("Staff", f.root)
	name := func(what string) string { return what + f.tag }
	var people []person
	for _, what := range []string{"carried", "fresh", "again"} {
		people = append(people, person{account: name(what), cn: name(what), parent: scope})
	}
	f.addPeople(people)
	old := func(i byte) []byte { return []byte{15: i, 0: 7} }
	anchor := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	guid := func(account string) []byte {
		return f.find("(sAMAccountName="+ldap.EscapeFilter(account)+")", "objectGUID").GetRawAttributeValue("objectGUID")
	}
	f.set(people[0].account, "mS-DS-ConsistencyGuid", string(old(0)))
	again := guid(people[2].account)

	env := sambaFolder(t, sambaService, fmt.Sprintf(movedScope, scope))
	writeMovedTenant(t, env.Dir, people, anchor(old(0)), anchor(old(1)), anchor(again))
	address := func(p person) string { return fmt.Sprintf("user.staff[%q]", p.mail()) }
	stamped := " onPremisesImmutableId mS-DS-ConsistencyGuid"
	// DF410: there is no record, and two accounts carry anchors of people in scope.
	wantPlan(t, env, "DF410", "link "+address(people[2])+" mS-DS-ConsistencyGuid", "link "+address(people[0]), "relink "+address(people[1])+stamped)
	succeed(t, env, "apply", "--auto-approve")
	wantNothing(t, env)
	if got := f.find("(sAMAccountName="+people[1].account+")", "mS-DS-ConsistencyGuid").GetRawAttributeValue("mS-DS-ConsistencyGuid"); string(got) != string(guid(people[1].account)) {
		t.Errorf("stamped %x", got)
	}

	// The third is made anew beside the old object.
	twin := person{account: name("twin"), cn: name("twin"), parent: scope}
	f.addPeople([]person{twin})
	f.set(twin.account, "mail", people[2].mail())
	wantPlan(t, env, "DF217")
	f.delete(people[2].account)
	f.set(twin.account, "userPrincipalName", people[2].mail())
	f.set(twin.account, "displayName", people[2].cn)
	wantPlan(t, env, "DF207", "disable "+address(people[2])+" accountEnabled")
	write(t, env.Dir, "again.hcl", fmt.Sprintf("link \"again\" {\n  source = %q\n  tenant = %q\n}\n", people[2].mail(), people[2].mail()))
	wantPlan(t, env, "relink "+address(people[2])+stamped)
	succeed(t, env, "apply", "--auto-approve")
	wantNothing(t, env)
	checkAnchors(t, env, anchor(old(0)), anchor(guid(people[1].account)), anchor(guid(twin.account)))
}

// writeMovedTenant gives each person an account with an anchor.
func writeMovedTenant(t *testing.T, dir string, people []person, anchors ...string) {
	t.Helper()
	users := []map[string]any{}
	for i, p := range people {
		users = append(users, map[string]any{"userPrincipalName": p.mail(), "mail": p.mail(), "displayName": p.cn, "mailNickname": p.account,
			"accountEnabled": true, "onPremisesImmutableId": anchors[i]})
	}
	text, err := json.Marshal(map[string]any{"users": users, "domains": []map[string]any{{"id": "contoso.onmicrosoft.com", "isInitial": true,
		"isVerified": true}, {"id": "contoso.com", "isDefault": true, "isVerified": true}}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lab/tenant.json", string(text))
}

// checkAnchors holds the anchors of the tenant's accounts against those wanted, and that everybody may still sign in.
func checkAnchors(t *testing.T, env cli.Environment, want ...string) {
	t.Helper()
	got := map[string]bool{}
	for _, line := range tenantUsersOf(t, env.Dir, "lab", "onPremisesImmutableId", "accountEnabled") {
		got[line] = true
	}
	if len(got) != len(want) {
		t.Errorf("%d accounts, want %d", len(got), len(want))
	}
	for _, a := range want {
		if !got["|"+a+"|true"] && !got[a+"|true"] {
			t.Errorf("no account with anchor %s among %v", a, got)
		}
	}
}
