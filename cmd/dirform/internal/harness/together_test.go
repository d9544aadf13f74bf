package harness_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/cmd/dirform/internal/open"
	"github.com/dirform/dirform/planner/run"
	"github.com/dirform/dirform/providers/lab"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// undisturbed is what an undisturbed apply makes of a scene.
func undisturbed(t *testing.T, first *stage) []string {
	t.Helper()
	s := first.copied(t)
	defer s.close()
	s.mustApply()
	check(t, s.settled())
	return s.picture()
}

// rounds is how often something that depends on chance is tried.
func rounds() uint64 {
	if quick.Long() {
		return 4
	}
	return 1
}

// TestTwoAppliesOfOneRecord: of two applies that begin together one finds the record locked and does nothing, or comes after.
func TestTwoAppliesOfOneRecord(t *testing.T) {
	t.Parallel()
	list := scenes()
	first := list[len(list)-1].set(t)
	want := undisturbed(t, first)
	first.rest()
	for range rounds() {
		s := first.copied(t)
		results, errs := atOnce(s.plainly, s.plainly)
		for i, err := range errs {
			var locked *store.LockedError
			switch {
			case err == nil && results[i].Complete():
			case errors.As(err, &locked) && results[i] == nil:
			default:
				t.Errorf("%v\n%s", err, failures(results[i]))
			}
		}
		if errs[0] != nil && errs[1] != nil {
			t.Error("neither has applied")
		}
		s.as(t, want)
		s.close()
	}
}

// atOnce applies twice at the same time.
func atOnce(applies ...func() (*run.Result, error)) (results [2]*run.Result, errs [2]error) {
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i], errs[i] = applies[i%len(applies)]() })
	}
	wg.Wait()
	return results, errs
}

// plainly applies without a reviewed plan.
func (s *stage) plainly() (*run.Result, error) { return s.apply(nil) }

// as checks that nothing is left to be done and all is as it should be.
func (s *stage) as(t *testing.T, want []string) {
	t.Helper()
	if err := s.settled(); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(want, s.picture()); d != "" {
		t.Error(d)
	}
}

// TestTwoAppliesOfTwoRecords: two copies of one record, as two checkouts of a folder have them, and one tenant. Both apply at the
// same time. Nothing is doubled; whoever comes second ends with status 0, or 3 and what could not be done; and both records
// come to the same end.
func TestTwoAppliesOfTwoRecords(t *testing.T) {
	t.Parallel()
	list := scenes()
	first := list[len(list)-1].set(t)
	want := undisturbed(t, first)
	first.rest()
	tally := newTally("second copy", "cases", "done (0)", "partial (3)", "lost")
	for range rounds() {
		s := first.copied(t)
		copied := *s
		other := &copied
		other.state = s.state + ".copy"
		b, err := os.ReadFile(s.state)
		check(t, err)
		check(t, os.WriteFile(other.state, b, 0o600))
		results, errs := atOnce(s.plainly, other.plainly)
		for i, err := range errs {
			outcome := map[int]string{0: "done (0)", 3: "partial (3)"}[status(results[i], err)]
			if outcome == "" {
				t.Errorf("status %d: %v", status(results[i], err), err)
			}
			tally.add("of one record", outcome)
		}
		for _, x := range []*stage{s, other} {
			for range 3 {
				if r, err := x.apply(nil); err == nil && r.Complete() {
					break
				}
			}
			x.as(t, want)
		}
		s.close()
	}
	t.Logf("\n%s", tally)
}

// TestReplicasThatLag: reads show writes late, and replies get lost besides. Nothing is made twice, and in the end all is as it
// should be.
func TestReplicasThatLag(t *testing.T) {
	t.Parallel()
	tally := newTally("scene", "runs", "done (0)", "partial (3)", "lost")
	for _, c := range scenes() {
		if !quick.Long() && c.name != "everything" {
			continue
		}
		first := c.set(t)
		want := undisturbed(t, first)
		first.rest()
		for seed := range rounds() {
			s := first.copied(t)
			s.lab.SetFaults(lab.Faults{VisibilityDelay: 40 * time.Millisecond, BreakAfter: 0.2, BreakBefore: 0.1, Seed: seed})
			done := false
			for attempt := 0; attempt < 12 && !done; attempt++ {
				r, err := s.apply(nil)
				outcome := map[int]string{0: "done (0)", 3: "partial (3)"}[status(r, err)]
				if outcome == "" {
					t.Errorf("%s: status %d: %v", c.name, status(r, err), err)
				}
				tally.add(c.name, outcome)
				time.Sleep(50 * time.Millisecond)
				done = err == nil && r.Complete() && s.settled() == nil
			}
			s.lab.SetFaults(lab.Faults{})
			time.Sleep(50 * time.Millisecond)
			s.as(t, want)
			s.close()
		}
	}
	t.Logf("\n%s", tally)
}

