package harness_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/planner/apply"
	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// staleness is something that changes between a plan and its apply.
type staleness struct {
	name   string
	change func(s *stage)
	rules  func(text string) string // what the configuration has become
	status int
	// skipped are account names whose reviewed changes must not be made any more; refused is a part of the error, if there is
	// one.
	skipped []string
	refused string
}

// stalenesses are the kinds. What is reviewed is the plan of the scene "everything".
func stalenesses() []staleness {
	return slices.Concat(staleSources(), staleTenants(), staleLicences(), staleRules(), staleRecords())
}

const anchor = "onPremisesImmutableId"

func setAD(name, attribute string, values ...string) func(*stage) {
	return func(s *stage) { check(s.t, s.lab.SetAD(name, attribute, values)) }
}

func setTenant(name, property string, value any) func(*stage) {
	return func(s *stage) { check(s.t, s.lab.SetTenant(name+"@"+company, property, value)) }
}

func move(name, to string) func(*stage) {
	return func(s *stage) { check(s.t, s.lab.Move(name, to)) }
}

func all(f ...func(*stage)) func(*stage) {
	return func(s *stage) {
		for _, f := range f {
			f(s)
		}
	}
}

func staleSources() []staleness {
	one := func(name string, change func(*stage), skipped ...string) staleness {
		return staleness{name: name, change: change, status: 3, skipped: skipped}
	}
	return []staleness{
		one("source: the value is another", setAD("staff3", "department", "Board"), "staff3"),
		one("source: the value is the old one again", setAD("staff3", "department", "Sales"), "staff3"),
		one("source: the value is gone", setAD("staff3", "department"), "staff3"),
		one("source: another attribute changes too", setAD("staff3", "title", "Head"), "staff3"),
		{name: "source: an attribute that nobody maps", change: setAD("staff3", "telephoneNumber", "112")},
		{name: "source: somebody else changes", change: setAD("staff5", "title", "Head")},
		one("source: a newcomer's value", setAD("later0", "title", "Head"), "later0"),
		one("source: a newcomer's user name", setAD("later0", "userPrincipalName", "other@contoso.com"), "later0"),
		one("source: the match key is another's", all(setAD("later1", "mail", "x@contoso.com"),
			setAD("later1", "userPrincipalName", "x@contoso.com")), "later1"),
		one("source: a second claimant by address", setAD("later0", "mail", upnOf(laterOU, 1)), "later0", "later1"),
		one("source: stamped by somebody", setAD("later0", "mS-DS-ConsistencyGuid", "base64:"+guidOf("OU=XX", 1)),
			"later0"),
		one("source: stamped with another's anchor", setAD("later0", "mS-DS-ConsistencyGuid", "base64:"+guidOf(staffOU, 5)),
			"later0"),
		one("source: stamped with the anchor of a foreign account", setAD("later0", "mS-DS-ConsistencyGuid",
			"base64:"+foreign), "later0"),
		one("source: moved out of scope", move("staff3", laterOU), "staff3"),
		{name: "source: moved into another scope, of the same rules", change: move("staff3", unlinkOU)},
		one("source: a newcomer moved out again", move("later0", laterOU), "later0"),
		one("source: a leaver is back", move("staff4", staffOU), "staff4"),
		one("source: who was to be deleted is back", move("deleting0", deleteOU), "deleting0"),
		one("source: who was to be unlinked is back", move("unlinking0", unlinkOU), "unlinking0"),
		one("source: deleted", func(s *stage) { check(s.t, s.lab.RemoveAD("staff3")) }, "staff3"),
		one("source: a newcomer deleted", func(s *stage) { check(s.t, s.lab.RemoveAD("later0")) }, "later0"),
		{name: "source: renamed", change: move(dnOf(staffOU, 3), "CN=Renamed,"+staffOU)},
		{name: "source: its OU is renamed", change: move(staffOU, "OU=People,"+base)},
		one("source: switched off", setAD("staff3", "userAccountControl", "514"), "staff3"),
		one("source: a newcomer switched off", setAD("later0", "userAccountControl", "514"), "later0"),
		one("source: another manager", setAD("staff3", "manager", dnOf(staffOU, 1)), "staff3"),
		one("source: the manager is deleted", func(s *stage) { check(s.t, s.lab.RemoveAD("staff5")) }, "staff3"),
		one("source: the swap is off", all(setAD("staff0", "userPrincipalName", "tmp@contoso.com"),
			setAD("staff1", "userPrincipalName", upnOf(staffOU, 1)), setAD("staff0", "userPrincipalName", upnOf(staffOU, 0))),
			"staff0", "staff1"),
		one("source: half of the swap is off", setAD("staff0", "userPrincipalName", "third@contoso.com"), "staff0"),
		{name: "source: the suffix is there already",
			change: setAD("CN=Partitions,CN=Configuration,"+base, "uPNSuffixes", company)},
	}
}

