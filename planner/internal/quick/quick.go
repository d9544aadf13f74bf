// Package quick gives tests of whole worlds a folder that answers at once.
package quick

import (
	"os"
	"testing"
)

// Long reports whether tests are to try everything, which takes minutes, rather than a part that is drawn anew each time.
func Long() bool { return os.Getenv("DIRFORM_LONG") != "" }

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
