package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

// TestSambaUnverifiedSuffix: people with a user name under a domain that the tenant has not verified are blocked, or get a name
// under the tenant's own domain; once it is verified, one apply adds the suffix to the forest and gives them the name they want.
func TestSambaUnverifiedSuffix(t *testing.T) {
	f := newForest(t)
	suffix := f.tag + ".example"
	people := f.staff(3, f.addOU("Staff", f.root))
	f.addPeople(people)
	for _, p := range people[:2] {
		f.set(p.account, "userPrincipalName", p.account+"@"+suffix)
	}
	tenant := `{"domains": [{"id": "contoso.onmicrosoft.com", "isInitial": true, "isVerified": true}, {"id": "contoso.com", "isDefault": true, "isVerified": true},
  {"id": %q, "isVerified": %t}]}`
	policy := "\nlink_policy \"staff\" {\n  scope = scope.staff\n  on_unverified_suffix = %q\n}\n"
	rules := fmt.Sprintf(sambaScope, f.root)
	env := sambaFolder(t, strings.Replace(sambaService, "$AD_SVC_DN", "$AD_BIND_DN", 1), rules+fmt.Sprintf(policy, "block"))
	env.Environ = []string{"DIRFORM_VAR_ad_password=" + os.Getenv("AD_BIND_PASSWORD")}
	write(t, env.Dir, "lab/tenant.json", fmt.Sprintf(tenant, suffix, false))
	name := func(i int, domain string) string { return fmt.Sprintf("user.staff[%q]", people[i].account+"@"+domain) }

	p := planJSON(t, env)
	if p.Summary["create"] != 1 || p.Summary["blocked"] != 2 || len(p.Findings) != 2 || p.Findings[0].Code != "DF101" {
		t.Fatalf("summary %v, findings %v", p.Summary, p.Findings)
	}
	main := sambaRules(t, env, fmt.Sprintf(policy, "block"), fmt.Sprintf(policy, "initial_domain"))
	var created []string
	for _, c := range planJSON(t, env).Changes {
		created = append(created, c.Address)
	}
	if d := cmp.Diff([]string{name(0, "contoso.onmicrosoft.com"), name(1, "contoso.onmicrosoft.com"), name(2, "contoso.com")}, created); d != "" {
		t.Fatal(d)
	}
	succeed(t, env, "apply", "--auto-approve")
	wantNothing(t, env, "DF107")

	f.withoutSuffix(suffix)
	write(t, env.Dir, "lab/tenant.json", fmt.Sprintf(tenant, suffix, true))
	write(t, env.Dir, "main.hcl", main+fmt.Sprintf("\nupn_suffix %q {}\n", suffix))
	wantPlan(t, env, fmt.Sprintf("create upn_suffix[%q] uPNSuffixes", suffix), "update "+name(0, suffix)+" userPrincipalName",
		"update "+name(1, suffix)+" userPrincipalName")
	succeed(t, env, "apply", "--auto-approve")
	wantNothing(t, env)
}

// sambaRules replaces a part of a configuration, and returns it.
func sambaRules(t *testing.T, env cli.Environment, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(env.Dir + "/main.hcl")
	if err != nil || !strings.Contains(string(text), from) {
		t.Fatalf("nothing is replaced by %s: %v", to, err)
	}
	changed := strings.Replace(string(text), from, to, 1)
	write(t, env.Dir, "main.hcl", changed)
	return changed
}
