package harness_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store/sqlite"
)

const (
	base               = "DC=corp,DC=contoso,DC=com"
	staffOU, laterOU   = "OU=Staff," + base, "OU=Later," + base
	unlinkOU, deleteOU = "OU=Unlinking," + base, "OU=Deleting," + base
	movedOU            = "OU=Moved," + base
	people             = 6 // of each OU
	foreign, company   = "b3RoZXIgZG9tYWlu", "contoso.com"
)

// rulesText is the configuration of every scene.
func rulesText() string {
	var b strings.Builder
	b.WriteString(`provider "ad" "corp" {
  lab = "lab"
}
provider "entra" "contoso" {
  lab = "lab"
}
upn_suffix "contoso.com" {}
`)
	for _, s := range []struct{ name, ou, leaving string }{
		{"staff", staffOU, "disable"}, {"moved", movedOU, "disable"},
		{"unlinking", unlinkOU, "unlink"}, {"deleting", deleteOU, "delete"},
	} {
		fmt.Fprintf(&b, `
scope %[1]q {
  ou = %[2]q
}
mapping %[1]q {
  scope  = scope.%[1]s
  object = "user"
  attributes {
    userPrincipalName = lower(ad.userPrincipalName)
    displayName       = ad.displayName
    mailNickname      = ad.sAMAccountName
    department        = ad.department
    jobTitle          = ad.title
    manager           = ad.manager
    accountEnabled    = !has_flag(ad.userAccountControl, 2)
  }
}
link_policy %[1]q {
  scope            = scope.%[1]s
  anchor           = "ms-DS-ConsistencyGuid"
  match            = ["immutable_id", "primary_smtp", "user_principal_name"]
  foreign_anchor   = "relink"
  synced_elsewhere = "take_over"
  leaving          = %[3]q
}
`, s.name, s.ou, s.leaving)
	}
	b.WriteString("guard \"none\" {\n")
	for _, l := range limits.Names() {
		fmt.Fprintf(&b, "  %s {\n    count   = 1000\n    percent = 100\n  }\n", l)
	}
	b.WriteString("}\n")
	return b.String()
}

// guidOf is the objectGUID of a person.
func guidOf(ou string, i int) string {
	g := [16]byte{0: ou[3], 1: ou[4], 14: 1, 15: byte(i)}
	return base64.StdEncoding.EncodeToString(g[:])
}

// nameOf is the account name of person i of an OU, such as staff3.
func nameOf(ou string, i int) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(ou, "OU="), ",")
	return strings.ToLower(first) + fmt.Sprint(i)
}

func dnOf(ou string, i int) string { return "CN=" + nameOf(ou, i) + "," + ou }

func upnOf(ou string, i int) string { return nameOf(ou, i) + "@" + company }

// seedSource writes people into a domain. Each is managed by the one before.
func seedSource(t testing.TB, dir string) {
	var b strings.Builder
	b.WriteString("version: 1\n")
	for _, ou := range []string{staffOU, laterOU, unlinkOU, deleteOU, movedOU} {
		fmt.Fprintf(&b, "\ndn: %s\nobjectClass: organizationalUnit\n", ou)
	}
	for _, ou := range []string{staffOU, laterOU, unlinkOU, deleteOU} {
		for i := range people {
			fmt.Fprintf(&b, "\ndn: %s\nobjectClass: user\nobjectGUID:: %s\nsAMAccountName: %[3]s\nuserPrincipalName: %[4]s\n"+
				"mail: %[4]s\ndisplayName: Person %[3]s\ndepartment: Sales\ntitle: Clerk\n",
				dnOf(ou, i), guidOf(ou, i), nameOf(ou, i), upnOf(ou, i))
			if i > 0 {
				fmt.Fprintf(&b, "manager: %s\n", dnOf(ou, i-1))
			}
		}
	}
	check(t, os.MkdirAll(filepath.Join(dir, "lab"), 0o700))
	check(t, os.WriteFile(filepath.Join(dir, "lab", "corp.ldif"), []byte(b.String()), 0o600))
}

// seedTenant writes the tenant: an administrator, and with accounts those that people of the OU later have already.
func seedTenant(t testing.TB, dir string, accounts ...map[string]any) {
	doc := map[string]any{
		"organization": map[string]any{"id": "8d0f1b1e-5c0a-4f0e-9d27-6f3a2c1b0a99", "displayName": "Contoso"},
		"domains": []any{map[string]any{"id": "contoso.onmicrosoft.com", "isInitial": true, "isVerified": true},
			map[string]any{"id": company, "isDefault": true, "isVerified": true}},
		"users": append([]map[string]any{{"userPrincipalName": "root@contoso.com", "displayName": "Root",
			"mailNickname": "root", "accountEnabled": true}}, accounts...),
		"roleAssignments": []any{map[string]any{"principalId": "root@contoso.com",
			"roleDefinitionId": "Global Administrator"}},
	}
	text, err := json.Marshal(doc)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(dir, "lab", "tenant.json"), text, 0o600))
}

