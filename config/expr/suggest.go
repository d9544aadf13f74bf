package expr

import "strings"

// DidYouMean is " Did you mean …?" for the candidate closest to name, or "" if none is close.
func DidYouMean(name string, candidates []string) string {
	if s := Suggest(name, candidates); s != "" {
		return ` Did you mean "` + s + `"?`
	}
	return ""
}

// Suggest is the candidate that name is most likely a misspelling of, or "": at most two letters away, one in short names,
// regardless of case.
func Suggest(name string, candidates []string) string {
	limit := 2
	if len(name) < 5 {
		limit = (len(name) - 1) / 2
	}
	best, lower := "", strings.ToLower(name)
	for _, c := range candidates {
		if d := distance(lower, strings.ToLower(c), limit); d <= limit {
			best, limit = c, d-1
		}
	}
	return best
}

// distance is the Levenshtein distance of a and b, with a transposition of neighbours counted once, or limit+1 if it is more.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); limit < 0 || d > limit || -d > limit {
		return limit + 1
	}
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
