package render

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/dirform/dirform/planner/render/internal/view"
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
	t.note(t.where(c))
	if m := c.Match; m != nil && matters(c.Action) && !t.drift && c.ReasonCode != state.BecauseUndone {
		t.note(strings.TrimSpace("matched by " + m.Rule + " " + t.evidence(c)))
	}
	if r := c.Replaces; r != nil && !t.drift {
		if t.o.Verbose {
			t.note(fmt.Sprintf("takes the place of its link to object %s of scope %s (anchor %s)", r.SourceGUID, r.Scope, r.Anchor))
		} else {
			t.note("takes the place of its link to another object of scope " + r.Scope)
		}
	}
	t.note(t.why(c))
	if !t.drift {
		t.newcomer(c)
	}
	t.attributes(c)
	for _, a := range c.SourceAttributes {
		t.line(inner, "in Active Directory: ", plain(a.Name), ": ", t.beforeAfter(a))
	}
}

// where is whom c is about and where in the source.
func (t *text) where(c *state.Change) string {
	if t.o.Verbose || c.SourceDN == "" {
		return c.SourceDN
	}
	w := view.WhoIs(c)
	return strings.Trim(w.Display+" · "+w.Place, " ·")
}

// evidence is the value by which a pair was found; names and addresses only, unless everything is to be shown.
func (t *text) evidence(c *state.Change) string {
	m := c.Match
	if byName := m.Rule != "recorded" && m.Rule != "declared" && m.Value != c.Anchor; byName || t.o.Verbose {
		return m.Value
	}
	return ""
}

// newcomer says what the first sign-in of a new account will be.
func (t *text) newcomer(c *state.Change) {
	signIn := state.Describe(nil)(c.Kind).SignIn
	if c.Action != state.ActionCreate || signIn == "" {
		return
	}
	for _, a := range c.Attributes {
		if a.Name == signIn && a.After.Bool() {
			t.note("first sign-in: " + firstSignIn)
			return
		}
	}
	t.note("first sign-in: none, it is off")
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
	case c.TargetID == "" || !t.o.Verbose:
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
		name := plain(a.Name)
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(name))
		if c.Action == state.ActionCreate && a.Before.IsNull() {
			t.line(inner, name, pad, " = ", t.after(a))
			continue
		}
		if c.Action == state.ActionDelete && a.After.IsNull() {
			t.line(inner, name, pad, " = ", t.before(a))
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

// before and after are a change's values in their colours.
func (t *text) before(a state.AttributeChange) string {
	if t.givesBack(a) {
		return t.paint(red, itsAnchor)
	}
	return t.paint(red, t.value(a.Name, a.Before, a.BeforeName, a.After))
}

func (t *text) after(a state.AttributeChange) string {
	switch {
	case t.givesBack(a) && a.Before.Equal(a.After):
		return t.paint(green, "(stays: it had it before)")
	case t.givesBack(a):
		return t.paint(green, "(the anchor it had)")
	}
	return t.paint(green, t.value(a.Name, a.After, a.AfterName, state.Null()))
}

// itsAnchor stands for the anchor of the object that has the account.
const itsAnchor = "(its anchor)"

// givesBack reports whether a change is that of an anchor, to the one that the account had before a run that is undone.
func (t *text) givesBack(a state.AttributeChange) bool {
	return t.undoes > 0 && !t.o.Verbose && isAnchor(a.Name) && a.Before.Kind() == state.StringValue &&
		a.After.Kind() == state.StringValue
}

// value is a value of an attribute as people read it: a reference by its name, and an anchor as what it is; everything that is
// there in the verbose layout. What replaces it is null if that is of no interest.
func (t *text) value(attribute string, v state.Value, name string, replacedBy state.Value) string {
	switch {
	case name != "":
		v = state.String(name)
	case t.o.Verbose || v.Kind() != state.StringValue:
	case isReference(attribute):
		return "(somebody whose name is not known)"
	case isAnchor(attribute) && !replacedBy.IsNull():
		return "(another anchor)"
	case isAnchor(attribute):
		return itsAnchor
	}
	return show(v, t.o.Verbose)
}

// sourceAnchor is where Active Directory keeps the anchor that dirform writes there.
const sourceAnchor = "mS-DS-ConsistencyGuid"

// values are a change's values, references by their names.
func values(a state.AttributeChange) (before, after state.Value) {
	before, after = a.Before, a.After
	if a.BeforeName != "" {
		before = state.String(a.BeforeName)
	}
	if a.AfterName != "" {
		after = state.String(a.AfterName)
	}
	return before, after
}

// mark says that a change corrects what somebody else did.
func (t *text) mark(a state.AttributeChange) string {
	if !a.Drift || t.drift {
		return ""
	}
	return " " + t.paint(yellow, "(changed outside dirform)")
}

func (t *text) attribute(name, pad string, a state.AttributeChange) {
	mark := t.mark(a)
	before, after := a.Before.List(), a.After.List()
	switch {
	case t.drift:
		t.line(inner, name, ": ", pad, t.before(a), " in the tenant, ", t.after(a), " declared")
	case len(before)+len(after) > 2 && listOrNull(a.Before) && listOrNull(a.After):
		t.list(name, pad, before, after, mark)
	case !a.Via.IsNull():
		t.line(inner, name, ": ", pad, t.beforeAfter(a), " (by way of ", show(a.Via, t.o.Verbose), ")", mark)
	default:
		t.line(inner, name, ": ", pad, t.beforeAfter(a), mark)
	}
}

func listOrNull(v state.Value) bool { return v.Kind() == state.ListValue || v.IsNull() }

// list writes what is added to and removed from a list.
func (t *text) list(name, pad string, before, after []string, mark string) {
	added, removed, _ := listChange(before, after)
	t.line(inner, name, ": ", pad, listCounts(before, after), mark)
	t.items(t.paint(green, "+"), added)
	t.items(t.paint(red, "-"), removed)
}

// listCounts is how much is added to and removed from a list.
func listCounts(before, after []string) string {
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
	return strings.Join(counts, ", ")
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
	return t.paint(red, show(before, t.o.Verbose)) + " -> " + t.paint(green, show(after, t.o.Verbose))
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

// isAnchor reports whether the objects of some kind keep their anchors in the named attribute, on either side.
func isAnchor(name string) bool {
	return strings.EqualFold(name, sourceAnchor) ||
		slices.ContainsFunc(state.Kinds, func(d *state.Descriptor) bool { return d.Anchor == name && name != "" })
}

// isReference reports whether the named attribute of some kind points to another object.
func isReference(name string) bool {
	return slices.ContainsFunc(state.Kinds, func(d *state.Descriptor) bool {
		return slices.ContainsFunc(d.References, func(r state.Reference) bool { return r.Attribute == name })
	})
}
