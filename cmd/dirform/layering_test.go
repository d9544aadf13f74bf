package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module   = "github.com/dirform/dirform/"
	inApply  = "planner/apply/internal/"
	inConfig = "config/internal/"
	inEntra  = "providers/entra/internal/"
	stage    = "planner/reconcile/internal/"
)

// layers says which of our packages a package may import. A folder without a row of its own, such as an internal one,
// counts as its nearest parent with a row; "*" is everything.
var layers = map[string][]string{
	"state":                 {},
	"state/fault":           {},
	"state/bounds":          {},
	"state/crash":           {},
	"state/visible":         {},
	"state/store/tell":      {"state", "state/store"},
	"state/store":           {"state"},
	"state/store/objects":   {"state", "state/store", "state/store/sqlite"},
	"state/store/postgres":  {"state", "state/store"},
	"state/store/sqlite":    {"state", "state/store"},
	"state/store/storetest": {"state", "state/store", "state/store/transfer"},
	"state/store/transfer":  {"state", "state/store", "state/store/sqlite"},
	"config/expr":           {"state"},
	"providers":             {"state"},
	"providers/ad": {"providers", "providers/ad/internal/access", "providers/ad/internal/kerberos",
		"providers/ad/internal/replication", "state"},
	"providers/lab":          {"state"},
	"providers/trusted":      {},
	"providers/providertest": {"providers", "state"},
	"planner":                {"providers", "state"},
	"planner/reconcile": {stage + "table", stage + "pair", stage + "judge", stage + "words", stage + "called", stage + "steps", "planner/internal/counting",
		"config", "planner", "providers", "state"},
	"planner/internal/counting": {"config", "providers", "state"},
	"planner/explain": {"config", "planner", "planner/reconcile", "planner/render", "providers", "state",
		"state/store"},
	"planner/dirtest": {"config", "config/declared", "config/expr", "planner", "planner/planfile", "planner/reconcile", "planner/render", "planner/run",
		"providers", "state", "state/store"},
	"planner/undo":                      {"planner", "planner/reconcile", "providers", "state"},
	"planner/survey":                    {"config", "providers", "state"},
	"planner/planfile":                  {"planner", "state"},
	"planner/snapshot/internal/filters": {"providers", "state"},
	"planner/snapshot":                  {"planner/snapshot/internal/filters", "config", "planner", "planner/reconcile", "providers", "state", "state/store"},
	"planner/render":                    {"planner", "state"},
	"planner/render/internal/risk":      {"planner/internal/counting", "config", "state"},
	"planner/render/files":              {"planner", "planner/render", "planner/render/markdown", "planner/render/page", "state"},
	"planner/render/page":               {"planner", "planner/render", "planner/render/internal/risk", "state"},
	"planner/render/done":               {"planner", "planner/apply", "planner/planfile", "planner/render", "planner/run", "state"},
	"planner/render/past":               {"planner", "planner/render/page", "state", "state/store"},
	"planner/render/redact":             {"planner", "planner/render", "state"},
	"planner/render/markdown":           {"planner", "planner/render", "planner/render/internal/risk", "state"},
	"planner/apply":                     {"planner", inApply + "links", inApply + "values", "providers", "state"},
	"planner/run/internal/alike":        {"planner", "state"},
	"planner/run/internal/parts":        {"providers", "state"},
	"planner/run/internal/reviewed":     {"planner", "planner/apply", "planner/planfile", "planner/run/internal/alike", "planner/run/internal/parts", "state"},
	"planner/run/internal/undone":       {"planner", "planner/apply", "state"},
	"planner/run/internal/scoped":       {"config", "state"},
	"planner/run/internal/named":        {"config", "providers", "state"},
	"planner/against":                   {"config", "planner", "state"},
	"planner/run": {"planner/against", "planner/snapshot", "planner/run/internal/named", "planner/run/internal/scoped", "planner/run/internal/parts", "planner/run/internal/reviewed", "planner/run/internal/rights", "planner/run/internal/undone", "config", "planner", "planner/apply", "planner/planfile", "planner/reconcile", "planner/undo", "providers", "state",
		"state/store"},
	"planner/run/internal/rights": {"planner", "state"},
	"cmd":                         {"*"},

	stage + "table":  {"config", "planner", "providers", "state"},
	stage + "pair":   {stage + "table", "config", "planner", "state"},
	stage + "order":  {stage + "pair"},
	stage + "steps":  {"state"},
	stage + "called": {stage + "table", "state"},
	stage + "words":  {stage + "table", stage + "pair", "config", "planner", "providers", "state"},
	stage + "lint":   {stage + "table", stage + "words", "config", "config/expr", "planner", "state"},
	stage + "judge": {stage + "table", stage + "pair", stage + "order", stage + "words", stage + "lint", "config",
		"planner", "providers", "state"},

	"planner/apply/telling": {"planner/apply", "state"},
	inApply + "links":       {"planner", inApply + "values", "state"},
	inApply + "values":      {"providers", "state"},

	"config": {"config/expr", inConfig + "preset", inConfig + "required", inConfig + "report", inConfig + "sensitive", inConfig + "source",
		inConfig + "values", "state"},
	"config/declared":           {"config"},
	"config/internal/preset":    {inConfig + "source", "state"},
	"config/internal/report":    {},
	"config/internal/required":  {},
	"config/internal/sensitive": {inConfig + "report", "state"},
	"config/internal/source":    {inConfig + "report", inConfig + "sensitive", "state"},
	"config/internal/values": {"config/expr", inConfig + "report", inConfig + "sensitive", inConfig + "source",
		"state"},

	"providers/entra": {inEntra + "address", inEntra + "signin", inEntra + "graph", inEntra + "wire",
		inEntra + "jwtclaims", "providers", "state"},
	"providers/ad/internal/access":      {"state"},
	"providers/ad/internal/kerberos":    {"state"},
	"providers/ad/internal/replication": {"providers", "state"},

	"providers/entra/internal/address":   {},
	"providers/entra/internal/jwtclaims": {},
	"providers/entra/internal/signin":    {inEntra + "address", inEntra + "jwtclaims"},
	"providers/entra/internal/graph":     {inEntra + "address", inEntra + "signin", "providers"},
	"providers/entra/internal/wire":      {"providers", "state"},
}

