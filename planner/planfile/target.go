package planfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dirform/dirform/state/atomicfile"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/seal"
)

// target is where a Writer's bytes go.
type target interface {
	io.Writer
	name() string
	folder() string // where further temporary files may stand
	commit() error  // makes the file what its name promises
	discard()       // leaves nothing
	reopen(*Writer) (*Reader, error)
}

// newTarget is the file path, encrypted if there are keys.
func newTarget(path string, keys *seal.Keys) (target, error) {
	file, err := newNamedTarget(path)
	if err != nil {
		return nil, err
	}
	if keys == nil {
		return file, nil
	}
	return newSealedTarget(file, keys)
}

// namedTarget becomes the file path when it is complete.
type namedTarget struct {
	*atomicfile.File
	path string
}

func newNamedTarget(path string) (*namedTarget, error) {
	file, err := atomicfile.Create(path, 0o600)
	if errors.Is(err, atomicfile.ErrNotRegular) {
		return nil, fault.Advise(err, "Give the name of a file.")
	}
	if err != nil {
		return nil, err
	}
	return &namedTarget{File: file, path: path}, nil
}

func (t *namedTarget) name() string { return t.path }

func (t *namedTarget) folder() string { return filepath.Dir(t.Name()) }

func (t *namedTarget) commit() error { return t.Commit() }

func (t *namedTarget) discard() { t.Discard() }

func (t *namedTarget) reopen(*Writer) (*Reader, error) { return Open(t.path, nil) }

// sealedTarget is a named file whose content is encrypted.
type sealedTarget struct {
	*namedTarget
	keys *seal.Keys
	in   io.WriteCloser
}

func newSealedTarget(file *namedTarget, keys *seal.Keys) (*sealedTarget, error) {
	in, err := keys.Writer(file, seal.Plan)
	if err != nil {
		file.discard()
		return nil, err
	}
	return &sealedTarget{file, keys, in}, nil
}

// Write encrypts b.
func (t *sealedTarget) Write(b []byte) (int, error) { return t.in.Write(b) }

func (t *sealedTarget) commit() error {
	if err := t.in.Close(); err != nil {
		return err
	}
	return t.namedTarget.commit()
}

func (t *sealedTarget) reopen(*Writer) (*Reader, error) { return Open(t.path, t.keys) }

// tempTarget is a file that nobody finds: its name is removed at once where the system allows that, so that not even a
// killed process leaves it, and when it is closed elsewhere.
type tempTarget struct {
	*os.File
	linked bool
}

func newTempTarget(dir string) (*tempTarget, error) {
	file, err := os.CreateTemp(dir, "dirform-plan-*.tmp") // mode 0600
	if err != nil {
		return nil, err
	}
	return &tempTarget{File: file, linked: os.Remove(file.Name()) != nil}, nil
}

func (t *tempTarget) name() string { return t.Name() + " (temporary)" }

func (t *tempTarget) folder() string { return filepath.Dir(t.Name()) }

func (t *tempTarget) commit() error { return nil }

func (t *tempTarget) discard() { _ = t.Close() }

// Close closes the file and removes its name if it still has one.
func (t *tempTarget) Close() error {
	err := t.File.Close()
	if t.linked {
		if rm := os.Remove(t.Name()); err == nil && rm != nil && !errors.Is(rm, os.ErrNotExist) {
			err = fmt.Errorf("the temporary plan could not be removed: %w", rm)
		}
	}
	return err
}

// reopen does not verify the file: nobody else can have touched it.
func (t *tempTarget) reopen(w *Writer) (*Reader, error) {
	return &Reader{file: clear{t}, path: t.name(), contents: w.plan, layout: w.layout}, nil
}