// existing is an account that somebody has made by hand.
func existing(i int, more map[string]any) map[string]any {
	a := map[string]any{"userPrincipalName": upnOf(laterOU, i), "mail": upnOf(laterOU, i), "displayName": "By hand",
		"mailNickname": nameOf(laterOU, i), "accountEnabled": true}
	for k, v := range more {
		a[k] = v
	}
	return a
}

// scene is something that has happened since the last apply, which the next one is to follow.
type scene struct {
	name   string
	first  bool // nothing was applied before
	seed   func(i int) map[string]any
	happen func(s *stage)
}

// enter moves the people of the OU later into scope.
func enter(s *stage) {
	for i := range people {
		check(s.t, s.lab.Move(dnOf(laterOU, i), staffOU))
	}
}

// scenes are all that an apply may have to do.
func scenes() []scene {
	set := func(s *stage, ou string, i int, name string, values ...string) {
		check(s.t, s.lab.SetAD(dnOf(ou, i), name, values))
	}
	leave := func(ou string) func(*stage) {
		return func(s *stage) {
			for i := range people {
				check(s.t, s.lab.Move(dnOf(ou, i), laterOU))
			}
		}
	}
	return []scene{
		{name: "first run", first: true, happen: func(*stage) {}},
		{name: "create", happen: enter},
		{name: "link", seed: func(i int) map[string]any { return existing(i, nil) }, happen: enter},
		{name: "relink", seed: func(i int) map[string]any {
			return existing(i, map[string]any{anchor: foreign + fmt.Sprint(i)})
		}, happen: enter},
		{name: "take over", seed: func(i int) map[string]any {
			return existing(i, map[string]any{anchor: guidOf(laterOU, i), "onPremisesSyncEnabled": true})
		}, happen: enter},
		{name: "restore", happen: func(s *stage) {
			for i := range people {
				check(s.t, s.lab.RemoveTenant(upnOf(staffOU, i), false))
				set(s, staffOU, i, "department", "Revenue")
			}
		}},
		{name: "update", happen: func(s *stage) {
			for i := range people {
				set(s, staffOU, i, "department", "Revenue")
				set(s, staffOU, i, "title", "Head "+fmt.Sprint(i))
			}
		}},
		{name: "swap", happen: func(s *stage) {
			for i := range people {
				set(s, staffOU, i, "userPrincipalName", fmt.Sprintf("tmp%d@contoso.com", i))
			}
			for i, with := range []int{1, 0, 3, 4, 2, 5} { // a pair, three in a circle, and one alone
				set(s, staffOU, i, "userPrincipalName", upnOf(staffOU, with))
			}
		}},
		{name: "disable", happen: leave(staffOU)},
		{name: "switch off", happen: func(s *stage) {
			for i := range people {
				set(s, staffOU, i, "userAccountControl", "514")
				set(s, staffOU, i, "department", "Gone")
			}
		}},
		{name: "unlink", happen: leave(unlinkOU)},
		{name: "delete", happen: leave(deleteOU)},
		{name: "references", happen: func(s *stage) {
			for i := range people {
				if i == people/2 {
					set(s, staffOU, i, "manager")
					continue
				}
				set(s, staffOU, i, "manager", dnOf(unlinkOU, i))
			}
		}},
		{name: "another scope", happen: func(s *stage) {
			for i := range people {
				check(s.t, s.lab.Move(dnOf(staffOU, i), movedOU))
			}
		}},
		{name: "everything", seed: func(i int) map[string]any {
			if i%2 == 0 {
				return nil
			}
			return existing(i, map[string]any{anchor: []any{nil, foreign}[i/2%2]})
		}, happen: everything},
	}
}

