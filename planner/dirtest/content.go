package dirtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/state/near"
)

// spec is what a block may hold.
type spec struct {
	labels    int      // 1: a label; 0: none; -1: one or none
	arguments []string // NAME = VALUE
	maps      []string // NAME = { … }, or NAME { … }
	blocks    []string // that may be repeated
	once      []string // that may not
}

// grammar is what each block of a test file may hold, by its type.
var grammar = map[string]spec{
	"": {arguments: []string{"now", "domains", "upn_suffixes"}, maps: []string{"variables"}, blocks: []string{"test",
		"source", "account"}},
	"test": {labels: 1, arguments: []string{"now", "domains", "upn_suffixes", "first_run", "directory_sync", "targets",
		"excludes"},
		maps: []string{"variables", "allow"}, blocks: []string{"source", "account"}, once: []string{"expect"}},
	"source": {labels: 1, arguments: []string{"object", "dn", "gone"}, maps: []string{"attributes"}},
	"account": {labels: 1, arguments: []string{"object", "linked_to", "scope", "left", "deleted", "mailbox", "roles"},
		maps: []string{"attributes", "applied"}},
	"expect": {arguments: []string{"unchanged", "blocked", "skipped", "out_of_scope", "applicable", "refused_by",
		"only", "error"}, maps: []string{"summary"},
		blocks: []string{"change", "finding"}},
	"change":  {labels: 1, arguments: []string{"action", "reason", "only"}, maps: []string{"attributes", "before"}},
	"finding": {labels: -1, arguments: []string{"code", "severity", "attribute", "contains"}},
}

// content is a block taken apart by its spec.
type content struct {
	d     *decoder
	name  string // of the block's type
	at    hcl.Range
	label string
	attrs map[string]*hclsyntax.Attribute
	maps  map[string]hclsyntax.Expression
	pairs map[string][]pair
	inner []*hclsyntax.Block
}

// pair is one NAME = VALUE of a map.
type pair struct {
	name string
	at   hcl.Range
	expr hclsyntax.Expression
}

// decoder collects what is wrong.
type decoder struct {
	diags hcl.Diagnostics
	lib   *expr.Library
	files map[string]*hcl.File
}

func (d *decoder) fail(at hcl.Range, summary, format string, args ...any) {
	d.diags = append(d.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format,
		args...), Subject: &at})
}

func place(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }

// block takes a block apart.
func (d *decoder) block(b *hclsyntax.Block) *content {
	s := grammar[b.Type]
	c := d.body(b.Type, b.Body, b.DefRange(), s)
	switch {
	case len(b.Labels) == 1 && s.labels != 0:
		if c.label = b.Labels[0]; strings.TrimSpace(c.label) == "" {
			d.fail(b.LabelRanges[0], "Empty name", "A %s block has a name by which people know it: %s \"NAME\" {…}.",
				b.Type, b.Type)
		}
	case len(b.Labels) == 0 && s.labels != 1:
	case s.labels == 1:
		d.fail(b.DefRange(), "One name expected", "A %s block has one name: %s \"NAME\" {…}.", b.Type, b.Type)
	default:
		d.fail(b.LabelRanges[len(b.LabelRanges)-1], "Name not expected", "Write %s {…} without further names.", b.Type)
	}
	return c
}

// body takes apart what a block, or a file, holds.
func (d *decoder) body(name string, body *hclsyntax.Body, at hcl.Range, s spec) *content {
	c := &content{d: d, name: name, at: at, attrs: map[string]*hclsyntax.Attribute{}, pairs: map[string][]pair{},
		maps: map[string]hclsyntax.Expression{}}
	for _, a := range body.Attributes {
		switch {
		case slices.Contains(s.arguments, a.Name):
			c.attrs[a.Name] = a
		case slices.Contains(s.maps, a.Name):
			c.maps[a.Name], c.pairs[a.Name] = a.Expr, d.object(a)
		case slices.Contains(s.blocks, a.Name), slices.Contains(s.once, a.Name):
			d.fail(a.NameRange, "Block expected", "%q is a block here: write %s {…} without the equals sign.", a.Name,
				a.Name)
		default:
			d.unknown(a.NameRange, "argument", a.Name, name, s)
		}
	}
	once := map[string]hcl.Range{}
	for _, in := range body.Blocks {
		first, twice := once[in.Type]
		switch {
		case twice:
			d.fail(in.DefRange(), "Declared twice", "%s was declared before, at %s. Merge the two.", in.Type,
				place(first))
		case slices.Contains(s.blocks, in.Type):
			c.inner = append(c.inner, in)
		case slices.Contains(s.once, in.Type):
			once[in.Type] = in.DefRange()
			c.inner = append(c.inner, in)
		case slices.Contains(s.maps, in.Type):
			once[in.Type] = in.DefRange()
			c.pairs[in.Type] = append(c.pairs[in.Type], d.mapBlock(in)...)
		case slices.Contains(s.arguments, in.Type):
			d.fail(in.TypeRange, "Argument expected", "%q is an argument here: write %s = … with an equals sign.",
				in.Type, in.Type)
		default:
			d.unknown(in.TypeRange, "block", in.Type, name, s)
		}
	}
	return c
}

func (d *decoder) unknown(at hcl.Range, what, name, in string, s spec) {
	known := slices.Concat(s.arguments, s.maps, s.blocks, s.once)
	slices.Sort(known)
	where := "A test file"
	if in != "" {
		where = "The block " + in
	}
	d.fail(at, "Unknown "+what, "%s has no %s %q.%s It may have %s.", where, what, name, near.DidYouMean(name, known),
		strings.Join(known, ", "))
}

