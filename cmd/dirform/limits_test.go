package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// The limits of the house. Whoever raises one says why beside it. The figures in comments are those of the day of the
// commit.
const (
	maxPackage = 2600 // lines of a package outside providers/lab: 2,450, planner/reconcile/internal/judge; cmd/dirform 2,315
	maxPlanner = 700  // lines of package planner, which is what a plan is: 356
	// lines of cmd/dirform with its internal packages: 5,630; 5,600 until state list had views, history and it names, errors and the log
	// a form in JSON, fmt folders and differences, and Terraform's words an answer; 5,800 until the state could be pulled, pushed
	// and moved, and runs undone; 6,150 until that said what it would do to an encrypted state; 6,200 until plans were
	// written as Markdown, HTML and tables, and without people; 6,500 until configurations could be tested (internal/testcmd), there were
	// snapshots, and plans against another configuration
	maxCommand      = 6800
	maxFields       = 25  // fields of a type in planner/...: 24, planner/explain.Explanation
	maxMethods      = 40  // methods of a type in planner/..., value and pointer receivers together: 37, judge.Judge
	maxDependencies = 130 // packages that printing a plan drags in: 125
)

// judgement are the names by which somebody decides whether an account may be touched: a guard's protect list, who
// holds a role, and (as a function) whether another engine masters it. Only judge may decide that.
var judgement = []string{"Protect", "RoleHolders", "synced()"}

const judge = "planner/reconcile/internal/judge"

// carriers are the files outside of judge that may name something of judgement, because they only hand it on.
var carriers = map[string]string{
	"planner/run/look.go":           "RoleHolders", // reads them from the tenant
	"planner/reconcile/settings.go": "RoleHolders", // gives them to judge
	// answers as a tenant does
	"planner/dirtest/internal/memory/world.go": "RoleHolders",
	"planner/snapshot/take_tenant.go":          "RoleHolders", // keeps them
	"planner/snapshot/tenant.go":               "RoleHolders", // gives them again
}

// limit is a figure of the project and what it may be.
type limit struct {
	what      string
	got, most int
	where     string // of got
}

// TestLimits holds the sizes of packages and types, what printing a plan drags in, and that one place judges. With -v
// it prints the table: go test ./cmd/dirform -run TestLimits -v
func TestLimits(t *testing.T) {
	h := readHouse(t)
	deps := dependencies(t, "./planner/render")
	hcl := slices.IndexFunc(deps, func(p string) bool { return strings.Contains(p, "/hcl") })
	limits := append(h.sizes(),
		limit{"packages that planner/render depends on", len(deps), maxDependencies, ""},
		limit{"hcl among them", min(hcl+1, 1), 0, ""},
		limit{"names of judgement outside of judge", len(h.judging), 0, strings.Join(h.judging, ", ")})
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, l := range limits {
		verdict := ""
		if l.got > l.most {
			verdict = "TOO MUCH"
			t.Errorf("%s: %d, at most %d (%s)", l.what, l.got, l.most, l.where)
		}
		fmt.Fprintf(w, "%s\t%d\tof %d\t%s\t%s\n", l.what, l.got, l.most, l.where, verdict)
	}
	w.Flush()
	t.Logf("\n%s", table.String())
}

// house is what the project's Go files say, tests aside.
type house struct {
	lines   map[string]int // of a package, by its folder
	fields  map[string]int // of a struct type in planner/..., by folder and name
	methods map[string]int // of any type there, likewise
	judging []string       // where planner/... names something of judgement outside of judge, as file:line
}

// noPackages are folders without packages of the project.
var noPackages = []string{"testdata", "node_modules"}

func readHouse(t *testing.T) *house {
	h := &house{lines: map[string]int{}, fields: map[string]int{}, methods: map[string]int{}}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, file)
		name := filepath.ToSlash(rel)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(name, ".") && name != "." || slices.Contains(noPackages, d.Name())):
			return filepath.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		h.lines[path.Dir(name)] += bytes.Count(src, []byte("\n"))
		if strings.HasPrefix(name, "planner/") {
			return h.readPlanner(name, src)
		}
		return nil
	})
	if err != nil || len(h.lines) < 20 || len(h.fields) < 50 {
		t.Fatalf("%d packages, %d types: %v", len(h.lines), len(h.fields), err)
	}
	return h
}

// readPlanner takes in a file of planner/....
func (h *house) readPlanner(name string, src []byte) error {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := path.Dir(name)
	say := func(what string, n ast.Node) {
		if !within(dir, judge) && slices.Contains(judgement, what) && carriers[name] != what {
			h.judging = append(h.judging, fmt.Sprintf("%s:%d %s", name, files.Position(n.Pos()).Line, what))
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok {
				h.fields[dir+"."+n.Name.Name] = fieldsOf(s)
			}
		case *ast.FuncDecl:
			say(called(n.Name)+"()", n)
			if n.Recv != nil {
				h.methods[dir+"."+receiver(n)]++
			}
		case *ast.CallExpr:
			say(called(n.Fun)+"()", n)
		case *ast.Ident:
			say(n.Name, n)
		}
		return true
	})
	return nil
}

// called is the name of a called function, in small letters at its start: synced for both synced(x) and pkg.Synced(x).
func called(fun ast.Expr) string {
	name := ""
	switch f := fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	return strings.ToLower(name[:min(1, len(name))]) + name[min(1, len(name)):]
}

// within reports whether a folder is base or lies below it.
func within(dir, base string) bool { return dir == base || strings.HasPrefix(dir, base+"/") }

// fieldsOf is the number of a struct's fields; what is embedded is one.
func fieldsOf(s *ast.StructType) (n int) {
	for _, f := range s.Fields.List {
		n += max(1, len(f.Names))
	}
	return n
}

// sizes are the limits on packages and types.
func (h *house) sizes() []limit {
	outside, command := map[string]int{}, 0
	for dir, n := range h.lines {
		if !within(dir, "providers/lab") {
			outside[dir] = n
		}
		if within(dir, "cmd/dirform") {
			command += n
		}
	}
	list := largest("lines of a package outside providers/lab", outside, maxPackage, 3)
	list = append(list, limit{"lines of package planner", h.lines["planner"], maxPlanner, ""},
		limit{"lines of cmd/dirform with its internal packages", command, maxCommand, ""})
	list = append(list, largest("fields of a type in planner/...", h.fields, maxFields, 2)...)
	return append(list, largest("methods of a type in planner/...", h.methods, maxMethods, 2)...)
}

// largest are the limits on the n largest of sizes, and on all that are too large.
func largest(what string, sizes map[string]int, most, n int) (list []limit) {
	names := slices.SortedFunc(maps.Keys(sizes), func(a, b string) int {
		return cmp.Or(sizes[b]-sizes[a], strings.Compare(a, b))
	})
	for i, name := range names {
		if i < n || sizes[name] > most {
			list = append(list, limit{what, sizes[name], most, name})
		}
	}
	return list
}

// dependencies are the packages that a package needs, its own included: go list -deps.
func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	c := exec.Command("go", "list", "-deps", pkg)
	c.Dir = root
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}
