package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/inside"
)

// lockName is the file in a data folder whose lock says that the lab is in use.
const lockName = "lab.lock"

// Reset forgets what has changed since the seed of the lab whose data folder is data, below home; there need be none. A lab that is in
// use stays as it is, with an error that says by whom: its server would go on with what is forgotten.
func Reset(home, data string) error {
	dir, err := inside.Open(home, data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	unlock, err := lockFolder(dir)
	if err != nil {
		return err
	}
	// the lock file stays, so that nobody locks a deleted one
	return errors.Join(dir.RemoveAllBut(lockName), unlock())
}

// lockFolder takes the data folder for this process. The lock goes with the process, however it ends.
func lockFolder(dir *inside.Folder) (unlock func() error, err error) {
	f, err := dir.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the lab's data folder can't be locked: %w", err)
	}
	if err := tryLock(f); err != nil {
		f.Close()
		holder := "another process"
		if b, readErr := dir.ReadFile(lockName); readErr == nil && strings.TrimSpace(string(b)) != "" {
			holder = "dirform (pid " + strings.TrimSpace(string(b)) + ")"
		}
		return nil, &fault.Error{Summary: fmt.Sprintf("the lab in %s is in use by %s", dir.Path(""), holder),
			Hint: "Wait until it ends, or end it. A lab that \"dirform lab serve\" serves is reached by the provider blocks " +
				"that it prints."}
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
