package state

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tidy is a value of the source as it is to be written: without the blanks, no-break spaces and characters of no width that stand
// around it, which nobody sees and every comparison does. What holds nothing else is null.
func Tidy(v Value) Value {
	switch v.Kind() {
	case StringValue:
		s := v.Str()
		if t := Trim(s); len(t) != len(s) {
			return text(t)
		}
	case ListValue:
		return tidyList(v)
	}
	return v
}

func tidyList(v Value) Value {
	var changed []string
	for i, s := range v.List() {
		t := Trim(s)
		if changed == nil && len(t) != len(s) {
			changed = append(make([]string, 0, len(v.List())), v.List()[:i]...)
		}
		if changed != nil && t != "" {
			changed = append(changed, t)
		}
	}
	switch {
	case changed == nil:
		return v
	case len(changed) == 0:
		return Null()
	}
	return List(changed)
}

func text(s string) Value {
	if s == "" {
		return Null()
	}
	return String(s)
}

// Blank reports whether a text holds nothing that anybody sees; the empty one does not.
func Blank(s string) bool { return Trim(s) == "" }

// Trim is s without the blanks around it, see [Tidy]. Most values begin and end with a visible ASCII character.
func Trim(s string) string {
	if Trimmed(s) {
		return s
	}
	return strings.TrimFunc(s, invisible)
}

// Trimmed reports whether s is known, at a glance, to have no blanks around it.
func Trimmed(s string) bool { return s == "" || visible(s[0]) && visible(s[len(s)-1]) }

func visible(c byte) bool { return c > ' ' && c < utf8.RuneSelf && c != 0x7f }

// invisible reports whether a character at the edge of a text shows nothing and means nothing there: white space, no-break and
// otherwise, zero-width space, joiners, word joiner, byte order mark, and the Mongolian vowel separator.
func invisible(r rune) bool {
	switch r {
	case 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0x180e:
		return true
	}
	return unicode.IsSpace(r)
}
