package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/planner"
)

// The language's example is a configuration that loads as it stands.
func TestLanguageExampleIsValid(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "main.hcl", languageExample)
	env := Environment{Dir: dir, Environ: []string{"DIRFORM_VAR_ad_password=secret"}}
	if code, _, stderr := runMain(t, env, "validate"); code != 0 || stderr != "" {
		t.Errorf("status %d\n%s", code, stderr)
	}
	if _, text, _ := runMain(t, env, "help", "language"); !strings.Contains(text, languageExample) {
		t.Error("the topic does not show the example")
	}
}

func TestFunctionsTopicNamesEveryFunction(t *testing.T) {
	_, text, _ := runMain(t, Environment{}, "help", "functions")
	for _, f := range expr.Describe() {
		if !strings.Contains(text, "\n  "+f.Signature+"\n") || !strings.Contains(text, f.Summary) {
			t.Errorf("%s is not described", f.Name)
		}
	}
}

func TestFindingsTopicNamesEveryCode(t *testing.T) {
	_, text, _ := runMain(t, Environment{}, "help", "findings")
	for _, c := range planner.Codes {
		if !strings.Contains(text, "\n  "+c.Code+"  "+c.Summary) {
			t.Errorf("%s is not described", c.Code)
		}
	}
	if diff := cmp.Diff("  aa bb\n  cc\n", fill("aa bb cc", 2, 8)); diff != "" {
		t.Error(diff)
	}
}

func TestTopicsFitATerminal(t *testing.T) {
	for _, topic := range topics() {
		for line := range strings.Lines(topic.text()) {
			if len([]rune(line)) > 133 {
				t.Errorf("%s: line too long: %s", topic.name, line)
			}
		}
	}
}