func staleTenants() []staleness {
	one := func(name string, change func(*stage), skipped ...string) staleness {
		return staleness{name: name, change: change, status: 3, skipped: skipped}
	}
	remove := func(name string, purge bool) func(*stage) {
		return func(s *stage) { check(s.t, s.lab.RemoveTenant(name+"@"+company, purge)) }
	}
	return []staleness{
		one("tenant: the value is another", setTenant("staff3", "department", "Board"), "staff3"),
		{name: "tenant: an attribute that nobody maps", change: setTenant("staff3", "city", "Pécs")},
		one("tenant: another mapped attribute", setTenant("staff3", "jobTitle", "King"), "staff3"),
		one("tenant: half of it is in place", setTenant("staff3", "department", "Revenue"), "staff3"),
		one("tenant: deleted", remove("staff3", false), "staff3"),
		one("tenant: purged", all(remove("staff3", false), func(s *stage) { s.purge("staff3") }), "staff3"),
		one("tenant: who was to be restored is purged", func(s *stage) { s.purge("staff2") }, "staff2"),
		one("tenant: who was to be linked is deleted", remove("later1", false), "later1"),
		one("tenant: the user name is another's", setTenant("root", "userPrincipalName", upnOf(laterOU, 0)), "later0"),
		one("tenant: the account has another name", all(setTenant("later1", "mail", "y@contoso.com"),
			setTenant("later1", "userPrincipalName", "y@contoso.com")), "later1"),
		one("tenant: the account has an anchor", setTenant("later1", anchor, "c29tZWJvZHkgZWxzZQ=="), "later1"),
		one("tenant: the anchor is another", setTenant("later3", anchor, "c29tZWJvZHkgZWxzZQ=="), "later3"),
		one("tenant: the anchor of a linked account is gone", setTenant("staff3", anchor, nil), "staff3"),
		one("tenant: the anchor is a newcomer's", setTenant("root", anchor, guidOf(laterOU, 0)), "later0"),
		one("tenant: another engine masters it", setTenant("staff3", "onPremisesSyncEnabled", true), "staff3"),
		one("tenant: another engine masters whom it was to link", setTenant("later1", "onPremisesSyncEnabled", true),
			"later1"),
		one("tenant: it has a role", func(s *stage) { s.appoint("staff3") }, "staff3"),
		one("tenant: who was to be deleted has a role", func(s *stage) { s.appoint("deleting0") }, "deleting0"),
		{name: "tenant: switched off", change: setTenant("staff3", "accountEnabled", false)}, // which is not healed unasked
		{name: "tenant: the leaver is switched off already", change: setTenant("staff4", "accountEnabled", false)},
	}
}

// staleLicences are changes of what nobody maps and no rule asks about: they hold up nothing, and stay as they are.
func staleLicences() []staleness {
	licensed := func(name string, licences ...string) staleness {
		return staleness{name: fmt.Sprintf("tenant: %s has %d licences", name, len(licences)), change: func(s *stage) {
			list := []any{}
			for _, id := range licences {
				list = append(list, map[string]any{"skuId": id, "disabledPlans": []string{}})
			}
			setTenant(name, "assignedLicenses", list)(s)
		}}
	}
	const e3, e5 = "6fd2c87f-b296-42f0-b197-1e91e994b900", "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
	return []staleness{licensed("staff3", e3), licensed("staff4", e3, e5), licensed("later1", e5), licensed("later3", e3), licensed("deleting0", e3),
		licensed("unlinking0", e3, e5)}
}

