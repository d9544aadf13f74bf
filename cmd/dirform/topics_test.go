package main

import (
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config/expr"
)

// The language's example, which stands between the topic's first paragraph and the section about null, is a
// configuration that loads as it stands.
func TestLanguageExampleIsValid(t *testing.T) {
	dir := t.TempDir()
	env := cli.Environment{Dir: dir, Environ: []string{"DIRFORM_VAR_ad_password=secret"}}
	_, text, _ := runMain(t, env, "help", "language")
	_, rest, begins := strings.Cut(text, "One with every kind of block:\n\n")
	example, _, ends := strings.Cut(rest, "\nNULL\n")
	if !begins || !ends || strings.Count(example, "\n") < 50 {
		t.Fatalf("the topic does not show the example:\n%s", example)
	}
	write(t, dir, "main.hcl", example)
	if code, _, stderr := runMain(t, env, "validate"); code != 0 || stderr != "" {
		t.Errorf("status %d\n%s", code, stderr)
	}
}

func TestFunctionsTopicNamesEveryFunction(t *testing.T) {
	_, text, _ := runMain(t, cli.Environment{}, "help", "functions")
	for _, f := range expr.Describe() {
		if !strings.Contains(text, "\n  "+f.Signature+"\n") || !strings.Contains(text, f.Summary) {
			t.Errorf("%s is not described", f.Name)
		}
	}
}