// TestDamagedFiles damages the record and a plan's file, in every way and at every place that is tried. Each is refused, or the
// same is done in both directories as before.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	list := scenes()
	s := list[len(list)-1].set(t)
	path := filepath.Join(s.dir, "reviewed.dfplan")
	file, err := s.plan(path)
	check(t, err)
	asked := essences(t, file)
	file.Close()
	want, err := s.changes()
	check(t, err)
	tally := newTally("damage", "cases", "refused", "harmless", "wrong")
	record, err := os.ReadFile(s.state)
	check(t, err)
	plan, err := os.ReadFile(path)
	check(t, err)
	every := 8
	if quick.Long() {
		every = 150
	}
	for _, d := range damages {
		for i := range every {
			check(t, os.WriteFile(s.state, d.do(record, len(record)*i/every, i), 0o600))
			got, err := s.changes()
			name := fmt.Sprintf("record: %s, %d", d.name, i)
			tally.add("record: "+d.name, verdict(t, name, err, cmp.Diff(deeds(want), deeds(got))))
			check(t, os.WriteFile(path, d.do(plan, len(plan)*i/every, i), 0o600))
			diff, err := sameAsked(t, path, asked)
			tally.add("plan: "+d.name, verdict(t, fmt.Sprintf("plan: %s, %d", d.name, i), err, diff))
			if d.once {
				break
			}
		}
	}
	t.Logf("\n%s", tally)
}

// deeds are those lines of a plan that change something in a directory. What was applied last may be recorded anew.
func deeds(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasPrefix(l, "record ") })
}

// verdict judges what became of something damaged. diff is in what it means something else.
func verdict(t *testing.T, name string, err error, diff string) string {
	switch {
	case err != nil && !forPeople(err):
		t.Errorf("%s: not an error for people: %v", name, err)
		return "wrong"
	case err != nil:
		return "refused"
	case diff != "":
		t.Errorf("%s: it means something else, and nobody says so:\n%s", name, diff)
		return "wrong"
	}
	return "harmless"
}

// damages are what may become of a file. at is a place in it, and n the number of the case.
var damages = []struct {
	name string
	once bool
	do   func(b []byte, at, n int) []byte
}{
	{"a bit", false, func(b []byte, at, n int) []byte {
		b = slices.Clone(b)
		b[at] ^= 1 << (n % 8)
		return b
	}},
	{"cut off", false, func(b []byte, at, _ int) []byte { return b[:at] }},
	{"zeroes", false, func(b []byte, at, _ int) []byte {
		b = slices.Clone(b)
		clear(b[at:min(len(b), at+512)])
		return b
	}},
	{"blocks swapped", false, func(b []byte, at, _ int) []byte {
		const block = 4096
		b = slices.Clone(b)
		i, j := at/block*block, (at/block+1)%(len(b)/block)*block
		x := slices.Clone(b[i:min(len(b), i+block)])
		copy(b[i:min(len(b), i+block)], b[j:min(len(b), j+block)])
		copy(b[j:min(len(b), j+block)], x)
		return b
	}},
	{"something behind it", false, func(b []byte, _, n int) []byte { return append(slices.Clone(b), make([]byte, n+1)...) }},
	{"nothing", true, func([]byte, int, int) []byte { return nil }},
	{"doubled", true, func(b []byte, _, _ int) []byte { return append(slices.Clone(b), b...) }},
}

// failing is a record that cannot be written to any more from some call on.
type failing struct {
	run.WritableRecord
	links, rest error
}

func (f failing) Begin(ctx context.Context, info store.RunInfo) (run.Writer, error) {
	w, err := f.WritableRecord.Begin(ctx, info)
	return failingRun{w, f}, err
}

type failingRun struct {
	run.Writer
	f failing
}

func (r failingRun) Records(ctx context.Context, links []*state.Link) error {
	return errors.Join(r.f.links, r.Writer.Records(ctx, links))
}

func (r failingRun) OUs(ctx context.Context, ous []state.OU) error {
	return errors.Join(r.f.rest, r.Writer.OUs(ctx, ous))
}

// TestRebuildIsWholeOrNotAtAll: a rebuild that ends with an error, after whatever it has written, leaves no record, so that its status 1
// is true. The next one makes it.
func TestRebuildIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	list := scenes()
	s := list[len(list)-1].set(t)
	s.mustApply()
	links := len(s.links())
	s.removeRecord()
	full := errors.New("the disk is full")
	for _, f := range []failing{{links: full}, {rest: full}, {}} {
		err := s.rebuild(t, f)
		names, globErr := filepath.Glob(s.state + "*")
		check(t, globErr)
		if done := f.links == nil && f.rest == nil; done != (err == nil) || !done && (!errors.Is(err, full) || len(names) > 0) {
			t.Errorf("%+v: %v, and there are %q", f, err, names)
		}
	}
	if n := len(s.links()); n < links-people || n == 0 { // who left and was unlinked is not told any more
		t.Errorf("%d links, there were %d", n, links)
	}
	s.mustApply()
	check(t, s.settled())
}

// rebuild makes the record anew, through one that may fail.
func (s *stage) rebuild(t *testing.T, f failing) error {
	p := s.process(nil)
	defer p.end()
	record, _, err := sqlite.OpenForRebuild(t.Context(), s.state, store.Options{Holder: "test", Now: time.Now})
	check(t, err)
	defer record.Close()
	f.WritableRecord = open.WritableRecord{Locked: record}
	_, err = p.run(record).Rebuild(t.Context(), run.RebuildOptions{Record: f, Show: func(*run.Rebuilt) error { return nil },
		Consent: func() error { return nil }})
	return err
}