// replace changes a text in the rules; it must be there.
func replace(from, to string) func(string) string {
	return func(text string) string {
		if !strings.Contains(text, from) {
			panic("the rules have no " + from)
		}
		return strings.ReplaceAll(text, from, to)
	}
}

func staleRules() []staleness {
	one := func(name string, rules func(string) string, skipped ...string) staleness {
		return staleness{name: name, rules: rules, status: 3, skipped: skipped}
	}
	guard := func(limit string) func(string) string {
		return replace(fmt.Sprintf("  %s {\n    count   = 1000\n    percent = 100\n", limit),
			fmt.Sprintf("  %s {\n    count   = 0\n", limit))
	}
	policy := func(line string) func(string) string {
		return replace("  foreign_anchor", "  "+line+"\n  foreign_anchor")
	}
	const (
		order      = `["immutable_id", "primary_smtp", "user_principal_name"]`
		department = "    department        = ad.department\n"
		ou         = "  ou = \"" + staffOU + "\"\n"
	)
	refused := func(name string, rules func(string) string) staleness {
		return staleness{name: name, rules: rules, status: 1, refused: "allows"}
	}
	return []staleness{
		one("rules: leavers are kept", replace(`leaving          = "disable"`, `leaving          = "keep"`), "staff4"),
		one("rules: leavers are disabled", replace(`leaving          = "delete"`, `leaving          = "disable"`),
			"deleting0", "deleting1"),
		one("rules: who is unmatched is skipped", policy(`unmatched = "skip"`), "later0"),
		one("rules: foreign anchors block", replace(`foreign_anchor   = "relink"`, `foreign_anchor   = "block"`), "later3"),
		one("rules: the deleted stay deleted", policy(`deleted = "block"`), "staff2"),
		one("rules: matched by nothing but the anchor", replace(order, `["immutable_id"]`), "later1"),
		one("rules: matched by another rule", replace(order, `["user_principal_name"]`), "later1"),
		one("rules: another anchor attribute", replace(`"ms-DS-ConsistencyGuid"`, `"objectGUID"`), "later0"),
		one("rules: another value", replace("ad.department\n", "upper(ad.department)\n"), "staff3"),
		one("rules: an attribute less", replace(department, ""), "staff3"),
		one("rules: an attribute more", replace(department, department+"    city = \"Pécs\"\n"), "staff3", "later0"),
		one("rules: a condition", replace(ou, ou+"  where = ad.sAMAccountName != \"later0\"\n"), "later0"),
		one("rules: a filter", replace(ou, ou+"  filter = \"(!(sAMAccountName=later0))\"\n"), "later0"),
		one("rules: protected", replace("guard \"none\" {\n", "guard \"none\" {\n  protect = [\"staff3@contoso.com\"]\n"),
			"staff3"),
		one("rules: a link block", func(text string) string {
			return text + "\nlink \"x\" {\n  source = \"" + "CN=later1," + staffOU + "\"\n  tenant = \"root@contoso.com\"\n}\n"
		}, "later1"),
		refused("rules: no deletion", guard("deletes")),
		refused("rules: no creation", guard("creates")),
		refused("rules: no switch-off", guard("disables")),
		refused("rules: no relink", guard("relinks")),
		refused("rules: no unlink", guard("unlinks")),
	}
}

