//go:build !windows

package atomicfile

import (
	"io/fs"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// File is a file on its way to its name. Write to it, then call Commit, and Discard in any case.
type File struct {
	*renameio.PendingFile
	path string
}

func create(path string, perm fs.FileMode) (*File, error) {
	// beside the file and not in $TMPDIR: what is written may be personal data, and is cleaned up where it belongs
	pending, err := renameio.NewPendingFile(path,
		renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(perm))
	if err != nil {
		return nil, err
	}
	return &File{pending, path}, nil
}

func (f *File) replace() error { return f.CloseAtomicallyReplace() }

// Discard closes and removes what was not committed. After Commit it does nothing.
func (f *File) Discard() { _ = f.Cleanup() }
