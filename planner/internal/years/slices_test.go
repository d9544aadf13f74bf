package years_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/store"
)

// TestSlices: a mistake that comes in slices of two, each of them small, is refused once it is as large as one that
// comes at once. A day later what was done before does not count any more.
func TestSlices(t *testing.T) {
	t.Parallel()
	base := newCompany(t, 50)
	base.must("roll-out", nil)
	base.now = base.now.AddDate(0, 0, 7)
	for limit, x := range map[string]struct {
		rules  rules
		happen func(*person)
		most   int // that pass in a day
	}{
		"deletes":  {policy(`leaving = "delete"`), move(leaversOU), 5},
		"unlinks":  {policy(`leaving = "unlink"`), move(leaversOU), 5},
		"disables": {rules{}, move(leaversOU), 5},
		"renames":  {rules{}, func(p *person) { p.set("userPrincipalName", p.cn[len("Person "):]+"@fabrikam.com") }, 5},
		"clears":   {rules{}, value("department", ""), 10},
		"updates":  {rules{}, value("title", "CEO"), 25},
	} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			c := base.another(t)
			c.configure(x.rules)
			people, done := slices.Clone(c.people), 0
			slice := func() *outcome {
				c.now = c.now.Add(20 * time.Minute)
				for _, p := range people[:2] {
					x.happen(p)
				}
				return c.apply(nil)
			}
			out := slice()
			for ; out.err == nil; out = slice() {
				people, done = people[2:], done+2
			}
			if done == 0 || done > x.most || done < x.most-1 || !slices.Equal(out.refused(), []string{limit}) {
				t.Errorf("after %d: refused for %v, %v%s", done, out.refused(), out.err, told(out.findings))
			}
			if text := told(out.findings); !strings.Contains(text, fmt.Sprintf("with the %d of the last 24 hours", done)) {
				t.Error(text)
			}
			c.now = c.now.AddDate(0, 0, 1)
			c.must("a day later", nil)
		})
	}
}

// TestSlicesOfAThousand: deletions in slices of five, a run every half hour, come to a tenth in a day and no further.
func TestSlicesOfAThousand(t *testing.T) {
	t.Parallel()
	c := newCompany(t, 1000)
	c.configure(policy(`leaving = "delete"`))
	c.must("roll-out", nil)
	c.now = c.now.AddDate(0, 0, 7)
	before, runs := living(c), 0
	var out *outcome
	for ; runs < 48; runs++ {
		for _, p := range c.people[5*runs : 5*runs+5] {
			p.ou = leaversOU
		}
		if out = c.apply(nil); out.err != nil {
			break
		}
		c.now = c.now.Add(30 * time.Minute)
	}
	if lost := before - living(c); lost != 100 || !slices.Contains(out.refused(), "deletes") {
		t.Errorf("%d lost in %d runs, %v", lost, runs, out.err)
	}
}

func living(c *company) (n int) {
	for _, a := range c.accounts {
		if !a.deleted {
			n++
		}
	}
	return n
}

// TestKilledWhileItDeletes: a run that is killed inside a batch of deletions is followed by one that ends its work. It
// is not held against what the first one has done, and what both did counts once.
func TestKilledWhileItDeletes(t *testing.T) {
	t.Parallel()
	base := newCompany(t, 200)
	// to give up what it has deleted is no unlinking
	base.configure(rules{policy: `leaving = "delete"`, guard: "unlinks {\n count = 0\n}"})
	base.must("roll-out", nil)
	base.now = base.now.AddDate(0, 0, 7)
	for _, p := range base.people[:20] { // as many as may in a day
		p.ou = leaversOU
	}
	for _, cuts := range [][]int{{1}, {7}, {19}, {20}, {3, 5}, {1, 1, 1}} {
		t.Run(fmt.Sprint(cuts), func(t *testing.T) {
			t.Parallel()
			c := base.another(t)
			for _, writes := range cuts {
				if out := c.killed(writes); out.err == nil {
					t.Fatal("it was not killed")
				}
				c.now = c.now.Add(10 * time.Minute)
			}
			c.must("the rest", nil)
			if n := living(c); n != 180 {
				t.Errorf("%d live", n)
			}
			c.must("nothing is left", nil)
			c.people[30].ou = leaversOU
			if out := c.apply(nil); !slices.Equal(out.refused(), []string{"deletes"}) || living(c) != 180 {
				t.Errorf("one more on the same day: %v", out.err)
			}
			c.now = c.now.AddDate(0, 0, 1)
			c.must("a day later", nil)
		})
	}
}

