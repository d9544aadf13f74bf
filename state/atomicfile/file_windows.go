package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file on its way to its name. Write to it, then call Commit, and Discard in any case.
//
// renameio leaves Windows out, since a rename there is not promised to be atomic; it is the nearest to it that there
// is.
type File struct {
	*os.File
	path string
	done bool
}

func create(path string, _ fs.FileMode) (*File, error) { // a folder's access list decides here, not a mode
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"*")
	if err != nil {
		return nil, err
	}
	return &File{File: file, path: path}, nil
}

func (f *File) replace() error {
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return err
	}
	f.done = true
	return nil
}

// Discard closes and removes what was not committed. After Commit it does nothing.
func (f *File) Discard() {
	if !f.done {
		_ = f.Close() // it may be closed already
		_ = os.Remove(f.Name())
	}
}
