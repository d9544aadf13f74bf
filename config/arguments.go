package config

import (
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/config/internal/sensitive"
	"github.com/dirform/dirform/config/internal/values"
	"github.com/dirform/dirform/state/near"
)

// has reports whether the block has the argument.
func (c *content) has(name string) bool { return c.attrs[name] != nil }

// at is the range of an argument's value.
func (c *content) at(name string) *hcl.Range { return c.attrs[name].Expr.Range().Ptr() }

// value is the argument converted to type t. ok is false if it is not there, wrong, or not known because of an earlier mistake.
func (c *content) value(name string, t cty.Type) (v cty.Value, ok bool) {
	a := c.attrs[name]
	if a == nil || c.l.o.Secretless && sensitive.Credential(c.block.Type, name) {
		return cty.NilVal, false
	}
	if why := c.l.secrets.Why(a.Expr); why != nil && !sensitive.Credential(c.block.Type, name) {
		c.ok = false
		if why.Missing && slices.Contains([]string{"provider", "kerberos", "state"}, c.block.Type) { // what is not to be reached
			return cty.NilVal, false
		}
		c.l.secrets.Misplaced(c.at(name), name, why)
		return cty.NilVal, false
	}
	v, ok = c.l.eval(a.Expr)
	if !ok {
		c.ok = false
		return v, false
	}
	given := v.Type()
	v, err := convert.Convert(v, t)
	switch {
	case err != nil:
		c.badValue(name, "Wrong type", "%s must be %s, but this is %s.", name, values.TypeName(t), values.TypeName(given))
	case v.IsNull():
		c.badValue(name, "Value missing", "%s is null here. Give it a value or remove the argument.", name)
	case !v.IsWhollyKnown():
		c.ok = false
	default:
		return v, true
	}
	return v, false
}

// bad records a mistake in an argument.
func (c *content) bad(name, summary, format string, args ...any) {
	c.ok = false
	c.l.fail(c.at(name), summary, format, args...)
}

// badValue is bad for a mistake that depends on the argument's value, which is kept back where the value is computed from a
// sensitive one.
func (c *content) badValue(name, summary, format string, args ...any) {
	if !c.l.secrets.Computed(c.attrs[name].Expr) {
		c.bad(name, summary, format, args...)
		return
	}
	c.ok = false
	c.l.secrets.Failed()
}

// text is a string argument, "" if there is none. An empty string is a mistake.
func (c *content) text(name string) string {
	v, ok := c.value(name, cty.String)
	if !ok {
		return ""
	}
	if v.AsString() == "" {
		c.empty(name, name+" is empty", "Give it a value or remove the argument")
	}
	return v.AsString()
}

// namesContainers are the arguments that hold distinguished names.
var namesContainers = []string{"ou", "ous", "exclude", "base_dn"}

// empty records the mistake of an empty string.
func (c *content) empty(name, what, cure string) {
	if slices.Contains(namesContainers, name) {
		c.badValue(name, "Empty distinguished name", "%s, and an empty distinguished name names no container. Write one, such as OU=Staff,DC=corp,DC=contoso,DC=com, or remove it.", what)
		return
	}
	c.badValue(name, "Value missing", "%s. %s.", what, cure)
}

// texts is a list argument.
func (c *content) texts(name string) []string {
	v, ok := c.value(name, cty.List(cty.String))
	if !ok {
		return nil
	}
	var list []string
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsNull() || e.AsString() == "" {
			c.empty(name, "An element of "+name+" is empty", "Remove it")
			continue
		}
		list = append(list, e.AsString())
	}
	return list
}

// oneOrMore is a value that is written with one of two arguments: url and urls.
func (c *content) oneOrMore(one, more string) []string {
	if c.has(one) && c.has(more) {
		c.bad(more, "Conflicting arguments", "%s and %s say the same. Keep %s with all the values and remove %s.", one, more, more, one)
		return nil
	}
	if c.has(one) {
		if s := c.text(one); s != "" {
			return []string{s}
		}
		return nil
	}
	list := c.texts(more)
	if c.has(more) && c.ok && len(list) == 0 {
		c.bad(more, "Value missing", "%s is empty. At least one is needed.", more)
	}
	return list
}