// everywhere is what every package may import beside its row: the error for people, the limits of what is read, what guards
// a goroutine, and what makes text from outside safe for an output.
var everywhere = []string{"state/fault", "state/bounds", "state/crash", "state/visible"}

// banned are imports from outside that a layer must not have, and why.
var banned = []struct{ layer, path, why string }{
	{"*", "github.com/microsoftgraph/msgraph-sdk-go", "its root client takes gigabytes to compile"},
	{"*", "github.com/microsoftgraph/msgraph-sdk-go/models", "its models take gigabytes to compile"},
	{"*", "github.com/microsoftgraph/msgraph-sdk-go/users", "it imports the models"},
	{"planner", "net", "a plan knows no service"},
	{"planner", "net/http", "a plan knows no service"},
	{"planner", "log", "a plan is data"},
	{"planner", "log/slog", "a plan is data"},
	{"planner/reconcile/...", "net", "planning is pure"},
	{"planner/reconcile/...", "net/http", "planning is pure"},
	{"planner/reconcile/...", "log", "planning is pure"},
	{"planner/reconcile/...", "log/slog", "planning is pure"},
	{"planner/reconcile/...", "math/rand", "planning is deterministic"},
	{"planner/reconcile/...", "math/rand/v2", "planning is deterministic"},
	{"planner/dirtest", "net", "a test reaches nothing"},
	{"planner/dirtest", "net/http", "a test reaches nothing"},
	{"planner/snapshot/...", "net", "what a snapshot tells is asked of nobody"},
	{"planner/snapshot/...", "net/http", "what a snapshot tells is asked of nobody"},
	{"state", "net/http", "the vocabulary knows no service"},
	{"providers/entra/internal/wire", "net/http", "decoding asks nobody"},
	{"config", "net/http", "checking a configuration works offline"},
}

