package render

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/view"
	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/visible"
)

// TextOptions are how a plan is shown as text.
type TextOptions struct {
	Color bool // ANSI colours, for a terminal that wants them
	// Width is the number of columns at which lines are broken between words; 0 means never. Commands and configuration
	// that are to be copied are not broken.
	Width   int
	Verbose bool // show everything: nothing folded, no value or list cut, distinguished names and ids
}

// Text writes the plan for people: one line with the sum of it, what was read, what is refused, how often each action
// occurs with the limits on it, the changes, warnings, and the sum once more. What is alike is folded unless o.Verbose
// is set; then every change stands for itself, in the order of execution.
func Text(w io.Writer, r Source, o TextOptions) error {
	return textError(newText(w, o).plan(r))
}

func textError(err error) error {
	if err != nil {
		return fmt.Errorf("showing the plan: %w", err)
	}
	return nil
}

// Findings writes findings as a plan has them, each after an empty line.
func Findings(w io.Writer, list []*planner.Finding, o TextOptions) error {
	t := newText(w, o)
	for _, f := range list {
		t.finding(f)
	}
	return textError(t.flush())
}

// Change writes a change as a plan has it, after an empty line.
func Change(w io.Writer, c *state.Change, o TextOptions) error {
	t := newText(w, o)
	t.change(c)
	return textError(t.flush())
}

// Plain makes s safe to print: what could drive a terminal or forge a line of a log is escaped.
func Plain(s string) string { return plain(s) }

// text is the layout for terminals and logs.
type text struct {
	*printer
	o       TextOptions
	drift   bool              // show what was changed outside dirform instead of what would be done about it
	undoes  int64             // the run that the plan undoes, 0 for none
	partial bool              // limited by --target or --exclude
	stopped planner.ObjectRef // of which the last finding told what it withholds
	scopes  []planner.ScopeSeen
	all     string // where everything is that was folded
}

func newText(w io.Writer, o TextOptions) *text {
	return &text{printer: newPrinter(w, o), o: o, all: " (--verbose shows all)"}
}

// plan writes a plan from its first line to its last.
func (t *text) plan(r Source) error {
	if t.o.Verbose {
		return t.unfolded(r)
	}
	v, err := view.Build(r)
	if err != nil {
		return err
	}
	t.begin(v.Header, v.Totals, v.Empty())
	for _, b := range v.Refused {
		t.block(b)
	}
	if v.Totals.Summary.Changes() > fewChanges || limited(v) {
		head{t}.actions(v.Actions, v.Limits)
	}
	many := v.Totals.Summary.Changes() > manyChanges
	caused{t}.brought(v.Against)
	for i, s := range v.Sections {
		if v.Against != nil && s.Class > 0 && (i == 0 || v.Sections[i-1].Class == 0) {
			caused{t}.pending()
		}
		t.section(s, many)
	}
	for i, s := range v.Skipped {
		t.skipped(s, i, v.Totals.Summary.Skipped)
	}
	if n := v.Totals.Summary.Skipped - len(v.Skipped); n > 0 && len(v.Skipped) > 0 {
		t.line(inner, fmt.Sprintf("… and %d more", n), namesAll)
	}
	for _, b := range v.Warned {
		t.block(b)
	}
	return t.end(v.Totals)
}

// fewChanges are so few that the first line says enough of them, if no limit is near.
const fewChanges = 5

// limited reports whether a plan gets near a limit.
func limited(v *view.Plan) bool {
	return len(v.Limits) > 0 || slices.ContainsFunc(v.Actions, func(a view.Action) bool { return len(a.Limits) > 0 })
}

// unfolded writes everything, as it is read.
func (t *text) unfolded(r Source) error {
	totals := r.Totals()
	actions, limits := view.Actions(totals, true)
	t.begin(r.Header(), totals, totals.Summary.Changes()+totals.Summary.Blocked+totals.Summary.Skipped == 0)
	if err := t.findings(r, planner.Error); err != nil {
		return err
	}
	head{t}.actions(actions, limits)
	if err := (caused{t}).changes(r); err != nil {
		return err
	}
	i := 0
	for s, err := range r.Skipped() {
		if err == nil {
			err = t.err
		}
		if err != nil {
			return err
		}
		t.skipped(s, i, totals.Summary.Skipped)
		i++
	}
	if err := t.findings(r, planner.Warning); err != nil {
		return err
	}
	return t.end(totals)
}

