package render

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/dirform/dirform/state"
)

const (
	outer = "  "     // indent of a block's first line
	inner = "      " // indent of the others
)

func (t *text) change(c *state.Change) {
	st := styleOf(c.Action)
	t.line()
	t.line(outer, t.paint(st.color, st.symbol+" "), t.paint(bold, plain(c.Address)), " ", t.fate(c, st))
	t.note(c.SourceDN)
	if m := c.Match; m != nil && matters(c.Action) && !t.drift {
		t.note("matched by " + m.Rule + " " + m.Value)
	}
	if r := c.Replaces; r != nil && !t.drift {
		t.note(fmt.Sprintf("takes the place of its link to object %s of scope %s (anchor %s)", r.SourceGUID, r.Scope, r.Anchor))
	}
	t.note(t.why(c))
	t.attributes(c)
	for _, a := range c.SourceAttributes {
		t.line(inner, "in Active Directory: ", plain(a.Name), ": ", t.arrow(a.Before, a.After))
	}
}

// fate is what happens to the object of c.
func (t *text) fate(c *state.Change, st style) string {
	switch {
	case t.drift && c.Action == state.ActionRestore:
		return "was deleted outside dirform and lies in the recycle bin"
	case t.drift:
		return "was changed outside dirform"
	}
	switch {
	case c.TargetID == "":
		return st.will
	case c.Action == state.ActionLink || c.Action == state.ActionRelink || c.Action == state.ActionRestore:
		return st.will + " to " + plain(c.TargetID)
	case c.Action == state.ActionUnlink:
		return st.will + " from " + plain(c.TargetID)
	case c.Action == state.ActionDisable || c.Action == state.ActionDelete:
		return st.will + " (" + plain(c.TargetID) + ")"
	}
	return st.will
}

// why is the reason of c and where it is declared.
func (t *text) why(c *state.Change) string {
	switch {
	case c.DeclaredAt == "" && t.drift:
		return ""
	case t.drift:
		return "declared at " + c.DeclaredAt
	case c.DeclaredAt == "":
		return c.Reason
	}
	return strings.TrimSpace(c.Reason + " (" + c.DeclaredAt + ")")
}

// matters reports whether a makes a new pair, so that a reader has to know on what evidence.
func matters(a state.Action) bool {
	return a == state.ActionLink || a == state.ActionRelink || a == state.ActionRestore
}

// note writes a line about the change, as a comment.
func (t *text) note(s string) {
	if s != "" {
		t.line(inner, t.paint(dim, "# "+plain(s)))
	}
}

// attributes writes one line per attribute, or several for a list, with the values aligned.
func (t *text) attributes(c *state.Change) {
	width := 0
	for _, a := range c.Attributes {
		width = max(width, utf8.RuneCountInString(plain(a.Name)))
	}
	for _, a := range c.Attributes {
		a.Before, a.After = named(a.Before, a.BeforeName), named(a.After, a.AfterName)
		name := plain(a.Name)
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(name))
		if c.Action == state.ActionCreate && a.Before.IsNull() {
			t.line(inner, name, pad, " = ", show(a.After, t.o.Verbose))
			continue
		}
		if c.Action == state.ActionDelete && a.After.IsNull() {
			t.line(inner, name, pad, " = ", show(a.Before, t.o.Verbose))
			continue
		}
		t.attribute(name, pad, a)
	}
	if m := c.Members; m != nil {
		t.line(inner, fmt.Sprintf("members: %d added, %d removed", len(m.Add), len(m.Remove)))
		t.items(t.paint(green, "+"), m.Add)
		t.items(t.paint(red, "-"), m.Remove)
	}
}

// named is a reference by its readable name, and any other value as it is.
func named(v state.Value, name string) state.Value {
	if name == "" {
		return v
	}
	return state.String(name)
}

