//go:build amd64

package sqlite_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
)

// madeIn is the environment variable by which the test binary makes a record in a folder, and does nothing else.
const madeIn = "DIRFORM_TEST_MAKE_RECORD"

// copiedFrom is the one that has it put a copy of a record there instead.
const copiedFrom = "DIRFORM_TEST_COPY_RECORD"

// TestMakeRecord is the process that is followed: it makes the first run of all, with a link and a step, or a damaged record anew.
func TestMakeRecord(t *testing.T) {
	dir := os.Getenv(madeIn)
	if dir == "" {
		return // it is run by the tests that follow it
	}
	path := filepath.Join(dir, "x.dfstate")
	if from := os.Getenv(copiedFrom); from != "" {
		r, err := sqlite.OpenReadOnly(t.Context(), from)
		must(t, err)
		s, err := sqlite.Open(t.Context(), path, store.Options{Holder: "test", Now: clock})
		must(t, err)
		must(t, s.Replace(t.Context(), r))
		must(t, errors.Join(s.Close(), r.Close()))
		return
	}
	s, damaged, err := sqlite.OpenForRebuild(t.Context(), path, store.Options{Holder: "test", Now: clock})
	must(t, err)
	if damaged == nil {
		must(t, s.Close())
		firstRun(t, path)
		return
	}
	w := begin(t, s)
	must(t, w.Records(t.Context(), []*state.Link{link(1)}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
	must(t, s.Close())
}

func firstRun(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, store.Options{Holder: "test", Now: clock})
	must(t, err)
	w := begin(t, s)
	must(t, w.Intents(t.Context(), []state.Entry{entry(1, link(1))}))
	done := state.Result{Entry: entry(1, link(1)), Link: link(1)}
	done.Status = state.StatusDone
	must(t, w.Results(t.Context(), []state.Result{done}))
	must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{Applied: 1}, nil))
	must(t, s.Close())
}

// TestKilledWhileTheRecordIsMade follows a process that makes a record, and looks at what kill -9 would leave behind after each of
// its system calls that change files: plan reads it without a complaint, the next run makes or continues the record, and then there
// is nothing but the record.
func TestKilledWhileTheRecordIsMade(t *testing.T) {
	dir, n, whole, last, before := t.TempDir(), 0, 0, "", []string{"not looked at yet"}
	follow(t, dir, func() {
		left := copyOf(t, dir)
		now := digestOf(t, left)
		if now == last {
			return
		}
		last = now
		n++
		path := filepath.Join(left, "x.dfstate")
		r, err := sqlite.OpenReadOnly(t.Context(), path)
		if err != nil {
			t.Fatalf("after change %d, reading: %v", n, err)
		}
		if r.Meta().Exists {
			whole++
		}
		must(t, r.Close())
		names := namesIn(t, left)
		if !quick.Long() && slices.Equal(names, before) && n%8 > 0 {
			return // what the files are called matters more than how far they are written
		}
		before = names
		s, err := sqlite.Open(t.Context(), path, store.Options{Holder: "test", Now: clock})
		if err != nil {
			t.Fatalf("after change %d, writing: %v", n, err)
		}
		w := begin(t, s)
		must(t, w.Records(t.Context(), []*state.Link{link(2)}))
		must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
		must(t, s.Close())
		if names := namesIn(t, left); !slices.Equal(names, []string{"x.dfstate"}) {
			t.Errorf("after change %d and another run there are %v", n, names)
		}
	})
	t.Logf("%d kill points, at %d of them there is a record", n, whole)
	if n < 30 || whole < 5 || whole > n-10 {
		t.Errorf("%d changes, a record after %d of them: the test does not follow what it should", n, whole)
	}
	if names := namesIn(t, dir); !slices.Equal(names, []string{"x.dfstate"}) {
		t.Errorf("the run left %v", names)
	}
}

// TestKilledWhileTheRecordIsMadeAnew: until the new record has taken the place of a damaged one, that one is refused as such. At no
// moment is there none, which would look like a first run.
func TestKilledWhileTheRecordIsMadeAnew(t *testing.T) {
	dir, whole, damaged := t.TempDir(), 0, 0
	path := filepath.Join(dir, "x.dfstate")
	firstRun(t, path)
	b, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, b[:len(b)/2], 0o600))
	follow(t, dir, func() {
		left := copyOf(t, dir)
		r, err := sqlite.OpenReadOnly(t.Context(), filepath.Join(left, "x.dfstate"))
		switch {
		case errors.Is(err, store.ErrDamaged):
			damaged++
			return
		case err != nil:
			t.Fatal(err)
		case !r.Meta().Exists:
			t.Errorf("there is no record, but %v", namesIn(t, left))
		}
		whole++
		must(t, r.Close())
	})
	if whole == 0 || damaged == 0 {
		t.Errorf("damaged at %d points, whole at %d", damaged, whole)
	}
	if kept, err := filepath.Glob(path + ".damaged-*"); len(kept) != 1 || err != nil {
		t.Errorf("kept are %v", kept)
	}
}

