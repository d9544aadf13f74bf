package years_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// mistake is something that goes wrong for many at once.
type mistake struct {
	name   string
	limit  string           // that stands against it, beside others perhaps
	rules  rules            // of the configuration from then on
	happen func(c *company) // in either directory
}

// each does something to every n-th of the people.
func each(n int, do func(p *person)) func(*company) {
	return func(c *company) {
		for i, p := range slices.Clone(c.people) {
			if i%n == 0 {
				do(p)
			}
		}
	}
}

// eachAccount does something to every n-th account.
func eachAccount(n int, do func(c *company, a *account)) func(*company) {
	return func(c *company) {
		for i, a := range slices.Clone(c.accounts) {
			if i%n == 0 {
				do(c, a)
			}
		}
	}
}

// value gives an attribute a value, which may have the person's user name for %s.
func value(name, text string) func(*person) {
	return func(p *person) { p.set(name, strings.ReplaceAll(text, "%s", p.get("sAMAccountName"))) }
}

// fours gives any four people the address of the first of them.
func fours(name string) func(*company) {
	return func(c *company) {
		for i, p := range c.people {
			p.set(name, c.people[i/4*4].get("sAMAccountName")+"@contoso.com")
		}
	}
}

func move(ou string) func(*person) { return func(p *person) { p.ou = ou } }

// mapped is a mapping in which an attribute has another expression.
func mapped(attribute, expr string) rules {
	return rules{attributes: map[string]string{attribute: expr}}
}

// policy is a policy with more lines.
func policy(lines string) rules { return rules{policy: lines} }

// twin makes a person a new object of the same names; the one there was is not to be found.
func twin(c *company, p *person) {
	q := c.hire()
	q.attrs, q.ou = p.attrs, p.ou
	c.fire(p)
	c.elsewhere[p.guid] = true
}

// emigrate has another forest's domain read from now on, in which everybody has an object.
func emigrate(c *company) {
	c.domainSID += "0"
	for _, p := range slices.Clone(c.people) {
		twin(c, p)
	}
}