func staleRecords() []staleness {
	forget := func(s *stage, name string) {
		record, err := sqlite.Open(s.t.Context(), s.state, store.Options{Holder: "test", Now: time.Now})
		check(s.t, err)
		defer record.Close()
		id := s.account(name).ID
		for l, err := range record.Links(s.t.Context()) {
			check(s.t, err)
			if l.TargetID == id {
				check(s.t, record.RemoveLinks(s.t.Context(), l.Anchor))
				return
			}
		}
		s.t.Fatal(name)
	}
	return []staleness{
		{name: "record: a link is forgotten", status: 3, skipped: []string{"staff3"},
			change: func(s *stage) { forget(s, "staff3") }},
		{name: "record: a leaver is forgotten", status: 3, skipped: []string{"deleting0"},
			change: func(s *stage) { forget(s, "deleting0") }},
		{name: "record: another one", status: 1, refused: "lineage", change: func(s *stage) {
			s.removeRecord()
			other := s.copied(s.t)
			defer other.close()
			other.cfg = load(s.t, other.dir, rulesText())
			other.mustApply()
			b, err := os.ReadFile(other.state)
			check(s.t, err)
			check(s.t, os.WriteFile(s.state, b, 0o600))
		}},
		{name: "record: an older one", status: -1, change: func(s *stage) {
			b, err := os.ReadFile(s.state)
			check(s.t, err)
			s.mustApply()
			check(s.t, os.WriteFile(s.state, b, 0o600))
		}},
		{name: "record: none", status: 1, refused: "no state now", change: func(s *stage) { s.removeRecord() }},
		{name: "record: written since", change: all(setAD("staff5", "title", "Head"), func(s *stage) { s.mustApply() })},
		{name: "the plan was applied before", change: func(s *stage) { s.mustApply() }},
		{name: "the clock: a day back", change: func(s *stage) { s.now = s.now.AddDate(0, 0, -1) }},
		{name: "the clock: a year on", status: -1, change: func(s *stage) { s.now = s.now.AddDate(1, 0, 0) }},
		{name: "another tenant", status: 1, refused: "tenant", change: func(s *stage) {
			id := s.lab.Tenant().ID()
			s.graph.set((&graphScript{at: 1, ever: true, graphCase: &graphCase{do: altered(func(b string, _ *exchange) string {
				return strings.ReplaceAll(b, id, "00000000-5c0a-4f0e-9d27-6f3a2c1b0a99")
			})}}).fault)
		}},
	}
}

// removeRecord deletes the record.
func (s *stage) removeRecord() {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(s.state + suffix)
	}
}

// account is the living account with a user name at the company, or the deleted one.
func (s *stage) account(name string) user {
	for _, u := range slices.Concat(s.users("/users?$top=999&$expand=manager($select=id)"),
		s.users("/directory/deletedItems/microsoft.graph.user?$top=999")) {
		if strings.HasSuffix(u.UserPrincipalName, name+"@"+company) {
			return u
		}
	}
	s.t.Fatalf("no account %s", name)
	return user{}
}

// purge takes an account out of the recycle bin.
func (s *stage) purge(name string) { check(s.t, s.lab.RemoveTenant(s.account(name).ID, true)) }

// appoint gives an account the administrator's role.
func (s *stage) appoint(name string) {
	root, id := s.account("root").ID, s.account(name).ID
	s.graph.set((&graphScript{at: 1, ever: true, graphCase: &graphCase{
		on: func(x *exchange) bool { return strings.Contains(strings.ToLower(x.r.URL.Path), "role") },
		do: altered(func(b string, _ *exchange) string { return strings.ReplaceAll(b, root, id) })}}).fault)
}

// essence is what a change does, without order and reasons.
func essence(c *state.Change) string {
	var parts []string
	for _, a := range slices.Concat(c.Attributes, c.SourceAttributes) {
		parts = append(parts, fmt.Sprint(a.Name, ": ", a.Before.Text(), " -> ", a.After.Text()))
	}
	slices.Sort(parts)
	match := ""
	if c.Match != nil {
		match = c.Match.Rule + " " + c.Match.Value
	}
	return fmt.Sprint(c.Kind, " ", c.Action, " ", c.Anchor, " ", c.TargetID, " ", match, " ", parts)
}

// essences are a plan's changes by what they do, with their addresses.
func essences(t testing.TB, file *planfile.Reader) map[string]string {
	t.Helper()
	all := map[string]string{}
	for c, err := range file.Changes() {
		check(t, err)
		all[essence(c)] = string(c.Action) + " " + c.Address
	}
	return all
}

// TestNothingStaleIsDone changes something between a plan and the apply of its file. Whatever it is, only that is done which
// stands in the file and in a plan of now.
func TestNothingStaleIsDone(t *testing.T) {
	t.Parallel()
	list := scenes()
	everything := list[len(list)-1]
	first := everything.set(t)
	file, err := first.plan(first.reviewed())
	check(t, err)
	file.Close()
	first.rest()
	tally := newTally("changed since the plan", "cases", "done", "skipped", "refused")
	t.Run("kinds", func(t *testing.T) {
		for _, x := range stalenesses() {
			if quick.Skips(6) {
				continue
			}
			t.Run(x.name, func(t *testing.T) {
				t.Parallel()
				tally.add(x.name, x.play(t, first))
			})
		}
	})
	if quick.Long() && len(tally.counts) < 45 {
		t.Errorf("only %d kinds", len(tally.counts))
	}
	t.Logf("\n%s", tally)
}

