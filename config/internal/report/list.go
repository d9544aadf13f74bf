package report

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
)

// List collects diagnostics.
type List hcl.Diagnostics

// Fail adds an error. The summary is the same for all errors of its sort; the detail says what is wrong, why, and what
// to do. at is nil for an error without a place.
func (l *List) Fail(at *hcl.Range, summary, detail string, args ...any) {
	l.add(hcl.DiagError, at, summary, fmt.Sprintf(detail, args...))
}

// Warn is Fail for a warning.
func (l *List) Warn(at *hcl.Range, summary, detail string, args ...any) {
	l.add(hcl.DiagWarning, at, summary, fmt.Sprintf(detail, args...))
}

func (l *List) add(severity hcl.DiagnosticSeverity, at *hcl.Range, summary, detail string) {
	*l = append(*l, &hcl.Diagnostic{Severity: severity, Summary: summary, Detail: detail, Subject: at})
}

// Add adds what others have found.
func (l *List) Add(diags hcl.Diagnostics) { *l = append(*l, diags...) }

// Place is file:line of a range.
func Place(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }
