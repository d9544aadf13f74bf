// Package quick lets tests end soon: by folders that answer at once, and by trying a part of what the long form tries.
package quick

import (
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// Long reports whether tests are to try everything, which takes minutes, rather than a part that is drawn anew each time.
func Long() bool { return os.Getenv("DIRFORM_LONG") != "" }

// Checks sets rapid's number of checks for one test, unless -rapid.checks=N on the command line does: n in the long form, and a tenth
// of them otherwise.
func Checks(t testing.TB, n int) {
	if !Long() {
		n = (n + 9) / 10
	}
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "rapid.checks" })
	f := flag.Lookup("rapid.checks")
	if set || f.Value.String() != f.DefValue {
		return
	}
	if err := f.Value.Set(strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Value.Set(f.DefValue); err != nil {
			t.Fatal(err)
		}
	})
}

// Until plays worlds as [Checks] does with n, and then more, until what a test wants to have met among them has come up, at most a
// hundred times as many: with few worlds, a thing that is not rare is missing by chance.
func Until(t *testing.T, n int, met func() bool, world func(*rapid.T)) {
	Checks(t, n)
	rapid.Check(t, world)
	for tries := 0; tries < 100 && !met() && !t.Failed(); tries++ {
		rapid.Check(t, world)
	}
}

// Skips reports whether this of many cases is left out: in the short form all are but one of n, and others every time.
func Skips(n int) bool { return !Long() && rand.IntN(n) > 0 }

// Root is a folder as [Dir] makes it, of which programs may be run; or "", where there is none in memory.
func Root(t testing.TB) string {
	dir := Dir(t)
	script := filepath.Join(dir, "script")
	if os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700) != nil || exec.Command(script).Run() != nil || os.Remove(script) != nil {
		return ""
	}
	return dir
}

// InMemory runs a package's tests with folders for temporary files in memory, where the system has such a place.
func InMemory(m interface{ Run() int }) (code int) {
	dir, err := os.MkdirTemp("/dev/shm", "dirform-test-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = errors.Join(os.Setenv("TMPDIR", dir), os.Chmod(dir, 0o755)) // as of any user's process
	}
	if err != nil {
		os.Unsetenv("TMPDIR") // then on disk, which takes longer
	}
	return m.Run()
}

// Dir is an empty folder that is removed when the test ends: in memory where the system has such a place, since a world writes many
// small files and waits for the disk with each; a folder of the test's own elsewhere.
func Dir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "dirform-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
