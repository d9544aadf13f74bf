package sqlite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/store"
	"github.com/dirform/dirform/state/visible"
)

// lock is a held lock: an open lock file under an operating system lock, which ends with the process whatever kills it.
type lock struct {
	file *os.File
	info store.LockInfo
	// tookOver is the dead holder whose lock this one replaced.
	tookOver *store.LockInfo
}

func lockPath(path string) string { return path + ".lock" }

// acquire takes the lock of the state at path. A lock file whose process died on this host is taken over.
func acquire(path string, o store.Options) (*lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, &fault.Error{Summary: "cannot create the state's folder", Err: err}
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, &fault.Error{Summary: "cannot lock the state", Err: fmt.Errorf("this host's name is not known: %w", err)}
	}
	f, old, err := grab(path)
	if err != nil {
		return nil, err
	}
	if old != nil && old.Host != host {
		f.Close()
		return nil, &store.LockedError{Path: path, Info: *old}
	}
	l := &lock{file: f, tookOver: old, info: store.LockInfo{ID: store.NewLockID(), Holder: o.Holder, Host: host, Since: o.Now().UTC(), By: o.Origin.By, Ref: o.Origin.Ref}}
	if err := writeInfo(f, l.info); err != nil {
		f.Close()
		return nil, &fault.Error{Summary: "cannot write the lock file " + lockPath(path), Err: err}
	}
	return l, nil
}

// grab opens the lock file under an exclusive operating system lock and reads what an earlier holder left in it. It starts over
// when the file was removed by a holder that ended between the opening and the locking.
func grab(path string) (*os.File, *store.LockInfo, error) {
	for {
		if err := lockable(lockPath(path)); err != nil {
			return nil, nil, err
		}
		f, err := os.OpenFile(lockPath(path), os.O_RDWR|os.O_CREATE|noFollow, 0o600)
		if err != nil {
			return nil, nil, &fault.Error{Summary: "cannot lock the state", Hint: "Give the account that runs dirform the right to write to the state's folder.", Err: err}
		}
		if err := lockFile(f); err != nil {
			info, _ := readInfo(f)
			f.Close()
			if !errors.Is(err, errWouldBlock) {
				return nil, nil, &fault.Error{Summary: "cannot lock the state " + path, Err: err}
			}
			if info == nil { // it holds the lock but has not written who it is yet
				info = &store.LockInfo{ID: "unknown", Holder: "a run that has just started", Since: time.Now()}
			}
			return nil, nil, &store.LockedError{Path: path, Info: *info, Alive: true}
		}
		if !current(f, lockPath(path)) {
			f.Close()
			continue
		}
		info, err := readInfo(f)
		if err != nil {
			f.Close()
			return nil, nil, &fault.Error{Summary: "cannot read the lock file " + lockPath(path), Err: err}
		}
		return f, info, nil
	}
}

// lockable refuses a name that leads elsewhere or to something else than a lock file: what the lock is written to is emptied.
func lockable(name string) error {
	info, err := os.Lstat(name)
	if err != nil {
		return nil // what is wrong, if anything is, the opening says
	}
	refused := &fault.Error{Summary: "cannot lock the state", Hint: "Look who put it there, and remove it."}
	if !info.Mode().IsRegular() {
		refused.Detail = name + " is not a file of its own: it leads to another, or is a folder or a pipe."
		return refused
	}
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	if content, err := io.ReadAll(io.LimitReader(f, 64<<10)); err == nil && !isLock(content) {
		refused.Detail = name + " is not a lock file of dirform, and would be emptied."
		return refused
	}
	return nil
}

// isLock tells what a lock file may hold: its holder, or what is left of that if its writer died, or zeros after a power cut.
func isLock(content []byte) bool {
	const begin = `{"id":"`
	n := min(len(content), len(begin))
	return len(bytes.Trim(content, "\x00")) == 0 || string(content[:n]) == begin[:n]
}

// current reports whether f is still the file of that name.
func current(f *os.File, name string) bool {
	a, errA := f.Stat()
	b, errB := os.Stat(name)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// readInfo reads a lock file. A file that is empty or torn tells nothing: its writer died before it held anything.
func readInfo(f *os.File) (*store.LockInfo, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return nil, err
	}
	var info store.LockInfo
	if json.Unmarshal(b, &info) != nil || info.ID == "" {
		return nil, nil
	}
	return &info, nil
}

func writeInfo(f *os.File, info store.LockInfo) error {
	b, err := json.Marshal(info)
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt(append(b, '\n'), 0); err != nil {
		return err
	}
	return f.Sync()
}

// release empties and removes the lock file. Emptied first, because where an open file cannot be removed it must still be free.
func (l *lock) release() error {
	err := l.file.Truncate(0)
	os.Remove(l.file.Name())
	return errors.Join(err, l.file.Close())
}

// ForceUnlock frees the lock of the state at path, whose id a [LockedError] named. A lock whose holder still runs on this host
// is not freed: ending that process frees it.
func ForceUnlock(path, id string) error {
	if _, err := os.Stat(lockPath(path)); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the state %s is not locked", path)
	}
	f, info, err := grab(path)
	if err != nil {
		var locked *store.LockedError
		if errors.As(err, &locked) {
			return &fault.Error{Summary: "the state was not unlocked", Hint: "End that process, which frees the lock.",
				Detail: fmt.Sprintf("%q is still running on this host and would write without a lock.", locked.Info.Holder)}
		}
		return err
	}
	if info != nil && info.ID != id {
		f.Close()
		return &fault.Error{Summary: "the state was not unlocked",
			Detail: visible.Sprintf("%s is held by %q under lock %s, not %s; somebody else may have taken it "+
				"meanwhile.",
				path, info.Holder, info.ID, id)}
	}
	return (&lock{file: f}).release()
}
