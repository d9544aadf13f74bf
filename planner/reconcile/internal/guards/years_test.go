package guards

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dirform/dirform/planner/internal/years"
	"github.com/dirform/dirform/state"
)

// book is what the record and the tenant of a company come to, as far as limits count it.
type book struct {
	t               *testing.T
	now             time.Time
	links, present  int // recorded, and of these in scope
	holders         map[string]int
	recent          state.Recent
	ran             []time.Time // of recent.Runs
	people, changes int         // so far
	graces          []time.Time // when those who left are deleted
}

// run plans what has happened, holds it against the built-in limits, and books it.
func (b *book) run(events []years.Event) {
	for len(b.ran) > 0 && b.ran[0].Before(b.now.Add(-state.RecentTime)) {
		b.ran, b.recent.Runs = b.ran[1:], b.recent.Runs[1:]
	}
	rules, tally := rulesOf(nil, nil, b.now), NewTally(state.Kind.Descriptor, b.recent)
	deeds := state.Deeds{Links: b.links, Did: map[string]int{}, First: !b.recent.Ended}
	bases := Bases{Links: b.links, InScope: b.present, Holders: func(attribute string) int { return b.holders[attribute] }}
	do := func(c *state.Change) {
		b.changes++
		c.Anchor = fmt.Sprint("a", b.changes)
		tally.Change(c)
		for key, n := range rules.Deeds(c) {
			deeds.Did[key] += n
		}
	}
	for _, e := range events {
		if e.What == years.Departs {
			tally.Add("source_shrink", 1)
		}
		b.happen(e, do)
	}
	for len(b.graces) > 0 && !b.graces[0].After(b.now) {
		b.graces = b.graces[1:]
		do(recordedChange(state.ActionDelete))
		b.links--
	}
	results, findings := rules.Check(tally, bases)
	if got := tripped(results); got != "" {
		b.t.Fatalf("%s: ordinary life trips %s\n%s", b.now, got, findings[0].Detail)
	}
	b.recent.Ended = true
	b.recent.Runs, b.ran = append(b.recent.Runs, deeds), append(b.ran, b.now)
}

// happen makes an event the change that a plan has for it.
func (b *book) happen(e years.Event, do func(*state.Change)) {
	update := func(attrs ...state.AttributeChange) { do(change(state.ActionUpdate, attrs...)) }
	switch e.What {
	case years.Joins:
		do(change(state.ActionCreate, signIn(false, true)))
		b.links, b.present, b.people = b.links+1, b.present+1, b.people+1
		if b.people%3 == 0 {
			b.holders["mobilePhone"]++
		}
	case years.Leaves, years.Away:
		update(signIn(true, false))
	case years.Back:
		update(signIn(false, true))
	case years.Departs:
		b.present--
		b.graces = append(b.graces, e.At.AddDate(0, 0, 30))
	case years.Renamed:
		update(from("userPrincipalName", "a@x", "b@x"), from("mail", "a@x", "b@x"))
	case years.Unphoned:
		update(from("mobilePhone", "1", ""))
		b.holders["mobilePhone"]--
	default:
		update(from("department", "x", "y"))
	}
}

// TestYearsCounted: in years of companies of any size, however often dirform runs, ordinary life trips no built-in
// limit, and a mistake about an eighth of the people does, on the day after.
func TestYearsCounted(t *testing.T) {
	for _, people := range []int{12, 200, 5000, 100_000} {
		for name, every := range map[string]time.Duration{"every half hour": 30 * time.Minute, "daily": 24 * time.Hour,
			"monthly": 365 * 24 * time.Hour / 12} {
			t.Run(fmt.Sprintf("%d people, %s", people, name), func(t *testing.T) {
				t.Parallel()
				b := &book{t: t, now: years.Start, holders: map[string]int{}}
				b.run(slices.Repeat([]years.Event{{What: years.Joins}}, people))
				for events := years.Of(people, 1); len(events) > 0; {
					b.now = b.now.Add(every)
					n := 0
					for ; n < len(events) && !events[n].At.After(b.now); n++ {
					}
					if n > 0 || len(b.graces) > 0 && !b.graces[0].After(b.now) {
						b.run(events[:n])
					}
					events = events[n:]
				}
				tally := many(b.recent, max(4, people/8), change(state.ActionUpdate, signIn(true, false)))
				results, _ := rulesOf(nil, nil, b.now).Check(tally, Bases{Links: b.links, InScope: b.present})
				if got := tripped(results); got == "" {
					t.Error("a mistake about an eighth trips nothing")
				}
			})
		}
	}
}
