package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/config/internal/report"
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
	if file != nil {
		l.cfg.Files[name] = file
	}
	if diags.HasErrors() {
		l.diags = append(l.diags, firstSyntaxError(src, diags))
		l.broken = true
		return
	}
	l.diags = append(l.diags, diags...)
	if file == nil {
		return
	}
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

// firstSyntaxError is the one to correct: behind a missing quote or brace the parser takes everything for something else, and what
// it says about that sends people to lines that are right. No block was read yet that would tell where secrets are.
func firstSyntaxError(src []byte, diags hcl.Diagnostics) *hcl.Diagnostic {
	var first *hcl.Diagnostic
	for _, d := range diags {
		if d.Severity == hcl.DiagError && (first == nil || before(d, first)) {
			first = d
		}
	}
	if first.Subject != nil && besideSecret(src, first.Subject.Start.Byte) {
		first.Extra = report.Hidden{}
	}
	return first
}

func before(a, b *hcl.Diagnostic) bool {
	return a.Subject != nil && b.Subject != nil && a.Subject.Start.Byte < b.Subject.Start.Byte
}

var (
	secretName    = regexp.MustCompile(`(?i)password|secret|token|(^|[{,])\s*default\b`) // a variable's default may be one
	argumentStart = regexp.MustCompile(`(?m)^\s*([A-Za-z_][A-Za-z0-9_-]*)\s*=\s*(.*)$`)
	openValue     = regexp.MustCompile(`^<<|[(\[{]\s*$`)
)

// besideSecret reports whether the line at a position may show a secret: it names one, or goes on with the value of one.
func besideSecret(src []byte, at int) bool {
	at = min(at, len(src))
	from := bytes.LastIndexByte(src[:at], '\n') + 1
	to := len(src)
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		to = at + i
	}
	if secretName.Match(src[from:to]) {
		return true
	}
	arguments := argumentStart.FindAllSubmatch(src[:from], -1)
	if len(arguments) == 0 {
		return false
	}
	last := arguments[len(arguments)-1]
	return secretName.Match(last[1]) && openValue.Match(last[2])
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
