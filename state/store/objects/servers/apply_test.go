package servers_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dirform/dirform/state/crash"
	"github.com/dirform/dirform/state/quick"
)

// scene is a stage before an apply, and what comes of one that nobody disturbs.
type scene struct {
	name   string
	stage  *stage
	want   []string
	points []point // of that apply
	n      int     // of copies
}

// scenes are a first apply, and one after others.
func scenes(t *testing.T, s server) []*scene {
	t.Helper()
	binary := filepath.Join(program(t), "dirform")
	b := s.bucket(t, "contoso")
	dir := quick.Dir(t)
	seed(t, dir)
	first := &scene{name: "first", stage: openStage(t, dir, binary, b, "first")}
	first.rehearse(t)
	later := &scene{name: "later", stage: first.stage.copied(t, "later")}
	later.stage.run(0, "apply", "--auto-approve")
	for i := range people {
		must(t, later.stage.lab.Move(dn(fmt.Sprint("later", i), "Later"), "OU=Staff,"+domain))
	}
	must(t, later.stage.lab.SetAD(dn("staff0", "Staff"), "department", []string{"Revenue"}))
	must(t, later.stage.lab.SetAD(dn("staff1", "Staff"), "displayName", []string{"Another"}))
	must(t, later.stage.lab.Move(dn("staff2", "Staff"), "OU=Later,"+domain))
	later.rehearse(t)
	return []*scene{first, later}
}

// rehearse applies in a copy.
func (c *scene) rehearse(t *testing.T) {
	t.Helper()
	s := c.copied(t)
	s.network.begin(func(p point) bool { c.points = append(c.points, p); return true })
	cmd, out := s.dirform("", "apply", "--auto-approve")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.network.begin(nil)
	s.run(0, "plan", "--detailed-exitcode")
	c.want = s.picture()
}

// copied is another copy of the scene's stage.
func (c *scene) copied(t *testing.T) *stage {
	t.Helper()
	c.n++
	return c.stage.copied(t, fmt.Sprintf("%s-%d", c.name, c.n))
}

// intents tells the moment at which a run asks for the n-th write to the store since it has read the tenant, or gets
// the answer: of intents, and after the last ones of the whole record.
func intents(n int, answered bool) func(point) bool {
	reading, asked := false, 0
	return func(p point) bool {
		reading = reading || p.reads()
		if !reading || !p.writes() || p.answered != answered {
			return false
		}
		asked++
		return asked == n
	}
}

// outcome is what came of an apply.
type outcome struct {
	met    bool // the moment has come
	status int  // -1: it was killed
	out    string
}

// apply applies through the network. At a moment something happens, which says whether what was asked comes through
// then. It gets the process, and a channel that is closed once that has ended.
func (s *stage) apply(at func(point) bool, happens func(*exec.Cmd, <-chan struct{}) (through bool)) (o outcome) {
	s.t.Helper()
	var mu sync.Mutex // moments come at once
	reached, through, ended := make(chan point), make(chan bool), make(chan struct{})
	met := false
	s.network.begin(func(p point) bool {
		mu.Lock()
		now := !met && at(p)
		met = met || now
		mu.Unlock()
		if !now {
			return true
		}
		reached <- p
		return <-through
	})
	cmd, out := s.dirform("", "apply", "--auto-approve")
	must(s.t, cmd.Start())
	go func() { defer crash.Guard(); defer close(ended); _ = cmd.Wait() }()
	select {
	case <-reached:
		o.met = true
		through <- happens(cmd, ended)
	case <-ended:
	}
	<-ended
	s.network.begin(nil)
	o.status, o.out = cmd.ProcessState.ExitCode(), out.String()
	return o
}

// spread are n of a list, from its begin to its end and others every time; in the long form all are.
func spread(list []point, n int) (some []point) {
	if quick.Long() {
		return list
	}
	for i := range n {
		from, to := i*len(list)/n, (i+1)*len(list)/n
		if from < to {
			some = append(some, list[from+rand.IntN(to-from)])
		}
	}
	return some
}

// phases are the moments at which the store is asked before anything is written to the directories, and all moments
// after those: from the first intents on.
func (c *scene) phases() (opening, writing []point) {
	first := intents(1, false)
	for i, p := range c.points {
		if first(p) {
			return opening, c.points[i:]
		}
		if p.ofStore() {
			opening = append(opening, p)
		}
	}
	return opening, nil
}