// object are the pairs of NAME = { … }.
func (d *decoder) object(a *hclsyntax.Attribute) (list []pair) {
	o, ok := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		d.fail(a.Expr.Range(), "Wrong type",
			"%s is a list of names with values: write %s = { NAME = VALUE }, each on a line of its own.", a.Name, a.Name)
		return nil
	}
	for _, item := range o.Items {
		key, diags := item.KeyExpr.Value(nil)
		if diags.HasErrors() || key.Type() != cty.String || key.IsNull() {
			d.fail(item.KeyExpr.Range(), "Name expected", "%s holds NAME = VALUE.", a.Name)
			continue
		}
		list = append(list, pair{key.AsString(), item.KeyExpr.Range(), item.ValueExpr})
	}
	return d.unique(list)
}

// mapBlock are the pairs of NAME { … }.
func (d *decoder) mapBlock(b *hclsyntax.Block) (list []pair) {
	for _, name := range slices.Sorted(maps.Keys(b.Body.Attributes)) {
		a := b.Body.Attributes[name]
		list = append(list, pair{name, a.NameRange, a.Expr})
	}
	for _, in := range b.Body.Blocks {
		d.fail(in.TypeRange, "Unknown block", "%s holds NAME = VALUE and no blocks.", b.Type)
	}
	if len(b.Labels) > 0 {
		d.fail(b.LabelRanges[0], "Name not expected", "Write %s {…} without a name.", b.Type)
	}
	return d.unique(list)
}

// unique refuses names that stand twice in a map, whatever their case.
func (d *decoder) unique(list []pair) []pair {
	seen := map[string]bool{}
	for _, p := range list {
		if seen[strings.ToLower(p.name)] {
			d.fail(p.at, "Declared twice", "%s stands here twice. Remove one of the two.", p.name)
		}
		seen[strings.ToLower(p.name)] = true
	}
	return list
}

// has reports whether there is an argument of a name.
func (c *content) has(name string) bool { return c.attrs[name] != nil }

// value computes an expression. Nothing outside of it decides: no variable, and nothing of the environment.
func (d *decoder) value(e hclsyntax.Expression) (v cty.Value, ok bool) {
	diags := d.lib.Check(e)
	for _, t := range e.Variables() {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Value is not written out",
			Subject: t.SourceRange().Ptr(),
			Detail: fmt.Sprintf("A test says what is there by itself, and knows no %s. Texts stand in quotes.",
				t.RootName())})
	}
	if !diags.HasErrors() {
		v, diags = expr.Evaluate(e, nil, d.lib)
	}
	d.diags = append(d.diags, diags...)
	return v, !diags.HasErrors()
}

// as is an argument converted to a type; ok is false if it is not there, or wrong.
func (c *content) as(name, what string, t cty.Type) (v cty.Value, ok bool) {
	a := c.attrs[name]
	if a == nil {
		return v, false
	}
	if v, ok = c.d.value(a.Expr); !ok {
		return v, false
	}
	v, err := convert.Convert(v, t)
	if err != nil || v.IsNull() || !v.IsWhollyKnown() {
		c.d.fail(a.Expr.Range(), "Wrong type", "%s is %s.", name, what)
		return v, false
	}
	return v, true
}

func (c *content) text(name string) string {
	v, ok := c.as(name, "a text in quotes", cty.String)
	if !ok {
		return ""
	}
	if v.AsString() == "" {
		c.d.fail(c.attrs[name].Expr.Range(), "Value missing", "%s is empty. Give it a value or remove the argument.",
			name)
	}
	return v.AsString()
}

func (c *content) flag(name string) bool {
	v, ok := c.as(name, "true or false", cty.Bool)
	return ok && v.True()
}

// texts is a list argument; what is there but empty is not nil.
func (c *content) texts(name string) []string {
	v, ok := c.as(name, "a list of texts: [\"…\"]", cty.List(cty.String))
	if !ok {
		return nil
	}
	list := []string{}
	for _, e := range v.AsValueSlice() {
		if e.IsNull() || e.AsString() == "" {
			c.d.fail(c.attrs[name].Expr.Range(), "Value missing", "An element of %s is empty. Remove it.", name)
			continue
		}
		list = append(list, e.AsString())
	}
	return list
}

// choice is a text that is one of values, "" if it is not there.
func (c *content) choice(name string, values []string) string {
	s := c.text(name)
	if s != "" && !slices.Contains(values, s) {
		c.d.fail(c.attrs[name].Expr.Range(), "Unknown value", "%s can't be %q.%s It is one of %s.", name, s,
			near.DidYouMean(s, values),
			strings.Join(values, ", "))
	}
	return s
}

// counts is a map of whole numbers with names out of known.
func (c *content) counts(name string, known []string) map[string]int {
	list, there := c.pairs[name]
	if !there {
		return nil
	}
	numbers := map[string]int{}
	for _, p := range list {
		if !slices.Contains(known, p.name) {
			c.d.fail(p.at, "Unknown name", "%s has no %q.%s It may have %s.", name, p.name, near.DidYouMean(p.name,
				known), strings.Join(known, ", "))
			continue
		}
		v, ok := c.d.value(p.expr)
		if !ok {
			continue
		}
		n := 0
		if v.Type() == cty.Number && v.IsKnown() && !v.IsNull() {
			f, _ := v.AsBigFloat().Float64()
			if n = int(f); float64(n) == f && n >= 0 {
				numbers[p.name] = n
				continue
			}
		}
		c.d.fail(p.expr.Range(), "Wrong type", "%s is a whole number.", p.name)
	}
	return numbers
}