// grace is how the rules of TestGraceBetweenPlanAndApply begin.
const grace = "leaving          = \"disable\"\n  grace            = "

// staleGraces are what may come between the plan in which a grace has ended and its apply.
func staleGraces() []staleness {
	const day = 24 * time.Hour
	one := func(name string, change func(*stage)) staleness {
		return staleness{name: name, change: change, status: 3, skipped: []string{"staff4"}}
	}
	rules := func(name, to string) staleness {
		return staleness{name: name, rules: replace(grace+`"30d"`, to), status: 3, skipped: []string{"staff4"}}
	}
	applied := func(s *stage) { s.mustApply() }
	return []staleness{
		{name: "grace: nothing", change: func(*stage) {}},
		{name: "grace: a day more", change: func(s *stage) { s.later(day) }},
		one("grace: the clocks are set back to before its end", func(s *stage) { s.later(-2 * day) }),
		one("grace: this computer's clock is another than the servers'", func(s *stage) { s.now = s.now.Add(time.Hour) }),
		one("grace: the leaver is back", move("staff4", staffOU)),
		one("grace: the leaver is back, and that is applied", all(move("staff4", staffOU), applied)),
		one("grace: the leaver was back, and has left again", all(move("staff4", staffOU), applied, move("staff4", laterOU), applied)),
		rules("grace: it is longer", grace+`"60d"`),
		rules("grace: there is none any more", `leaving          = "disable"`),
		rules("grace: leavers are kept", `leaving          = "keep"`),
		{name: "grace: shorter, as it ended anyway", rules: replace(grace+`"30d"`, grace+`"1d"`)},
		// The file is from before its end: what today's plan wants beyond it is not made.
		{name: "grace: it ends after the plan", change: func(s *stage) {
			s.later(-2 * day)
			file, err := s.plan(s.reviewed())
			check(s.t, err)
			file.Close()
			s.later(2 * day)
		}},
	}
}

// TestGraceBetweenPlanAndApply plans the deletion of somebody whose grace is over, changes something, and applies the plan.
func TestGraceBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(quick.Dir(t), "first")
	seedSource(t, dir)
	seedTenant(t, dir)
	first := openStage(t, dir, load(t, dir, replace(`leaving          = "disable"`, grace+`"30d"`)(rulesText())))
	first.mustApply()
	move("staff4", laterOU)(first)
	first.mustApply()
	first.later(31 * 24 * time.Hour)
	file, err := first.plan(first.reviewed())
	check(t, err)
	if asked := essences(t, file); len(asked) != 1 || !strings.Contains(fmt.Sprint(asked), "delete") {
		t.Fatalf("not a deletion: %v", asked)
	}
	file.Close()
	first.rest()
	tally := newTally("changed since the plan", "cases", "done", "skipped", "refused")
	t.Run("kinds", func(t *testing.T) {
		for _, x := range staleGraces() {
			if quick.Skips(6) {
				continue
			}
			t.Run(x.name, func(t *testing.T) {
				t.Parallel()
				tally.add(x.name, x.play(t, first))
			})
		}
	})
	t.Logf("\n%s", tally)
}

// recorded are those of a plan's changes that record what a reviewed plan's have brought about already, and write nothing: by action
// and address.
func recorded(t *testing.T, reviewed, now *planfile.Reader) map[string]bool {
	asked, may := map[string]state.Action{}, map[string]bool{}
	for c, err := range reviewed.Changes() {
		check(t, err)
		asked[c.Anchor] = c.Action
	}
	for c, err := range now.Changes() {
		check(t, err)
		made := c.Action == state.ActionLink && len(c.Attributes)+len(c.SourceAttributes) == 0 &&
			slices.Contains([]state.Action{state.ActionCreate, state.ActionLink, state.ActionRelink, state.ActionRestore}, asked[c.Anchor])
		gone := c.Action == state.ActionUnlink && c.ReasonCode == state.BecauseAccountGone && asked[c.Anchor] == state.ActionDelete
		if made || gone {
			may[string(c.Action)+" "+c.Address] = true
		}
	}
	return may
}

