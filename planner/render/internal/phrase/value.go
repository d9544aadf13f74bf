// Package phrase has the words in which every layout speaks of a plan: without markup and colours, safe to print on a
// line, to be escaped once more by a layout that has markup.
package phrase

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dirform/dirform/state"
	"github.com/dirform/dirform/state/visible"
)

// Limits of what is shown of one value unless the layout is verbose.
const (
	MaxRunes = 300 // characters of a string
	MaxItems = 10  // items of a list
)

// Plain makes s safe to print.
func Plain(s string) string { return visible.Line(s) }

// Quote is s in quotes, safe to print, cut after limit characters if limit is not 0.
func Quote(s string, limit int) string {
	if n := utf8.RuneCountInString(s); limit > 0 && n > limit {
		return fmt.Sprintf("%s… (%d characters)", visible.Quote(string([]rune(s)[:limit])), n)
	}
	return visible.Quote(s)
}

// Show is v on one line: strings in quotes, lists in brackets.
func Show(v state.Value, verbose bool) string {
	runes, items := MaxRunes, MaxItems
	if verbose {
		runes, items = 0, len(v.List())
	}
	switch v.Kind() {
	case state.NullValue:
		return "null"
	case state.StringValue:
		return Quote(v.Str(), runes)
	case state.ListValue:
		var parts []string
		for i, s := range v.List() {
			if i == items {
				parts = append(parts, fmt.Sprintf("… and %d more", len(v.List())-i))
				break
			}
			parts = append(parts, Quote(s, runes))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return v.Text()
}

// ListChange is what a change of a list adds and removes; the order of a list means nothing.
func ListChange(before, after []string) (added, removed []string, kept int) {
	old := make(map[string]int, len(before))
	for _, s := range before {
		old[s]++
	}
	for _, s := range after {
		if old[s] > 0 {
			old[s]--
			kept++
		} else {
			added = append(added, s)
		}
	}
	for _, s := range before {
		if old[s] > 0 {
			old[s]--
			removed = append(removed, s)
		}
	}
	return added, removed, kept
}

// Plural is n things of the kind in words.
func Plural(n int, kind state.Kind) string {
	word := state.Describe(nil)(kind).Noun
	if kind == "" {
		word = "object"
	}
	switch {
	case n == 1:
	case strings.HasSuffix(word, "x") || strings.HasSuffix(word, "ch"):
		word += "es"
	default:
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, Plain(word)) // of a kind that is not known, it is the kind
}