func (c *content) flag(name string) bool {
	v, ok := c.value(name, cty.Bool)
	return ok && v.True()
}

// number is a number argument that may not be less than low.
func (c *content) number(name string, low float64, whole bool) (float64, bool) {
	v, ok := c.value(name, cty.Number)
	if !ok {
		return 0, false
	}
	f, _ := v.AsBigFloat().Float64()
	if _, accuracy := v.AsBigFloat().Int64(); whole && accuracy != big.Exact {
		c.bad(name, "Number out of range", "%s must be a whole number.", name)
		return 0, false
	}
	if f < low {
		c.bad(name, "Number out of range", "%s is %s, but it can't be less than %v.", name, c.shown(name, f), low)
		return 0, false
	}
	return f, true
}

// choice is a string argument that must be one of values, of which the first is the default.
func (c *content) choice(name string, values ...string) string {
	s := c.text(name)
	if s == "" || slices.Contains(values, s) {
		if s == "" {
			return values[0]
		}
		return s
	}
	c.bad(name, "Unknown value", "%s can't be %s.%s It is one of %s.", name, c.shown(name, s), c.suggest(name, s, values), quoted(values))
	return values[0]
}

// sensitive reports whether the block has the argument and its value is sensitive.
func (c *content) sensitive(name string) bool {
	return c.has(name) && c.l.secrets.Why(c.attrs[name].Expr) != nil
}

// shown is an argument's value for a message, unless it is a secret.
func (c *content) shown(name string, v any) string {
	if c.sensitive(name) {
		return "(sensitive value)"
	}
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(v)
}

// suggest is "Did you mean …?" for an argument's value, unless it is a secret.
func (c *content) suggest(name, v string, values []string) string {
	if c.sensitive(name) {
		return ""
	}
	return near.DidYouMean(v, values)
}

func quoted(values []string) string {
	q := make([]string, len(values))
	for i, v := range values {
		q[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(q, ", ")
}

// file is the path of a file argument, relative to the configuration's folder.
func (c *content) file(name string) string {
	s := c.text(name)
	if s == "" || filepath.IsAbs(s) {
		return s
	}
	return filepath.Join(c.l.o.Dir, s)
}

// reference is an argument such as scope = scope.staff: the labels of the block of type root it refers to.
func (c *content) reference(name, root string, labels int) []string {
	a := c.attrs[name]
	t, diags := hcl.AbsTraversalForExpr(a.Expr)
	if !diags.HasErrors() && len(t) == labels+1 && t.RootName() == root {
		var out []string
		for _, step := range t[1:] {
			if s, ok := step.(hcl.TraverseAttr); ok {
				out = append(out, s.Name)
			}
		}
		if len(out) == labels {
			return out
		}
	}
	form, hint := root+".NAME", ""
	if root == "provider" {
		form = `provider.ad.NAME`
	}
	if t, ok := a.Expr.(*hclsyntax.TemplateExpr); ok && t.IsStringLiteral() {
		if v, _ := t.Value(nil); hclsyntax.ValidIdentifier(v.AsString()) {
			hint = fmt.Sprintf(" Without quotes: %s = %s.", name, strings.Replace(form, "NAME", v.AsString(), 1))
		}
	}
	c.bad(name, "Reference expected", "%s refers to a block and is written %s = %s.%s", name, name, form, hint)
	return nil
}

// eval computes an expression without a source object. ok is false if that ended in errors, which are recorded.
func (l *loader) eval(e hclsyntax.Expression) (v cty.Value, ok bool) {
	diags := l.lib.Check(e)
	for _, t := range e.Variables() {
		diags = append(diags, expr.CheckReference(t, l.vars, false)...)
	}
	l.diags.Add(diags)
	if diags.HasErrors() {
		return v, false
	}
	secret, computed := l.secrets.Why(e) != nil, l.secrets.Computed(e)
	if computed {
		l.secrets.Watch(e)
	}
	v, diags = expr.Evaluate(e, l.vars, l.lib)
	switch {
	case computed && diags.HasErrors():
		l.secrets.Failed()
		return v, false
	case secret:
		sensitive.Redact(diags)
	}
	l.diags.Add(diags)
	return v, !diags.HasErrors()
}
