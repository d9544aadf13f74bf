package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
)

// How much is shown of the findings in a block.
const (
	shownMembers = 5 // objects, or values where each has its own
	shownObjects = 3 // objects of one finding
	withDetails  = 3 // objects with what is said about each
	shownHints   = 3 // different ways out
)

// block writes findings of one code, of one value where the values are few.
func (t *text) block(b *view.Block) { blockText{t, b}.write() }

// blockText is findings of one code that are written.
type blockText struct {
	*text
	b *view.Block
}

func (t blockText) write() {
	b := t.b
	if b.Count == 1 {
		t.finding(b.Groups[0].Members[0].Finding)
		return
	}
	t.line()
	t.line(outer, t.findingHead(b.Code, b.Severity, b.Summary), ": ", t.paint(bold, strconv.Itoa(b.Count)+" findings"))
	shown := 0
	if len(b.Groups) == 1 {
		shown = t.members()
	} else {
		shown = t.groups()
	}
	if more := b.Count - shown; more > 0 {
		t.line(inner, "… and ", strconv.Itoa(more), " more ", plain(b.Code), " ", plural2(more, "finding"), t.all)
	}
	t.totals()
	t.hints(b.Hints)
	if m := b.Groups[0].Members; len(b.Groups) > 1 || len(m) > withDetails || sameDetails(m) {
		t.snippets(m[0])
	}
	for i, d := range b.Declared {
		if i < shownHints && d.Text != "" {
			t.line(inner, t.paint(dim, "# "+plain(d.Text)))
		}
	}
}

// members writes the findings of a block about one value, and returns how many they are.
func (t blockText) members() (shown int) {
	b := t.b
	g := b.Groups[0]
	if g.Attribute != "" && g.Value != "" {
		t.line(inner, t.attributeValue(g.Attribute, g.Value))
	}
	same := sameDetails(g.Members)
	few := len(g.Members) <= withDetails
	for i, m := range g.Members {
		if i == shownMembers {
			break
		}
		shown += m.Findings
		t.refs(m.Finding, m.SignedIn)
		if few && !same {
			t.sentence(inner+outer, "", m.Detail)
			t.snippets(m)
		}
		if few && len(g.Members) > 1 {
			t.withheld(m.Finding)
		}
	}
	first := g.Members[0]
	switch {
	case first.Detail == "" || few && !same:
	case same:
		t.sentence(inner, "", first.Detail)
	default:
		t.sentence(inner, "For example: ", telling(g.Members).Detail)
	}
	if len(g.Members) == 1 {
		t.withheld(first.Finding)
	}
	return shown
}

// telling is the member that stands for all: the first that holds a change back, or the first of all.
func telling(list []*view.Member) *view.Member {
	return list[max(0, slices.IndexFunc(list, func(m *view.Member) bool { return len(m.Withheld) > 0 }))]
}

// sameDetails reports whether the same is said about all members.
func sameDetails(list []*view.Member) bool {
	return !slices.ContainsFunc(list, func(m *view.Member) bool { return m.Detail != list[0].Detail })
}

// groups writes a line for each value and what is said about it, and returns how many findings they are about.
func (t blockText) groups() (shown int) {
	b := t.b
	groups := b.Groups[:min(shownValues, len(b.Groups))]
	detail := groups[0].Members[0].Detail
	same := !slices.ContainsFunc(groups, func(g *view.Group) bool { return g.Members[0].Detail != detail })
	for _, g := range groups {
		m := g.Members[0]
		line := t.refsLine(m.Objects)
		if more := g.Count - m.Findings + m.More; more > 0 {
			line += fmt.Sprintf("; and %d more", more)
		}
		if g.Attribute != "" && g.Value != "" && (same || !strings.Contains(m.Detail, g.Value)) {
			line += ": " + t.attributeValue(g.Attribute, g.Value)
		}
		t.line(inner, line)
		if !same {
			t.sentence(inner+outer, "", m.Detail)
		}
		shown += g.Count
	}
	if same && detail != "" {
		t.sentence(inner, "", detail)
	}
	return shown
}