// outsideCmd may be imported by commands only: below them nothing has flags, a terminal or an exit status.
var outsideCmd = []string{"flag", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term", "os/signal"}

func TestLayering(t *testing.T) {
	packages := listPackages(t)
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module)
		layer := layerOf(name)
		if layer == "" {
			t.Errorf("%s stands in no layer: add a row to the table", name)
			continue
		}
		for _, path := range p.Imports {
			if path == "flag" && slices.Contains(p.Imports, "testing") {
				continue // what only tests import may look at the flags of tests
			}
			if why := verdict(layer, path); why != "" {
				t.Errorf("%s imports %s: %s", name, strings.TrimPrefix(path, module), why)
			}
		}
	}
	if len(packages) < 3 {
		t.Fatalf("go list found %d packages", len(packages))
	}
}

// verdict says why a package of layer must not import path; "" means it may.
func verdict(layer, path string) string {
	if ours, ok := strings.CutPrefix(path, module); ok {
		to := layerOf(ours)
		if to == layer || slices.Contains(everywhere, to) || slices.Contains(layers[layer], to) || slices.Contains(layers[layer], "*") {
			return ""
		}
		return layer + " may import only " + strings.Join(layers[layer], ", ")
	}
	for _, b := range banned {
		if b.path == path && covers(b.layer, layer) {
			return b.why
		}
	}
	if layer != "cmd" && slices.Contains(outsideCmd, path) {
		return "only commands may"
	}
	return ""
}

// covers reports whether a pattern is about a layer: "*" is about all, and "x/..." about x and what lies below.
func covers(pattern, layer string) bool {
	below, deep := strings.CutSuffix(pattern, "/...")
	return pattern == "*" || pattern == layer || deep && within(layer, below)
}

// layerOf is the row of the table a package falls under, "" if there is none.
func layerOf(name string) string {
	for ; name != "."; name = filepath.ToSlash(filepath.Dir(name)) {
		if _, ok := layers[name]; ok {
			return name
		}
	}
	return ""
}

type listedPackage struct {
	ImportPath                string
	Dir                       string
	Imports                   []string
	TestGoFiles, XTestGoFiles []string
}

func listPackages(t *testing.T) (packages []listedPackage) {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Imports,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir, cmd.Stderr = "../..", &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// TestVerdict holds the table's reader to cases that must and must not pass: a layering test that lets everything
// through would look the same as one that finds nothing.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"state", module + "config", false},
		{"planner", module + "state", true},
		{"planner/internal/rows", module + "state", true},
		{"planner", module + "planner/internal/rows", true},
		{"planner", module + "config", false},
		{"planner", module + "planner/reconcile", false},
		{"planner", module + "planner/render", false},
		{"planner/render", module + "planner/reconcile", false},
		{"planner/reconcile/internal/table", module + "config", true},
		{"planner/reconcile/internal/judge/offlimits", module + "planner/reconcile/internal/pair", true},
		{"planner/reconcile/internal/pair", module + "planner/reconcile/internal/judge", false},
		{"planner/explain", module + "planner/reconcile/internal/pair", false},
		{"planner/reconcile", module + "planner/apply", false},
		{"planner", module + "state/store", false},
		{"planner", module + "state/fault", true},
		{"state/fault", module + "state", false},
		{"planner", module + "providers/ad", false},
		{"providers/lab/internal/graph", module + "providers", false},
		{"providers/ad", module + "providers/entra", false},
		{"cmd/dirform", module + "providers/lab", true},
		{"planner", "net/http", false},
		{"providers/entra", module + "providers/entra/internal/wire", true},
		{"providers/entra/internal/wire", module + "providers/entra/internal/graph", false},
		{"providers/entra", "github.com/microsoftgraph/msgraph-sdk-go/models", false},
		{"config", "github.com/spf13/cobra", false},
		{"cmd/dirform", "github.com/spf13/cobra", true},
	} {
		if why := verdict(layerOf(c.from), c.to); (why == "") != c.ok {
			t.Errorf("%s -> %s: got %q, want allowed = %v", c.from, c.to, why, c.ok)
		}
	}
}

func TestRootHoldsOnlyWhatBelongsThere(t *testing.T) {
	allowed := []string{"cmd", "config", "planner", "providers", "state", "examples", "go.mod", "go.sum", "README.md",
		"LICENSE"}
	built := []string{"dirform", "dirform.exe"} // what "go build ./cmd/dirform" leaves there
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) && !slices.Contains(built, name) {
			t.Errorf("the top level holds %s", name)
		}
	}
}
