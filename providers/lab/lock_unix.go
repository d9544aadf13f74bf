//go:build unix

package lab

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func tryLock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// giveBack gives the lock back and closes f. Closing alone would leave it to a process that is just being started from this one,
// which has a copy of f until its program runs.
func giveBack(f *os.File) error {
	return errors.Join(unix.Flock(int(f.Fd()), unix.LOCK_UN), f.Close())
}
