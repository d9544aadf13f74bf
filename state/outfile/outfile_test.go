package outfile_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/outfile"
)

func TestMay(t *testing.T) {
	const old = "# earlier\n1\n"
	list := outfile.Kind{Cannot: "cannot write the list", No: "is no list", Example: "list.txt",
		Own: func(b []byte) bool { return bytes.HasPrefix(b, []byte("# earlier")) }}
	record := list
	record.Record = true
	for _, c := range []struct {
		name, content string
		kind          *outfile.Kind
		refused       string // part of the reason; "" if it may be written
	}{
		{"new.txt", "-", &list, ""},
		{"empty.txt", "", &list, ""},
		{"own.txt", old, &list, ""},
		{"notes.txt", "mine", &list, "is no list, and it would be lost"},
		{"main.hcl", "-", &list, "part of the configuration"},
		{"main.hcl", old, &list, "part of the configuration"},
		{"dirform.dfstate", "-", &list, "taken for the state"},
		{"dirform.dfstate.lock", "", &list, "taken for the state"},
		{"dirform.dfstate", old, &record, ""},
		{"dirform.dfstate", "mine", &record, "it would be lost"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, c.name)
		if c.content != "-" {
			if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		link := filepath.Join(dir, "link.txt")
		linked := os.Symlink(path, link) == nil && c.content != "-" // not every system lets everybody make links
		for _, at := range []string{path, link} {
			if at == link && !linked {
				continue
			}
			err := c.kind.Write(at, c.name, func(w io.Writer) error { _, err := io.WriteString(w, "# earlier\n2\n"); return err })
			is, _ := os.ReadFile(path)
			switch {
			case c.refused == "" && (err != nil || string(is) != "# earlier\n2\n"):
				t.Errorf("%s with %q: %v, and it holds %q", c.name, c.content, err, is)
			case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
				t.Errorf("%s with %q: error %v, want %q", c.name, c.content, err, c.refused)
			case c.refused != "" && c.content != "-" && string(is) != c.content:
				t.Errorf("%s with %q: refused, and it holds %q", c.name, c.content, is)
			}
		}
	}
	if err := list.Write("", "", nil); err != nil {
		t.Errorf("no file: %v", err)
	}
}
