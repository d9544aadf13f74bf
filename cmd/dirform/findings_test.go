package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/planner"
)

var isCode = regexp.MustCompile(`\bDF[1-5][0-9][0-9]\b`)

// TestEveryFindingIsDocumentedAndProduced keeps the table of codes complete in both directions: what the planner says is in the
// table, and what is in the table is said in some test, a script's plan above all.
func TestEveryFindingIsDocumentedAndProduced(t *testing.T) {
	documented := map[string]bool{}
	for _, c := range planner.Codes {
		if documented[c.Code] {
			t.Errorf("%s stands twice in planner.Codes", c.Code)
		}
		documented[c.Code] = true
		for _, text := range []string{c.Summary, c.Cause, c.Cure} {
			if text == "" {
				t.Errorf("%s has no summary, cause or cure", c.Code)
			}
		}
	}
	said := codesIn(t, filepath.Join(root, "planner"))
	for code, where := range said {
		if !documented[code] {
			t.Errorf("%s says %s, which is not in planner.Codes", where, code)
		}
	}
	produced := codesInTests(t)
	for code := range documented {
		if !produced[code] {
			t.Errorf("no test produces a plan with %s: add a script to cmd/dirform/testdata/script", code)
		}
	}
}

// codesIn are the codes that stand as strings in the Go files below a folder which are no tests, and where.
func codesIn(t *testing.T, folder string) map[string]string {
	codes := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil && isCode.FindString(s) == s && s != "" {
					codes[s] = filepath.Base(path)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || len(codes) == 0 {
		t.Fatalf("reading the codes below %s: %d found, %v", folder, len(codes), err)
	}
	return codes
}

// codesInTests are the codes in scripts, golden plans and tests of planning. What only lists or renders codes does not count.
func codesInTests(t *testing.T) map[string]bool {
	codes := map[string]bool{}
	for _, pattern := range []string{"cmd/dirform/testdata/script/*.txtar", "examples/*/golden/plan.txt", "cmd/dirform/*_test.go", "planner/reconcile/*_test.go"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if slices.Contains([]string{"help.txtar", "findings_test.go", "foreseen_test.go", "topics_test.go", "docs_test.go"}, filepath.Base(path)) {
				continue
			}
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, code := range isCode.FindAllString(string(src), -1) {
				codes[code] = true
			}
		}
	}
	return codes
}