// TestKilledFirstRun: a first run that is killed, or fails in part, is still the first run, however many it creates.
func TestKilledFirstRun(t *testing.T) {
	t.Parallel()
	c := newCompany(t, 400)
	c.people[0].set("userPrincipalName", "info@corp.local")
	for range 2 {
		if out := c.killed(150); out.err == nil {
			t.Fatal("it was not killed")
		}
		c.now = c.now.Add(time.Hour)
	}
	c.must("the rest", nil)
	if n := living(c); n != 399 {
		t.Errorf("%d live", n)
	}
	c.now = c.now.Add(time.Hour)
	for range 150 {
		c.hire()
	}
	c.must("as many as an ordinary day may have", nil)
	for range 100 {
		c.hire()
	}
	if out := c.apply(nil); !slices.Equal(out.refused(), []string{"creates"}) {
		t.Errorf("after the first run: %v", out.err)
	}
}

// TestWhatWasOrderedDoesNotCount: what ran under --allow, until or off is not added again.
func TestWhatWasOrderedDoesNotCount(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		guard string
		allow map[string]int
	}{
		"--allow": {allow: map[string]int{"disables": 20, "source_shrink": 20}},
		"until":   {guard: "disables {\n count = 20\n percent = 100\n until = \"2026-01-08\"\n}"},
		"off":     {guard: "disables {\n off = true\n}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCompany(t, 100)
			c.must("roll-out", nil)
			c.now = c.now.AddDate(0, 0, 7)
			c.configure(rules{guard: x.guard})
			for _, p := range c.people[:18] {
				p.ou = leaversOU
			}
			c.must("what was ordered", x.allow)
			c.now = c.now.Add(time.Hour)
			c.configure(rules{})
			for _, p := range c.people[20:28] {
				p.ou = leaversOU
			}
			c.must("an ordinary day's", nil)
			for _, p := range c.people[30:38] {
				p.ou = leaversOU
			}
			if out := c.apply(nil); !slices.Contains(out.refused(), "disables") {
				t.Errorf("no ordinary day's: %v", out.err)
			}
		})
	}
}

// killed is an apply whose process dies after so many writes. Of what comes then nothing reaches a directory or the
// record.
func (c *company) killed(writes int) *outcome {
	c.t.Helper()
	hard, cut := context.WithCancel(context.Background())
	defer cut()
	c.dieAt, c.cut = c.writes+writes, cut
	defer func() { c.dieAt = 0 }()
	return c.applyIn(hard, run.ApplyOptions{})
}

// mortal is a run's record, which nothing reaches once the process is dead.
type mortal struct {
	run.Writer
	w *world
}

var errKilled = fmt.Errorf("killed")

func (m mortal) alive(call func() error) error {
	if m.w.dead() {
		return errKilled
	}
	return call()
}

func (m mortal) Intents(ctx context.Context, e []state.Entry) error {
	return m.alive(func() error { return m.Writer.Intents(ctx, e) })
}

func (m mortal) Results(ctx context.Context, r []state.Result) error {
	return m.alive(func() error { return m.Writer.Results(ctx, r) })
}

func (m mortal) Records(ctx context.Context, l []*state.Link) error {
	return m.alive(func() error { return m.Writer.Records(ctx, l) })
}

func (m mortal) OUs(ctx context.Context, ous []state.OU) error {
	return m.alive(func() error { return m.Writer.OUs(ctx, ous) })
}

func (m mortal) Finish(ctx context.Context, outcome string, n state.Counts, s []store.ScopeCount) error {
	return m.alive(func() error { return m.Writer.Finish(ctx, outcome, n, s) })
}

// dead reports whether the process is.
func (w *world) dead() bool {
	w.writing.Lock()
	defer w.writing.Unlock()
	return w.dieAt > 0 && w.writes >= w.dieAt
}
