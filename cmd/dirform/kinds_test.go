package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dirform/dirform/state"
)

// naming are the files of planner/... that may name what descriptors name, and why.
var naming = map[string]string{
	"planner/snapshot/internal/filters/filters.go":         "the source's own attributes, which a filter names",
	"planner/snapshot/source.go":                           "what the source calls its classes",
	"planner/snapshot/take.go":                             "what is taken of objects of no kind",
	"planner/render/internal/rendertest/rendertest.go":     "makes plans for tests",
	"planner/reconcile/internal/table/active_directory.go": "the source's own attributes",
	"planner/reconcile/internal/pair/evidence.go":          "what each match rule goes by",
	"planner/dirtest/defaults.go":                          "what either directory gives an object without being told",
	"planner/survey/survey.go":                             "what the source has before there is a configuration",
	"planner/explain/scopes.go":                            "what the source calls objects that are in no scope",
}

// TestKindsAreData: no file of planner/... names a kind of objects, an attribute of one or a match rule. They ask the
// kind's descriptor, so that one kind more is an entry of a table.
func TestKindsAreData(t *testing.T) {
	data := described()
	for _, name := range []string{"userPrincipalName", "onPremisesImmutableId", "accountEnabled", "proxyAddresses",
		"mail", "displayName", "manager", "otherMails", "immutable_id"} {
		if !data[name] {
			t.Errorf("no descriptor names %s: the test would find nothing", name)
		}
	}
	named := 0
	err := filepath.WalkDir(filepath.Join(root, "planner"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
			return err
		}
		rel, _ := filepath.Rel(root, file)
		found, err := kindsNamed(file, data)
		switch name := filepath.ToSlash(rel); {
		case naming[name] == "":
			for _, f := range found {
				t.Errorf("%s: a descriptor can say that", f)
			}
		case len(found) == 0:
			t.Errorf("%s names nothing any more: take it off the list", name)
		default:
			named++
		}
		return err
	})
	if err != nil || named != len(naming) {
		t.Errorf("%d of %d files that may name kinds: %v", named, len(naming), err)
	}
}

// described are the attributes and match rules that any descriptor names.
func described() map[string]bool {
	names := map[string]bool{}
	add := func(list ...string) {
		for _, name := range list {
			names[name] = name != ""
		}
	}
	for _, d := range state.Kinds {
		add(d.Anchor, d.UserName, d.Mail, d.Proxies, d.SignIn, d.Display, d.Nickname, d.Master, d.Trace)
		add(d.Identity...)
		add(d.Sensitive...)
		add(d.MatchNames()...)
		for _, u := range d.Unique {
			add(u.Attribute)
		}
		for _, r := range d.References {
			add(r.Attribute)
		}
	}
	return names
}

// kindsNamed are the places where a file names a kind that is read, or as a string literal something of data.
func kindsNamed(file string, data map[string]bool) (found []string, err error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	say := func(n ast.Node, what string) {
		found = append(found, fmt.Sprintf("%s names %s", files.Position(n.Pos()), what))
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && data[text] {
				say(n, n.Value)
			}
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && x.Name == "state" && slices.Contains([]string{"User", "Group", "Contact"}, n.Sel.Name) {
				say(n, "state."+n.Sel.Name)
			}
		}
		return true
	})
	return found, nil
}
