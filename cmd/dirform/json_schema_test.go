package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// keepSchema holds printed documents, by section of the page one behind the other, to what "dirform help json-schema"
// prints; and that schema to refusing them when a member that it requires is missing, or of another type.
func keepSchema(t *testing.T, printed map[string]string) {
	t.Helper()
	all := schemaOf(t)
	for section, text := range printed {
		name := strings.ToLower(section)
		s := closedSchema(t, name)
		d, n := json.NewDecoder(strings.NewReader(text)), 0
		for ; ; n++ {
			var document map[string]any
			if err := d.Decode(&document); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(section, err)
			}
			if err := s.Validate(document); err != nil {
				t.Errorf("%s: %v", section, err)
			}
			for _, required := range all.Defs[name].Required {
				was := document[required]
				typed := all.Defs[name].Properties[required].Type
				document[required] = map[string]any{"x": true}
				if typed != "" && typed != "object" && s.Validate(document) == nil {
					t.Errorf("%s: %s may be anything", section, required)
				}
				delete(document, required)
				if s.Validate(document) == nil {
					t.Errorf("%s: %s may be missing", section, required)
				}
				document[required] = was
			}
		}
		if n == 0 {
			t.Errorf("%s: nothing was printed", section)
		}
	}
}

// schemaOf is what "dirform help json-schema" prints.
func schemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	all := new(jsonschema.Schema)
	if err := json.Unmarshal([]byte(ends(t, t.TempDir(), 0, "help", "json-schema")), all); err != nil {
		t.Fatal(err)
	}
	return all
}

// closedSchema is the schema of one kind of documents that takes no member which it does not list: as printed it
// does, for those of newer versions.
func closedSchema(t *testing.T, name string) *jsonschema.Resolved {
	t.Helper()
	if s, ok := closed.Load(name); ok {
		return s.(*jsonschema.Resolved)
	}
	all := schemaOf(t)
	for _, d := range all.Defs {
		shut(d)
	}
	s, err := (&jsonschema.Schema{Ref: "#/$defs/" + name, Defs: all.Defs}).Resolve(nil)
	if err != nil || all.Defs[name] == nil {
		t.Fatal(name, err)
	}
	closed.Store(name, s)
	return s
}

// closed are the closed schemas that were made.
var closed sync.Map

// shut closes a schema, and those within it.
func shut(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if len(s.Properties) > 0 && s.AdditionalProperties == nil {
		s.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
	}
	for _, p := range s.Properties {
		shut(p)
	}
	shut(s.Items)
}

// shownBy are the texts among those that the page lists ("one of") which the examples and the company do not print:
// the script or the test that has them made, and what of it says so.
var shownBy = map[string]struct{ file, line string }{
	"diagnostics diagnostics[].severity=warning":      {"cmd/dirform/testdata/script/validate_ok.txtar", `Warning: Secret on the command line`},
	"events action=delete":                            {"cmd/dirform/testdata/script/apply_grace.txtar", `delete`},
	"events action=unlink":                            {"cmd/dirform/testdata/script/apply_leaving_ways.txtar", `unlink`},
	"plan changes[].kind=directory_sync":              {"cmd/dirform/testdata/script/directory_sync_on.txtar", `directory_sync`},
	"events kind=directory_sync":                      {"cmd/dirform/testdata/script/directory_sync_on.txtar", `directory_sync`},
	"events status=unknown":                           {"planner/apply/stop_test.go", `state.StatusUnknown`},
	"events status=warning":                           {"planner/apply/apply_test.go", `out.Warnings != 1`},
	"events status=skipped":                           {"cmd/dirform/testdata/script/apply_file_json.txtar", `"status":"skipped"`},
	"explanation matches[].rules[].outcome=ambiguous": {"planner/reconcile/match_test.go", `ambiguous`},
	"explanation matches[].rules[].outcome=fails":     {"cmd/dirform/testdata/script/explain_outcomes.txtar", `"outcome": "fails"`},
	"explanation matches[].rules[].outcome=off":       {"cmd/dirform/testdata/script/explain_outcomes.txtar", `"outcome": "off"`},
	"explanation matches[].what=deleted_object":       {"cmd/dirform/testdata/script/explain_outcomes.txtar", `"what": "deleted_object"`},
	"explanation matches[].what=declared":             {"cmd/dirform/testdata/script/explain_outcomes.txtar", `"what": "declared"`},
	"explanation matches[].what=record":               {"cmd/dirform/testdata/script/explain_left.txtar", `record`},
	"objects objects[].view=skipped":                  {"cmd/dirform/testdata/script/state_list_views.txtar", `"view":"skipped"`},
	"runs outcome=died":                               {"state/store/sqlite/crash_test.go", `store.OutcomeDied`},
	"runs outcome=":                                   {"state/store/sqlite/crash_test.go", `runs[0].Outcome != ""`},
	"steps status=intent":                             {"planner/apply/stop_test.go", `state.StatusIntent`},
	"steps status=skipped":                            {"planner/apply/apply_test.go", `state.StatusSkipped`},
	"steps status=unknown":                            {"planner/apply/stop_test.go", `state.StatusUnknown`},
}

// eachText checks that each text which a member is said to have is printed by somebody: in one of the documents, by
// section, or where shownBy says.
func eachText(t *testing.T, printed map[string]string) {
	t.Helper()
	all := schemaOf(t)
	n := 0
	for name, d := range all.Defs {
		seen := map[string]bool{}
		for decoder := json.NewDecoder(strings.NewReader(printed[strings.ToUpper(name)])); ; {
			var document any
			if decoder.Decode(&document) != nil { // the end, or what keepSchema has told
				break
			}
			texts("", document, seen)
		}
		listed(name, "", d, func(path, text string) {
			n++
			key := path + "=" + text
			by, other := shownBy[name+" "+key]
			switch {
			case seen[key] && other:
				t.Errorf("%s: %s is printed: take it off the list", name, key)
			case !seen[key] && !other:
				t.Errorf("%s: %s is printed by nobody", name, key)
			case other:
				content, err := os.ReadFile(filepath.Join(root, by.file))
				if err != nil || !strings.Contains(string(content), by.line) {
					t.Errorf("%s: %s is not in %s: %v", name, key, by.file, err)
				}
			}
		})
	}
	if n < 40 {
		t.Errorf("the schema lists %d texts", n)
	}
}

// listed tells each text that members of a schema are said to have.
func listed(name, path string, s *jsonschema.Schema, tell func(path, text string)) {
	if s == nil {
		return
	}
	for _, text := range s.Enum {
		tell(path, text.(string))
	}
	for member, p := range s.Properties {
		listed(name, strings.TrimPrefix(path+"."+member, "."), p, tell)
	}
	listed(name, path+"[]", s.Items, tell)
}

// texts notes the texts of a document, each as its path and the text.
func texts(path string, v any, seen map[string]bool) {
	switch v := v.(type) {
	case string:
		seen[path+"="+v] = true
	case map[string]any:
		for name, x := range v {
			texts(strings.TrimPrefix(path+"."+name, "."), x, seen)
		}
	case []any:
		for _, x := range v {
			texts(path+"[]", x, seen)
		}
	}
}
