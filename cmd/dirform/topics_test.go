package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
	"github.com/dirform/dirform/config"
	"github.com/dirform/dirform/config/expr"
	"github.com/dirform/dirform/config/limits"
	"github.com/dirform/dirform/providers"
)

// The language's example, which stands between the topic's first paragraph and the section about null, is a
// configuration that loads as it stands.
func TestLanguageExampleIsValid(t *testing.T) {
	dir := t.TempDir()
	env := cli.Environment{Dir: dir, Environ: []string{"DIRFORM_VAR_ad_password=secret"}}
	write(t, dir, "main.hcl", languageExample(t))
	if code, _, stderr := runMain(t, env, "validate"); code != 0 || stderr != "" {
		t.Errorf("status %d\n%s", code, stderr)
	}
}

// TestTestsExamplePasses: the test that the topic about tests shows passes as it stands.
func TestTestsExamplePasses(t *testing.T) {
	_, text, _ := runMain(t, cli.Environment{}, "help", "tests")
	_, rest, begins := strings.Cut(text, "\n  test \"")
	example, _, ends := strings.Cut(rest, "\n  }\n")
	if !begins || !ends {
		t.Fatalf("the topic does not show a test:\n%s", text)
	}
	dir := t.TempDir()
	write(t, dir, "main.hcl", "provider \"ad\" \"x\" { lab = \"lab\" }\nprovider \"entra\" \"x\" { lab = \"lab\" }\n"+
		"scope \"staff\" { ou = \"OU=Staff,DC=corp,DC=contoso,DC=com\" }\n")
	write(t, dir, "main.dirtest.hcl", "test \""+example+"\n  }\n")
	if code, stdout, stderr := runMain(t, cli.Environment{Dir: dir}, "test"); code != 0 || stderr != "" {
		t.Errorf("status %d\n%s%s", code, stdout, stderr)
	}
}

// languageExample is the example that the topic shows.
func languageExample(t *testing.T) string {
	_, text, _ := runMain(t, cli.Environment{}, "help", "language")
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
	cfg, diags := config.Load(config.Options{Dir: dir, Vars: map[string]string{"ad_password": "secret",
		"dirform_key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
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
	_, text, _ := runMain(t, cli.Environment{}, "help", "guards")
	for _, l := range limits.All {
		want := fmt.Sprintf("\n  %s\n      %s\n      more than %d, and more than %v %% of the %s", l.Name, l.Counts, l.Share.Floor, l.Share.Percent, l.Base)
		if !strings.Contains(text, want) {
			t.Errorf("%s is not described", l.Name)
		}
	}
}

// TestSignInTopicNamesEveryVariable: each environment variable that signing in looks at stands in its topic.
func TestSignInTopicNamesEveryVariable(t *testing.T) {
	_, text, _ := runMain(t, cli.Environment{}, "help", "sign-in")
	found := 0
	for _, dir := range []string{"providers/entra/internal/signin", "providers/ad/internal/kerberos"} {
		files, err := filepath.Glob(filepath.Join("..", "..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				if s := strings.Trim(lit.Value, `"`); isVariable(s) {
					found++
					if !strings.Contains(text, s) {
						t.Errorf("%s looks at %s, which help sign-in doesn't mention", name, s)
					}
				}
				return true
			})
		}
	}
	if found < 30 {
		t.Errorf("only %d names found", found)
	}
}

// isVariable reports whether a text is the name of an environment variable: KRB5CCNAME, or one with an underscore.
func isVariable(s string) bool {
	if s == "KRB5CCNAME" {
		return true
	}
	return strings.Contains(s, "_") && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func TestFunctionsTopicNamesEveryFunction(t *testing.T) {
	_, text, _ := runMain(t, cli.Environment{}, "help", "functions")
	for _, f := range expr.Describe() {
		if !strings.Contains(text, "\n  "+f.Signature+"\n") || !strings.Contains(text, f.Summary) {
			t.Errorf("%s is not described", f.Name)
		}
	}
}
