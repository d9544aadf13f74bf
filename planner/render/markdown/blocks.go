package markdown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
)

// How much is said of what many have in common.
const (
	shownValues = 5 // values of an attribute
	shownHints  = 3 // ways out of findings of a code
)

// frame makes the lines around a block's details: folded where the place can fold. what is HTML or Markdown as the
// place has it.
func (l *layout) frame(b *block, what, table string) {
	if l.o.Place.Flat {
		b.brief = "* " + what + "\n\n"
		b.open = "**" + what + "**\n\n" + table
		b.close = "\n"
		return
	}
	b.brief = "<p>" + what + "</p>\n\n"
	b.open = "<details><summary>" + what + "</summary>\n\n" + table
	b.close = "\n</details>\n\n"
}

// text is text beside a block's details: between tags where the place folds.
func (l *layout) text(s string) string {
	if l.o.Place.Flat {
		return esc(s)
	}
	return escHTML(s)
}

// strong is text that stands out, in the line of a block.
func (l *layout) strong(s string) string {
	if l.o.Place.Flat {
		return esc(s)
	}
	return "<b>" + escHTML(s) + "</b>"
}

// heading stands before the blocks that have something in common.
func heading(title string) string {
	if title == "" {
		return ""
	}
	return "#### " + title + "\n\n"
}

// finding is the findings of a code.
func (l *layout) finding(v *view.Block) *block {
	b := &block{count: v.Count}
	what := l.strong(v.Code) + " " + l.text(v.Summary) + l.text(" ("+string(v.Severity)+")")
	if v.Count > 1 {
		what += ": " + l.strong(phrase.Count(v.Count, "finding"))
	}
	l.frame(b, what, "| Who | What |\n|---|---|\n")
	for _, g := range v.Groups {
		for _, m := range g.Members {
			b.rows = append(b.rows, l.member(g, m))
		}
	}
	b.close = "\n" + l.ways(v) + b.close
	return b
}

// member is a row of what is found about the same objects.
func (l *layout) member(g *view.Group, m *view.Member) string {
	var who []string
	for _, o := range m.Objects[:min(len(m.Objects), shownValues)] {
		if s := phrase.Ref(o); !slices.Contains(who, s) {
			who = append(who, s)
		}
	}
	if more := len(m.Objects) - shownValues; more > 0 || m.More > 0 {
		who = append(who, fmt.Sprintf("… and %d more", max(more, 0)+m.More))
	}
	what := m.Detail
	if what == "" && g.Value != "" {
		what = g.Attribute + ": " + phrase.Quote(g.Value, phrase.MaxRunes)
	}
	parts := []string{esc(what)}
	if m.SignedIn {
		parts = append(parts, "**still signed in**")
	}
	for _, w := range m.Withheld[:min(len(m.Withheld), shownValues)] {
		parts = append(parts, esc("withheld: "+w.Name+": "+l.change(state.AttributeChange{Name: w.Name,
			Before: w.Before, After: w.After})))
	}
	if more := len(m.Withheld) - shownValues; more > 0 {
		parts = append(parts, fmt.Sprintf("… and %d more withheld", more))
	}
	for i := range who {
		who[i] = esc(who[i])
	}
	return l.row(who, parts)
}

// row is a row of a table, with several lines in a cell where the place has them.
func (l *layout) row(cells ...[]string) string {
	between := "<br>"
	if l.o.Place.Flat {
		between = "; "
	}
	var b strings.Builder
	for _, c := range cells {
		b.WriteString("| " + strings.Join(c, between) + " ")
	}
	b.WriteString("|\n")
	return b.String()
}

// ways are the ways out of the findings of a code, and where the rules are declared that they are about.
func (l *layout) ways(v *view.Block) string {
	var b strings.Builder
	rest := 0
	for i, h := range v.Hints {
		switch {
		case i >= shownHints || h.Text == "":
			rest += h.N
		case len(v.Hints) == 1:
			b.WriteString("* Fix: " + esc(h.Text) + "\n")
		default:
			fmt.Fprintf(&b, "* Fix (%d): %s\n", h.N, esc(h.Text))
		}
	}
	if rest > 0 {
		fmt.Fprintf(&b, "* Fix (%d): in other ways\n", rest)
	}
	for _, d := range v.Declared[:min(len(v.Declared), shownHints)] {
		if d.Text != "" {
			b.WriteString("* Declared at " + esc(d.Text) + "\n")
		}
	}
	return b.String()
}

