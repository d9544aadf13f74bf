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

// TestJSONIsAsDocumented holds "dirform help json" to what commands print: no member is missing on the page or has another type, and
// every member that the page promises is printed.
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
		run("PLAN", "plan", "--json", "--out", "x.dfplan", "--allow", "creates=100")
		run("PLAN", "plan", "--json", "--out", "y.dfplan")
		run("PLAN", "show", "--json", "y.dfplan")
		run("EVENTS", "apply", "--json", "--auto-approve")
		run("PLAN", "drift", "--json")
		run("RUNS", "history", "--json")
		run("DIAGNOSTICS", "validate", "--json")
		run("ERRORS", "plan", "--json", "--target", "user.nobody")
		if err := os.WriteFile(filepath.Join(dir, "more.hcl"), []byte("scope \"x\" { ou = 3 }\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		run("DIAGNOSTICS", "validate", "--json")
	}
	keepSchema(t, printed)
	for _, section := range sections.FindAllStringSubmatch(string(page)+"\n", -1) {
		name, documented, promised := section[1], map[string]string{}, map[string]bool{}
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
			members(t, name, "", document, documented, seen)
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

var sections = regexp.MustCompile(`(?m)^([A-Z]+) \([^\n]*\n\n((?:  [^\n]*\n)+)`)

// members notes the members of a document, and holds their types to those that are documented.
func members(t *testing.T, section, path string, v any, documented map[string]string, seen map[string]bool) {
	t.Helper()
	if path != "" {
		path = strings.Replace(path, "drift[]", "changes[]", 1)
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
			members(t, section, strings.TrimPrefix(path+"."+name, "."), x, documented, seen)
		}
	case []any:
		for _, x := range v {
			members(t, section, path+"[]", x, documented, seen)
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