func (x *staleness) play(t *testing.T, first *stage) (outcome string) {
	s := first.copied(t)
	defer s.close()
	if x.change != nil {
		x.change(s)
	}
	if x.rules != nil {
		text, err := os.ReadFile(filepath.Join(s.dir, "main.hcl"))
		check(t, err)
		s.cfg = load(t, s.dir, x.rules(string(text)))
	}
	reviewed, err := planfile.Open(s.reviewed(), nil)
	check(t, err)
	defer reviewed.Close()
	asked, fresh, may := essences(t, reviewed), map[string]string{}, map[string]bool{}
	if now, err := s.plan(""); err == nil {
		fresh, may = essences(t, now), recorded(t, reviewed, now)
		now.Close()
	}
	before, plain := s.picture(), x.plainly(s)
	events, r, err := s.applyWatched(reviewed)
	got := status(r, err)
	if x.status >= 0 && got != x.status {
		t.Errorf("status %d, want %d: %v\n%s", got, x.status, err, failures(r))
	}
	if got == 1 {
		if !strings.Contains(fmt.Sprint(err), x.refused) || x.refused == "" {
			t.Errorf("not the refusal that was expected: %v", err)
		}
		if now := s.picture(); !slices.Equal(before, now) {
			t.Errorf("refused, and yet something is another")
		}
		return "refused"
	}
	for e := range asked {
		if address, ok := fresh[e]; ok {
			may[address] = true
		}
	}
	x.onlyPartly(t, before, plain, s.picture())
	for _, e := range events {
		if e.Status == state.StatusDone && e.Attribute == "" && e.Reason == "" && !may[string(e.Action)+" "+e.Address] {
			t.Errorf("%s %s was done: it is not in both plans", e.Action, e.Address)
		}
	}
	for _, name := range x.skipped {
		if !slices.ContainsFunc(events, func(e apply.Event) bool {
			return e.Status == state.StatusSkipped && strings.Contains(e.Address, `"`+name+"@")
		}) {
			t.Errorf("%s was not skipped: %v\n%s", name, events, failures(r))
		}
	}
	if got == 3 {
		return "skipped"
	}
	return "done"
}

// plainly is what becomes of everything if a plain apply is made now; nil in the short form, and where a relay is in between.
func (x *staleness) plainly(s *stage) []string {
	if !quick.Long() || s.graph.fault.Load() != nil {
		return nil
	}
	c := s.copied(s.t)
	defer c.close()
	c.cfg, c.now = s.cfg, s.now
	c.apply(nil)
	return c.picture()
}

// onlyPartly checks that each object is as it was or as a plain apply would have made it, or at most signed off. Managers
// are left aside: whose is skipped has none yet.
func (x *staleness) onlyPartly(t *testing.T, before, plain, now []string) {
	may := map[string]bool{}
	for _, line := range slices.Concat(before, plain) {
		line, _, _ = strings.Cut(line, " manager=")
		may[line], may[strings.Replace(line, "enabled=true", "enabled=false", 1)] = true, true
	}
	for _, line := range now {
		if line, _, _ = strings.Cut(line, " manager="); plain != nil && !may[line] {
			t.Errorf("neither as it was nor as a plain apply makes it: %s\n%s", line, strings.Join(plain, "\n"))
		}
	}
}

// applyWatched applies a reviewed plan and keeps what it tells.
func (s *stage) applyWatched(reviewed *planfile.Reader) (events []apply.Event, r *run.Result, err error) {
	p := s.process(nil)
	p.progress = func(e apply.Event) { events = append(events, e) }
	r, err = s.applyAs(p, reviewed)
	return events, r, err
}

// sameAsked says in what a plan's file asks for something else than it did, "" if in nothing.
func sameAsked(t *testing.T, path string, asked map[string]string) (string, error) {
	t.Helper()
	file, err := planfile.Open(path, nil)
	if err != nil {
		return "", err
	}
	defer file.Close()
	got := map[string]string{}
	for c, err := range file.Changes() {
		if err != nil {
			return "", err
		}
		got[essence(c)] = string(c.Action) + " " + c.Address
	}
	return cmp.Diff(asked, got), nil
}
