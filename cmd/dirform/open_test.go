package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Only apply writes to a directory: no other file of the command's packages mentions what opens a writer. (Files are what
// a reviewer sees; a helper that apply.go calls may not hide elsewhere.)
func TestOnlyApplyOpensWriters(t *testing.T) {
	const writers = "internal/open/open_writers.go"
	allowed := map[string][]string{
		"OpenWriter": {writers}, "openSourceWriter": {writers}, "openTenantWriter": {writers},
		"OpenSourceWriter": {writers}, "OpenTenantWriter": {writers},
		"WritableDirectories": {writers, "apply.go"},
	}
	mentions := 0
	for name, file := range commandFiles(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || allowed[id.Name] == nil {
				return true
			}
			mentions++
			if !slices.Contains(allowed[id.Name], name) {
				t.Errorf("%s mentions %s", name, id.Name)
			}
			return true
		})
	}
	if mentions < 10 {
		t.Errorf("found %d mentions of writers; have they been renamed?", mentions)
	}
}

// commandFiles are the Go files of the command and its internal packages by their paths, tests aside.
func commandFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	files, packages := map[string]*ast.File{}, map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		files[filepath.ToSlash(name)], packages[filepath.Dir(name)] = file, true
		return err
	})
	if err != nil || len(packages) < 4 {
		t.Fatalf("%d packages: %v", len(packages), err)
	}
	return files
}
