package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
)

// planned is the part of a plan's JSON that these tests look at.
type planned struct {
	Summary map[string]int
	Cost    struct{ Writes int }
	Changes []struct {
		Address, Action string
		SourceDN        string `json:"source_dn"`
		Attributes      []plannedAttribute
		Source          []plannedAttribute `json:"source_attributes"`
	}
	Findings []struct{ Code, Severity string }
}

type plannedAttribute struct {
	Name          string
	Before, After any
}

// lines are the plan's changes and findings, a line each: "update user.staff["x"] mail" and "DF403".
func (p *planned) lines() []string {
	lines := []string{}
	for _, c := range p.Changes {
		line := c.Action + " " + c.Address
		for _, a := range append(c.Attributes, c.Source...) {
			line += " " + a.Name
		}
		lines = append(lines, line)
	}
	for _, f := range p.Findings {
		lines = append(lines, f.Code)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func planJSON(t *testing.T, env cli.Environment, args ...string) *planned {
	t.Helper()
	var p planned
	if err := json.Unmarshal([]byte(succeed(t, env, append([]string{"plan", "--json"}, args...)...)), &p); err != nil {
		t.Fatal(err)
	}
	return &p
}

// wantPlan compares a plan's changes and findings.
func wantPlan(t *testing.T, env cli.Environment, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), planJSON(t, env).lines()); diff != "" {
		t.Fatalf("the plan is another (-want +got):\n%s", diff)
	}
}

// wantNothing says that a plan has nothing to do, by its exit status too. Warnings may remain.
func wantNothing(t *testing.T, env cli.Environment, warnings ...string) {
	t.Helper()
	succeed(t, env, "plan", "--detailed-exitcode")
	wantPlan(t, env, warnings...)
}

const sambaScope = `
scope "staff" {
  ou = %q
}
`

// TestSambaLifeOfACompany takes 2,000 users of a real domain controller through everything that happens to them. After each step
// the plan holds that step's change and nothing else, and once it is applied, nothing.
func TestSambaLifeOfACompany(t *testing.T) {
	f := newForest(t)
	const n = 2000
	scope, elsewhere := f.addOU("Staff", f.root), f.addOU("Elsewhere", f.root)
	people := f.staff(n, scope)
	start := time.Now()
	f.addPeople(people)
	t.Logf("%d users made in %v", n, time.Since(start))
	env := sambaFolder(t, sambaService, fmt.Sprintf(sambaScope, scope))
	firstApply(t, env, people)

	address := func(i int) string { return fmt.Sprintf("user.staff[%q]", people[i].mail()) }
	account := func(i int) string { return people[i].account }
	warnings := []string{}
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"married", func() {
			f.set(account(1001), "sn", "Smith")
			f.set(account(1001), "displayName", "Jane Smith")
			f.rename(f.dn(account(1001)), "CN=Jane Smith "+f.tag, "")
		}, []string{"update " + address(1001) + " displayName surname"}},
		{"new address", func() { f.set(account(1002), "mail", "new."+people[1002].mail()) }, []string{"update " + address(1002) + " mail"}},
		{"moved away", func() { f.rename(f.dn(account(1003)), "", elsewhere) }, []string{"disable " + address(1003) + " accountEnabled"}},
		{"disabled", func() { f.set(account(1004), "userAccountControl", "546") }, []string{"update " + address(1004) + " accountEnabled"}},
		{"deleted", func() { f.delete(account(1005)) }, []string{"disable " + address(1005) + " accountEnabled"}},
		{"back again", func() { f.rename(f.dn(account(1003)), "", people[1003].parent) }, []string{"update " + address(1003) + " accountEnabled"}},
		{"moved within", func() { f.rename(f.dn(account(1006)), "", people[1007].parent) }, nil},
		{"another manager", func() { f.set(account(8), "manager", f.dn(account(2))) }, []string{"update " + address(8) + " manager"}},
		{"OU renamed", func() { f.rename(scope, "OU=Personnel", ""); warnings = []string{"DF403"} }, nil},
		{"after the OU", func() { f.set(account(1008), "title", "Head") }, []string{"update " + address(1008) + " jobTitle"}},
	} {
		if !t.Run(step.name, func(t *testing.T) {
			step.do()
			wantPlan(t, env, append(slices.Clone(warnings), step.want...)...)
			succeed(t, env, "apply", "--auto-approve")
			wantNothing(t, env, warnings...)
		}) {
			return
		}
	}
	succeed(t, env, "drift")
}

