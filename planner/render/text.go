package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/state"
)

// TextOptions are how a plan is shown as text.
type TextOptions struct {
	Color   bool // ANSI colours, for a terminal that wants them
	Width   int  // columns at which sentences are broken; 0 means never. Values are never broken, so that they can be found.
	Verbose bool // show everything: nothing folded, no value or list cut
}

// Text writes the plan for people: what was read, every change with its reason, findings, tripped guards, and one line with the
// sum of it last. Updates that are alike, long rows of creates and of findings of one code are folded unless o.Verbose is set.
func Text(w io.Writer, r Source, o TextOptions) error {
	return textError(walk(r, &text{printer: newPrinter(w, o), o: o}, !o.Verbose))
}

func textError(err error) error {
	if err != nil {
		return fmt.Errorf("showing the plan: %w", err)
	}
	return nil
}

// Findings writes findings as a plan has them, each after an empty line.
func Findings(w io.Writer, list []*planner.Finding, o TextOptions) error {
	t := &text{printer: newPrinter(w, o), o: o}
	for _, f := range list {
		t.finding(f)
	}
	if t.err == nil {
		t.err = t.w.Flush()
	}
	return textError(t.err)
}

// Change writes a change as a plan has it, after an empty line.
func Change(w io.Writer, c *state.Change, o TextOptions) error {
	t := &text{printer: newPrinter(w, o), o: o}
	t.change(c)
	if t.err == nil {
		t.err = t.w.Flush()
	}
	return textError(t.err)
}

// Plain makes s safe to print: what could drive a terminal or forge a line of a log is escaped.
func Plain(s string) string { return plain(s) }

// text is the layout for terminals and logs.
type text struct {
	*printer
	o       TextOptions
	drift   bool // show what was changed outside dirform instead of what would be done about it
	guards  []planner.GuardResult
	partial bool              // limited by --target or --exclude
	stopped planner.ObjectRef // of which the last finding told what it withholds
	scopes  []planner.ScopeSeen
	all     string // where everything is that was folded; "" stands for seeAll
	skips   int    // how many of those that are skipped were named
}

// printer writes lines and remembers the first error.
type printer struct {
	w     *bufio.Writer
	color bool
	err   error
}

func newPrinter(w io.Writer, o TextOptions) *printer {
	return &printer{w: bufio.NewWriterSize(w, 64<<10), color: o.Color}
}

func (p *printer) line(parts ...string) {
	for _, s := range append(parts, "\n") {
		if p.err == nil {
			_, p.err = p.w.WriteString(s)
		}
	}
}

func (p *printer) failed() error { return p.err }

// The colours, as SGR parameters.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (p *printer) paint(color, s string) string {
	if !p.color || color == "" || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

// style is how an action looks.
type style struct {
	symbol, color, will string
}

// styleOf is the style of an action. The symbols are ASCII and all different, so that a log can be searched for them.
func styleOf(a state.Action) style {
	switch a {
	case state.ActionCreate:
		return style{"+", green, "will be created"}
	case state.ActionLink:
		return style{"=", cyan, "will be linked"}
	case state.ActionRelink:
		return style{"%", yellow, "will get a new anchor and be linked"}
	case state.ActionRestore:
		return style{"^", green, "will be restored from the recycle bin and linked"}
	case state.ActionUpdate:
		return style{"~", yellow, "will be updated"}
	case state.ActionDisable:
		return style{"o", red, "will be disabled"}
	case state.ActionUnlink:
		return style{"/", red, "will be unlinked"}
	case state.ActionDelete:
		return style{"-", red, "will be deleted"}
	case state.ActionBlocked:
		return style{"!", red, "is blocked"}
	}
	return style{"?", "", "has the unknown action " + plain(string(a))}
}

func (t *text) begin(h planner.Header, totals planner.Totals) {
	t.read(h, totals)
	if n := totals.Summary.Drifted; n > 0 && !t.drift {
		verb := " were"
		if n == 1 {
			verb = " was"
		}
		t.line("  ", t.paint(yellow, plural(n, "")+verb+" changed outside dirform since the last apply"), ": marked below; dirform drift shows nothing else")
	}
	if !t.drift {
		t.legend(totals.Summary)
	}
}

