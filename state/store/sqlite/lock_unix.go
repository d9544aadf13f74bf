//go:build unix

package sqlite

import (
	"os"

	"golang.org/x/sys/unix"
)

// errWouldBlock is lockFile's error when another process holds the lock.
var errWouldBlock error = unix.EWOULDBLOCK

// lockFile takes an exclusive lock on f without waiting. It ends when f is closed or the process dies.
func lockFile(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// noFollow has the opening of a file fail where its name is a symbolic link.
const noFollow = unix.O_NOFOLLOW
