package storetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
)

// As a process of its own the test binary gets its part, and the place, in these variables.
const (
	partVariable  = "DIRFORM_TEST_PART"
	placeVariable = "DIRFORM_TEST_PLACE"
)

// Child plays the part of another process, if this one was started for that, and ends it then. TestMain of a package
// that calls [RunProcesses] calls it first. open opens a place by the name that the test gave to it.
func Child(open func(name string) (store.Place, error)) {
	part := strings.Fields(os.Getenv(partVariable))
	if len(part) == 0 {
		return
	}
	p, err := open(os.Getenv(placeVariable))
	if err == nil {
		switch part[0] {
		case "race":
			err = race(p)
		case "die":
			err = die(p, part[1:])
		case "hold":
			err = hold(p)
		}
	}
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Process is another process at a place.
type Process struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    io.Writer
	out   *bufio.Scanner
	ended bool
}

// Start starts a process that plays a part at the place with a name.
func Start(t testing.TB, name string, part ...string) *Process {
	t.Helper()
	p := &Process{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), partVariable+"="+strings.Join(part, " "), placeVariable+"="+name)
	p.cmd.Stderr = os.Stderr
	var err error
	p.in, err = p.cmd.StdinPipe()
	must(t, err)
	out, err := p.cmd.StdoutPipe()
	must(t, err)
	p.out = bufio.NewScanner(out)
	must(t, p.cmd.Start())
	t.Cleanup(p.Kill)
	return p
}