// read says what was read, and to what the plan is limited.
func (t *text) read(h planner.Header, totals planner.Totals) {
	t.line("Read Active Directory ", plain(strings.Join(append([]string{h.Source.Domain}, h.Source.Others...), ", ")), " and tenant ", plain(h.Tenant.ID), ".")
	if h.Source.MovesFrom != "" {
		t.line("  The state belongs to domain ", plain(h.Source.MovesFrom), "; applying this plan moves it to ", plain(h.Source.Domain), " (", plain(h.Source.SID), ").")
	}
	for _, s := range totals.Scopes {
		t.line("  scope ", plain(s.Scope), ": ", plural(s.Objects, s.Kind), " read, ", fmt.Sprint(s.InScope), " in scope")
		t.system(s)
		t.empty(s)
		for _, ou := range s.OUs {
			if ou.Renamed {
				t.line("  scope ", plain(s.Scope), ": ", plain(ou.Declared), " is now ", plain(ou.DN), ", known by its objectGUID ", plain(ou.GUID))
			}
		}
	}
	t.scopes = totals.Scopes
	t.partial = len(h.Targets)+len(h.Excludes) > 0
	t.names("Limited to ", h.Targets)
	t.names("Left out: ", h.Excludes)
	t.names("Limits lifted for this plan: ", h.Allowed)
}

// system says how many objects are left out because they are nobody's; which ones, only the verbose layout says.
func (t *text) system(s planner.ScopeSeen) {
	if s.SystemObjects == 0 {
		return
	}
	noun := " system objects"
	if s.SystemObjects == 1 {
		noun = " system object"
	}
	t.line("    ", fmt.Sprint(s.SystemObjects), noun, " left out")
	if !t.o.Verbose {
		return
	}
	for _, o := range s.SystemList {
		t.line("      ", plain(o.DN), ": ", plain(o.What))
	}
	if more := s.SystemObjects - len(s.SystemList); more > 0 {
		t.line("      and ", fmt.Sprint(more), " more")
	}
}

// empty says where it was looked in vain, so that nobody has to wonder whether it was.
func (t *text) empty(s planner.ScopeSeen) {
	switch {
	case s.InScope > 0:
	case s.Objects > s.SystemObjects && s.Where != "":
		t.line("    where = ", plain(s.Where), " leaves none of them")
	case s.Objects == 0:
		var ous []string
		for _, ou := range s.OUs {
			if !ou.Exclude {
				ous = append(ous, ou.DN)
			}
		}
		passing := ""
		if s.Filter != "" {
			passing = " that passes filter = " + s.Filter
		}
		t.line("    no ", plain(string(s.Kind)), plain(passing), " lies below ", plain(strings.Join(ous, " or ")))
	}
}

func (t *text) names(label string, names []string) {
	if len(names) > 0 {
		t.line("  ", label, plain(strings.Join(names, ", ")))
	}
}

// legend explains the symbols that occur.
func (t *text) legend(s planner.Summary) {
	var parts []string
	for _, a := range append(state.Actions[:len(state.Actions):len(state.Actions)], state.ActionBlocked) {
		if actionCount(s, a) > 0 {
			st := styleOf(a)
			parts = append(parts, t.paint(st.color, st.symbol)+" "+string(a))
		}
	}
	if len(parts) > 0 {
		t.line()
		t.line("Actions: ", strings.Join(parts, "  "))
	}
}

func actionCount(s planner.Summary, a state.Action) int {
	return map[state.Action]int{
		state.ActionCreate: s.Create, state.ActionLink: s.Link, state.ActionRelink: s.Relink, state.ActionRestore: s.Restore,
		state.ActionUpdate: s.Update, state.ActionDisable: s.Disable, state.ActionUnlink: s.Unlink, state.ActionDelete: s.Delete,
		state.ActionUnchanged: s.Unchanged, state.ActionBlocked: s.Blocked,
	}[a]
}

// sentence writes s indented and broken at the width. A line break in s comes from a value, and is escaped like other control characters.
func (t *text) sentence(indent, first, s string) {
	for _, l := range wrap(plain(s), t.o.Width-len(indent)-len(first)) {
		t.line(indent, first, l)
		first = strings.Repeat(" ", len(first))
	}
}

// wrap breaks s between words so that lines have at most width characters where that is possible; it does not if width is
// too small to be one.
func wrap(s string, width int) []string {
	if width < 20 {
		return []string{s}
	}
	var lines []string
	current, n := "", 0
	for word := range strings.FieldsSeq(s) {
		l := utf8.RuneCountInString(word)
		if n > 0 && n+1+l > width {
			lines, current, n = append(lines, current), "", 0
		}
		if n > 0 {
			current, n = current+" ", n+1
		}
		current, n = current+word, n+l
	}
	return append(lines, current)
}