// mistakes are held against a company of 1,000 with 150 disabled accounts, some of whom are on leave and some left.
var mistakes = []mistake{
	// At the source.
	{"the OU is emptied", "source_shrink", rules{}, each(1, move(leaversOU))},
	{"the OU is emptied, and leavers are deleted", "deletes", policy(`leaving = "delete"`), each(1, move(leaversOU))},
	{"the OU is emptied, and leavers are given up", "unlinks", policy(`leaving = "unlink"`), each(1, move(leaversOU))},
	{"everybody is deleted at the source", "disables", rules{}, func(c *company) {
		c.people, c.byGUID = nil, map[state.GUID]*person{}
	}},
	{"half of them are moved out", "source_shrink", rules{}, each(2, move(leaversOU))},
	{"a department is moved out", "disables", rules{}, each(5, move(leaversOU))},
	{"a script disables everybody", "disables", rules{}, each(1, value("userAccountControl", "514"))},
	{"a script disables every fifth", "disables", rules{}, each(5, value("userAccountControl", "514"))},
	{"a script enables everybody", "enables", rules{}, each(1, value("userAccountControl", "512"))},
	{"the UPN suffix is changed for all", "renames", rules{}, each(1, value("userPrincipalName", "%s@fabrikam.com"))},
	{"the UPN suffix is changed for a department", "renames", rules{},
		each(8, value("userPrincipalName", "%s@fabrikam.com"))},
	{"the UPN suffix is one that the tenant does not have", "blocked", rules{},
		each(1, value("userPrincipalName", "%s@corp.local"))},
	{"everybody gets another address", "renames", rules{}, each(1, value("mail", "%s@fabrikam.com"))},
	{"any four get the same address", "blocked", rules{}, fours("mail")},
	{"any four get the same user name", "blocked", rules{}, fours("userPrincipalName")},
	{"departments are emptied", "clears", rules{}, each(1, value("department", ""))},
	{"a quarter of the departments is emptied", "clears", rules{}, each(4, value("department", ""))},
	{"mobile phones are emptied, which a third has", "clears", rules{}, each(1, value("mobile", ""))},
	{"office phones are emptied", "clears", rules{}, each(1, value("telephoneNumber", ""))},
	{"titles are emptied", "clears", rules{}, each(1, value("title", ""))},
	{"everybody gets the same title", "updates", rules{}, each(1, value("title", "CEO"))},
	{"everybody gets the same phone number", "updates", rules{}, each(1, value("telephoneNumber", "+36 1 555"))},
	{"everybody gets the same name", "updates", rules{}, each(1, value("displayName", "Jane Doe"))},
	{"an import of two thousand", "creates", rules{}, func(c *company) {
		for range 2000 {
			c.hire()
		}
	}},
	{"the import of another company doubles the staff", "creates", rules{}, func(c *company) {
		for range 600 {
			c.hire()
		}
	}},
	{"the forest is restored under new GUIDs", "source_shrink", rules{}, func(c *company) {
		for _, p := range slices.Clone(c.people) {
			twin(c, p)
		}
	}},
	{"new GUIDs, and the policy takes those of another domain", "source_shrink", policy(`foreign_anchor = "relink"`), func(c *company) {
		for _, p := range slices.Clone(c.people) {
			twin(c, p)
		}
	}},
	{"another forest is read, and the policy takes it", "relinks", policy(`foreign_anchor = "relink"`), emigrate},

	// In the configuration.
	{"a filter that nobody passes", "disables", rules{scope: `filter = "(extension=staff)"`}, nil},
	{"a filter of one department", "source_shrink", rules{scope: `filter = "(department=Sales)"`}, nil},
	{"a filter, and leavers are deleted", "deletes",
		rules{scope: `filter = "(department=Sales)"`, policy: `leaving = "delete"`}, nil},
	{"a filter that leaves out a third", "disables", rules{scope: `filter = "(!(mobile=*))"`}, nil},
	{"a condition that is misspelt", "disables", rules{scope: `where = ad.department == "Salse"`}, nil},
	{"a condition on an attribute that few have", "source_shrink", rules{scope: `where = ad.mobile != null`}, nil},
	{"a condition, and leavers are given up", "unlinks",
		rules{scope: `where = ad.c == "AT"`, policy: `leaving = "unlink"`}, nil},
	{"the wrong OU", "disables", rules{ou: emptyOU}, nil},
	{"the wrong OU, and leavers are deleted", "deletes", rules{ou: emptyOU, policy: `leaving = "delete"`}, nil},
	{"an OU below the one that is meant", "source_shrink", rules{ou: salesOU}, nil},
	{"an OU with many is excluded", "source_shrink", rules{scope: `exclude = ["` + salesOU + `"]`},
		each(3, move(salesOU))},
	{"everybody is mapped as disabled", "disables", mapped("accountEnabled", "false"), nil},
	{"the flag is read the wrong way round", "disables",
		mapped("accountEnabled", "has_flag(ad.userAccountControl, 2)"), nil},
	{"the wrong flag is read", "disables", mapped("accountEnabled", "!has_flag(ad.userAccountControl, 512)"), nil},
	{"everybody is mapped as enabled", "enables", mapped("accountEnabled", "true"), nil},
	{"an attribute is mapped to nothing", "clears", mapped("department", "null"), nil},
	{"an attribute is mapped to one that nobody has", "clears", mapped("jobTitle", "ad.info"), nil},
	{"phones are mapped to one that nobody has", "clears", mapped("businessPhones", "[ad.homePhone]"), nil},
	{"mobile phones are mapped to nothing", "clears", mapped("mobilePhone", "null"), nil},
	{"offices are mapped to nothing", "clears", mapped("officeLocation", "null"), nil},
	{"user names are mapped to another domain", "renames",
		mapped("userPrincipalName", `"${ad.sAMAccountName}@fabrikam.com"`), nil},
	{"user names are mapped to the tenant's own domain", "renames",
		mapped("userPrincipalName", `"${ad.sAMAccountName}@contoso.onmicrosoft.com"`), nil},
	{"user names are mapped to a domain that is not there", "blocked",
		mapped("userPrincipalName", `"${ad.sAMAccountName}@contso.com"`), nil},
	{"addresses are made of phone numbers", "renames",
		mapped("mail", `"${replace(replace(ad.telephoneNumber, " ", ""), "+", "")}@contoso.com"`), nil},
	{"display names are mapped to one for all", "updates", mapped("displayName", `"Contoso"`), nil},
	{"departments are mapped to one for all", "updates", mapped("department", `"Contoso"`), nil},
	{"countries are mapped to another", "updates", mapped("usageLocation", `"AT"`), nil},
	{"a grace is cut short", "deletes", policy(`grace = "1h"`), nil},
	{"a guard block that only protects, and an emptied OU", "deletes",
		rules{policy: `leaving = "delete"`, guard: `protect = ["p1@contoso.com"]`}, each(1, move(leaversOU))},
	{"a guard block that raises the count alone", "disables", rules{guard: "disables {\n count = 5000\n}"},
		each(1, move(leaversOU))},
	{"a guard block whose day is over", "disables",
		rules{guard: "disables {\n off = true\n until = \"2025-12-31\"\n}"}, each(1, value("userAccountControl", "514"))},
	{"a guard block that takes another limit away", "deletes",
		rules{policy: `leaving = "delete"`, guard: "source_shrink {\n off = true\n}"}, each(1, move(leaversOU))},

	// In the tenant.
	{"a fifth of the accounts is purged", "tenant_shrink", rules{}, eachAccount(5, func(c *company, a *account) {
		c.purge(a)
	})},
	{"the tenant is emptied", "tenant_shrink", rules{}, func(c *company) {
		c.accounts, c.byID = nil, map[string]*account{}
	}},
	{"the tenant's data are another's", "tenant_shrink", rules{}, func(c *company) {
		byID := map[string]*account{}
		for _, a := range c.accounts {
			a.id = "ffffffff" + a.id[8:]
			a.attrs[anchorName] = state.String("Zm9yZWlnbg" + a.id[30:])
			byID[a.id] = a
		}
		c.byID = byID
	}},
	{"the portal renames everybody", "renames", rules{}, eachAccount(1, func(c *company, a *account) {
		upn := a.attrs["userPrincipalName"].Str()
		a.attrs["userPrincipalName"] = state.String(strings.Replace(upn, "contoso", "fabrikam", 1))
	})},
	{"the portal edits everybody", "updates", rules{}, eachAccount(1, func(c *company, a *account) {
		a.attrs["department"] = state.String("Everybody")
	})},
	{"another engine masters half of them, and the policy takes them", "takeovers",
		policy(`synced_elsewhere = "take_over"`), eachAccount(2, func(c *company, a *account) { a.attrs[providers.SyncEnabled] = state.Bool(true) })},
	{"another engine masters half of them", "blocked", rules{}, func(c *company) {
		each(1, value("title", "Head"))(c)
		eachAccount(2, func(c *company, a *account) { a.attrs[providers.SyncEnabled] = state.Bool(true) })(c)
	}},
}

