package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/quick"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/store/sqlite"
	"github.com/dirform/dirform/state/store/storetest"
)

// TestMain lets the test program be another process that holds a lock: started with the path of a state, it opens it, says so
// and waits to be killed.
func TestMain(m *testing.M) {
	storetest.Child(openPlace)
	if path := os.Getenv("DIRFORM_TEST_HOLD"); path != "" {
		hold(path)
	}
	if path := os.Getenv("DIRFORM_TEST_READ"); path != "" {
		read(path)
	}
	os.Exit(quick.InMemory(m))
}

// read prints how many links a state has that lies in a folder where nothing can be written.
func read(path string) {
	if os.WriteFile(path+"-x", nil, 0o600) == nil {
		fmt.Println("the folder can be written")
		os.Exit(1)
	}
	s, err := sqlite.OpenReadOnly(context.Background(), path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	n := 0
	for _, err := range s.Links(context.Background()) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		n++
	}
	fmt.Println(n, "links")
	os.Exit(0)
}

func hold(path string) {
	s, err := sqlite.Open(context.Background(), path, store.Options{Holder: "apply by jane@host pid 7", Now: clock})
	if err != nil {
		os.Stdout.WriteString("error " + err.Error() + "\n")
		os.Exit(1)
	}
	defer s.Close()
	os.Stdout.WriteString("held\n")
	time.Sleep(time.Minute)
	os.Exit(0)
}

// holder starts another process that holds the lock of the state at path. kill ends it like kill -9 does.
func holder(t *testing.T, path string) (kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DIRFORM_TEST_HOLD="+path)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, _ := bufio.NewReader(out).ReadString('\n')
	if line != "held\n" {
		t.Fatalf("the other process says %q", line)
	}
	kill = func() { cmd.Process.Kill(); cmd.Wait() }
	t.Cleanup(kill)
	return kill
}

func TestLockedByAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	kill := holder(t, path)
	_, err := sqlite.Open(t.Context(), path, store.Options{Holder: "second"})
	var locked *store.LockedError
	if !errors.As(err, &locked) || !locked.Alive || !strings.Contains(err.Error(), "jane@host pid 7") || !strings.Contains(err.Error(), "2026-11-23T06:00:00Z") {
		t.Fatalf("%v", err)
	}
	if err := sqlite.ForceUnlock(path, locked.Info.ID); err == nil || !strings.Contains(err.Error(), "still running") {
		t.Errorf("the lock of a running process was freed: %v", err)
	}
	r, err := sqlite.OpenReadOnly(t.Context(), path) // a plan needs no lock
	must(t, err)
	must(t, r.Close())

	kill()
	s, err := sqlite.Open(t.Context(), path, store.Options{Holder: "second"})
	must(t, err)
	if old, ok := s.TookOver(); !ok || old.Holder != "apply by jane@host pid 7" {
		t.Errorf("took over %+v %v", old, ok)
	}
	must(t, s.Close())
	if _, err := os.Stat(path + ".lock"); !os.IsNotExist(err) {
		t.Errorf("the lock file is left: %v", err)
	}
	s, err = sqlite.Open(t.Context(), path, store.Options{})
	must(t, err)
	if _, ok := s.TookOver(); ok {
		t.Error("took over a lock that was freed")
	}
	must(t, s.Close())
}

func TestLockOfAnotherHost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	must(t, os.WriteFile(path+".lock", []byte(`{"id":"abc123","holder":"apply by joe@elsewhere pid 9","host":"elsewhere.invalid","since":"2026-11-20T01:02:03Z"}`), 0o600))
	_, err := sqlite.Open(t.Context(), path, store.Options{})
	told := fault.Describe(err)
	for _, want := range []string{"joe@elsewhere", "abc123", "dirform force-unlock abc123", "elsewhere.invalid", "2026-11-20T01:02:03Z"} {
		if !strings.Contains(told.Summary+told.Detail+told.Hint, want) {
			t.Errorf("%v does not say %q", told, want)
		}
	}
	if err := sqlite.ForceUnlock(path, "wrong"); err == nil || !strings.Contains(err.Error(), "abc123") {
		t.Errorf("freed by a wrong id: %v", err)
	}
	must(t, sqlite.ForceUnlock(path, "abc123"))
	must(t, open(t, path).Close())
	if err := sqlite.ForceUnlock(path, "abc123"); err == nil {
		t.Error("freed twice")
	}
}

func TestTornLockFileHoldsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	must(t, os.WriteFile(path+".lock", []byte(`{"id":"ab`), 0o600))
	must(t, open(t, path).Close())
}

// TestThePlaceOfTheLockIsTaken: what lies where the lock belongs and is no lock file is left as it is.
func TestThePlaceOfTheLockIsTaken(t *testing.T) {
	dir := t.TempDir()
	treasure := filepath.Join(dir, "treasure")
	const content = "all that I have"
	must(t, os.WriteFile(treasure, []byte(content), 0o600))
	ways := map[string]func(lock string) error{
		"a link to a file":    func(lock string) error { return os.Symlink(treasure, lock) },
		"a link to nowhere":   func(lock string) error { return os.Symlink(filepath.Join(dir, "nowhere"), lock) },
		"another name of it":  func(lock string) error { return os.Link(treasure, lock) },
		"a folder":            func(lock string) error { return os.Mkdir(lock, 0o700) },
		"somebody's settings": func(lock string) error { return os.WriteFile(lock, []byte(`{"password":"x"}`), 0o600) },
	}
	for name, put := range ways {
		path := filepath.Join(t.TempDir(), "x.dfstate")
		if err := put(path + ".lock"); err != nil {
			t.Logf("%s: %v", name, err) // not every file system has links
			continue
		}
		s, err := sqlite.Open(t.Context(), path, store.Options{})
		if err == nil {
			must(t, s.Close())
		}
		if hint := fault.Hint(err); !strings.Contains(hint, "remove it") {
			t.Errorf("%s: %v: %s", name, err, hint)
		}
		if err := sqlite.ForceUnlock(path, "x"); err == nil {
			t.Errorf("%s: unlocked", name)
		}
		if _, err := os.Lstat(path + ".lock"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := os.ReadFile(treasure); err != nil || string(got) != content {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("made a file where the link leads to")
	}
	for _, left := range []string{"", `{"id":"12`, "\x00\x00\x00"} { // of a writer that died
		path := filepath.Join(t.TempDir(), "x.dfstate")
		must(t, os.WriteFile(path+".lock", []byte(left), 0o600))
		s, err := sqlite.Open(t.Context(), path, store.Options{})
		must(t, err)
		must(t, s.Close())
	}
}
