package graphd

import (
	"encoding/json"
	"fmt"
	"strings"
)

// maxClauses is how many alternatives the service accepts in one filter.
const maxClauses = 15

// filter is a node of a compiled $filter.
type filter struct {
	op     string // "and", "or", "not", "eq", "in", "ge", "le", "startswith", "endswith", "words", "count"
	kids   []*filter
	prop   int      // of a comparison; propID stands for the object id
	values []string // literals; "null", "true" and "false" without quotes are in bare
	bare   string
	any    bool   // the comparison is inside prop/any(…)
	member string // of the objects in a collection that any(…) looks into
}

// match evaluates the filter.
func (f *filter) match(o *object) bool {
	switch f.op {
	case "and":
		return f.kids[0].match(o) && f.kids[1].match(o)
	case "or":
		return f.kids[0].match(o) || f.kids[1].match(o)
	case "not":
		return !f.kids[0].match(o)
	}
	if f.prop == propID && o.kind != plainKind {
		return f.compare(o.id.String(), true)
	}
	raw := o.rec.get(f.prop)
	if f.op == "count" {
		return fmt.Sprint(items(raw)) == f.values[0]
	}
	if f.member != "" {
		return f.anyMember(raw)
	}
	if f.any {
		for _, s := range texts(raw) {
			if f.compare(s, true) {
				return true
			}
		}
		return false
	}
	if f.bare != "" {
		return raw == f.bare || raw == "" && f.bare == "null"
	}
	if raw != "" && raw[0] != '"' {
		return f.compare(raw, f.prop != propImmutableID)
	}
	return raw != "" && f.compare(text(raw), f.prop != propImmutableID)
}

// items is the number of items in a collection.
func items(raw string) int {
	var list []json.RawMessage
	_ = json.Unmarshal([]byte(raw), &list) // no value is an empty collection
	return len(list)
}

// anyMember looks for the value in one member of the objects of a collection.
func (f *filter) anyMember(raw string) bool {
	var list []map[string]any
	_ = json.Unmarshal([]byte(raw), &list)
	for _, o := range list {
		for name, v := range o {
			if s, ok := v.(string); ok && strings.EqualFold(name, f.member) && f.compare(s, true) {
				return true
			}
		}
	}
	return false
}

// compare compares one string; the service ignores case in all but the anchor.
func (f *filter) compare(s string, fold bool) bool {
	if f.op == "words" {
		return hasWords(s, f.values)
	}
	if fold {
		s = strings.ToLower(s)
	}
	for _, v := range f.values {
		if fold {
			v = strings.ToLower(v)
		}
		switch f.op {
		case "eq", "in":
			if s == v {
				return true
			}
		case "startswith":
			return strings.HasPrefix(s, v)
		case "endswith":
			return strings.HasSuffix(s, v)
		case "ge":
			return s >= v
		case "le":
			return s <= v
		}
	}
	return false
}

// clauses counts the alternatives.
func (f *filter) clauses() int {
	switch f.op {
	case "or":
		return f.kids[0].clauses() + f.kids[1].clauses()
	case "and":
		return max(f.kids[0].clauses(), f.kids[1].clauses())
	case "in":
		return len(f.values)
	}
	return 1
}

// candidates are the living objects that can match, if an index tells; ok is false if all have to be looked at.
func (t *Tenant) candidates(f *filter) (found []*object, ok bool) {
	switch {
	case f.op == "or":
		a, ok1 := t.candidates(f.kids[0])
		b, ok2 := t.candidates(f.kids[1])
		return append(a, b...), ok1 && ok2
	case f.op == "and":
		if a, ok := t.candidates(f.kids[0]); ok {
			return a, true
		}
		return t.candidates(f.kids[1])
	case f.op != "eq" && f.op != "in" || f.bare != "" || f.member != "":
		return nil, false
	}
	for _, v := range f.values {
		switch f.prop {
		case propID:
			if id, isID := parseGUID(v); isID && t.byID[id] != nil {
				found = append(found, t.byID[id])
			}
		case propUPN:
			found = append(found, t.upns.candidates(v)...)
		case propImmutableID:
			found = append(found, t.anchors.candidates(v)...)
		case propMail, propProxyAddresses:
			found = append(found, t.address.candidates(bareAddress(v))...)
		default:
			return nil, false
		}
	}
	return found, true
}
