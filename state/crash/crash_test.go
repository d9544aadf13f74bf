package crash_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/crash"
)

func TestGuardTellsTheHandler(t *testing.T) {
	told := make(chan any, 1)
	before := crash.Handle(func(value any, stack []byte) {
		if !strings.Contains(string(stack), "TestGuardTellsTheHandler") {
			t.Errorf("the stack is not that of the panic:\n%s", stack)
		}
		told <- value
	})
	defer func() { crash.Handle(before) }()
	go func() {
		defer func() { _ = recover() }() // a real handler would not have returned
		defer crash.Guard()
		panic("gone wrong")
	}()
	if v := <-told; v != "gone wrong" {
		t.Errorf("told %v", v)
	}
	func() { // and nobody is told when nothing has happened
		defer crash.Guard()
	}()
	if len(told) > 0 {
		t.Error("told without a panic")
	}
}

// TestEveryGoroutineIsGuarded: a goroutine that panics unguarded would end the process with status 2.
func TestEveryGoroutineIsGuarded(t *testing.T) {
	root, files, seen := filepath.Join("..", ".."), token.NewFileSet(), 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && path != root && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || e.Name() == "clients") {
			return filepath.SkipDir
		}
		if e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.Contains(filepath.ToSlash(path), "providers/providertest/") {
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call := started(n)
			if call == nil {
				return true
			}
			seen++
			if f, ok := call.(*ast.FuncLit); !ok || len(f.Body.List) == 0 || !isGuard(f.Body.List[0]) {
				t.Errorf("%s: a goroutine that does not begin with \"defer crash.Guard()\"", files.Position(n.Pos()))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 10 {
		t.Errorf("only %d goroutines found", seen)
	}
}

// started is the function that a node starts in a goroutine of its own: go f(), or g.Go(f) of a group; nil for any other.
func started(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.GoStmt:
		return n.Call.Fun
	case *ast.CallExpr:
		if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" && len(n.Args) == 1 {
			return n.Args[0]
		}
	}
	return nil
}

func isGuard(s ast.Stmt) bool {
	d, ok := s.(*ast.DeferStmt)
	if !ok {
		return false
	}
	f, ok := d.Call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := f.X.(*ast.Ident)
	return ok && pkg.Name == "crash" && f.Sel.Name == "Guard"
}