// TestKilledApply kills processes of dirform when they ask the store, before the request is carried out and before its
// answer comes, and when they write to the directories. After a plain apply nothing is lost, doubled, or left over.
func TestKilledApply(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		for _, c := range scenes(t, s) {
			killed, ended := 0, 0
			opening, writing := c.phases()
			for _, p := range slices.Concat(spread(opening, 1), spread(writing, 4)) {
				t.Run(c.name, func(t *testing.T) {
					s := c.copied(t)
					at := func(q point) bool { return q.n == p.n && q.answered == p.answered }
					o := s.apply(at, func(cmd *exec.Cmd, ended <-chan struct{}) bool {
						must(t, cmd.Process.Kill())
						<-ended
						return false
					})
					switch {
					case o.met && o.status == -1:
						killed++
					case !o.met && o.status == 0: // there was less to ask
						ended++
					default:
						t.Errorf("%+v", o)
					}
					s.announced(c.stage)
					s.converged(c.want)
					if t.Failed() {
						t.Log("killed at the ", p)
					}
				})
			}
			t.Logf("%s: %d killed, %d ended before, of %d moments", c.name, killed, ended, len(opening)+len(writing))
			if killed == 0 {
				t.Error("nothing was killed")
			}
		}
	})
}

// TestRestarted: a server that restarts in the middle of an apply is waited for.
func TestRestarted(t *testing.T) {
	each(t, func(all *testing.T, server server) {
		for _, c := range scenes(all, server)[1:] {
			for n := 1; n <= 3; n++ { // two intents and the end
				for _, answered := range []bool{false, true} {
					if !quick.Long() && (n != 2 || answered) {
						continue
					}
					all.Run(fmt.Sprintf("%d %v", n, answered), func(t *testing.T) {
						s := c.copied(t)
						back := make(chan struct{})
						o := s.apply(intents(n, answered), func(*exec.Cmd, <-chan struct{}) bool {
							server.stop(t)
							time.AfterFunc(1500*time.Millisecond, func() {
								defer crash.Guard()
								defer close(back)
								server.start(all) // with which it ends
							})
							return !answered // else the answer is lost with the server
						})
						if o.met {
							<-back
						}
						if !o.met || o.status != 0 {
							t.Errorf("%+v", o)
						}
						s.converged(c.want)
					})
				}
			}
		}
	})
}

// TestCut: while nothing comes through to the store nothing is written to the directories. Afterwards the run goes on,
// or says that it has lost its lock and has not written any more.
func TestCut(t *testing.T) {
	lasts := 2 * time.Second
	if quick.Long() {
		lasts = 30 * time.Second
	}
	each(t, func(t *testing.T, server server) {
		for _, c := range scenes(t, server)[1:] {
			one := rand.IntN(2) > 0
			for _, answered := range []bool{false, true} {
				if !quick.Long() && answered != one {
					continue
				}
				s := c.copied(t)
				written, mended := 0, make(chan struct{})
				o := s.apply(intents(2, answered), func(*exec.Cmd, <-chan struct{}) bool {
					written = s.writes()
					s.network.setCut(true)
					time.AfterFunc(lasts, func() {
						defer crash.Guard()
						defer close(mended)
						if n := s.writes(); n != written {
							t.Errorf("%d writes while nothing could be announced", n-written)
						}
						s.network.setCut(false)
					})
					return true
				})
				if o.met {
					<-mended
				}
				switch {
				case !o.met:
					t.Errorf("%+v", o)
				case o.status == 0:
					t.Logf("cut for %v, answered %v: went on", lasts, answered)
				case s.writes() == written && strings.Contains(o.out, "The lock of the state was lost"):
					t.Logf("cut for %v, answered %v: stopped", lasts, answered)
				default:
					t.Errorf("%d writes after the cut: %+v", s.writes()-written, o)
				}
				s.converged(c.want)
			}
		}
	})
}

// TestBehindTheBack: a run whose lock or record somebody has changed stops before its next write, and says so.
func TestBehindTheBack(t *testing.T) {
	each(t, func(t *testing.T, server server) {
		c := scenes(t, server)[1]
		anchor := "" // of somebody who stays
		for _, line := range c.want {
			if part := strings.Fields(line); part[0] == "link" && part[2] == "staff3@contoso.com" {
				anchor = part[1]
			}
		}
		for name, x := range map[string]struct {
			happens func(s *stage, before []byte)
			says    string
		}{
			"unlocked": {func(s *stage, _ []byte) { s.unlock() }, "The lock of the state was lost"},
			"unlocked, and another applies": {func(s *stage, _ []byte) {
				s.unlock()
				s.run(0, "apply", "--auto-approve")
			}, "The lock of the state was lost"},
			"unlocked, and a newer record": {func(s *stage, _ []byte) {
				s.unlock()
				s.run(0, "state", "rm", anchor)
			}, "The lock of the state was lost"},
			"an older record": {func(s *stage, before []byte) { s.put(before) },
				"The state was changed by somebody who has not locked it"},
		} {
			t.Run(name, func(t *testing.T) {
				s := c.copied(t)
				before, written := s.get(), 0
				o := s.apply(intents(2, false), func(*exec.Cmd, <-chan struct{}) bool {
					x.happens(s, before)
					written = s.writes()
					return true
				})
				if n := s.writes() - written; !o.met || n != 0 || o.status == 0 || !strings.Contains(o.out, x.says) {
					t.Errorf("%d writes afterwards: %+v", n, o)
				}
				s.converged(c.want)
			})
		}
	})
}
