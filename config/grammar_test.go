package config

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/config/limits"
)

// The reference lists what the decoder takes: every block of the table is listed, and the decoder has no list of its own beside it.
func TestReferenceIsTheDecoders(t *testing.T) {
	listed := map[string]bool{}
	for _, f := range forms {
		listed[f.name] = true
		if _, ok := grammar[f.name]; !ok && f.name != "" {
			t.Errorf("%s is listed, but nothing decodes it", f.name)
		}
	}
	text := Reference()
	for name, s := range grammar {
		if !listed[name] {
			t.Errorf("%s is decoded, but not listed", name)
		}
		for _, word := range append(append(append([]string{}, s.required...), s.optional...), s.blocks...) {
			if !strings.Contains(text, " "+word+",") && !strings.Contains(text, " "+word+"\n") {
				t.Errorf("%s of %s is not listed", word, name)
			}
		}
	}
	for _, b := range topBlocks {
		if !strings.Contains(text, "\n  "+b.name+" ") {
			t.Errorf("block %s is not listed", b.name)
		}
	}
	for _, name := range limits.Names() {
		if !strings.Contains(text, " "+name) {
			t.Errorf("limit %s is not listed", name)
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	used := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if id, ok := n.Type.(*ast.Ident); ok && id.Name == "spec" {
					t.Errorf("%s decodes by a list of its own", name)
				}
			case *ast.IndexExpr:
				if id, ok := n.X.(*ast.Ident); ok && id.Name == "grammar" {
					if key, ok := n.Index.(*ast.BasicLit); ok {
						used[strings.Trim(key.Value, `"`)] = true
					}
				}
			}
			return true
		})
	}
	for name := range grammar {
		if !used[name] {
			t.Errorf("nothing decodes %s", name)
		}
	}
}
