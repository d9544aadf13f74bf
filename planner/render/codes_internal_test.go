package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/planner"
)

// TestFindingsTopic holds the reference of findings to the planner's table: it has everything about every code, each
// once, in order, and every error that findings foresee.
func TestFindingsTopic(t *testing.T) {
	text := CodesHelp()
	list, foreseen, ok := strings.Cut(text, "\nERRORS OF OTHERS")
	if !ok {
		t.Fatal("the list of foreseen errors is missing")
	}
	last := -1
	for _, c := range sortedCodes() {
		var want strings.Builder
		writeFinding(&want, c)
		at := strings.Index(list, want.String())
		if at <= last || strings.Count(list, "\n  "+c.Code+"  ") != 1 {
			t.Errorf("%s is missing, out of order, or there twice", c.Code)
		}
		last = at
		words := strings.Join(strings.Fields(want.String()), " ")
		head := c.Code + " " + c.Summary + " (" + string(c.Severity)
		parts := append([]string{head, "Cause: " + c.Cause + " ", "Cure: " + c.Cure}, foreseenNames(c)...)
		for _, part := range parts {
			if !strings.Contains(words, part) {
				t.Errorf("%s lacks %q", c.Code, part)
			}
		}
	}
	words := strings.Join(strings.Fields(foreseen), " ")
	for _, e := range planner.ForeseenErrors {
		if want := strings.TrimSuffix(e.Name, ".") + ": " + strings.Join(e.Codes, ", "); !strings.Contains(words,
			want) {
			t.Errorf("the list of foreseen errors lacks %q", want)
		}
	}
	for line := range strings.Lines(text) {
		if len([]rune(strings.TrimSuffix(line, "\n"))) > 120 {
			t.Errorf("line too long: %s", line)
		}
	}
}

func TestFill(t *testing.T) {
	if diff := cmp.Diff("  aa bb\n  cc\n", fill("aa bb cc", 2, 8)); diff != "" {
		t.Error(diff)
	}
}
