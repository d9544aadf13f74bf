package main

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// keepSchema holds printed documents, by section of the page one behind the other, to what "dirform help json-schema" prints; and that
// schema to refusing them when a member that it requires is missing, or of another type.
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

// closedSchema is the schema of one kind of documents that takes no member which it does not list: as printed it does, for those of
// newer versions.
func closedSchema(t *testing.T, name string) *jsonschema.Resolved {
	t.Helper()
	all := schemaOf(t)
	for _, d := range all.Defs {
		shut(d)
	}
	s, err := (&jsonschema.Schema{Ref: "#/$defs/" + name, Defs: all.Defs}).Resolve(nil)
	if err != nil || all.Defs[name] == nil {
		t.Fatal(name, err)
	}
	return s
}

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
