package dirtest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/dirform/dirform/state/fault"
	"github.com/dirform/dirform/state/outfile"
	"github.com/dirform/dirform/state/visible"
)

// FormatVersion is the version of the JSON document.
const FormatVersion = "1.0"

// Printer prints results for people, as "go test" does.
type Printer struct {
	W       io.Writer
	Verbose bool // tests that pass, too
	file    string
	of      tally
}

// tally counts tests.
type tally struct {
	passed, failed int
	seconds        float64
}

func (t *tally) add(r *Result) {
	t.seconds += r.Seconds
	if r.Passed() {
		t.passed++
	} else {
		t.failed++
	}
}

// Done prints what became of a test, and of the file before where it is the first of another one.
func (p *Printer) Done(r *Result) {
	if r.Test.File != p.file {
		p.End()
		p.file = r.Test.File
	}
	p.of.add(r)
	switch {
	case !r.Passed():
		visible.Fprintf(p.W, "--- FAIL: %s (%.3fs)\n", r.Test.Name, r.Seconds)
	case p.Verbose:
		visible.Fprintf(p.W, "--- PASS: %s (%.3fs)\n", r.Test.Name, r.Seconds)
	}
	p.failures(r)
}

// failures prints the expectations that were not met, and once what the plan says about them.
func (p *Printer) failures(r *Result) {
	said := map[string]bool{}
	for _, f := range r.Failures {
		visible.Fprintf(p.W, "    %s: %s\n", f.At, f.Message)
		if said[f.Detail] {
			continue
		}
		said[f.Detail] = true
		for line := range strings.Lines(f.Detail) {
			if line = strings.TrimRight(line, "\n"); line != "" {
				visible.Fprintf(p.W, "        %s\n", line)
			}
		}
	}
}

// End prints the line of the last file.
func (p *Printer) End() {
	word := "ok  "
	if p.of.failed > 0 {
		word = "FAIL"
	}
	if p.file != "" {
		visible.Fprintf(p.W, "%s  %s  %s  %.3fs\n", word, p.file, visible.Count(p.of.passed+p.of.failed, "test"),
			p.of.seconds)
	}
	p.file, p.of = "", tally{}
}

// Sum is the last line.
func Sum(results []*Result) string {
	var t tally
	for _, r := range results {
		t.add(r)
	}
	return fmt.Sprintf("%d passed, %d failed.", t.passed, t.failed)
}

// Failed reports whether a test failed.
func Failed(results []*Result) bool {
	for _, r := range results {
		if !r.Passed() {
			return true
		}
	}
	return false
}

// Document is what --json prints.
type Document struct {
	FormatVersion  string     `json:"format_version"`
	DirformVersion string     `json:"dirform_version"`
	Passed         int        `json:"passed"`
	Failed         int        `json:"failed"`
	Tests          []Judgment `json:"tests"`
}

// Judgment is one test of the document.
type Judgment struct {
	Name     string          `json:"name"`
	File     string          `json:"file"`
	Place    string          `json:"declared_at"`
	Outcome  string          `json:"outcome"` // passed or failed
	Seconds  float64         `json:"seconds"`
	Failures []FailureInJSON `json:"failures,omitempty"`
}

// FailureInJSON is an expectation that was not met.
type FailureInJSON struct {
	At      string `json:"declared_at"`
	Message string `json:"message"`
	Detail  string `json:"detail,omitempty"`
}

// JSON makes the document.
func JSON(results []*Result, version string) Document {
	d := Document{FormatVersion: FormatVersion, DirformVersion: version, Tests: []Judgment{}}
	for _, r := range results {
		j := Judgment{Name: r.Test.Name, File: r.Test.File, Place: r.Test.DeclaredAt, Outcome: "passed",
			Seconds: r.Seconds}
		if r.Passed() {
			d.Passed++
		} else {
			d.Failed++
			j.Outcome = "failed"
		}
		for _, f := range r.Failures {
			j.Failures = append(j.Failures, FailureInJSON(f))
		}
		d.Tests = append(d.Tests, j)
	}
	return d
}

// JUnitFile is a file with results for CI systems.
var JUnitFile = outfile.Kind{Cannot: "Cannot write the results to", No: "is no list of results of tests",
	Example: "tests.xml",
	Own: func(begin []byte) bool {
		return strings.HasPrefix(string(begin), xml.Header+"<testsuites name=\"dirform test\"")
	}}

type xmlSuites struct {
	XMLName  xml.Name    `xml:"testsuites"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Suites   []*xmlSuite `xml:"testsuite"`
}

type xmlSuite struct {
	Name     string    `xml:"name,attr"`
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Time     string    `xml:"time,attr"`
	Cases    []xmlCase `xml:"testcase"`
	of       tally
}

type xmlCase struct {
	Name    string      `xml:"name,attr"`
	Class   string      `xml:"classname,attr"`
	File    string      `xml:"file,attr"`
	Time    string      `xml:"time,attr"`
	Failure *xmlFailure `xml:"failure"`
}

type xmlFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// JUnit writes results as JUnit does, in XML, which CI systems read.
func JUnit(w io.Writer, results []*Result) error {
	all := xmlSuites{Name: "dirform test"}
	var total tally
	for _, r := range results {
		n := len(all.Suites)
		if n == 0 || all.Suites[n-1].Name != r.Test.File {
			all.Suites = append(all.Suites, &xmlSuite{Name: r.Test.File})
			n++
		}
		suite := all.Suites[n-1]
		suite.of.add(r)
		total.add(r)
		c := xmlCase{Name: r.Test.Name, Class: strings.TrimSuffix(r.Test.File, Suffix), File: r.Test.File,
			Time: seconds(r.Seconds)}
		if !r.Passed() {
			var text strings.Builder
			(&Printer{W: &text}).failures(r)
			c.Failure = &xmlFailure{Message: r.Failures[0].Message, Type: "expectation",
				Text: strings.TrimRight(text.String(), "\n")}
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, s := range all.Suites {
		s.Tests, s.Failures, s.Time = s.of.passed+s.of.failed, s.of.failed, seconds(s.of.seconds)
	}
	all.Tests, all.Failures, all.Time = total.passed+total.failed, total.failed, seconds(total.seconds)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// Validate checks the test files of a folder by themselves and adds them to files. n is how many tests there are.
func Validate(dir string, files map[string]*hcl.File) (n int, diags hcl.Diagnostics) {
	names, err := Files(dir)
	if err != nil || len(names) == 0 {
		return 0, nil // that the folder cannot be read, reading the configuration says
	}
	suite, diags, err := Load(dir, names)
	if err != nil {
		d := fault.Describe(err)
		return 0, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Test file cannot be read",
			Detail: strings.TrimSpace(d.Summary + " " + d.Detail)}}
	}
	for name, f := range suite.Files {
		files[name] = f
	}
	return len(suite.Tests), diags
}
