package report

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Validation is what `validate --json` prints; its form is that of terraform validate -json.
type Validation struct {
	Valid        bool         `json:"valid"`
	ErrorCount   int          `json:"error_count"`
	WarningCount int          `json:"warning_count"`
	Diagnostics  []Diagnostic `json:"diagnostics"`
}

// Diagnostic is one diagnostic for programs. Range is nil if it has no place.
type Diagnostic struct {
	Severity string   `json:"severity"` // error or warning
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail"`
	Range    *Range   `json:"range,omitempty"`
	Snippet  *Snippet `json:"snippet,omitempty"`
}

// Range is a part of a file, from Start up to before End.
type Range struct {
	Filename string `json:"filename"`
	Start    Pos    `json:"start"`
	End      Pos    `json:"end"`
}

// Pos is a place in a file: line and column count from 1, columns in characters, and bytes from 0.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// Snippet is the source line of a diagnostic.
type Snippet struct {
	Context   *string `json:"context"` // the block around, such as scope "staff"
	Code      string  `json:"code"`
	StartLine int     `json:"start_line"`
	// The part of Code that is meant, in bytes.
	HighlightStart int `json:"highlight_start_offset"`
	HighlightEnd   int `json:"highlight_end_offset"`
}

// JSON makes the document for `validate --json`. files are the parsed files by name as ranges have it.
func JSON(files map[string]*hcl.File, diags hcl.Diagnostics) Validation {
	v := Validation{Valid: true, Diagnostics: []Diagnostic{}}
	for _, d := range diags {
		out := Diagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			out.Severity = "warning"
			v.WarningCount++
		} else {
			v.Valid = false
			v.ErrorCount++
		}
		if d.Subject != nil {
			out.Range = &Range{d.Subject.Filename, pos(d.Subject.Start), pos(d.Subject.End)}
			if s := snippetOf(files, d); s != nil {
				before, marked, after := valid(s.before), valid(s.marked), valid(s.after)
				out.Snippet = &Snippet{Code: before + marked + after, StartLine: d.Subject.Start.Line,
					HighlightStart: len(before), HighlightEnd: len(before) + len(marked)}
				if in := inBlock(files, d); in != "" {
					out.Snippet.Context = &in
				}
			}
		}
		v.Diagnostics = append(v.Diagnostics, out)
	}
	return v
}

// valid is s as JSON can hold it, which has no way to write bytes that are not UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func pos(p hcl.Pos) Pos { return Pos{p.Line, p.Column, p.Byte} }