// Kill ends the process at once.
func (p *Process) Kill() {
	if !p.ended {
		p.ended = true
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// ID is the process's id.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Say writes a line to the process.
func (p *Process) Say(line string) {
	p.t.Helper()
	_, err := fmt.Fprintln(p.in, line)
	must(p.t, err)
}

// Hear is the next line that the process writes, "" if it has ended.
func (p *Process) Hear() string {
	p.out.Scan()
	return p.out.Text()
}

// RunProcesses holds places to what they promise of several processes, and of one that is killed. Each call of place is
// the name of another place, which holds no record yet; open opens it, here and in the processes, see [Child].
func RunProcesses(t *testing.T, open func(name string) (store.Place, error), place func(t *testing.T) (name string)) {
	at := func(name string) store.Place {
		p, err := open(name)
		must(t, err)
		return p
	}
	t.Run("racers", func(t *testing.T) { testProcessRace(t, place(t)) })
	t.Run("killed", func(t *testing.T) { testKilled(t, at, place) })
}

// race takes and frees the lock as often as it is told.
func race(p store.Place) error {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		l, err := p.Lock(background, options)
		var locked *store.LockedError
		switch {
		case errors.As(err, &locked):
			fmt.Println("lost")
		case err != nil:
			return err
		default:
			fmt.Println("won")
		}
		in.Scan()
		if l != nil {
			if err := l.Close(); err != nil {
				return err
			}
		}
		fmt.Println("freed")
	}
	return nil
}

// testProcessRace: of processes that come at once exactly one gets the lock.
func testProcessRace(t *testing.T, name string) {
	var racers []*Process
	for range 8 {
		racers = append(racers, Start(t, name, "race"))
	}
	n := rounds()
	for round := range n {
		answers := map[string]int{}
		for _, p := range racers {
			p.Say("go")
		}
		for _, p := range racers {
			answers[p.Hear()]++
		}
		if answers["won"] != 1 || answers["lost"] != len(racers)-1 {
			t.Fatalf("round %d: %v", round, answers)
		}
		for _, p := range racers {
			p.Say("free")
		}
		for _, p := range racers {
			if said := p.Hear(); said != "freed" {
				t.Fatalf("round %d: %s", round, said)
			}
		}
	}
}

// calls are those of a run, one after the other.
func calls(w store.Writer) []func() error {
	forget, moved := entry(2, state.StatusDone), entry(4, state.StatusDone)
	return []func() error{
		func() error { return w.Intents(background, []state.Entry{entry(1, ""), entry(2, ""), entry(3, "")}) },
		func() error {
			return w.Results(background, []state.Result{{Entry: entry(1, state.StatusDone), Link: link(1)},
				{Entry: entry(2, state.StatusDone), Link: link(2)}, {Entry: entry(3, state.StatusFailed)}})
		},
		func() error { return w.Records(background, []*state.Link{link(5), link(6)}) },
		func() error {
			return w.OUs(background, []state.OU{{Scope: "staff", Declared: "OU=Staff", GUID: state.GUID{1}}})
		},
		func() error { return w.Intents(background, []state.Entry{entry(4, "")}) },
		func() error {
			return w.Results(background, []state.Result{{Entry: forget, Forget: true},
				{Entry: moved, Link: link(4), Replaces: link(1).Anchor}})
		},
		func() error { return w.Finish(background, store.OutcomeApplied, state.Counts{Applied: 4}, nil) },
	}
}

// picture is what a record tells, but for its key.
type picture struct {
	Exists     bool
	Serial     int64
	Links      []*state.Link
	OUs        []state.OU
	Unfinished int
	Outcomes   []string
	Steps      int
}

func pictureOf(t testing.TB, p store.Place) (x picture) {
	t.Helper()
	r, err := p.Load(t.Context())
	must(t, err)
	defer r.Close()
	x = picture{Exists: r.Meta().Exists, Serial: r.Meta().Serial, Links: links(t, r)}
	x.OUs, err = r.OUs(t.Context())
	must(t, err)
	unfinished, err := r.Unfinished(t.Context())
	must(t, err)
	x.Unfinished = len(unfinished)
	runs, err := r.Runs(t.Context(), 0)
	must(t, err)
	for _, run := range runs {
		x.Outcomes = append(x.Outcomes, run.Outcome)
		for _, err := range r.Journal(t.Context(), run.ID) {
			must(t, err)
			x.Steps++
		}
	}
	return x
}

// die makes a run and kills itself some time after the beginning of one of its calls, or before it. It tells which
// calls have returned.
func die(p store.Place, at []string) error {
	call, err := strconv.Atoi(at[0])
	if err != nil {
		return err
	}
	after, err := time.ParseDuration(at[1])
	if err != nil {
		return err
	}
	l, err := p.Lock(background, options)
	if err != nil {
		return err
	}
	i := info
	i.Serial = l.Meta().Serial
	w, err := l.Begin(background, i)
	if err != nil {
		return err
	}
	kill := func() {
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		select {}
	}
	for n, f := range calls(w) {
		if n == call && after == 0 {
			kill()
		}
		if n == call {
			go func() { defer crash.Guard(); time.Sleep(after); kill() }()
		}
		if err := f(); err != nil {
			return err
		}
		fmt.Println(n + 1)
	}
	select {}
}

// testKilled kills a process at each of a run's calls, before, during and after. What a call that has returned has
// written is there; of the one that was cut off all or nothing; the lock comes free; and another run ends as one that
// nobody has killed.
func testKilled(t *testing.T, at func(string) store.Place, place func(t *testing.T) string) {
	var want []picture
	rehearsal := at(place(t))
	l := lock(t, rehearsal)
	want = append(want, pictureOf(t, rehearsal))
	for _, f := range calls(begin(t, l)) {
		must(t, f())
		want = append(want, pictureOf(t, rehearsal))
	}
	must(t, l.Close())
	delays := []time.Duration{time.Millisecond}
	if quick.Long() {
		delays = []time.Duration{0, 200 * time.Microsecond, 500 * time.Microsecond, time.Millisecond,
			2 * time.Millisecond, 4 * time.Millisecond, 30 * time.Millisecond}
	}
	within := 0
	for call := range len(want) - 1 {
		for _, after := range delays {
			name := place(t)
			process, returned := Start(t, name, "die", strconv.Itoa(call), after.String()), 0
			for said := process.Hear(); said != ""; said = process.Hear() {
				n, err := strconv.Atoi(said)
				if err != nil {
					t.Fatal(said)
				}
				returned = n
			}
			process.Kill()
			p := at(name)
			l := lockOfTheDead(t, p)
			got := pictureOf(t, p)
			same := func(w picture) bool { return cmp.Equal(w, got, alike) }
			if i := slices.IndexFunc(want[returned:min(returned+2, len(want))], same); i < 0 {
				t.Errorf("killed %v after the beginning of call %d, %d have returned (-want +got):\n%s", after, call,
					returned, cmp.Diff(want[returned], got, alike))
			} else if i == 1 {
				within++
			}
			w := begin(t, l)
			for _, f := range calls(w) {
				must(t, f())
			}
			must(t, l.Close())
			last, end := want[len(want)-1], pictureOf(t, p)
			if d := cmp.Diff(last.Links, end.Links, alike); d != "" || end.Unfinished > 0 ||
				end.Outcomes[0] != store.OutcomeApplied ||
				slices.Contains(end.Outcomes, "") || !cmp.Equal(end.OUs, last.OUs) {
				t.Errorf("after another run: %+v\n%s", end, d)
			}
		}
	}
	t.Logf("%d kills, %d of them between what was written and the answer", (len(want)-1)*len(delays), within)
}

// lockOfTheDead takes the lock of a process that was killed: it comes free by itself where the place can tell, and else
// is freed as a person would.
func lockOfTheDead(t testing.TB, p store.Place) store.Locked {
	t.Helper()
	l, err := p.Lock(t.Context(), options)
	var locked *store.LockedError
	if errors.As(err, &locked) {
		must(t, p.ForceUnlock(t.Context(), locked.Info.ID))
		l, err = p.Lock(t.Context(), options)
	}
	must(t, err)
	return l
}

// hold takes the lock, and writes when it is told to.
func hold(p store.Place) error {
	l, err := p.Lock(background, options)
	if err != nil {
		return err
	}
	i := info
	i.Serial = l.Meta().Serial
	w, err := l.Begin(background, i)
	if err != nil {
		return err
	}
	held := l.Held(background)
	fmt.Println("holds")
	n := int64(0)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); n++ {
		var lost *store.LostError
		switch err := w.Intents(background, []state.Entry{entry(100+n, "")}); {
		case errors.As(err, &lost):
			<-held.Done() // who writes to a directory is told as well
			fmt.Println("lost")
		case err != nil:
			return err
		default:
			fmt.Println("written")
		}
	}
	return nil
}