// firstApply makes all accounts.
func firstApply(t *testing.T, env cli.Environment, people []person) {
	t.Helper()
	start := time.Now()
	p := planJSON(t, env)
	if p.Summary["create"] != len(people) || len(p.Changes) != len(people) || len(p.Findings) > 0 {
		t.Fatalf("summary %v, %d changes, findings %v", p.Summary, len(p.Changes), p.Findings)
	}
	if want := len(people) + withManager - 1; len(people) >= withManager && p.Cost.Writes > want {
		t.Errorf("%d writes, want %d: one for each account and one for each manager", p.Cost.Writes, want)
	}
	planTime := time.Since(start)
	start = time.Now()
	succeed(t, env, "apply", "--auto-approve")
	t.Logf("plan %v, apply %v", planTime, time.Since(start))
	start = time.Now()
	wantNothing(t, env)
	t.Logf("two plans with nothing to do %v", time.Since(start))
	want := map[string]int{"unchanged": len(people)}
	got := planJSON(t, env).Summary
	for k, v := range got {
		if v == 0 {
			delete(got, k)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	checkAccounts(t, env.Dir, people)
}

// checkAccounts compares the tenant with the people, without asking dirform's planner.
func checkAccounts(t *testing.T, dir string, people []person) {
	t.Helper()
	got := map[string]bool{}
	names := []string{"userPrincipalName", "displayName", "givenName", "surname", "mail", "department", "jobTitle", "accountEnabled"}
	for _, line := range tenantUsersOf(t, dir, "lab", names...) {
		got[strings.TrimPrefix(line, "|")] = true
	}
	if len(got) != len(people) {
		t.Errorf("%d accounts for %d people", len(got), len(people))
	}
	for _, p := range people {
		want := strings.Join([]string{p.mail(), p.cn, p.given, p.sn, p.mail(), p.department, p.title, fmt.Sprint(!p.disabled)}, "|")
		if !got[want] {
			t.Fatalf("no account %s", want)
		}
	}
}

// tenantUsersOf reads attributes of all accounts of the tenant in an embedded lab.
func tenantUsersOf(t *testing.T, dir, folder string, names ...string) []string {
	t.Helper()
	d := open.NewDirectories(&cli.App{}, dir)
	defer d.Close()
	r, err := d.Tenant(t.Context(), &config.EntraProvider{Name: "tenant", Lab: folder})
	if err != nil {
		t.Fatal(err)
	}
	shape := state.NewShape(names...)
	return users(t, r.Read(t.Context(), providers.TenantQuery{Kind: state.User, Attributes: shape}), shape)
}

func (f *forest) delete(account string) {
	f.t.Helper()
	if err := f.conn.Del(ldap.NewDelRequest(f.dn(account), nil)); err != nil {
		f.t.Fatal(err)
	}
}

// TestSambaStampsTheAnchor lets an apply with the service account write mS-DS-ConsistencyGuid; from then on the objectGUID does
// not matter any more.
func TestSambaStampsTheAnchor(t *testing.T) {
	f := newForest(t)
	scope := f.addOU("Staff", f.root)
	people := f.staff(20, scope)
	f.addPeople(people)
	env := sambaFolder(t, sambaService, fmt.Sprintf(sambaScope, scope)+`
link_policy "staff" {
  scope  = scope.staff
  anchor = "ms-DS-ConsistencyGuid"
}
`)
	anchors := map[string]any{}
	for _, c := range planJSON(t, env).Changes {
		if c.Action != "create" || len(c.Source) != 1 || c.Source[0].Name != "mS-DS-ConsistencyGuid" || c.Source[0].Before != nil {
			t.Errorf("%s %s: %v", c.Action, c.Address, c.Source)
			continue
		}
		anchors[c.SourceDN] = c.Source[0].After
	}
	if len(anchors) != len(people) {
		t.Fatalf("%d of %d users are to be stamped", len(anchors), len(people))
	}
	succeed(t, env, "apply", "--auto-approve")
	wantNothing(t, env)
	tenant := tenantUsersOf(t, env.Dir, "lab", "userPrincipalName", "onPremisesImmutableId")
	for _, p := range people {
		e := f.find("(sAMAccountName="+p.account+")", "mS-DS-ConsistencyGuid")
		guid := e.GetRawAttributeValue("mS-DS-ConsistencyGuid")
		anchor := base64.StdEncoding.EncodeToString(guid)
		if string(guid) != string(e.GetRawAttributeValue("objectGUID")) || anchors[e.DN] != any(anchor) {
			t.Errorf("%s: anchor %s, planned %v", e.DN, anchor, anchors[e.DN])
		}
		if !slices.Contains(tenant, "|"+p.mail()+"|"+anchor) {
			t.Errorf("%s: its account has another anchor", e.DN)
		}
	}
}

// TestSambaAddsASuffix: the forest gets a UPN suffix from an administrator, and not from the service account, which has no right to.
func TestSambaAddsASuffix(t *testing.T) {
	f := newForest(t)
	f.addPeople(f.staff(2, f.addOU("Staff", f.root)))
	suffix := f.tag + ".example"
	f.withoutSuffix(suffix)
	config := fmt.Sprintf(sambaScope, f.root) + fmt.Sprintf("\nupn_suffix %q {}\n", suffix)
	tenant := fmt.Sprintf(`{"domains": [{"id": "contoso.com", "isDefault": true, "isVerified": true}, {"id": %q, "isVerified": true}]}`, suffix)

	env := sambaFolder(t, sambaService, config)
	write(t, env.Dir, "lab/tenant.json", tenant)
	code, stdout, stderr := runMain(t, env, "apply", "--auto-approve")
	if said := stdout + stderr; code != cli.ExitPartial || !strings.Contains(said, suffix) || !strings.Contains(said, "right") {
		t.Errorf("status %d\n%s\n%s", code, stdout, stderr)
	}

	env = sambaFolder(t, strings.Replace(sambaService, "$AD_SVC_DN", "$AD_BIND_DN", 1), config)
	env.Environ = []string{"DIRFORM_VAR_ad_password=" + os.Getenv("AD_BIND_PASSWORD")}
	write(t, env.Dir, "lab/tenant.json", tenant)
	if got := planJSON(t, env).lines()[0]; got != fmt.Sprintf("create upn_suffix[%q] uPNSuffixes", suffix) {
		t.Error(got)
	}
	succeed(t, env, "apply", "--auto-approve")
	wantNothing(t, env)
	r, err := f.conn.Search(ldap.NewSearchRequest(partitions(), ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false,
		"(objectClass=*)", []string{"uPNSuffixes"}, nil))
	if err != nil || !slices.Contains(r.Entries[0].GetAttributeValues("uPNSuffixes"), suffix) {
		t.Errorf("%v, %v", r, err)
	}
}

// partitions is where a forest keeps its UPN suffixes.
func partitions() string { return "CN=Partitions,CN=Configuration," + os.Getenv("AD_BASE_DN") }

// withoutSuffix takes a UPN suffix that the test adds out of the forest again.
func (f *forest) withoutSuffix(suffix string) {
	f.t.Cleanup(func() {
		r := ldap.NewModifyRequest(partitions(), nil)
		r.Delete("uPNSuffixes", []string{suffix})
		if err := dialSamba(f.t).Modify(r); err != nil {
			f.t.Errorf("the UPN suffix %s is left behind: %v", suffix, err)
		}
	})
}