func (t *text) attribute(name, pad string, a state.AttributeChange) {
	mark := ""
	if a.Drift && !t.drift {
		mark = " " + t.paint(yellow, "(changed outside dirform)")
	}
	before, after := a.Before.List(), a.After.List()
	switch {
	case t.drift:
		t.line(inner, name, ": ", pad, show(a.Before, t.o.Verbose), " in the tenant, ", show(a.After, t.o.Verbose), " declared")
	case len(before)+len(after) > 2 && listOrNull(a.Before) && listOrNull(a.After):
		t.list(name, pad, before, after, mark)
	case isAnchor(a.Name): // marking what two anchors have in common would only make them hard to copy
		t.line(inner, name, ": ", pad, show(a.Before, t.o.Verbose), " -> ", show(a.After, t.o.Verbose), mark)
	case !a.Via.IsNull():
		t.line(inner, name, ": ", pad, t.arrow(a.Before, a.After), " (by way of ", show(a.Via, t.o.Verbose), ")", mark)
	default:
		t.line(inner, name, ": ", pad, t.arrow(a.Before, a.After), mark)
	}
}

func listOrNull(v state.Value) bool { return v.Kind() == state.ListValue || v.IsNull() }

// list writes what is added to and removed from a list.
func (t *text) list(name, pad string, before, after []string, mark string) {
	added, removed, kept := listChange(before, after)
	var counts []string
	for _, n := range []struct {
		n    int
		word string
	}{{len(added), "added"}, {len(removed), "removed"}, {kept, "kept"}} {
		if n.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n.n, n.word))
		}
	}
	t.line(inner, name, ": ", pad, strings.Join(counts, ", "), mark)
	t.items(t.paint(green, "+"), added)
	t.items(t.paint(red, "-"), removed)
}

func (t *text) items(symbol string, items []string) {
	for i, s := range items {
		if i == maxItems && !t.o.Verbose {
			t.line(inner, outer, symbol, fmt.Sprintf(" … and %d more", len(items)-i))
			return
		}
		t.line(inner, outer, symbol, " ", show(state.String(s), t.o.Verbose))
	}
}

// arrow is "before -> after", or one string with the changed part marked as [-before-]{+after+}.
func (t *text) arrow(before, after state.Value) string {
	if before.Kind() == state.StringValue && after.Kind() == state.StringValue {
		if parts := mark(before.Str(), after.Str(), t.o.Verbose); parts != nil {
			return t.marked(parts)
		}
	}
	return show(before, t.o.Verbose) + " -> " + show(after, t.o.Verbose)
}

func (t *text) marked(parts []part) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, p := range parts {
		switch p.op {
		case diffmatchpatch.DiffDelete:
			b.WriteString(t.paint(red, "[-"+p.text+"-]"))
		case diffmatchpatch.DiffInsert:
			b.WriteString(t.paint(green, "{+"+p.text+"+}"))
		default:
			b.WriteString(p.text)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (t *text) alike(c *state.Change, g *group) {
	st := styleOf(c.Action)
	title := plural(g.size, c.Kind)
	short := len(c.Attributes) == 1 && !(listOrNull(c.Attributes[0].Before) && listOrNull(c.Attributes[0].After))
	t.line()
	if a := c.Attributes[0]; short && !t.drift {
		line := " " + plain(a.Name) + " " + t.arrow(a.Before, a.After)
		if a.Drift {
			line += " " + t.paint(yellow, "(changed outside dirform)")
		}
		t.line(outer, t.paint(st.color, st.symbol+" "), t.paint(bold, title+":"), line)
	} else {
		fate := "will be updated alike"
		if t.drift {
			fate = "were changed alike outside dirform"
		}
		t.line(outer, t.paint(st.color, st.symbol+" "), t.paint(bold, title), " ", fate)
		t.attributes(c)
	}
	for _, address := range g.first {
		t.line(inner, plain(address))
	}
	if n := g.size - len(g.first); n > 0 {
		t.line(inner, fmt.Sprintf("… and %d more", n))
	}
}

func (t *text) moreCreates(c *state.Change, n int) {
	st := styleOf(state.ActionCreate)
	in := ""
	if c.Scope != "" {
		in = " of scope " + plain(c.Scope)
	}
	t.line()
	t.line(outer, t.paint(st.color, st.symbol+" "), t.paint(bold, fmt.Sprintf("… and %d more", n)),
		strings.TrimLeft(plural(n, c.Kind), "0123456789"), in, " will be created", seeAll)
}

// seeAll is where to find what was folded.
const seeAll = " (dirform show --json lists all)"

// isAnchor reports whether the objects of some kind keep their anchors in the named attribute.
func isAnchor(name string) bool {
	return slices.ContainsFunc(state.Kinds, func(d *state.Descriptor) bool { return d.Anchor == name })
}
