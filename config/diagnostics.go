package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// fail records an error. The summary is the same for all errors of its sort; the detail says what, why and what to do.
func (l *loader) fail(at *hcl.Range, summary, detail string, args ...any) {
	l.diags = append(l.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(detail, args...), Subject: at})
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

// sourceHidden as a diagnostic's extra keeps its source line from being shown, because a secret stands in it.
type sourceHidden struct{}

// hideSecrets marks the diagnostics on lines with a literal secret.
func (l *loader) hideSecrets() {
	for _, d := range l.diags {
		if d.Subject == nil {
			continue
		}
		for _, r := range l.secretRanges {
			if r.Filename == d.Subject.Filename && d.Subject.Start.Line <= r.End.Line && d.Subject.Start.Line >= r.Start.Line {
				d.Extra = sourceHidden{}
			}
		}
	}
}

// sortDiagnostics orders by place, those without one first.
func sortDiagnostics(diags hcl.Diagnostics) {
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
