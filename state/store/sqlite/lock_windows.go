package sqlite

import (
	"os"

	"golang.org/x/sys/windows"
)

// errWouldBlock is lockFile's error when another process holds the lock.
var errWouldBlock error = windows.ERROR_LOCK_VIOLATION

// lockFile takes an exclusive lock on f without waiting. It ends when f is closed or the process dies. The locked byte lies far
// beyond the content, because a locked range cannot be read by others and they must be able to read who holds the lock.
func lockFile(f *os.File) error {
	at := windows.Overlapped{OffsetHigh: 1 << 30}
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
}

// noFollow is nothing here: making a symbolic link takes an administrator.
const noFollow = 0
