package render

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"

	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
)

const (
	outer = "  "     // indent of a block's first line
	inner = "      " // indent of the others
)

func (t *text) change(c *state.Change) {
	st := phrase.StyleOf(c.Action)
	t.line()
	t.line(outer, t.paint(colours[st.Tone], st.Symbol+" "), t.paint(bold, plain(c.Address)), " ", t.fate(c, st))
	t.note(t.where(c))
	if m := c.Match; m != nil && phrase.Matters(c.Action) && !t.drift && c.ReasonCode != state.BecauseUndone {
		t.note(strings.TrimSpace("matched by " + m.Rule + " " + t.evidence(c)))
	}
	if r := c.Replaces; r != nil && !t.drift {
		if t.o.Verbose {
			t.note(fmt.Sprintf("takes the place of its link to object %s of scope %s (anchor %s)", r.SourceGUID,
				r.Scope, r.Anchor))
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
func (t *text) fate(c *state.Change, st phrase.Style) string {
	switch {
	case t.drift && c.Action == state.ActionRestore:
		return "was deleted outside dirform and lies in the recycle bin"
	case t.drift:
		return "was changed outside dirform"
	}
	switch {
	case c.TargetID == "" || !t.o.Verbose:
		return st.Will
	case c.Action == state.ActionLink || c.Action == state.ActionRelink || c.Action == state.ActionRestore:
		return st.Will + " to " + plain(c.TargetID)
	case c.Action == state.ActionUnlink:
		return st.Will + " from " + plain(c.TargetID)
	case c.Action == state.ActionDisable || c.Action == state.ActionDelete:
		return st.Will + " (" + plain(c.TargetID) + ")"
	}
	return st.Will
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
func (t *text) before(a state.AttributeChange) string { return t.paint(red, t.values().Before(a)) }

func (t *text) after(a state.AttributeChange) string { return t.paint(green, t.values().After(a)) }

// values are the words for values.
func (t *text) values() phrase.Teller {
	return phrase.Teller{Verbose: t.o.Verbose, Undoes: t.undoes > 0}
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
	case len(before)+len(after) > 2 && phrase.ListOrNull(a.Before) && phrase.ListOrNull(a.After):
		t.list(name, pad, before, after, mark)
	case !a.Via.IsNull():
		t.line(inner, name, ": ", pad, t.beforeAfter(a), " (by way of ", phrase.Show(a.Via, t.o.Verbose), ")", mark)
	default:
		t.line(inner, name, ": ", pad, t.beforeAfter(a), mark)
	}
}

// list writes what is added to and removed from a list.
func (t *text) list(name, pad string, before, after []string, mark string) {
	added, removed, _ := phrase.ListChange(before, after)
	t.line(inner, name, ": ", pad, phrase.ListCounts(before, after), mark)
	t.items(t.paint(green, "+"), added)
	t.items(t.paint(red, "-"), removed)
}

func (t *text) items(symbol string, items []string) {
	for i, s := range items {
		if i == phrase.MaxItems && !t.o.Verbose {
			t.line(inner, outer, symbol, fmt.Sprintf(" … and %d more", len(items)-i))
			return
		}
		t.line(inner, outer, symbol, " ", phrase.Show(state.String(s), t.o.Verbose))
	}
}

// arrow is "before -> after", or one string with the changed part marked as [-before-]{+after+}.
func (t *text) arrow(before, after state.Value) string {
	if before.Kind() == state.StringValue && after.Kind() == state.StringValue {
		if parts := phrase.Mark(before.Str(), after.Str(), t.o.Verbose); parts != nil {
			return t.marked(parts)
		}
	}
	return t.paint(red, phrase.Show(before, t.o.Verbose)) + " -> " + t.paint(green, phrase.Show(after, t.o.Verbose))
}

func (t *text) marked(parts []phrase.Part) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, p := range parts {
		switch p.Op {
		case diffmatchpatch.DiffDelete:
			b.WriteString(t.paint(red, "[-"+p.Text+"-]"))
		case diffmatchpatch.DiffInsert:
			b.WriteString(t.paint(green, "{+"+p.Text+"+}"))
		default:
			b.WriteString(p.Text)
		}
	}
	b.WriteByte('"')
	return b.String()
}
