package harness_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/planner/planfile"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
)

// shortKills is how many points of each scene the short form dies at.
const shortKills = 1

// TestKilledAnywhere ends runs at every request to either directory, before it is sent or before its reply arrives, and at
// every call to the record. The next run must end as if nothing had happened: no account twice, none lost, no link that is
// not so, and nothing left to do.
func TestKilledAnywhere(t *testing.T) {
	tally := newTally("scene", "points", "converged", "lost")
	for _, c := range scenes() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			first := c.set(t)
			whole := &life{}
			rehearsal := first.copied(t)
			r, err := rehearsal.applyAs(rehearsal.process(whole), nil)
			if err != nil || !r.Complete() || whole.count < 40 {
				t.Fatalf("undisturbed: %v\n%s", err, failures(r))
			}
			check(t, rehearsal.settled())
			want := rehearsal.picture()
			rehearsal.close()
			from, step := 1, 1
			if !quick.Long() { // in the second half, where it writes
				step = whole.count / 2 / shortKills
				from = whole.count/2 + step/2
			}
			first.rest()
			for at := from; at <= whole.count; at += step {
				tally.add(c.name, killedAt(t, first, at, want, false))
			}
		})
	}
	t.Cleanup(func() { t.Logf("\n%s", tally) })
}

// TestKilledAndTheFileAppliedAgain is TestKilledAnywhere for applies of a plan file: the same file applied again makes what is left
// of it, or says why it leaves that to another plan, and nothing is left then. Accounts that get a new anchor are killed at every boundary, all else at some.
func TestKilledAndTheFileAppliedAgain(t *testing.T) {
	tally := newTally("scene", "points", "converged", "by another plan", "lost")
	for _, c := range scenes() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			first := c.set(t)
			file, err := first.plan(first.reviewed())
			check(t, err)
			whole := &life{}
			rehearsal := first.copied(t)
			r, err := rehearsal.applyAs(rehearsal.process(whole), file)
			if err != nil || !r.Complete() || whole.count < 40 {
				t.Fatalf("undisturbed: %v\n%s", err, failures(r))
			}
			check(t, file.Close())
			check(t, rehearsal.settled())
			want := rehearsal.picture()
			rehearsal.close()
			from, step := 1, 4
			switch {
			case !quick.Long(): // in the second half, where it writes
				from, step = whole.count*2/3, whole.count
			case c.name == "relink":
				step = 1
			}
			first.rest()
			for at := from; at <= whole.count; at += step {
				tally.add(c.name, killedAt(t, first, at, want, true))
			}
		})
	}
	t.Cleanup(func() { t.Logf("\n%s", tally) })
}

// reviewed is the path of the stage's plan file.
func (s *stage) reviewed() string { return filepath.Join(s.dir, "reviewed.dfplan") }

// killedAt kills a run at a boundary and lets another one follow; with file set both apply the stage's plan file.
func killedAt(t *testing.T, first *stage, at int, want []string, file bool) (outcome string) {
	s := first.copied(t)
	defer s.close()
	l := &life{at: at}
	var plan *planfile.Reader
	if file {
		var err error
		plan, err = planfile.Open(s.reviewed(), nil)
		check(t, err)
		defer plan.Close()
	}
	_, err := s.applyAs(s.process(l), plan)
	if !l.dead { // requests run side by side, so that there may be fewer of them
		if err != nil {
			t.Errorf("boundary %d of %d: nobody killed it: %v", at, l.count, err)
		}
		return ""
	}
	l.resurrect()
	r, err := s.apply(plan)
	by := "converged"
	if file && err == nil && leftOver(r) {
		by = "by another plan"
		r, err = s.apply(nil)
	}
	if err != nil || !r.Complete() {
		t.Errorf("killed at boundary %d (%s): the next run: %v\n%s", at, l.where, err, failures(r))
		return "lost"
	}
	if err := s.settled(); err != nil {
		t.Errorf("killed at boundary %d (%s): %v", at, l.where, err)
		return "lost"
	}
	if d := cmp.Diff(want, s.picture()); d != "" {
		t.Errorf("killed at boundary %d (%s): not as undisturbed:\n%s", at, l.where, d)
		return "lost"
	}
	return by
}

// leftOver reports whether changes of a plan file were skipped, and all of them for the reasons that the killed run gave: a name on its
// way to another, half of a change, an account that was made or stamped and not recorded, one that is gone already.
func leftOver(r *run.Result) bool {
	for _, e := range r.Failures {
		known := slices.ContainsFunc([]string{"changed since the plan was reviewed: ", "today's plan has link for it instead of ",
			"today's plan is about another account;",
			"today's plan pairs the two by other evidence;", "today's plan does not make this change;", "changed since the plan was reviewed, at the source: "}, func(reason string) bool { return strings.HasPrefix(e.Reason, reason) })
		if e.Status != state.StatusSkipped || !known {
			return false
		}
	}
	return r.Skipped > 0 && r.Failed+r.Unknown == 0
}

// tally counts what was tried and what became of it.
type tally struct {
	mu      sync.Mutex
	columns []string
	counts  map[string]map[string]int
}

func newTally(columns ...string) *tally {
	return &tally{columns: columns, counts: map[string]map[string]int{}}
}

// add counts an outcome of a case, "" for a case that was none.
func (y *tally) add(row, outcome string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.counts[row] == nil {
		y.counts[row] = map[string]int{}
	}
	if outcome != "" {
		y.counts[row][outcome]++
		y.counts[row][y.columns[1]]++
	}
}

// String is the table, with a line of sums.
func (y *tally) String() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(y.columns, "\t"))
	sums := map[string]int{}
	var rows []string
	for row := range y.counts {
		rows = append(rows, row)
	}
	slices.Sort(rows)
	line := func(row string, counts map[string]int) {
		fmt.Fprint(w, row)
		for _, c := range y.columns[1:] {
			fmt.Fprintf(w, "\t%d", counts[c])
		}
		fmt.Fprintln(w)
	}
	for _, row := range rows {
		for c, n := range y.counts[row] {
			sums[c] += n
		}
		line(row, y.counts[row])
	}
	line("together", sums)
	w.Flush()
	return b.String()
}
