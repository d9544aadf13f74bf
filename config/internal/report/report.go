package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"

	"github.com/dirform/dirform/state/visible"
)

// Text prints diagnostics for people: what is wrong and where, with the source line underlined, and what to do.
// files are the parsed files by name as ranges have it. Values of variables are never printed.
func Text(w io.Writer, files map[string]*hcl.File, diags hcl.Diagnostics, color bool) {
	b := bufio.NewWriter(w)
	defer b.Flush()
	for i, d := range diags {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeDiagnostic(b, files, d, color)
	}
}

func writeDiagnostic(b *bufio.Writer, files map[string]*hcl.File, d *hcl.Diagnostic, color bool) {
	severity, code := "Error", "\x1b[1;31m"
	if d.Severity == hcl.DiagWarning {
		severity, code = "Warning", "\x1b[1;33m"
	}
	paint := func(s string) string {
		if !color {
			return s
		}
		return code + s + "\x1b[0m"
	}
	fmt.Fprintf(b, "%s: %s\n", paint(severity), visible.Line(d.Summary))
	if d.Subject != nil {
		visible.Fprintf(b, "\n  on %s:%d:%d", d.Subject.Filename, d.Subject.Start.Line, d.Subject.Start.Column)
		if in := inBlock(files, d); in != "" {
			visible.Fprintf(b, ", in %s", in)
		}
		b.WriteString(":\n")
		if s := snippetOf(files, d); s != nil {
			number := fmt.Sprintf("%d", d.Subject.Start.Line)
			fmt.Fprintf(b, "  %s | %s\n", number, shown(s.before)+shown(s.marked)+shown(s.after))
			fmt.Fprintf(b, "  %s | %s%s\n", strings.Repeat(" ", len(number)), s.indent(), paint(strings.Repeat("^", s.width())))
		}
	}
	b.WriteByte('\n')
	for _, line := range wrap(d.Detail, 96) {
		visible.Fprintf(b, "  %s\n", line)
	}
}

// inBlock is the block around a diagnostic, such as scope "staff".
func inBlock(files map[string]*hcl.File, d *hcl.Diagnostic) string {
	f := files[d.Subject.Filename]
	if f == nil {
		return ""
	}
	nav, ok := f.Nav.(interface{ ContextString(offset int) string })
	if !ok {
		return ""
	}
	return nav.ContextString(d.Subject.Start.Byte)
}

// Hidden as a diagnostic's extra keeps its source line from being shown, because a secret stands in it.
type Hidden struct{}

// snippet is a source line, around the part that a diagnostic is about.
type snippet struct{ before, marked, after string }

// snippetOf is the first source line of a diagnostic's subject, or nil if there is none to show.
func snippetOf(files map[string]*hcl.File, d *hcl.Diagnostic) *snippet {
	f := files[d.Subject.Filename]
	at := d.Subject.Start.Byte
	if _, hidden := d.Extra.(Hidden); hidden || f == nil || at > len(f.Bytes) {
		return nil
	}
	from := bytes.LastIndexByte(f.Bytes[:at], '\n') + 1
	to := len(f.Bytes)
	if i := bytes.IndexByte(f.Bytes[at:], '\n'); i >= 0 {
		to = at + i
	}
	line := strings.TrimRight(string(f.Bytes[from:to]), "\r")
	start := min(at-from, len(line))
	end := max(min(d.Subject.End.Byte-from, len(line)), start)
	return &snippet{line[:start], line[start:end], line[end:]}
}

// shown is a part of a source line in a safe form, with its tabs.
func shown(s string) string {
	parts := strings.Split(s, "\t")
	for i := range parts {
		parts[i] = visible.Line(parts[i])
	}
	return strings.Join(parts, "\t")
}

// indent is white space as wide as what precedes the marked part.
func (s *snippet) indent() string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, shown(s.before))
}

func (s *snippet) width() int { return max(1, utf8.RuneCountInString(shown(s.marked))) }

// wrap breaks text at spaces into lines of at most width characters, if its words allow.
func wrap(text string, width int) []string {
	var lines []string
	for _, paragraph := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				lines = append(lines, line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines
}

// Sort orders diagnostics by place, those without one first.
func Sort(diags hcl.Diagnostics) {
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		switch {
		case a.Subject == nil && b.Subject == nil:
			return 0
		case a.Subject == nil:
			return -1
		case b.Subject == nil:
			return 1
		}
		if c := strings.Compare(a.Subject.Filename, b.Subject.Filename); c != 0 {
			return c
		}
		return a.Subject.Start.Byte - b.Subject.Start.Byte
	})
}