// findings writes the findings of a severity one by one. One that is no error counts as a warning.
func (t *text) findings(r Source, severity planner.Severity) error {
	for f, err := range r.Findings() {
		if err == nil {
			err = t.err
		}
		if err != nil {
			return err
		}
		if (f.Severity == planner.Error) == (severity == planner.Error) {
			t.finding(f)
		}
	}
	return nil
}

// printer writes lines and remembers the first error.
type printer struct {
	w     *bufio.Writer
	color bool
	width int
	err   error
}

func newPrinter(w io.Writer, o TextOptions) *printer {
	return &printer{w: bufio.NewWriterSize(w, 64<<10), color: o.Color, width: o.Width}
}

// copied writes a line that is to be copied, so that it is never broken.
func (p *printer) copied(parts ...string) {
	for _, s := range append(parts, "\n") {
		if strings.Contains(s, glue) {
			s = strings.ReplaceAll(s, glue, " ")
		}
		if p.err == nil {
			_, p.err = p.w.WriteString(s)
		}
	}
}

// glue stands for a space at which a line is not broken. No text has it, because control characters are escaped.
const glue = "\x00"

// glued is a text that is not broken.
func glued(s string) string { return strings.ReplaceAll(s, " ", glue) }

// line writes a line, broken between words at the width; what follows the first break is indented further.
func (p *printer) line(parts ...string) {
	if p.width < minWidth {
		p.copied(parts...)
		return
	}
	s := strings.Join(parts, "")
	indent := s[:len(s)-len(strings.TrimLeft(s, " "))]
	p.copied(strings.Join(wrap(s, p.width, indent+hanging), "\n"))
}

func (p *printer) flush() error {
	if p.err == nil {
		p.err = p.w.Flush()
	}
	return p.err
}

// The colours, as SGR parameters.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

// colours are those of what happens to somebody.
var colours = map[phrase.Tone]string{phrase.Gives: green, phrase.Binds: cyan, phrase.Alters: yellow, phrase.Takes: red}

func (p *printer) paint(color, s string) string {
	if !p.color || color == "" || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

const (
	minWidth = 20     // a width below it is none
	hanging  = "    " // how much further a line goes on that was broken
)

// sentence writes s, which has a label before it, broken at the width, so that it goes on below its own beginning. A
// line break in s comes from a value, and is escaped like other control characters.
func (t *text) sentence(indent, label, s string) {
	below := strings.Repeat(" ", len(indent)+len(label))
	t.copied(strings.Join(wrap(indent+label+plain(s), t.width, below), "\n"))
}

// wrap breaks s between words so that lines have at most width characters where that is possible. What follows the
// first break is indented by below. Spaces at the start of s stay. A width that is too small to be one breaks nothing.
func wrap(s string, width int, below string) []string {
	if width < minWidth || len(s) <= width {
		return []string{s}
	}
	start := len(s) - len(strings.TrimLeft(s, " "))
	current, rest := s[:start], s[start:]
	n, empty := start, true
	var lines []string
	for rest != "" {
		gap := len(rest) - len(strings.TrimLeft(rest, " "))
		end := gap + len(rest[gap:])
		if i := strings.IndexByte(rest[gap:], ' '); i >= 0 {
			end = gap + i
		}
		word := rest[gap:end]
		l := columns(word)
		if !empty && n+gap+l > width && l > 0 {
			lines = append(lines, strings.TrimRight(current, " "))
			current, n, gap = below, len(below), 0
		}
		current += strings.Repeat(" ", gap) + word
		n, empty, rest = n+gap+l, false, rest[end:]
	}
	return append(lines, current)
}

// columns is how wide s is on a terminal, without its colours.
func columns(s string) int {
	n := utf8.RuneCountInString(s)
	for {
		_, rest, ok := strings.Cut(s, "\x1b[")
		if !ok {
			return n
		}
		codes, after, _ := strings.Cut(rest, "m")
		n -= len("\x1b[m") + len(codes)
		s = after
	}
}

// plain makes s safe to print.
func plain(s string) string { return visible.Line(s) }