// section is the changes of a risk, action, kind and scope. Its objects are added by [layout.rows].
func (l *layout) section(s *view.Section, title string) *block {
	b := &block{title: heading(title), count: s.Count}
	st := phrase.StyleOf(s.Action)
	fate, was, becomes := st.Will, "Was", "Becomes, alike"
	if l.o.Drift {
		fate, was, becomes = "were changed outside dirform", "In the tenant", "Declared, alike"
	}
	what := l.text(st.Symbol+" ") + l.strong(phrase.Plural(s.Count, s.Kind)+phrase.In(s.Scope)) + l.text(" "+fate)
	if l.o.Sum != "" { // what became of each stands above
		what = l.text(st.Symbol+" "+string(s.Action)+": ") + l.strong(phrase.Plural(s.Count, s.Kind)+phrase.In(s.Scope))
	}
	l.frame(b, what, "")
	var reasons []string
	for _, r := range s.Reasons {
		reasons = append(reasons, counted(orOthers(r.Text), r.N, s.Count))
	}
	b.open += "* Why: " + esc(strings.Join(reasons, "; ")) + "\n"
	if phrase.Matters(s.Action) && len(s.Rules) > 0 {
		var rules []string
		for _, r := range s.Rules {
			rules = append(rules, counted(orOthers(r.Text), r.N, s.Count))
		}
		b.open += "* Matched by " + esc(strings.Join(rules, ", ")) + "\n"
	}
	if s.Partial > 0 {
		b.open += fmt.Sprintf("* %d of them turn sign-in off only; the rest is blocked\n", s.Partial)
	}
	if s.Replacing > 0 {
		b.open += fmt.Sprintf("* %d of them take the place of a link to another object\n", s.Replacing)
	}
	b.open += "\n" + l.alike(s, was, becomes) + "| Who | What changes |\n|---|---|\n"
	return b
}

func orOthers(s string) string {
	if s == "" {
		return "others"
	}
	return s
}

// counted is a text with its count, unless that is all of them.
func counted(text string, n, of int) string {
	if n == of {
		return text
	}
	return fmt.Sprintf("%s (%d)", text, n)
}

// alike is a table of the values that many objects of a section get, "" if there are none.
func (l *layout) alike(s *view.Section, was, becomes string) string {
	var b strings.Builder
	for _, a := range s.Attributes {
		for i, x := range a.Alike {
			if i == shownValues {
				break
			}
			old := ""
			if len(a.Alike) == 1 && a.Others == 0 && len(a.Before) == 1 && a.Olds == 0 {
				old = l.tell.Before(a.Before[0].Change)
			}
			b.WriteString(l.row([]string{esc(a.Name)}, []string{esc(old)}, []string{esc(l.tell.After(x.After))},
				[]string{fmt.Sprint(x.Count)}))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "| Attribute | " + was + " | " + becomes + " | Objects |\n|---|---|---|--:|\n" + b.String() + "\n"
}

// rows adds the objects of sections to their blocks, as many as may have room.
func (l *layout) rows(r render.Source, d *document) error {
	type key struct {
		class  int
		action state.Action
		kind   state.Kind
		scope  string
	}
	of, blocks := map[key]*block{}, d.blocks[len(l.v.Refused):]
	for i, s := range l.v.Sections {
		of[key{s.Class, s.Action, s.Kind, s.Scope}] = blocks[i]
	}
	budget, open := 4*l.o.Limit, len(of)
	for c, err := range r.Changes() {
		if err != nil {
			return err
		}
		b := of[key{classOf(c), c.Action, c.Kind, c.Scope}]
		if b == nil || b.kept > l.o.Limit {
			continue
		}
		row := l.object(c)
		if b.kept+len(row) > l.o.Limit || budget < len(row) {
			b.kept = l.o.Limit + 1 // so that the rows are the first ones
			if open--; open == 0 {
				break
			}
			continue
		}
		b.rows = append(b.rows, row)
		b.kept += len(row)
		budget -= len(row)
	}
	return nil
}

// object is the row of a change.
func (l *layout) object(c *state.Change) string {
	var parts []string
	name := func(a state.AttributeChange, where string) string {
		switch {
		case c.Action == state.ActionCreate && a.Before.IsNull():
			return where + a.Name + " = " + l.tell.After(a)
		case c.Action == state.ActionDelete && a.After.IsNull():
			return where + a.Name + " = " + l.tell.Before(a)
		}
		text := where + a.Name + ": " + l.change(a)
		if a.Drift && !l.o.Drift {
			text += " (changed outside dirform)"
		}
		return text
	}
	for _, a := range c.Attributes {
		parts = append(parts, esc(name(a, "")))
	}
	for _, a := range c.SourceAttributes {
		parts = append(parts, esc(name(a, "in Active Directory: ")))
	}
	if m := c.Members; m != nil {
		parts = append(parts, fmt.Sprintf("members: %d added, %d removed", len(m.Add), len(m.Remove)))
	}
	return l.row([]string{esc(phrase.Who(view.WhoIs(c)))}, parts)
}

// change is what a change of an attribute makes of it.
func (l *layout) change(a state.AttributeChange) string {
	if a.Before.Kind() == state.ListValue && a.After.Kind() == state.ListValue &&
		len(a.Before.List())+len(a.After.List()) > 2 {
		added, removed, _ := phrase.ListChange(a.Before.List(), a.After.List())
		var parts []string
		for _, x := range []struct {
			sign  string
			items []string
		}{{"added ", added}, {"removed ", removed}} {
			if len(x.items) > 0 {
				parts = append(parts, x.sign+phrase.Show(state.List(x.items), false))
			}
		}
		return strings.Join(parts, ", ")
	}
	return l.tell.Before(a) + " → " + l.tell.After(a)
}

// skipped is about objects without an account, of which the first are named.
func (l *layout) skipped(n int) *block {
	b := &block{count: n}
	l.frame(b, l.strong(phrase.Count(n, "object"))+l.text(" without an account skipped"), "| Who |\n|---|\n")
	for _, s := range l.v.Skipped {
		b.rows = append(b.rows, l.row([]string{esc(phrase.Ref(planner.ObjectRef{Address: s.Address,
			SourceDN: s.SourceDN}))}))
	}
	return b
}
