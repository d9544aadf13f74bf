package source

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/config/internal/report"
	"github.com/dirform/dirform/config/internal/sensitive"
	"github.com/dirform/dirform/state/bounds"
	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/inside"
)

// Folder is what the files of a folder hold.
type Folder struct {
	Files  map[string]*hcl.File   // by name; a file whose syntax is broken may be there
	Blocks []*hclsyntax.Block     // at the top level, in order of file names and places
	Stray  []*hclsyntax.Attribute // arguments outside of any block
	Digest string                 // "sha256:…" over names and contents; "" if there are no files
	Broken bool                   // a file could not be read or parsed, so that blocks may be missing
}

// Read parses all *.hcl files of a folder but *.dirtest.hcl and those whose names begin with a dot. What is wrong goes
// to diags: of a file whose syntax is broken only the first mistake.
func Read(dir string, diags *report.List) Folder {
	f := Folder{Files: map[string]*hcl.File{}}
	names, err := filesOf(dir)
	switch {
	case err != nil:
		diags.Fail(nil, "Configuration folder cannot be read",
			"%s. Name the folder that holds the *.hcl files with --chdir.", PathError(err))
		return f
	case len(names) == 0:
		diags.Fail(nil, "No configuration", "The folder %s has no *.hcl files. Write one, or let `dirform init` "+
			"write a starting configuration.", dir)
		return f
	}
	digest, total := sha256.New(), 0
	for _, name := range names {
		src, err := bounds.ReadFile(filepath.Join(dir, name), bounds.ConfigFile)
		if err != nil {
			diags.Fail(nil, "Configuration file cannot be read", "%s.", PathError(err))
			f.Broken = true
			continue
		}
		if total += len(src); total > bounds.Config {
			diags.Fail(nil, "Configuration too large", "The *.hcl files of %s hold more than %d bytes together. Keep lists "+
				"of people in the directory.", dir, bounds.Config)
			f.Broken = true
			return f
		}
		src = Unix(src)
		// Lengths keep apart what is a name and what is content.
		for _, part := range [][]byte{[]byte(name), src} {
			digest.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
			digest.Write(part)
		}
		if err := Foreign(filepath.Join(dir, name), src); err != nil {
			diags.Fail(nil, err.Summary, "%s", err.Detail)
			f.Broken = true
			continue
		}
		f.parse(name, src, diags)
	}
	f.Digest = "sha256:" + hex.EncodeToString(digest.Sum(nil))
	return f
}

// filesOf are the names of a folder's configuration files, sorted.
func filesOf(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		n := e.Name()
		skip := e.IsDir() || strings.HasPrefix(n, ".") || strings.HasSuffix(n, ".dirtest.hcl")
		if !skip && strings.HasSuffix(n, ".hcl") {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Foreign is an error about a file that is a link to something else outside of its folder than a file of the language: none of its
// lines may be shown. Whoever writes a configuration does not thereby get to see what only those may read who run dirform on it.
func Foreign(path string, src []byte) *fault.Error {
	if !inside.LeadsOut(filepath.Dir(path), path) || onlyBlocks(src, path) {
		return nil
	}
	return &fault.Error{Summary: "Link to something else", Detail: path + " is a link to a file outside of its folder that holds " +
		"something else than blocks of dirform's language. Nothing of it is shown, since it may not be meant to be seen here."}
}

// onlyBlocks reports whether a file is one of the language, as far as that can be told without knowing its blocks.
func onlyBlocks(src []byte, name string) bool {
	file, diags := Parse(src, name)
	if file == nil || diags.HasErrors() {
		return false
	}
	body, ok := file.Body.(*hclsyntax.Body)
	return ok && len(body.Attributes) == 0
}

func (f *Folder) parse(name string, src []byte, to *report.List) {
	file, diags := Parse(src, name)
	for _, d := range diags {
		if d.Summary == "Invalid single-argument block definition" {
			d.Detail = "A block on one line holds one argument at most. Put every argument on a line of its own."
		}
	}
	if file != nil {
		f.Files[name] = file
	}
	if diags.HasErrors() {
		to.Add(hcl.Diagnostics{FirstError(src, diags)})
		f.Broken = true
		return
	}
	to.Add(diags)
	if file == nil {
		return
	}
	if body, ok := file.Body.(*hclsyntax.Body); ok {
		f.Blocks = append(f.Blocks, body.Blocks...)
		f.Stray = append(f.Stray, Attributes(body)...)
	}
}

// Former puts the settings of another file, of that name, in place of the folder's dirform blocks: its dirform blocks, or, if it has
// none, all that it holds as one. It needs a state block.
func (f *Folder) Former(name string, src []byte, diags *report.List) {
	kept := slices.DeleteFunc(f.Blocks, func(b *hclsyntax.Block) bool { return b.Type == "dirform" })
	f.Blocks = nil
	if f.parse(name, Unix(src), diags); f.Broken {
		return
	}
	own := slices.DeleteFunc(slices.Clone(f.Blocks), func(b *hclsyntax.Block) bool { return b.Type != "dirform" })
	if len(own) == 0 {
		body := f.Files[name].Body.(*hclsyntax.Body) // as the parser makes it
		own = []*hclsyntax.Block{{Type: "dirform", Body: body, TypeRange: body.SrcRange, OpenBraceRange: body.SrcRange}}
	}
	f.Blocks = append(kept, own...)
	for _, b := range own {
		if slices.ContainsFunc(b.Body.Blocks, func(in *hclsyntax.Block) bool { return in.Type == "state" }) {
			return
		}
	}
	diags.Fail(nil, "Where the state was is not known", "%s has no state block. Write the one of the former place into it.", name)
	f.Broken = true
}

// FirstError is the one to correct among a parser's errors about src; there must be one. Behind a missing quote or
// brace the parser takes everything for something else, and what it says about that sends people to lines that are
// right. No block was read yet that would tell where secrets are, so a line that may show one is hidden.
func FirstError(src []byte, diags hcl.Diagnostics) *hcl.Diagnostic {
	var first *hcl.Diagnostic
	for _, d := range diags {
		if d.Severity == hcl.DiagError && (first == nil || before(d, first)) {
			first = d
		}
	}
	if first.Subject != nil && sensitive.Beside(src, first.Subject.Start.Byte) {
		first.Extra = report.Hidden{}
	}
	return first
}

func before(a, b *hcl.Diagnostic) bool {
	return a.Subject != nil && b.Subject != nil && a.Subject.Start.Byte < b.Subject.Start.Byte
}

// Attributes are the arguments of a body in the order of their places.
func Attributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	list := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.NameRange.Start.Byte, b.NameRange.Start.Byte)
	})
	return list
}

// PathError is err without the name of the system call, which says nothing to a person.
func PathError(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Sprintf("%s: %v", p.Path, p.Err)
	}
	return err.Error()
}
