package years_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/planner/internal/years"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
)

// cadences are how often dirform runs.
var cadences = []struct {
	name  string
	every time.Duration
}{{"every half hour", 30 * time.Minute}, {"daily", 24 * time.Hour}, {"monthly", 365 * 24 * time.Hour / 12}}

// TestYears lets companies live a year under the built-in limits, from their first roll-out on: ordinary life trips
// nothing. A run without news is left out, because it plans nothing. DIRFORM_LONG=1 lets more of them live, DIRFORM_TEST_YEARS=all
// all of them but the largest more often than monthly, which takes an hour; what their years count as is held against the limits beside
// them.
func TestYears(t *testing.T) {
	t.Parallel()
	all := os.Getenv("DIRFORM_TEST_YEARS") == "all"
	for _, size := range []struct {
		people    int
		byDefault string // cadences, "" for none
		long      string // cadences of the long form
		seeds     uint64
	}{{12, "daily, monthly", "every half hour", 2}, {200, "monthly", "every half hour, daily", 1}, {5000, "", "daily, monthly", 1},
		{100_000, "", "monthly", 1}} {
		for _, often := range cadences {
			lives := strings.Contains(size.byDefault, often.name) || quick.Long() && strings.Contains(size.long, often.name)
			if !all && !lives || size.people > 5000 && often.every < 28*24*time.Hour {
				continue
			}
			for seed := range size.seeds {
				t.Run(fmt.Sprintf("%d people, %s, %d", size.people, often.name, seed), func(t *testing.T) {
					t.Parallel()
					newCompany(t, size.people).live(years.Of(size.people, seed), often.every)
				})
			}
		}
	}
}

// live lets the company live through events, dirform being run at a steady pace.
func (c *company) live(events []years.Event, every time.Duration) {
	c.t.Helper()
	c.configure(policy(`grace = "30d"`))
	c.now = years.Start
	c.must("roll-out", nil)
	l := &life{company: c, left: map[uint64]*person{}, away: map[uint64]*person{}}
	runs, changes, grace := 0, 0, c.now // a grace may end without any news
	for len(events) > 0 {
		c.now = c.now.Add(every)
		news := 0
		for ; len(events) > 0 && !events[0].At.After(c.now); events = events[1:] {
			l.happen(events[0])
			news++
		}
		if news == 0 && c.now.Before(grace) {
			continue
		}
		grace = c.now.AddDate(0, 0, 7)
		out := c.must(c.now.String(), nil)
		runs, changes = runs+1, changes+out.changes()
	}
	c.t.Logf("%d runs, %d changes", runs, changes)
	if changes == 0 {
		c.t.Error("nothing has happened")
	}
}

// life is what becomes of a company's people.
type life struct {
	*company
	left, away map[uint64]*person
	names      int
}

// somebody is one of the staff who are there.
func (l *life) somebody(who uint64) *person {
	for i := range l.people {
		p := l.people[(int(who%uint64(len(l.people)))+i)%len(l.people)]
		if p.ou == staffOU && p.get("userAccountControl") == "512" {
			return p
		}
	}
	return nil
}

// happen lets something happen.
func (l *life) happen(e years.Event) {
	switch e.What {
	case years.Joins:
		l.hire()
		return
	case years.Departs:
		if p := l.left[e.Who]; p != nil {
			p.ou = leaversOU
		}
		return
	case years.Back:
		if p := l.away[e.Who]; p != nil && p.ou == staffOU {
			p.set("userAccountControl", "512")
		}
		return
	}
	p := l.somebody(e.Who)
	if p == nil {
		return
	}
	switch e.What {
	case years.Leaves:
		p.set("userAccountControl", "514")
		l.left[e.Who] = p
	case years.Away:
		p.set("userAccountControl", "514")
		l.away[e.Who] = p
	case years.Renamed:
		l.names++
		name := fmt.Sprintf("%s.married%d@contoso.com", p.get("sAMAccountName"), l.names)
		p.set("userPrincipalName", name)
		p.set("mail", name)
		p.set("displayName", p.cn+" Married")
	case years.Promoted:
		p.set("title", "Head")
		p.set("department", departments[e.Who%uint64(len(departments))])
	case years.Phoned:
		p.set("telephoneNumber", fmt.Sprintf("+36 1 %07d", e.Who%10_000_000))
	case years.Unphoned:
		p.set("mobile", "")
	case years.Reorganised:
		p.set("department", "Group "+departments[e.Who%3])
	case years.Moved:
		p.set("physicalDeliveryOfficeName", "New Road")
	}
}

// TestBeginnings: a company whose accounts exist already, and one that moves to another forest under a guard block with
// a last day, begin under the built-in limits; what that day's runs did leaves room for an ordinary day.
func TestBeginnings(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(c *company){
		"accounts without anchors are linked": func(c *company) {
			for _, p := range c.people {
				c.account(p)
			}
			c.must("links", nil)
		},
		"another forest's accounts are moved": func(c *company) {
			c.must("roll-out", nil)
			c.now = c.now.AddDate(0, 0, 7)
			emigrate(c)
			c.configure(policy(`foreign_anchor = "relink"`))
			if out := c.apply(nil); !slices.Contains(out.refused(), "relinks") {
				c.t.Errorf("nobody has said so: %v", out.err)
			}
			c.configure(rules{policy: `foreign_anchor = "relink"`,
				guard: "relinks {\n count = 200\n percent = 100\n until = \"2026-01-08\"\n}"})
			c.must("moves", nil)
		},
		"another forest's accounts are moved in two runs": func(c *company) {
			c.must("roll-out", nil)
			c.now = c.now.AddDate(0, 0, 7)
			emigrate(c)
			c.configure(rules{policy: `foreign_anchor = "relink"`, guard: "relinks {\n off = true\n}"})
			if out := c.killed(100); out.err == nil {
				c.t.Error("it was not killed")
			}
			c.now = c.now.Add(time.Hour)
			c.must("the rest", nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t, 200)
			begin(c)
			c.now = c.now.Add(time.Hour)
			for i, p := range c.people[:60] {
				switch {
				case i < 15:
					p.ou = leaversOU
				case i < 30:
					value("userPrincipalName", "%s.married@contoso.com")(p)
				default:
					value("department", "Board")(p)
				}
			}
			c.must("an ordinary day's", nil)
			if n := living(c); n != 200 {
				t.Errorf("%d accounts", n)
			}
		})
	}
}

// account gives a person an account that nobody has tied to them.
func (c *company) account(p *person) {
	a := &account{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", len(c.byID)+1), attrs: map[string]state.Value{
		"accountEnabled": state.Bool(true), "mailNickname": p.attrs["sAMAccountName"], "usageLocation": p.attrs["c"]}}
	for _, name := range [...]string{"userPrincipalName", "displayName", "mail", "department"} {
		a.attrs[name] = p.attrs[name]
	}
	c.accounts, c.byID[a.id] = append(c.accounts, a), a
}
