package jsonshape_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/dirform/dirform/state/jsonshape"
)

const page = `PLANS

What people read.

PLAN (plan, show)

  summary              object   by action
  summary.create       number
  changes              list
  changes[]            object
  changes[].name       string   for people
  changes[].outcome    string   one of done, failed or ""; of a change
  changes[].before?    any
  changes[].by.*       string
`

func TestSchema(t *testing.T) {
	b, err := jsonshape.Schema(strings.Replace(page, "changes[].by.*       string", "changes[].by?  object\n  changes[].by.*       string", 1))
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	var want any
	if err := json.Unmarshal([]byte(`{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"anyOf": [{"$ref": "#/$defs/plan"}],
		"$defs": {"plan": {"title": "plan", "description": "plan, show", "type": "object", "required": ["summary", "changes"],
			"properties": {
				"summary": {"type": "object", "description": "by action", "required": ["create"], "properties": {"create": {"type": "number"}}},
				"changes": {"type": "array", "items": {"type": "object", "required": ["name", "outcome"], "properties": {
					"name": {"type": "string", "description": "for people"}, "before": {}, "outcome": {"type": "string", "description": "one of done, failed or \"\"; of a change", "enum": ["done", "failed", ""]},
					"by": {"type": "object", "additionalProperties": {"type": "string"}}}}}}}}}`), &want); err != nil {
		t.Fatal(err)
	}
	if x, y := canonical(t, got), canonical(t, want); x != y {
		t.Errorf("got  %s\nwant %s", x, y)
	}
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSchemaRefusesWhatNothingHolds(t *testing.T) {
	for _, p := range []string{page, "PLAN (plan)\n\n  a string\n  a.b string\n", "PLAN (plan)\n\n  a[].b string\n"} {
		if b, err := jsonshape.Schema(p); err == nil {
			t.Errorf("%q gives %s", p, b)
		}
	}
}
