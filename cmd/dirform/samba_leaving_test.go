package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

const sambaLeavers = `
scope "staff" {
  ou     = %q
  filter = "(!(title=Leaver))"
  where  = coalesce(ad.department, "") != "Gone"
}

link_policy "staff" {
  scope = scope.staff
%s
}

guard "wide" {
  disables { percent = 100 }
  enables { percent = 100 }
  deletes { percent = 100 }
  unlinks { percent = 100 }
  updates { percent = 100 }
  clears { percent = 100 }
  renames { percent = 100 }
  source_shrink { percent = 100 }
}
`

// leavers are people of a domain controller who leave their scope, each in another way, and come back.
type leavers struct {
	*forest
	scope, elsewhere string
	people           []person
	env              cli.Environment
}

// The ways to leave, by person.
const (
	byMove = iota
	byFilter
	byWhere
	byDeletion
	stays
)

func newLeavers(t *testing.T, policy string) *leavers {
	l := &leavers{forest: newForest(t)}
	l.scope, l.elsewhere = l.addOU("Staff", l.root), l.addOU("Elsewhere", l.root)
	for i, name := range []string{"Mona Moved", "Fred Filtered", "Wanda Where", "Dan Deleted", "Boris Boss"} {
		l.people = append(l.people, person{account: fmt.Sprintf("%s-%d", l.tag, i), cn: name, parent: l.scope, department: "Sales"})
		if err := l.conn.Add(l.people[i].request()); err != nil {
			t.Fatal(err)
		}
	}
	l.env = sambaFolder(t, sambaService, fmt.Sprintf(sambaLeavers, l.scope, policy))
	return l
}

func (l *leavers) leave() {
	l.rename(l.dn(l.people[byMove].account), "", l.elsewhere)
	l.set(l.people[byFilter].account, "title", "Leaver")
	l.set(l.people[byWhere].account, "department", "Gone")
	l.delete(l.people[byDeletion].account)
}

// comeBack brings everybody back, the deleted one out of the directory's tombstones, and promotes the one who had moved.
func (l *leavers) comeBack() {
	l.rename(l.dn(l.people[byMove].account), "", l.scope)
	l.set(l.people[byMove].account, "title", "Head")
	l.set(l.people[byMove].account, "manager", l.dn(l.people[stays].account))
	l.set(l.people[byFilter].account, "title")
	l.set(l.people[byWhere].account, "department", "Sales")
	l.reanimate(l.people[byDeletion])
}

