// Package inside keeps files that dirform writes unasked inside of a folder, whatever links somebody has put there:
// whoever may change the files of a checkout, as the author of a pull request, does not thereby choose where on a
// machine files are written.
package inside

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dirform/dirform/state/atomicfile"
	"github.com/dirform/dirform/state/fault"
)

// LeadsOut reports whether a path, which exists, is somewhere else than below the folder home once all links are
// followed. What cannot be followed counts as elsewhere.
func LeadsOut(home, path string) bool {
	home, errHome := filepath.EvalSymlinks(home)
	to, errTo := filepath.EvalSymlinks(path)
	if errHome != nil || errTo != nil {
		return true
	}
	way, err := filepath.Rel(home, to)
	return err != nil || !filepath.IsLocal(way)
}

// Folder is an open folder. Names are relative to it; a link out of it is refused, with an error that names the link.
type Folder struct {
	root *os.Root
	path string
}

// Make opens the folder at path, and makes it if it is missing, for its owner alone. It is home or lies below: on the
// way from home no link leads out of it. Links on the way to home are somebody else's business.
func Make(home, path string) (*Folder, error) { return open(home, path, true) }

// Open is Make for a folder that is not made: if it is missing, the error is [fs.ErrNotExist].
func Open(home, path string) (*Folder, error) { return open(home, path, false) }

func open(home, path string, missing bool) (*Folder, error) {
	below, err := filepath.Rel(home, path)
	if err != nil {
		return nil, err
	}
	from, err := os.OpenRoot(home)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	if missing {
		err = from.MkdirAll(below, 0o700)
	}
	f := &Folder{path: path}
	if err == nil {
		f.root, err = from.OpenRoot(below)
	}
	if err != nil {
		return nil, explain(home, below, err)
	}
	return f, nil
}

// Close closes the folder; files that were opened in it stay open.
func (f *Folder) Close() error { return f.root.Close() }

// Path is where a name is, for messages and for those who read it by its path.
func (f *Folder) Path(name string) string { return filepath.Join(f.path, name) }

// OpenFile is [os.OpenFile].
func (f *Folder) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	file, err := f.root.OpenFile(name, flag, perm)
	return file, explain(f.path, name, err)
}

// ReadFile is [os.ReadFile].
func (f *Folder) ReadFile(name string) ([]byte, error) {
	b, err := f.root.ReadFile(name)
	return b, explain(f.path, name, err)
}

// Write writes a file whole or not at all, as [atomicfile.Write]; a link of that name is replaced, and not what it
// leads to.
func (f *Folder) Write(name string, content []byte, perm fs.FileMode) error {
	return explain(f.path, name, atomicfile.WriteIn(f.root, name, content, perm))
}

// Exists reports whether there is something of that name.
func (f *Folder) Exists(name string) bool {
	_, err := f.root.Lstat(name)
	return err == nil
}

// RemoveAllBut removes what the folder holds except for one name. Links go, and what they lead to stays.
func (f *Folder) RemoveAllBut(kept string) error {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	for _, e := range entries {
		if e.Name() != kept {
			err = errors.Join(err, explain(f.path, e.Name(), f.root.RemoveAll(e.Name())))
		}
	}
	return err
}

// explain says of an error about a path below home which link leads out, if one does.
func explain(home, below string, err error) error {
	if err == nil {
		return nil
	}
	at := home
	for name := range strings.SplitSeq(filepath.ToSlash(below), "/") {
		at = filepath.Join(at, name)
		if info, stat := os.Lstat(at); stat != nil || info.Mode().IsRegular() || info.IsDir() || !LeadsOut(home, at) {
			continue
		}
		return &fault.Error{Summary: "a link leads out of the folder", Err: err,
			Detail: at + " is a link that leads out of " + home + ", or nowhere. dirform writes nothing there.",
			Hint:   "Look who put it there, and remove it."}
	}
	return err
}
