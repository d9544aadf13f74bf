package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/dirform/dirform/config/internal/report"
	"github.com/dirform/dirform/config/internal/sensitive"
	"github.com/dirform/dirform/config/internal/source"
	"github.com/dirform/dirform/state/near"
)

// blockType is a type of top-level block and what its labels are called.
type blockType struct {
	name   string
	labels []string
	unique bool // two of the same labels are a mistake
}

var topBlocks = []blockType{
	{"dirform", nil, true},
	{"variable", []string{"name"}, true},
	{"locals", nil, false},
	{"provider", []string{"type", "name"}, true},
	{"upn_suffix", []string{"domain"}, true},
	{"directory_sync", nil, true},
	{"scope", []string{"name"}, true},
	{"mapping", []string{"name"}, true},
	{"link_policy", []string{"name"}, true},
	{"link", []string{"name"}, true},
	{"guard", []string{"name"}, true},
}

func blockTypes() []string {
	names := make([]string, len(topBlocks))
	for i, t := range topBlocks {
		names[i] = t.name
	}
	return names
}

// sortBlocks checks the types and labels of the top-level blocks, finds double declarations and sorts the rest by type.
func (l *loader) sortBlocks() {
	first := map[string]*hclsyntax.Block{}
	for _, b := range l.blocks {
		i := slices.IndexFunc(topBlocks, func(t blockType) bool { return t.name == b.Type })
		if i < 0 {
			l.fail(&b.TypeRange, "Unknown block", "There is no block of type %q.%s Blocks are %s.", b.Type,
				near.DidYouMean(b.Type, blockTypes()), strings.Join(blockTypes(), ", "))
			continue
		}
		t := topBlocks[i]
		if !l.labels(b, t) {
			continue
		}
		if t.unique {
			key := strings.Join(append([]string{b.Type}, b.Labels...), "\x00")
			if f := first[key]; f != nil {
				l.duplicateBlock(header(b), "This "+title(b), f.DefRange(), b.Labels)
				continue
			}
			first[key] = b
		}
		l.byType[b.Type] = append(l.byType[b.Type], b)
	}
}

// labels checks that a block has the labels of its type, none of them empty.
func (l *loader) labels(b *hclsyntax.Block, t blockType) bool {
	form := t.name
	for _, n := range t.labels {
		form += fmt.Sprintf(" %q", strings.ToUpper(n))
	}
	switch {
	case len(b.Labels) < len(t.labels):
		l.fail(header(b), "Missing label", "A %s block is named by its labels: %s {…}; the %s is missing.", t.name, form, t.labels[len(b.Labels)])
		return false
	case len(b.Labels) > len(t.labels):
		l.fail(&b.LabelRanges[len(t.labels)], "Superfluous label", "%s block is written %s {…}. Remove this label.", capital(one(t.name)),
			form)
		return false
	}
	for i, v := range b.Labels {
		if v == "" {
			l.fail(&b.LabelRanges[i], "Empty label", "The %s of a %s block may not be empty.", t.labels[i], t.name)
			return false
		}
		if t.labels[i] == "name" && t.name != "link" && !hclsyntax.ValidIdentifier(v) {
			l.fail(&b.LabelRanges[i], "Invalid name", "%q is not a name: it must begin with a letter and consist of letters, digits, _ and -, because other blocks and commands refer to it.", v)
			return false
		}
	}
	return true
}

// header is the range of a block's type and labels.
func header(b *hclsyntax.Block) *hcl.Range { r := b.DefRange(); return &r }

// title is a block's type and labels, for messages.
func title(b *hclsyntax.Block) string {
	s := b.Type
	for _, label := range b.Labels {
		s += fmt.Sprintf(" %q", label)
	}
	return s
}

// place is file:line of a range.
func place(r hcl.Range) string { return report.Place(r) }

// spec says what a block may hold.
type spec struct {
	required, optional []string // arguments
	blocks             []string // nested blocks, each at most once
}

// content is a block's checked content.
type content struct {
	l     *loader
	block *hclsyntax.Block
	attrs map[string]*hclsyntax.Attribute
	inner map[string]*hclsyntax.Block
	ok    bool // without unknown or missing parts
}

// content checks which arguments and blocks b has; their values are not looked at.
func (l *loader) content(b *hclsyntax.Block, s spec) *content {
	c := &content{l: l, block: b, attrs: map[string]*hclsyntax.Attribute{}, inner: map[string]*hclsyntax.Block{}, ok: true}
	args := append(slices.Clone(s.required), s.optional...)
	for _, a := range source.Attributes(b.Body) {
		if slices.Contains(args, a.Name) {
			c.attrs[a.Name] = a
			if sensitive.Credential(b.Type, a.Name) {
				l.secrets.HideLiteral(a)
			}
			continue
		}
		c.ok = false
		if sensitive.Meant(b.Type, a.Name, args) {
			l.secrets.HideLiteral(a)
		}
		if slices.Contains(s.blocks, a.Name) {
			l.fail(&a.NameRange, "Block expected", "%q is a block in %s block: write %s {…} without the equals sign.", a.Name, one(b.Type), a.Name)
			continue
		}
		if l.misplaced(a, b.Type) {
			continue
		}
		l.fail(&a.NameRange, "Unknown argument", "%s block has no argument %q.%s %s", capital(one(b.Type)), a.Name,
			near.DidYouMean(a.Name, append(args, s.blocks...)), expected(args, s.blocks))
	}
	for _, in := range b.Body.Blocks {
		c.addBlock(in, s, args)
	}
	for _, name := range s.required {
		if c.attrs[name] == nil {
			c.ok = false
			l.fail(header(b), "Missing argument", "%s needs the argument %q. Add it: %s = …", title(b), name, name)
		}
	}
	return c
}

func (c *content) addBlock(in *hclsyntax.Block, s spec, args []string) {
	l := c.l
	switch {
	case slices.Contains(s.blocks, in.Type):
		if f := c.inner[in.Type]; f != nil {
			l.duplicateBlock(header(in), capital(one(in.Type))+" block", f.DefRange(), in.Labels)
			c.ok = false
			return
		}
		c.inner[in.Type] = in
		return
	case slices.Contains(args, in.Type):
		l.fail(&in.TypeRange, "Argument expected", "%q is an argument of %s block: write %s = … with an equals sign.",
			in.Type, one(c.block.Type), in.Type)
	default:
		l.fail(&in.TypeRange, "Unknown block", "%s block has no block %q.%s %s", capital(one(c.block.Type)), in.Type,
			near.DidYouMean(in.Type, append(slices.Clone(s.blocks), args...)), expected(args, s.blocks))
	}
	c.ok = false
}

func expected(args, blocks []string) string {
	var parts []string
	if len(args) > 0 {
		parts = append(parts, "Its arguments are "+strings.Join(args, ", "))
	}
	if len(blocks) > 0 {
		parts = append(parts, "its blocks are "+strings.Join(blocks, ", "))
	}
	if len(parts) == 0 {
		return "It must be empty."
	}
	return capital(strings.Join(parts, "; ") + ".")
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// one is a type of block with its article.
func one(blockType string) string {
	if blockType[0] == 'e' {
		return "an " + blockType
	}
	return "a " + blockType
}
