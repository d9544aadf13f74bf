package ldapd

import (
	"strings"
	"unicode/utf8"
)

// lower is the form in which case-insensitive strings are compared and indexed.
func lower(s string) string { return strings.ToLower(s) }

// appendLower appends the lower-case form of s to b without allocating for ASCII.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return append(b[:len(b)-i], strings.ToLower(s)...)
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

// foldEqual reports whether s equals low, which is in lower case already.
func foldEqual(s, low string) bool {
	if len(s) != len(low) {
		return !isASCII(s) && strings.ToLower(s) == low
	}
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return strings.ToLower(s) == low
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != low[i] {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
