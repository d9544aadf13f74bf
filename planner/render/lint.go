package render

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/planner/render/internal/phrase"
	"github.com/dirform/dirform/planner/render/internal/view"
)

// LintCounts is how much is found wrong with the objects in scope.
type LintCounts struct {
	InScope  int `json:"in_scope"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Objects  int `json:"objects"` // of those in scope, how many the findings name
}

// CountLint counts a plan's findings.
func CountLint(r Source) (n LintCounts, err error) {
	for _, s := range r.Totals().Scopes {
		n.InScope += s.InScope
	}
	named := map[string]bool{}
	for f, err := range r.Findings() {
		if err != nil {
			return n, err
		}
		if f.Severity == planner.Error {
			n.Errors++
		} else {
			n.Warnings++
		}
		for _, o := range f.Objects {
			if o.Address != "" && o.SourceDN != "" {
				named[o.SourceDN] = true
			}
		}
	}
	n.Objects = len(named)
	return n, nil
}

// Lint writes a plan's findings as [Text] does, and one line with their number last; what the plan would change is
// left out.
func Lint(w io.Writer, r Source, o TextOptions) error {
	n, err := CountLint(r)
	if err != nil {
		return textError(err)
	}
	t := newText(w, o)
	t.all = " (--verbose or --csv FILE lists all)"
	if n.Errors+n.Warnings > 0 {
		t.line(t.paint(bold, lintLine(n)))
		t.line()
	}
	head{t}.read(r.Header(), r.Totals())
	if err := t.lint(r); err != nil {
		return textError(err)
	}
	t.line()
	t.line(t.paint(bold, lintLine(n)))
	return textError(t.flush())
}

// lint writes the findings, errors first.
func (t *text) lint(r Source) error {
	if t.o.Verbose {
		if err := t.findings(r, planner.Error); err != nil {
			return err
		}
		return t.findings(r, planner.Warning)
	}
	blocks, err := view.BlocksOf(r)
	for _, b := range blocks {
		t.block(b)
	}
	return err
}

// lintLine is the last line.
func lintLine(n LintCounts) string {
	scope := phrase.Plural(n.InScope, "") + " in scope"
	if n.Errors+n.Warnings == 0 {
		return "Lint: no findings. " + scope + "."
	}
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{{n.Errors, "error"}, {n.Warnings, "warning"}} {
		if c.n != 1 {
			c.word += "s"
		}
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	return fmt.Sprintf("Lint: %s. %s, %d of them with findings.", strings.Join(parts, ", "), scope, n.Objects)
}

// lintPrologue is what the document of findings begins with.
type lintPrologue struct {
	FormatVersion  string           `json:"format_version"`
	DirformVersion string           `json:"dirform_version"`
	CreatedAt      string           `json:"created_at"`
	ConfigDigest   string           `json:"config_digest"`
	State          planner.StateID  `json:"state"`
	Source         planner.SourceID `json:"source"`
	Tenant         planner.TenantID `json:"tenant"`
	Targets        []string         `json:"targets,omitempty"`
	Excludes       []string         `json:"excludes,omitempty"`
	Summary        LintCounts       `json:"summary"`
}

// LintJSON writes a plan's findings, and what was looked at, as one JSON document; findings and scopes are those of
// [JSON].
func LintJSON(w io.Writer, r Source) error {
	n, err := CountLint(r)
	if err != nil {
		return fmt.Errorf("writing the findings as JSON: %w", err)
	}
	h := r.Header()
	d := &document{w: bufio.NewWriterSize(w, 64<<10)}
	d.value(lintPrologue{h.FormatVersion, h.DirformVersion, h.CreatedAt, h.ConfigDigest, h.State, h.Source, h.Tenant,
		h.Targets, h.Excludes, n})
	d.buf = d.buf[:len(d.buf)-1] // its closing brace: the document goes on
	list(d, "findings", r.Findings(), func(f *planner.Finding) { d.value(f) })
	d.text(`,"scopes":`)
	d.value(r.Totals().Scopes)
	d.text("}\n")
	d.flush()
	if d.err == nil {
		d.err = d.w.Flush()
	}
	if d.err != nil {
		return fmt.Errorf("writing the findings as JSON: %w", d.err)
	}
	return nil
}

// findingColumns are the columns of [FindingsCSV].
var findingColumns = []string{"code", "severity", "address", "source_dn", "attribute", "value", "summary", "detail",
	"hint", "target_id", "name"}

// FindingsTitle is the first line of [FindingsCSV].
func FindingsTitle() string { return strings.Join(findingColumns, ",") + "\n" }

// FindingsCSV writes a plan's findings for a spreadsheet: a line with the names of the columns, then one line for
// each finding and object that it names, in the plan's order; a finding about no object has one line. It is UTF-8 as
// in RFC 4180.
func FindingsCSV(w io.Writer, r Source) error {
	out := csv.NewWriter(w)
	err := out.Write(findingColumns)
	for f, failed := range r.Findings() {
		if err == nil {
			err = failed
		}
		if err != nil {
			break
		}
		objects := f.Objects
		if len(objects) == 0 {
			objects = []planner.ObjectRef{{}}
		}
		for _, o := range objects {
			row := []string{f.Code, string(f.Severity), o.Address, o.SourceDN, f.Attribute, f.Value, f.Summary,
				f.Detail,
				f.Hint, o.TargetID, o.Name}
			for i := range row {
				row[i] = cell(row[i])
			}
			if err == nil {
				err = out.Write(row)
			}
		}
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("writing the findings as CSV: %w", err)
	}
	return nil
}

// cell is s as a cell of a spreadsheet, which takes one that begins so for a formula: OWASP, CSV injection. What
// could drive a terminal is escaped as everywhere, line breaks too, so that each line is one row.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		s = "'" + s
	}
	return plain(s)
}
