// Package quick gives tests of whole worlds a folder that answers at once.
package quick

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// Long reports whether tests are to try everything, which takes minutes, rather than a part that is drawn anew each time.
func Long() bool { return os.Getenv("DIRFORM_LONG") != "" }

// Checks sets rapid's number of checks for one test, unless -rapid.checks=N on the command line does: n in the long form, and a quarter
// of them otherwise.
func Checks(t testing.TB, n int) {
	if !Long() {
		n = (n + 3) / 4
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
