package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// lockFolder takes the data folder for this process. The lock goes with the process, however it ends.
func lockFolder(dir string) (unlock func() error, err error) {
	path := filepath.Join(dir, "lab.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lab's data folder can't be locked: %w", err)
	}
	if err := tryLock(f); err != nil {
		f.Close()
		holder := "another process"
		if b, readErr := os.ReadFile(path); readErr == nil && strings.TrimSpace(string(b)) != "" {
			holder = "dirform (pid " + strings.TrimSpace(string(b)) + ")"
		}
		return nil, fmt.Errorf("the lab in %s is in use by %s; end it or use another data folder (%w)", dir, holder, err)
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := fmt.Fprintf(f, "%d\n", os.Getpid()); err != nil {
		f.Close()
		return nil, err
	}
	return func() error { return giveBack(f) }, nil // the file stays, so that nobody locks a deleted one
}