// everything is a bit of all.
func everything(s *stage) {
	enter(s)
	check(s.t, s.lab.SetAD(dnOf(staffOU, 0), "userPrincipalName", []string{"tmp@contoso.com"}))
	check(s.t, s.lab.SetAD(dnOf(staffOU, 1), "userPrincipalName", []string{upnOf(staffOU, 0)}))
	check(s.t, s.lab.SetAD(dnOf(staffOU, 0), "userPrincipalName", []string{upnOf(staffOU, 1)}))
	check(s.t, s.lab.RemoveTenant(upnOf(staffOU, 2), false))
	check(s.t, s.lab.SetAD(dnOf(staffOU, 3), "department", []string{"Revenue"}))
	check(s.t, s.lab.SetAD(dnOf(staffOU, 3), "manager", []string{dnOf(staffOU, 5)}))
	check(s.t, s.lab.Move(dnOf(staffOU, 4), laterOU))
	for i := range 2 {
		check(s.t, s.lab.Move(dnOf(unlinkOU, i), laterOU))
		check(s.t, s.lab.Move(dnOf(deleteOU, i), laterOU))
	}
}

// set is a stage on which a scene has just happened.
func (c *scene) set(t testing.TB) *stage {
	t.Helper()
	dir := filepath.Join(quick.Dir(t), "first")
	seedSource(t, dir)
	var accounts []map[string]any
	for i := range people {
		if c.seed != nil && c.seed(i) != nil {
			accounts = append(accounts, c.seed(i))
		}
	}
	seedTenant(t, dir, accounts...)
	s := openStage(t, dir, load(t, dir, rulesText()))
	if !c.first {
		s.mustApply()
		check(t, s.settled())
	}
	c.happen(s)
	return s
}

// picture is what both directories and the record hold, without what chance has chosen: ids, times, passwords.
func (s *stage) picture() []string {
	s.t.Helper()
	living := s.users("/users?$top=999&$expand=manager($select=id)")
	deleted := s.users("/directory/deletedItems/microsoft.graph.user?$top=999")
	names := map[string]string{}
	for _, u := range slices.Concat(living, deleted) {
		names[u.ID] = strings.TrimPrefix(u.UserPrincipalName, strings.ReplaceAll(u.ID, "-", ""))
	}
	var lines []string
	for _, u := range living {
		lines = append(lines, fmt.Sprintf("account %s %s enabled=%v anchor=%s dept=%s title=%s licences=%d "+
			"manager=%s mastered=%v",
			names[u.ID], u.DisplayName, u.AccountEnabled, u.OnPremisesImmutableID, u.Department, u.JobTitle,
			len(u.AssignedLicenses), names[u.Manager.ID], u.OnPremisesSyncEnabled))
	}
	for _, u := range deleted {
		lines = append(lines, "deleted "+names[u.ID])
	}
	for _, l := range s.links() {
		lines = append(lines, fmt.Sprintf("link %s -> %s of %s left=%v", l.Anchor, names[l.TargetID], l.Scope, l.Left))
	}
	for _, ou := range []string{staffOU, laterOU, unlinkOU, deleteOU} {
		for i := range people {
			_, attributes, _, err := s.lab.ShowAD(nameOf(ou, i))
			check(s.t, err)
			for _, a := range attributes {
				if strings.EqualFold(a.Name, "mS-DS-ConsistencyGuid") {
					lines = append(lines, fmt.Sprintf("stamp of %s: %v", nameOf(ou, i), a.Values))
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

type recordedLink struct {
	Anchor, TargetID, Scope string
	Left                    bool
}

func (s *stage) links() (list []recordedLink) {
	record, err := sqlite.OpenReadOnly(s.t.Context(), s.state)
	check(s.t, err)
	defer record.Close()
	for l, err := range record.Links(s.t.Context()) {
		check(s.t, err)
		list = append(list, recordedLink{l.Anchor, l.TargetID, l.Scope, l.Left})
	}
	return list
}

type user struct {
	ID, UserPrincipalName, DisplayName, OnPremisesImmutableID, Department, JobTitle string
	AccountEnabled, OnPremisesSyncEnabled                                           bool
	Manager                                                                         struct{ ID string }
	AssignedLicenses                                                                []struct{ SkuID string }
}

const selected = "&$select=id,userPrincipalName,displayName,accountEnabled,onPremisesImmutableId,department,jobTitle," +
	"onPremisesSyncEnabled,assignedLicenses"

// users asks the lab itself.
func (s *stage) users(link string) []user {
	s.t.Helper()
	rec := s.ask(http.MethodGet, link+selected, nil)
	var page struct{ Value []user }
	if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil || rec.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", link, rec.Code, rec.Body)
	}
	return page.Value
}

// ask sends a request to the lab itself, past the relay.
func (s *stage) ask(method, link string, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/v1.0"+link, bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.lab.Tenant().Handler().ServeHTTP(rec, r)
	return rec
}
