// Package atomicfile writes files whole or not at all: whoever looks at the name sees what was there before or all of
// what is new, also after a crash. Until then the content stands beside the file under a temporary name.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotRegular says that something other than a file has the name: a folder, a device, a pipe.
var ErrNotRegular = errors.New("it exists and is not a regular file")

// Create begins the file path, in place of any file of that name once Commit succeeds. A symbolic link is followed:
// what it leads to is replaced. The file gets the permissions perm, whatever a file there has and whatever the umask.
func Create(path string, perm fs.FileMode) (*File, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return nil, ErrNotRegular
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return create(path, perm)
}

// Write writes the file path with this content and these permissions, as [Create] and [File.Commit] do.
func Write(path string, content []byte, perm fs.FileMode) error {
	f, err := Create(path, perm)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Commit()
}

// Commit writes what is in the system's buffers to the disk, closes the file and gives it its name. After an error the
// file that had the name is as it was, and Discard removes what was written.
func (f *File) Commit() error {
	if err := f.replace(); err != nil {
		return err
	}
	syncFolder(filepath.Dir(f.path))
	return nil
}

// syncFolder makes a rename durable where the system can. Not all of them let a folder be synced, and the file is
// complete under either name anyway.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// WriteIn is [Write] for a name in a folder that no link leads out of. A symbolic link of that name is not followed but replaced.
func WriteIn(root *os.Root, name string, content []byte, perm fs.FileMode) error {
	temporary := name + "." + rand.Text() + ".tmp"
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		_ = root.Remove(temporary) // it is said already that the writing went wrong
	}
	return err
}