// thousand is a company of 1,000 in its third week: 143 of its accounts are disabled at the source, and 150 left.
func thousand(t testing.TB) *company {
	c := newCompany(t, 1000)
	c.configure(policy(`grace = "30d"`))
	each(7, value("userAccountControl", "514"))(c)
	c.must("roll-out", nil)
	for _, wave := range [...]int{1, 2, 3} {
		for i, p := range c.people {
			if i%20 == wave {
				p.ou = leaversOU
			}
		}
		c.now = c.now.AddDate(0, 0, 5)
		c.must("leavers", nil)
	}
	c.now = c.now.Add(25 * time.Hour)
	return c
}

// TestAMistakeCannotEmptyTheTenant: each of many mistakes is refused before anything is written, by a limit that is named
// together with the way through, which leads through.
func TestAMistakeCannotEmptyTheTenant(t *testing.T) {
	t.Parallel()
	base := thousand(t)
	if len(mistakes) < 50 {
		t.Error(len(mistakes))
	}
	for _, m := range mistakes {
		if quick.Skips(8) {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			c := base.another(t)
			c.configure(m.rules)
			if m.happen != nil {
				m.happen(c)
			}
			before := c.writes
			out := c.apply(nil)
			if refused := out.refused(); !slices.Contains(refused, m.limit) || out.Result != nil || c.writes != before {
				t.Fatalf("refused for %v, want %s; %v, %d writes, %+v%s", refused, m.limit, out.err, c.writes-before,
					out.totals.Summary, told(out.findings))
			}
			allow := map[string]int{}
			for _, limit := range out.refused() {
				allow[limit] = wayThrough(t, out, limit)
			}
			if out = c.plan(allow); !out.totals.Applicable {
				t.Errorf("with %v it is not applicable:%s", allow, told(out.findings))
			}
		})
	}
}

// wayThrough is what the findings about a limit say to allow.
func wayThrough(t *testing.T, out *outcome, limit string) (n int) {
	t.Helper()
	named := false
	for _, f := range out.findings {
		if _, rest, ok := strings.Cut(f.Hint, "--allow "+limit+"="); ok {
			digits, _, _ := strings.Cut(rest, ".")
			m, err := strconv.Atoi(digits)
			check(t, err)
			n = max(n, m)
			named = named || strings.Contains(f.Detail, "built-in limit") || strings.Contains(f.Detail, `Guard "own"`)
		}
	}
	if !named {
		t.Errorf("no finding names the limit %s and the way through:%s", limit, told(out.findings))
	}
	return n
}

