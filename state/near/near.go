// Package near finds what a person meant: the name that is a few letters away from the one they wrote.
package near

import (
	"strings"
	"unicode/utf8"

	"github.com/agext/levenshtein"
)

// Edits is the number of letters to insert, delete, replace or swap with their neighbour to get from a to b, or limit+1
// if it takes more than limit. Two swaps in one name count as what they are made of, since nobody's fingers do that.
func Edits(a, b string, limit int) int {
	if d := utf8.RuneCountInString(a) - utf8.RuneCountInString(b); d > limit || -d > limit {
		return limit + 1
	}
	// Without the library's MaxCost, whose shortcut is wrong in v1.2.3: it takes "aab" to "bbac" in one edit, which
	// takes three.
	edits := levenshtein.Distance(a, b, nil)
	if edits > limit+1 { // one too many may be a swap, which the library counts as two
		return limit + 1
	}
	letters := []rune(a)
	for i := range len(letters) - 1 {
		if letters[i] != letters[i+1] {
			letters[i], letters[i+1] = letters[i+1], letters[i]
			edits = min(edits, 1+levenshtein.Distance(string(letters), b, nil))
			letters[i], letters[i+1] = letters[i+1], letters[i]
		}
	}
	return min(edits, limit+1)
}

// Closest is the candidate that name is most likely a misspelling of, regardless of case: at most two edits away, one
// for names of three or four letters and none for shorter ones, each of which is an attribute's name somewhere. "" if
// there is none.
func Closest(name string, candidates []string) string {
	limit := 2
	if len(name) < 5 {
		limit = (len(name) - 1) / 2
	}
	return ClosestWithin(limit, name, candidates)
}

// ClosestWithin is the candidate that takes the fewest edits, at most limit, regardless of case; of several the first.
// "" if there is none.
func ClosestWithin(limit int, name string, candidates []string) (best string) {
	name = strings.ToLower(name)
	for _, c := range candidates {
		if limit < 0 {
			break
		}
		if d := Edits(name, strings.ToLower(c), limit); d <= limit {
			best, limit = c, d-1
		}
	}
	return best
}

// DidYouMean is " Did you mean …?" for the candidate closest to name, ready to follow a sentence; "" if there is none.
func DidYouMean(name string, candidates []string) string {
	if s := Closest(name, candidates); s != "" {
		return ` Did you mean "` + s + `"?`
	}
	return ""
}

// Meant is the candidate that name is most likely a misspelling of: one or two letters away, or one that a name of three
// letters begins. "" if there is none.
func Meant(name string, candidates []string) string {
	limit := 2
	if len(name) < 4 {
		limit = 1
	}
	if c := ClosestWithin(limit, name, candidates); c != "" || len(name) < 3 {
		return c
	}
	for _, c := range candidates {
		if strings.HasPrefix(c, name) {
			return c
		}
	}
	return ""
}

// Nearest finds, of names that it is shown one by one, the one that is the fewest edits away: one or two, and fewer for short names.
type Nearest struct {
	Best  string // so far, "" if none is near
	name  string
	edits int // of Best
}

// NewNearest looks for what name is most likely a misspelling of, regardless of case.
func NewNearest(name string) *Nearest { return &Nearest{name: strings.ToLower(name)} }

// Look takes a known name into account. The name itself, however it is spelt, is none.
func (n *Nearest) Look(known string) {
	limit := min(2, len(n.name)/3)
	if n.Best != "" {
		limit = min(limit, n.edits)
	}
	d := Edits(n.name, strings.ToLower(known), limit)
	if d <= limit && d > 0 && (n.Best == "" || d < n.edits || known < n.Best) {
		n.Best, n.edits = known, d
	}
}
