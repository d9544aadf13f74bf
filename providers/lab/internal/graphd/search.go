package graphd

import (
	"strings"
	"unicode"
)

// searchable are the properties that $search looks into; the first two kinds of text, names and descriptions, by the word, the
// others from their beginning.
var searchable = [plainKind]map[string]bool{
	userKind:    names("displayName givenName surname mail mailNickname mobilePhone otherMails proxyAddresses userPrincipalName"),
	groupKind:   names("displayName description mail mailNickname proxyAddresses"),
	contactKind: names("displayName givenName surname mail mailNickname proxyAddresses"),
}

// parseSearch compiles clauses such as "displayName:ann" AND "mail:a" into a filter.
func (t *Tenant) parseSearch(v string, k kind) (*filter, *Error) {
	if k == plainKind {
		return nil, badRequest("'$search' is not supported by the service.")
	}
	rest := strings.TrimSpace(v)
	var all *filter // alternatives so far
	var last *filter
	for {
		f, tail, e := t.searchClause(rest, k)
		if e != nil {
			return nil, e
		}
		if last = both(last, f); tail == "" {
			return either(all, last), nil
		}
		word, after, _ := strings.Cut(tail, " ")
		switch strings.ToUpper(word) {
		case "AND":
		case "OR":
			all, last = either(all, last), nil
		default:
			return nil, badSearch(v)
		}
		rest = strings.TrimSpace(after)
	}
}

func badSearch(v string) *Error {
	return badRequest("Syntax error in the $search expression '%s'; clauses are written \"property:text\".", v)
}

func both(a, b *filter) *filter {
	if a == nil || b == nil {
		return either(a, b)
	}
	return &filter{op: "and", kids: []*filter{a, b}}
}

func either(a, b *filter) *filter {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &filter{op: "or", kids: []*filter{a, b}}
}

// searchClause reads one "property:text" and returns what follows it.
func (t *Tenant) searchClause(s string, k kind) (f *filter, rest string, e *Error) {
	inner, quotedClause := strings.CutPrefix(s, `"`)
	clause, rest, closed := strings.Cut(inner, `"`)
	name, value, ok := strings.Cut(clause, ":")
	if !quotedClause || !closed || !ok || strings.TrimSpace(value) == "" {
		return nil, "", badSearch(s)
	}
	p, e := t.reg.lookup(strings.TrimSpace(name), k)
	if e != nil {
		return nil, "", e
	}
	def := &t.reg.props[p]
	if !searchable[k][def.name] {
		return nil, "", unsupportedQuery("Property '%s' of resource '%s' does not support $search.", def.name, k.resource())
	}
	f = &filter{op: "startswith", prop: p, any: def.typ == listProp, values: []string{strings.TrimSpace(value)}}
	if def.name == "displayName" || def.name == "description" {
		f.op, f.values = "words", words(value)
	}
	return f, strings.TrimSpace(rest), nil
}

// words splits text as the service's index does: at everything that is neither letter nor digit, and where digits begin or end.
func words(s string) []string {
	var out []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	for _, c := range s {
		letter, digit := unicode.IsLetter(c), unicode.IsDigit(c)
		if n := len(word); n > 0 && (!letter && !digit || unicode.IsDigit(word[n-1]) != digit) {
			flush()
		}
		if letter || digit {
			word = append(word, c)
		}
	}
	flush()
	return out
}

// hasWords says whether every wanted word begins a word of the text.
func hasWords(s string, wanted []string) bool {
	have := words(s)
	for _, w := range wanted {
		found := false
		for _, h := range have {
			found = found || strings.HasPrefix(h, w)
		}
		if !found {
			return false
		}
	}
	return true
}