// TestMistakesThatLimitsNeedNotStop are refused before a plan is made.
func TestMistakesThatLimitsNeedNotStop(t *testing.T) {
	t.Parallel()
	base := newCompany(t, 60)
	base.must("roll-out", nil)
	base.now = base.now.AddDate(0, 0, 7)
	for name, x := range map[string]struct {
		happen func(*company)
		want   string
	}{
		"the OU is deleted": {func(c *company) {
			delete(c.ous, staffOU)
			each(1, move(leaversOU))(c)
		}, "Scope OU does not exist"},
		"the OU is replaced by another": {func(c *company) {
			c.ous["OU=Old,DC=corp"], c.ous[staffOU] = c.ous[staffOU], state.GUID{99}
			each(1, move("OU=Old,DC=corp"))(c)
		}, "The plan is refused"},
		"the tenant is another": {func(c *company) { c.tenantID = "t2" }, "The state belongs to other directories"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := base.another(t)
			x.happen(c)
			before := c.writes
			out := c.apply(map[string]int{"disables": 1000, "source_shrink": 1000})
			if told := fault.Describe(out.err); out.err == nil || out.Result != nil || c.writes != before ||
				told.Summary != x.want && out.refused() != nil {
				t.Errorf("%+v, %d writes", told, c.writes-before)
			}
		})
	}
	for what, name := range map[string]string{"user names": "userPrincipalName", "display names": "displayName",
		"countries": "c"} {
		t.Run(what+" are emptied", func(t *testing.T) { // which the tenant cannot do, so that they stay
			t.Parallel()
			c := base.another(t)
			each(1, value(name, ""))(c)
			if out := c.must("emptied", nil); out.changes() > 0 {
				t.Errorf("%d changes", out.changes())
			}
		})
	}
	t.Run("the OU is renamed", func(t *testing.T) { // which is no mistake
		c := base.another(t)
		c.ous["OU=People,DC=corp"] = c.ous[staffOU]
		delete(c.ous, staffOU)
		each(1, move("OU=People,DC=corp"))(c)
		if out := c.must("renamed", nil); out.changes() > 0 {
			t.Errorf("%d changes", out.changes())
		}
	})
	t.Run("the state is lost", func(t *testing.T) { // and nobody is harmed by what is planned without it
		c := base.another(t)
		each(1, move(leaversOU))(c)
		c.forget()
		if out := c.apply(nil); out.err != nil || out.changes() > 0 {
			t.Errorf("%v, %d changes", out.err, out.changes())
		}
	})
}

// plan makes a plan under the orders of --allow, and nothing of it.
func (c *company) plan(allow map[string]int) *outcome {
	c.t.Helper()
	out := c.applyIn(context.Background(), run.ApplyOptions{Options: run.Options{Allow: allow},
		Consent: func(int) error { return fmt.Errorf("not today") }})
	return out
}

// TestKindsThatNobodyReads: recorded objects of a kind that no scope has are missing on neither side.
func TestKindsThatNobodyReads(t *testing.T) {
	t.Parallel()
	c := newCompany(t, 20)
	c.must("roll-out", nil)
	clock := func() time.Time { return c.now }
	record, err := sqlite.Open(t.Context(), c.state(), store.Options{Holder: "test", Now: clock})
	check(t, err)
	m := record.Meta()
	w, err := record.Begin(t.Context(), store.RunInfo{Lineage: m.Lineage, Serial: m.Serial, SourceSID: m.SourceSID,
		TenantID: m.TenantID, Links: 20})
	check(t, err)
	var groups []*state.Link
	for i := range 30 {
		g := state.GUID{byte(i), 15: 9}
		c.groups = append(c.groups, fmt.Sprintf("00000000-0000-4000-9000-%012d", i))
		groups = append(groups, &state.Link{Anchor: anchorOf(g), Kind: state.Group, Scope: "staff", SourceGUID: g,
			TargetID: c.groups[i], Rule: "created", Shape: state.NewShape()})
	}
	check(t, w.Records(t.Context(), groups))
	check(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
	check(t, record.Close())
	c.people[0].ou = leaversOU
	for _, g := range c.must("groups", nil).totals.Guards {
		if strings.HasPrefix(g.Limit, "source_shrink.p") && g.Planned != 5 {
			t.Errorf("one of 20 is gone: %+v", g)
		}
	}
}
