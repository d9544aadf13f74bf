package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/planner"
	"github.com/dirform/dirform/providers"
)

// The language's example, which stands between the topic's first paragraph and the section about null, is a
// configuration that loads as it stands.
func TestLanguageExampleIsValid(t *testing.T) {
	dir := t.TempDir()
	env := Environment{Dir: dir, Environ: []string{"DIRFORM_VAR_ad_password=secret"}}
	write(t, dir, "main.hcl", languageExample(t))
	if code, _, stderr := runMain(t, env, "validate"); code != 0 || stderr != "" {
		t.Errorf("status %d\n%s", code, stderr)
	}
}

// languageExample is the example that the topic shows.
func languageExample(t *testing.T) string {
	_, text, _ := runMain(t, Environment{}, "help", "language")
	_, rest, begins := strings.Cut(text, "One with every kind of block:\n\n")
	example, _, ends := strings.Cut(rest, "\nNULL\n")
	if !begins || !ends || strings.Count(example, "\n") < 50 {
		t.Fatalf("the topic does not show the example:\n%s", example)
	}
	return example
}

// TestLanguageGuardIsSafeToCopy: the example's guard takes no built-in limit away and makes none wider.
func TestLanguageGuardIsSafeToCopy(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "main.hcl", languageExample(t))
	cfg, diags := config.Load(config.Options{Dir: dir, Vars: map[string]string{"ad_password": "secret"},
		Schemas: config.Schemas{Source: providers.ADSchema, Tenant: providers.TenantSchema}})
	if diags.HasErrors() || len(cfg.Guards) == 0 {
		t.Fatal(diags)
	}
	for _, g := range cfg.Guards {
		for name, l := range g.Limits {
			builtIn := limits.Named(name)
			if l.Off || l.Floor != nil && *l.Floor > builtIn.Share.Floor || l.Percent != nil && *l.Percent > builtIn.Share.Percent ||
				l.Count != nil && *l.Count > limits.BuiltInCount(0) {
				t.Errorf("guard %q makes %s wider: %+v", g.Name, name, l)
			}
		}
	}
}

// TestGuardsTopicHasEveryLimit: every limit with its numbers.
func TestGuardsTopicHasEveryLimit(t *testing.T) {
	_, text, _ := runMain(t, Environment{}, "help", "guards")
	for _, l := range limits.All {
		want := fmt.Sprintf("\n  %s\n      %s\n      more than %d, and more than %v %% of the %s", l.Name, l.Counts, l.Share.Floor, l.Share.Percent, l.Base)
		if !strings.Contains(text, want) {
			t.Errorf("%s is not described", l.Name)
		}
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

// TestFindingsTopic holds the reference of findings to the planner's table: it has everything about every code, each
// once, in order, and every error that findings foresee.
func TestFindingsTopic(t *testing.T) {
	_, text, _ := runMain(t, Environment{}, "help", "findings")
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
		if want := strings.TrimSuffix(e.Name, ".") + ": " + strings.Join(e.Codes, ", "); !strings.Contains(words, want) {
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

func TestTopicsFitATerminal(t *testing.T) {
	for _, topic := range topics() {
		for line := range strings.Lines(topic.text()) {
			if len([]rune(line)) > 133 {
				t.Errorf("%s: line too long: %s", topic.name, line)
			}
		}
	}
}
