//go:build unix

package sqlite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/dirform/dirform/state"
)

// TestReadOnlyFolder reads a state that lies where nothing can be written, as in a CI checkout. The reader is a process of its
// own, because permissions do not bind the superuser that tests often run as.
func TestReadOnlyFolder(t *testing.T) {
	dir, err := os.MkdirTemp("", "dirform-readonly-") // not TempDir, whose parents only this user may enter
	must(t, err)
	path := filepath.Join(dir, "x")
	t.Cleanup(func() {
		os.Chmod(dir, 0o700)
		os.RemoveAll(dir)
	})
	s := open(t, path)
	must(t, begin(t, s).Records(t.Context(), []*state.Link{link(1), link(2)}))
	must(t, s.Close())
	program := filepath.Join(dir, "reader")
	b, err := os.ReadFile(os.Args[0])
	must(t, err)
	must(t, os.WriteFile(program, b, 0o555))
	must(t, os.Chmod(path, 0o444))
	must(t, os.Chmod(dir, 0o555))
	cmd := exec.Command(program)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "DIRFORM_TEST_READ="+path)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.Output() // without the complaints of an instrumented program on stderr
	if err != nil || string(out) != "2 links\n" {
		t.Errorf("%v: %s", err, out)
	}
}
