package inside

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/fault"
)

// places are a home and a folder outside of it.
func places(t *testing.T) (home, outside string) {
	t.Helper()
	home, outside = filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "outside")
	for _, dir := range []string{home, outside} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return home, outside
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Skip(err)
	}
}

// refused checks that an error names a link, and says what to do.
func refused(t *testing.T, err error, at string) {
	t.Helper()
	if d := fault.Describe(err); err == nil || d.Hint == "" || !strings.Contains(d.Detail, at) {
		t.Errorf("%s is not refused: %v", at, err)
	}
}

// empty checks that nothing was written outside.
func empty(t *testing.T, outside string) {
	t.Helper()
	if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
		t.Errorf("written outside: %v, %v", entries, err)
	}
}

func TestNoFolderOnTheWayLeadsOut(t *testing.T) {
	for _, name := range []string{"a", "a/b", "a/b/c"} {
		home, outside := places(t)
		at := filepath.Join(home, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		link(t, outside, at)
		_, err := Make(home, filepath.Join(home, "a", "b", "c"))
		refused(t, err, at)
		_, err = Open(home, filepath.Join(home, "a", "b", "c"))
		refused(t, err, at)
		empty(t, outside)
	}
	home, outside := places(t)
	link(t, filepath.Join(outside, "missing"), filepath.Join(home, "a"))
	_, err := Make(home, filepath.Join(home, "a", "b"))
	refused(t, err, filepath.Join(home, "a"))
	if _, err := Make(home, outside); err == nil {
		t.Error("a folder that is elsewhere was opened")
	}
	if _, err := Open(home, filepath.Join(home, "b")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	empty(t, outside)
}

func TestNoFileLeadsOut(t *testing.T) {
	for _, to := range []string{"missing", "secret"} {
		home, outside := places(t)
		f, err := Make(home, filepath.Join(home, "data"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		target := filepath.Join(outside, to)
		if to == "secret" {
			if err := os.WriteFile(target, []byte("kept"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		link(t, target, f.Path("x"))
		_, err = f.OpenFile("x", os.O_RDWR|os.O_CREATE, 0o600)
		refused(t, err, f.Path("x"))
		_, err = f.ReadFile("x")
		refused(t, err, f.Path("x"))
		if err := f.Write("x", []byte("new"), 0o600); err != nil {
			t.Error(err)
		}
		if b, err := f.ReadFile("x"); string(b) != "new" {
			t.Errorf("%q, %v", b, err)
		}
		link(t, outside, f.Path("y"))
		if err := f.RemoveAllBut("x"); err != nil || f.Exists("y") || !f.Exists("x") {
			t.Error(err)
		}
		if b, err := os.ReadFile(target); to == "secret" && string(b) != "kept" || to == "missing" && err == nil {
			t.Errorf("%q, %v", b, err)
		}
	}
}

// What somebody has moved within the folder, or the folder itself, is theirs to move.
func TestLinksInside(t *testing.T) {
	home, _ := places(t)
	if err := os.Mkdir(filepath.Join(home, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	link(t, "real", filepath.Join(home, "link"))
	other := filepath.Join(t.TempDir(), "home")
	link(t, home, other)
	f, err := Make(other, filepath.Join(other, "link", "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Write("x", []byte("new"), 0o600); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(home, "real", "data", "x")); string(b) != "new" {
		t.Errorf("%q, %v", b, err)
	}
	if entries, err := os.ReadDir(filepath.Join(home, "real", "data")); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