// reanimate brings a deleted user back under its objectGUID, as an administrator would, and fills in what a tombstone loses.
func (l *leavers) reanimate(p person) {
	l.t.Helper()
	showRecycled := []ldap.Control{ldap.NewControlString("1.2.840.113556.1.4.2064", true, "")}
	tombstones, err := l.conn.Search(ldap.NewSearchRequest(os.Getenv("AD_BASE_DN"), ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(sAMAccountName="+p.account+")", []string{"1.1"}, showRecycled))
	if err != nil || len(tombstones.Entries) != 1 {
		l.t.Fatalf("the tombstone of %s: %v, %v", p.account, tombstones, err)
	}
	r := ldap.NewModifyRequest(tombstones.Entries[0].DN, showRecycled)
	r.Delete("isDeleted", nil)
	r.Replace("distinguishedName", []string{p.dn()})
	if err := l.conn.Modify(r); err != nil {
		l.t.Fatal(err)
	}
	m := ldap.NewModifyRequest(p.dn(), nil)
	for name, value := range map[string]string{"userPrincipalName": p.mail(), "mail": p.mail(), "displayName": p.cn, "department": p.department} {
		m.Replace(name, []string{value})
	}
	m.Replace("userAccountControl", []string{"544"})
	if err := l.conn.Modify(m); err != nil {
		l.t.Fatal(err)
	}
}

// lines are a plan's lines for everybody but the one who stays: the action, the address, and attributes by person.
func (l *leavers) lines(action string, attributes ...string) (lines []string) {
	for i, p := range l.people[:stays] {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s user.staff[%q] %s", action, p.mail(), attributes[min(i, len(attributes)-1)])))
	}
	slices.Sort(lines)
	return lines
}

// age makes the record older by some days. The clock stays as it is: a domain controller tells the time, too.
func (l *leavers) age(days int) {
	l.t.Helper()
	check := func(err error) {
		if err != nil {
			l.t.Fatal(err)
		}
	}
	s, err := sqlite.Open(l.t.Context(), filepath.Join(l.env.Dir, "dirform.dfstate"), store.Options{Holder: "test", Now: time.Now})
	check(err)
	defer s.Close()
	var left []*state.Link
	for link, err := range s.Links(l.t.Context()) {
		check(err)
		if link.LeftAt > 0 {
			older := *link
			older.Fingerprints = slices.Clone(link.Fingerprints)
			older.LeftAt -= int64(days) * 24 * 60 * 60
			left = append(left, &older)
		}
	}
	m := s.Meta()
	w, err := s.Begin(l.t.Context(), store.RunInfo{Lineage: m.Lineage, Serial: m.Serial, SourceSID: m.SourceSID,
		TenantID: m.TenantID})
	check(err)
	check(w.Records(l.t.Context(), left))
	check(w.Finish(l.t.Context(), store.OutcomeApplied, state.Counts{}, nil))
}

// step lets time pass, and checks that the plan is as expected then and that applying it leaves nothing to do.
func (l *leavers) step(days int, want ...string) {
	l.t.Helper()
	l.age(days)
	wantPlan(l.t, l.env, want...)
	succeed(l.t, l.env, "apply", "--auto-approve")
	wantNothing(l.t, l.env)
}

// TestSambaLeavers lets people leave by a move, by the filter, by where and by deletion, and come back, under each policy that
// makes a difference. They always end with the account they had.
func TestSambaLeavers(t *testing.T) {
	for _, c := range []struct {
		name, policy string
		gone, back   func(l *leavers) []string
	}{
		{"disable", `  leaving = "disable"`,
			func(l *leavers) []string { return l.lines("disable", "accountEnabled") },
			func(l *leavers) []string {
				return l.lines("update", "accountEnabled jobTitle manager", "accountEnabled")
			}},
		{"delete", `  leaving = "delete"`,
			func(l *leavers) []string { return l.lines("delete", "") },
			func(l *leavers) []string { return l.lines("restore", "jobTitle manager", "") }},
		{"unlink", `  leaving = "unlink"`,
			func(l *leavers) []string { return l.lines("unlink", "onPremisesImmutableId") },
			func(l *leavers) []string {
				return l.lines("link", "jobTitle manager onPremisesImmutableId", "onPremisesImmutableId")
			}},
		{"keep", `  leaving = "keep"`,
			func(*leavers) []string { return nil },
			func(l *leavers) []string {
				return []string{fmt.Sprintf("update user.staff[%q] jobTitle manager", l.people[byMove].mail())}
			}},
		{"grace", "  leaving = \"delete\"\n  grace   = \"30d\"",
			func(l *leavers) []string { return l.lines("disable", "accountEnabled") },
			func(l *leavers) []string {
				return l.lines("update", "accountEnabled jobTitle manager", "accountEnabled")
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLeavers(t, c.policy)
			succeed(t, l.env, "apply", "--auto-approve")
			accounts := tenantUsersOf(t, l.env.Dir, "lab", "id", "userPrincipalName")
			l.leave()
			l.step(1, c.gone(l)...)
			l.comeBack()
			l.step(29, c.back(l)...)
			wantSameAccounts(t, l.env, accounts)
		})
	}
}

// TestSambaGracePasses deletes who left once the grace has passed, and restores the same account for who comes back later still.
func TestSambaGracePasses(t *testing.T) {
	l := newLeavers(t, "  leaving = \"disable\"\n  grace   = \"30d\"")
	succeed(t, l.env, "apply", "--auto-approve")
	accounts := tenantUsersOf(t, l.env.Dir, "lab", "id", "userPrincipalName")
	l.leave()
	l.step(1, l.lines("disable", "accountEnabled")...)
	l.step(29)
	l.step(1, l.lines("delete", "accountEnabled")...)
	l.comeBack()
	l.step(7, l.lines("restore", "accountEnabled jobTitle manager", "accountEnabled")...)
	wantSameAccounts(t, l.env, accounts)
}

// TestSambaClock: nobody is deleted by a clock that is far from the domain controller's.
func TestSambaClock(t *testing.T) {
	l := newLeavers(t, "  grace = \"30d\"")
	succeed(t, l.env, "apply", "--auto-approve")
	l.leave()
	l.step(1, l.lines("disable", "accountEnabled")...)
	ahead := l.env
	ahead.Now = func() time.Time { return time.Now().AddDate(0, 0, 40) }
	wantNothing(t, ahead, "DF417")
	ahead.Now = func() time.Time { return time.Now().Add(4 * time.Minute) }
	wantNothing(t, ahead)
}

func wantSameAccounts(t *testing.T, env cli.Environment, want []string) {
	t.Helper()
	got := tenantUsersOf(t, env.Dir, "lab", "id", "userPrincipalName")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("accounts\n%v, want\n%v", got, want)
	}
}

// TestSambaDeletedObjectsCannotBeSeen: a domain controller shows deleted objects to those who have the right.
// Everybody else takes somebody who was deleted for not found, who is then disabled instead of deleted, and learns
// which right is missing.
func TestSambaDeletedObjectsCannotBeSeen(t *testing.T) {
	l := newLeavers(t, "  leaving = \"delete\"")
	reader := person{account: l.tag + "-reader", cn: "Reader", parent: l.elsewhere}
	if err := l.conn.Add(reader.request()); err != nil {
		t.Fatal(err)
	}
	l.set(reader.account, "unicodePwd", utf16Password(os.Getenv("AD_SVC_PASSWORD")))
	succeed(t, l.env, "apply", "--auto-approve")
	l.leave()

	main, err := os.ReadFile(filepath.Join(l.env.Dir, "main.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.Replace(string(main), os.Getenv("AD_SVC_DN"), l.dn(reader.account), 1)
	if plain == string(main) {
		t.Fatal("the configuration does not name the account")
	}
	write(t, l.env.Dir, "main.hcl", plain)
	address := func(i int) string { return fmt.Sprintf("user.staff[%q]", l.people[i].mail()) }
	wantPlan(t, l.env, "DF414", "DF502", "delete "+address(byMove), "delete "+address(byFilter),
		"delete "+address(byWhere),
		"disable "+address(byDeletion)+" accountEnabled")
	succeed(t, l.env, "apply", "--auto-approve")
	wantNothing(t, l.env, "DF414", "DF502")
	write(t, l.env.Dir, "main.hcl", string(main))
	wantPlan(t, l.env, "delete "+address(byDeletion))
}
