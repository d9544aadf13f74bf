package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dirform/dirform/cmd/dirform/internal/cli"
)

var member = regexp.MustCompile(`(?m)^  ([a-z_.*\[\]]+)(\??) +(string|number|boolean|list|object|any)\b`)

var logonName = regexp.MustCompile(`(?m)^sAMAccountName: (.+)$`)

// TestJSONIsAsDocumented holds "dirform help json" to what commands print: no member is missing on the page or has
// another type, and every member that the page promises is printed.
func TestJSONIsAsDocumented(t *testing.T) {
	page, err := os.ReadFile("internal/cli/topics/json.txt")
	if err != nil {
		t.Fatal(err)
	}
	printed := map[string]string{} // by section, documents one behind the other
	for _, example := range []string{"quickstart", "domain-migration", "replace-entra-connect"} {
		dir := t.TempDir()
		copyClean(t, dir, filepath.Join(root, "examples", example))
		run := func(section string, args ...string) {
			t.Helper()
			status, out, stderr := runMain(t, cli.Environment{Dir: dir, Environ: []string{"DIRFORM_RUN_REF=c0ffee"}}, args...)
			if out == "" {
				t.Fatalf("%s %v: status %d, nothing printed:\n%s", example, args, status, stderr)
			}
			printed[section] += out
		}
		ldif, err := os.ReadFile(filepath.Join(dir, "lab", "corp.ldif"))
		if err != nil {
			t.Fatal(err)
		}
		explain := func() {
			t.Helper()
			for _, name := range logonName.FindAllStringSubmatch(string(ldif), -1) {
				run("EXPLANATION", "explain", name[1], "--json")
				run("LAB", "lab", "show", name[1], "--json")
			}
		}
		explain()
		run("PLAN", "plan", "--json", "--out", "x.dfplan", "--allow", "creates=100")
		run("PLAN", "plan", "--json", "--out", "y.dfplan")
		run("PLAN", "show", "--json", "y.dfplan")
		run("EVENTS", "apply", "--json", "--auto-approve")
		run("PLAN", "drift", "--json")
		run("RUNS", "history", "--json", "--names")
		run("RUNS", "history", "--json")
		run("STEPS", "history", "1", "--json", "--names")
		run("LINT", "lint", "--json")
		run("RECORD", "show", "--json")
		run("LINKS", "state", "list", "--json")
		run("OBJECTS", "state", "list", "--json", "--names", "--unmanaged", "--skipped")
		run("LAB", "lab", "show", "--json")
		run("VERSION", "version", "--json")
		run("PLAN", "undo", "--json")
		if status, _, stderr := runMain(t, cli.Environment{Dir: dir}, "snapshot", "--out", "x.dfsnapshot"); status != 0 {
			t.Fatal(stderr)
		}
		must(t, os.Mkdir(filepath.Join(dir, "base"), 0o700))
		for _, name := range []string{"main.hcl"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, "base", name), text, 0o600))
		}
		run("PLAN", "plan", "--json", "--snapshot", "x.dfsnapshot", "--against", "base")
		explain()
		_, links, _ := runMain(t, cli.Environment{Dir: dir}, "state", "list")
		run("LINK", "state", "show", strings.Fields(links)[1], "--json")
		run("DIAGNOSTICS", "validate", "--json")
		if err := os.WriteFile(filepath.Join(dir, "x.dirtest.hcl"), []byte("test \"x\" {\n  expect { summary = { create = 1 } }\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		run("TESTS", "test", "--json")
		run("ERRORS", "plan", "--json", "--target", "user.nobody")
		if err := os.WriteFile(filepath.Join(dir, "more.hcl"), []byte("scope \"x\" { ou = 3 }\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		run("DIAGNOSTICS", "validate", "--json")
		run("ERRORS", "plan", "--json")
	}
	printed["ACCESS"] = servedAccess(t)
	for section, text := range companyDocuments(t) {
		printed[section] += text
	}
	keepSchema(t, printed)
	eachText(t, printed)
	elsewhere := map[string]map[string]string{} // what sections document, for those that refer to them
	for _, section := range sections.FindAllStringSubmatch(string(page)+"\n", -1) {
		name, documented, promised := section[1], map[string]string{}, map[string]bool{}
		elsewhere[name] = documented
		for _, m := range member.FindAllStringSubmatch(section[2], -1) {
			documented[m[1]] = m[3]
			promised[m[1]] = m[2] == ""
		}
		seen := map[string]bool{}
		d := json.NewDecoder(strings.NewReader(printed[name]))
		for {
			var document any
			if err := d.Decode(&document); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(name, err)
			}
			members(t, name, "", document, elsewhere, seen)
		}
		for path, sure := range promised {
			if sure && !seen[path] {
				t.Errorf("%s: %s is promised, but never printed", name, path)
			}
		}
		delete(printed, name)
	}
	if len(printed) > 0 {
		t.Errorf("the page lacks %v", printed)
	}
}

// servedAccess is what "lab serve" prints before it is interrupted.
func servedAccess(t *testing.T) string {
	t.Helper()
	signals := make(chan os.Signal, 1)
	signals <- os.Interrupt
	code, out, stderr := runMain(t, cli.Environment{Dir: labFolder(t), Signals: signals}, "lab", "serve", "--json")
	if code != cli.ExitDone {
		t.Errorf("status %d\n%s", code, stderr)
	}
	return out
}

// TestEveryJSONIsOnThePage: whichever command prints JSON, the page says what.
func TestEveryJSONIsOnThePage(t *testing.T) {
	page, err := os.ReadFile("internal/cli/topics/json.txt")
	must(t, err)
	headings := ""
	for _, s := range sections.FindAllStringSubmatch(string(page)+"\n", -1) {
		heading, _, _ := strings.Cut(s[0], "\n")
		headings += heading + "\n"
	}
	for _, words := range taking("json") {
		name := strings.TrimSuffix(strings.Join(words, " "), " nobody")
		if !regexp.MustCompile(`[(,] ?` + name + `[ ,:)]`).MatchString(headings) {
			t.Errorf("no heading of the page has %q", name)
		}
	}
}

var sections = regexp.MustCompile(`(?m)^([A-Z]+) \([^\n]*\n\n((?:  [^\n]*\n)+)`)

// referred are parts of documents that the page says are as those of another one.
var referred = []struct {
	section string
	path    *regexp.Regexp
	is, of  string
}{
	{"PLAN", regexp.MustCompile(`^(drift|no_longer)\[\]`), "changes[]", "PLAN"},
	{"LINT", regexp.MustCompile(`^(findings|scopes)\[\]`), "$1[]", "PLAN"},
	{"EXPLANATION", regexp.MustCompile(`^(matches\[\]\.)?findings\[\]`), "findings[]", "PLAN"},
	{"EXPLANATION", regexp.MustCompile(`^matches\[\]\.change\.`), "changes[].", "PLAN"},
	{"ERRORS", regexp.MustCompile(`^diagnostics\[\]`), "diagnostics[]", "DIAGNOSTICS"},
}

// members notes the members of a document, and holds their types to those that are documented, by section.
func members(t *testing.T, section, path string, v any, pages map[string]map[string]string, seen map[string]bool) {
	t.Helper()
	documented, whole := pages[section], path
	for _, r := range referred {
		if r.section == section && r.path.MatchString(path) {
			documented, path = pages[r.of], r.path.ReplaceAllString(path, r.is)
		}
	}
	if path != "" {
		is := documented[path]
		if is == "" {
			path = path[:strings.LastIndexByte(path, '.')+1] + "*"
			is = documented[path]
		}
		seen[path] = true
		if kind := kindOf(v); is != kind && is != "any" {
			t.Errorf("%s: %s is documented as %q, and printed as %s", section, path, is, kind)
			return
		}
		if is == "any" && !strings.HasPrefix(path, "writes") {
			return
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			members(t, section, strings.TrimPrefix(whole+"."+name, "."), x, pages, seen)
		}
	case []any:
		for _, x := range v {
			members(t, section, whole+"[]", x, pages, seen)
		}
	}
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "list"
	case map[string]any:
		return "object"
	}
	return "null"
}