// TestKilledWhileACopyIsMade: where a copy of a record is put, there is what was there before or the whole copy at every moment, and
// the next run finds nothing left over.
func TestKilledWhileACopyIsMade(t *testing.T) {
	for _, there := range []bool{false, true} {
		dir, from := t.TempDir(), filepath.Join(t.TempDir(), "from")
		path := filepath.Join(dir, "x.dfstate")
		if there {
			firstRun(t, path)
		}
		s := open(t, from)
		must(t, begin(t, s).Records(t.Context(), []*state.Link{link(1), link(2), link(3)}))
		must(t, s.Close())
		t.Setenv(copiedFrom, from)
		n, seen, last := 0, map[int]int{}, ""
		follow(t, dir, func() {
			left := copyOf(t, dir)
			now := digestOf(t, left)
			if now == last {
				return
			}
			last = now
			r, err := sqlite.OpenReadOnly(t.Context(), filepath.Join(left, "x.dfstate"))
			must(t, err)
			seen[len(links(t, r))]++
			must(t, r.Close())
			if n++; n%8 > 0 {
				return
			}
			s, err := sqlite.Open(t.Context(), filepath.Join(left, "x.dfstate"), store.Options{Holder: "test", Now: clock})
			must(t, err)
			w := begin(t, s)
			must(t, w.Records(t.Context(), []*state.Link{link(2)}))
			must(t, w.Finish(t.Context(), store.OutcomeApplied, state.Counts{}, nil))
			must(t, s.Close())
			if names := namesIn(t, left); !slices.Equal(names, []string{"x.dfstate"}) {
				t.Errorf("after change %d and another run there are %v", n, names)
			}
		})
		before := map[bool]int{false: 0, true: 1}[there]
		if len(seen) != 2 || seen[before] < 5 || seen[3] < 2 {
			t.Errorf("links at so many moments: %v", seen)
		}
	}
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// copyOf is a copy of a folder as it is now.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range namesIn(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(to, name), b, 0o600))
	}
	return to
}

// digestOf tells contents of folders apart.
func digestOf(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	for _, name := range namesIn(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		fmt.Fprintf(h, "%s %d ", name, len(b))
		h.Write(b)
	}
	return string(h.Sum(nil))
}

// changing are the system calls that change files or their names.
var changing = []uint64{syscall.SYS_OPENAT, syscall.SYS_WRITE, syscall.SYS_PWRITE64, syscall.SYS_FTRUNCATE, syscall.SYS_RENAME,
	syscall.SYS_RENAMEAT, 316 /* renameat2 */, syscall.SYS_UNLINK, syscall.SYS_UNLINKAT, syscall.SYS_LINK, syscall.SYS_LINKAT,
	syscall.SYS_FSYNC, syscall.SYS_FDATASYNC, syscall.SYS_FALLOCATE}

// follow lets a process make a record in dir and stops it after each of its system calls that change files, while look is called.
func follow(t *testing.T, dir string, look func()) {
	t.Helper()
	runtime.LockOSThread() // the thread that starts the process is its tracer
	defer runtime.UnlockOSThread()
	cmd := exec.Command(os.Args[0], "-test.run=^TestMakeRecord$", "-test.count=1")
	cmd.Env = append(os.Environ(), madeIn+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); errors.Is(err, syscall.EPERM) {
		t.Skip("this machine lets no process be followed")
	} else if err != nil {
		t.Fatal(err)
	}
	const sysgood, clone, exitkill, wall, noThread = 1, 8, 1 << 20, 0x40000000, 0x20000000
	var status syscall.WaitStatus
	_, err := syscall.Wait4(cmd.Process.Pid, &status, wall, nil)
	must(t, err)
	must(t, syscall.PtraceSetOptions(cmd.Process.Pid, sysgood|clone|exitkill))
	must(t, syscall.PtraceSyscall(cmd.Process.Pid, 0))
	inside := map[int]bool{} // by thread: between the beginning and the end of a system call
	for {
		pid, err := syscall.Wait4(-1, &status, wall|noThread, nil)
		must(t, err)
		signal := 0
		switch {
		case status.Exited() || status.Signaled():
			if pid != cmd.Process.Pid {
				continue
			}
			if status.ExitStatus() != 0 {
				t.Fatalf("the process ended with %v", status)
			}
			return
		case status.StopSignal() == syscall.SIGTRAP|0x80:
			if inside[pid] = !inside[pid]; inside[pid] {
				break
			}
			var regs syscall.PtraceRegs
			if syscall.PtraceGetRegs(pid, &regs) == nil && slices.Contains(changing, regs.Orig_rax) && int64(regs.Rax) >= 0 {
				look()
			}
		case status.StopSignal() != syscall.SIGTRAP && status.StopSignal() != syscall.SIGSTOP:
			signal = int(status.StopSignal())
		}
		_ = syscall.PtraceSyscall(pid, signal) // it may have ended meanwhile
	}
}
