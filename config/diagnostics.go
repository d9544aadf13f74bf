package config

import (
	"io"

	"github.com/hashicorp/hcl/v2"

	"github.com/dirform/dirform/config/internal/report"
)

// Validation is what `validate --json` prints; its form is that of terraform validate -json.
type Validation = report.Validation

// WriteDiagnostics prints diagnostics for people: what is wrong and where, with the source line underlined, and what to do.
// files are those of [Config.Files]. Values of variables are never printed.
func WriteDiagnostics(w io.Writer, files map[string]*hcl.File, diags hcl.Diagnostics, color bool) {
	report.Text(w, files, diags, color)
}

// DiagnosticsJSON makes the document for `validate --json`. files are those of [Config.Files].
func DiagnosticsJSON(files map[string]*hcl.File, diags hcl.Diagnostics) Validation {
	return report.JSON(files, diags)
}

// fail records an error. The summary is the same for all errors of its sort; the detail says what, why and what to do.
func (l *loader) fail(at *hcl.Range, summary, detail string, args ...any) {
	l.diags.Fail(at, summary, detail, args...)
}

// duplicate records a second declaration of one thing.
func (l *loader) duplicate(at *hcl.Range, what string, first hcl.Range) {
	l.twice(at, what, first, "Rename or remove one of the two.")
}

// duplicateBlock is duplicate for a block. One without a label has no name that could be changed.
func (l *loader) duplicateBlock(at *hcl.Range, what string, first hcl.Range, labels []string) {
	if len(labels) > 0 {
		l.duplicate(at, what, first)
		return
	}
	l.twice(at, what, first, "Remove one of the two.")
}

func (l *loader) twice(at *hcl.Range, what string, first hcl.Range, cure string) {
	l.fail(at, "Declared twice", "%s was declared before, at %s:%d,%d. %s", what, first.Filename, first.Start.Line, first.Start.Column, cure)
}
