// Package jsonshape turns a page that lists the members of JSON documents for people into a JSON Schema (draft 2020-12) for programs,
// so that one text serves both.
package jsonshape

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// member is a line of a page: two spaces, the member's path, "?" if it may be missing, its type, and what it is.
var member = regexp.MustCompile(`^  ([a-z_.*\[\]]+)(\??) +(string|number|boolean|list|object|any)\b *(.*)$`)

// oneOf is the beginning of a description that names all texts which a member can have: one of a, b or ""; and what else there is to say.
var oneOf = regexp.MustCompile(`^one of ([^;]+)`)

// heading is a line that begins a document: a word in capitals, and which commands print the document.
var heading = regexp.MustCompile(`^([A-Z]+) \((.*)\)$`)

// schema is as much of a JSON Schema as a page can say. A member that is not listed is allowed, since a newer version may add some.
type schema struct {
	Dialect     string             `json:"$schema,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        any                `json:"type,omitempty"` // a name, or several where a value may be null
	Enum        []string           `json:"enum,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Others      *schema            `json:"additionalProperties,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	AnyOf       []*schema          `json:"anyOf,omitempty"`
	Defs        map[string]*schema `json:"$defs,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
}

// types are the names that JSON Schema has for a page's types; "any" has none.
var types = map[string]string{"string": "string", "number": "number", "boolean": "boolean", "list": "array", "object": "object"}

// Schema is the JSON Schema of the documents on a page: $defs has one for each heading, by its word in lower case, and a document is
// one of them. A member before the one that holds it, or beside one that holds none, is an error.
func Schema(page string) ([]byte, error) {
	all := &schema{Dialect: "https://json-schema.org/draft/2020-12/schema", Defs: map[string]*schema{}}
	var document *schema
	for n, line := range strings.Split(page, "\n") {
		if h := heading.FindStringSubmatch(line); h != nil {
			name := strings.ToLower(h[1])
			document = &schema{Title: name, Description: h[2], Type: "object"}
			all.Defs[name] = document
			all.AnyOf = append(all.AnyOf, &schema{Ref: "#/$defs/" + name})
			continue
		}
		m := member.FindStringSubmatch(line)
		if m == nil || document == nil {
			continue
		}
		if err := document.add(m[1], m[2] == "", &schema{Type: typeOf(m[3]), Description: m[4], Enum: texts(m[4])}); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return json.MarshalIndent(all, "", "  ")
}

// texts are those that a description names; nil if it does not name all there are.
func texts(description string) (list []string) {
	m := oneOf.FindStringSubmatch(description)
	if m == nil {
		return nil
	}
	for _, text := range strings.Split(strings.ReplaceAll(m[1], " or ", ", "), ", ") {
		list = append(list, strings.Trim(text, `"`))
	}
	return list
}

// MustSchema is Schema of a page that is part of the program, as a text that ends with a line break.
func MustSchema(page string) string {
	b, err := Schema(page)
	if err != nil {
		panic(err)
	}
	return string(b) + "\n"
}

func typeOf(name string) any {
	if t := types[name]; t != "" {
		return t
	}
	return nil
}

// add gives the document a member at a path such as changes[].attributes[].name.
func (s *schema) add(path string, required bool, m *schema) error {
	holder := s
	names := strings.Split(path, ".")
	for i, name := range names {
		bare := strings.TrimRight(name, "[]")
		lists := (len(name) - len(bare)) / 2
		if last := i == len(names)-1; last && lists == 0 {
			return holder.set(path, bare, required, m)
		}
		if holder = holder.member(bare); holder == nil {
			return fmt.Errorf("%s comes before what holds it", path)
		}
		for l := range lists {
			if i == len(names)-1 && l == lists-1 {
				holder.Items = m
				return nil
			}
			if holder.Items == nil {
				holder.Items = &schema{}
			}
			holder = holder.Items
		}
	}
	return nil
}

func (s *schema) member(name string) *schema {
	if name == "*" {
		return s.Others
	}
	return s.Properties[name]
}

func (s *schema) set(path, name string, required bool, m *schema) error {
	switch {
	case s.Type != nil && s.Type != "object":
		return fmt.Errorf("%s is in something of type %v", path, s.Type)
	case name == "*":
		s.Others = m
		return nil
	case s.Properties == nil:
		s.Properties = map[string]*schema{}
	}
	s.Properties[name] = m
	if required {
		s.Required = append(s.Required, name)
	}
	return nil
}