// snippets writes the configuration that the findings about a member offer.
func (t blockText) snippets(m *view.Member) {
	for _, s := range m.Snippets {
		t.snippet(s)
	}
}

// totals writes what the findings of a block come to.
func (t blockText) totals() {
	b := t.b
	if b.SignedIn > 0 {
		t.line(inner, t.paint(red,
			"Still signed in, although the source has switched them off: "+strconv.Itoa(b.SignedIn)))
	}
	if len(b.Groups) > 1 || len(b.Groups[0].Members) > withDetails {
		if b.Withheld > 0 {
			t.line(inner, "Withheld: ", strconv.Itoa(b.Withheld), " ", plural2(b.Withheld, "change"), " of attributes",
				t.all)
		}
	}
	if b.Commands > 0 {
		t.line(inner, "Run: the commands that --aliases-script FILE writes, for ", objects(b.Commands))
	}
}

// hints writes the ways out, with counts if they differ.
func (t blockText) hints(list []view.Tally) {
	rest := 0
	for i, h := range list {
		switch {
		case len(list) == 1:
			t.sentence(inner, "Fix: ", h.Text)
		case i >= shownHints || h.Text == "":
			rest += h.N
		default:
			t.sentence(inner, fmt.Sprintf("Fix (%d): ", h.N), h.Text)
		}
	}
	if rest > 0 {
		t.line(inner, fmt.Sprintf("Fix (%d): in other ways", rest), t.all)
	}
}

// refs writes the objects of a finding, one a line.
func (t *text) refs(f *planner.Finding, signedIn bool) {
	list, n := t.different(f.Objects), 0
	for i, o := range list {
		if i >= shownObjects && !t.o.Verbose && len(list)+f.More > shownObjects+1 {
			break
		}
		n++
		mark := ""
		if i == 0 && signedIn {
			mark = " · " + t.paint(red, "still signed in")
		}
		t.line(inner, t.ref(o), mark)
	}
	if more := len(list) - n + f.More; more > 0 {
		t.line(inner, "… and ", strconv.Itoa(more), " more", t.beside(f, len(list)))
	}
}

// beside is who names the objects of a finding beside those in the text, n of which the plan has.
func (t *text) beside(f *planner.Finding, n int) string {
	switch by := planner.NamedBy(f.Code); {
	case f.More == 0:
		return t.all
	case by != "":
		return " (" + by + " names all)"
	case t.o.Verbose:
		return fmt.Sprintf(": the %d above are examples", n)
	}
	return fmt.Sprintf(" (--verbose names %d in all)", n)
}

// refsLine are the objects of a finding on one line.
func (t blockText) refsLine(list []planner.ObjectRef) (line string) {
	for i, o := range t.different(list) {
		if i > 0 {
			line += "; "
		}
		line += t.ref(o)
	}
	return line
}

// different are the objects of a finding without an account that is named by its source object already.
func (t *text) different(list []planner.ObjectRef) []planner.ObjectRef {
	if t.o.Verbose || len(list) < 2 || list[0].Address == "" {
		return list
	}
	short := view.WhoIsRef(list[0]).Short
	return slices.DeleteFunc(slices.Clone(list), func(o planner.ObjectRef) bool {
		return o.Address == "" && o.TargetID != "" && o.TargetID == list[0].TargetID && (o.Name == short ||
			o.Name == "")
	})
}

// ref names an object of a finding: as people know it, or with everything that is known of it in the verbose layout.
func (t *text) ref(o planner.ObjectRef) string {
	if t.o.Verbose {
		return phrase.Object(o)
	}
	return phrase.Ref(o)
}

// attributeValue is the attribute that a finding is about, with its value.
func (t *text) attributeValue(attribute, value string) string {
	return plain(attribute) + ": " + phrase.Show(state.String(value), t.o.Verbose)
}

// plural2 is a word as n things need it.
func plural2(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
