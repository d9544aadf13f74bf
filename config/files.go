package config

import (
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
)

// DefaultStatePath is where the state is if no dirform block says otherwise.
const DefaultStatePath = "dirform.dfstate"

// readFiles parses the folder's files and computes the digest.
func (l *loader) readFiles() {
	names, err := configFiles(l.o.Dir)
	if err != nil {
		l.fail(nil, "Configuration folder cannot be read", "%s. Name the folder that holds the *.hcl files with --chdir.", pathError(err))
		return
	}
	if len(names) == 0 {
		l.fail(nil, "No configuration", "The folder %s has no *.hcl files. Write one, or let `dirform init` write a starting configuration.", l.o.Dir)
		return
	}
	digest := sha256.New()
	for _, name := range names {
		src, err := os.ReadFile(filepath.Join(l.o.Dir, name))
		if err != nil {
			l.fail(nil, "Configuration file cannot be read", "%s.", pathError(err))
			l.broken = true
			continue
		}
		// Lengths keep apart what is a name and what is content.
		for _, part := range [][]byte{[]byte(name), src} {
			digest.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
			digest.Write(part)
		}
		l.parse(name, src)
	}
	l.cfg.Digest = "sha256:" + hex.EncodeToString(digest.Sum(nil))
}

// configFiles are the names of the folder's configuration files, sorted.
func configFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		n := e.Name()
		if e.IsDir() || strings.HasPrefix(n, ".") || !strings.HasSuffix(n, ".hcl") || strings.HasSuffix(n, ".dirtest.hcl") {
			continue
		}
		names = append(names, n)
	}
	slices.Sort(names)
	return names, nil
}

func (l *loader) parse(name string, src []byte) {
	file, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	for _, d := range diags {
		if d.Summary == "Invalid single-argument block definition" {
			d.Detail = "A block on one line holds one argument at most. Put every argument on a line of its own."
		}
	}
	l.diags = append(l.diags, diags...)
	l.broken = l.broken || diags.HasErrors()
	if file == nil {
		return
	}
	l.cfg.Files[name] = file
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return
	}
	l.blocks = append(l.blocks, body.Blocks...)
	for _, a := range sortedAttributes(body.Attributes) {
		l.fail(&a.NameRange, "Unknown argument", "The argument %q stands outside of any block. A configuration is made of blocks: %s.",
			a.Name, strings.Join(blockTypes(), ", "))
	}
}

func sortedAttributes(attrs hclsyntax.Attributes) []*hclsyntax.Attribute {
	list := make([]*hclsyntax.Attribute, 0, len(attrs))
	for _, a := range attrs {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *hclsyntax.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	return list
}

// pathError is err without the name of the system call, which says nothing to a person.
func pathError(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Sprintf("%s: %v", p.Path, p.Err)
	}
	return err.Error()
}
