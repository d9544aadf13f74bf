package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// Only apply writes to a directory: no other file mentions what opens a writer. (The files of a package are what a reviewer sees;
// a helper that apply.go calls may not hide elsewhere.)
func TestOnlyApplyOpensWriters(t *testing.T) {
	allowed := []string{"open_writers.go"}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	mentions := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || !slices.Contains([]string{"openSourceWriter", "openTenantWriter", "OpenWriter"}, id.Name) {
				return true
			}
			mentions++
			if !slices.Contains(allowed, e.Name()) {
				t.Errorf("%s mentions %s", e.Name(), id.Name)
			}
			return true
		})
	}
	if mentions < 4 {
		t.Errorf("found %d mentions of writers; have they been renamed?", mentions)
	}
}
