// Package visible makes text from outside safe for an output that people, terminals and CI systems read.
//
// Names and values of directories, the words of servers, and what stands in files are hostile text: a control
// character drives a terminal, a line feed forges a line of a log, a bidi control shows another name than it is, a
// zero-width character hides in one, and a CI system obeys a command that stands in a log line. So each of these
// is shown escaped:
//
//   - what cannot be seen: control, format (bidi, zero width, soft hyphen, tags), space (but the ASCII one), filler
//     and unassigned characters, a variation selector behind a letter, and bytes that are not UTF-8: \n, \u202e, \x80;
//   - commands of a CI system: the second # of two (##vso[ and ##[ of Azure Pipelines and GitHub, ##teamcity[), and the
//     second colon of two at a line's start after blanks (::set-output of GitHub). They are written \u0023 and \u003a,
//     in which a person can still read them, and which in a JSON string is the same text.
//
// There are two walls. [Line] and [Quote] make one value safe where it is put into a line: only there it is known
// that a line feed in it is none of the layout's. [Writer] stands in front of a whole output, for what somebody
// forgets: it knows nothing of values, so that it keeps line feeds, and whatever it escapes is spelt so that it
// means the same in JSON. Text without any of these, which nearly all text is, is passed on as it is.
package visible

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line is s as a part of one line that can be read by people: all of what the package's comment names is escaped,
// as Go spells it, line feeds and tabs too. Safe text, and so Line's own result, is given back as it is; what a
// backslash of the result means is certain in [Quote] only.
func Line(s string) string {
	if simple(s) {
		return s
	}
	return escape(&cursor{}, s)
}

// Quote is s in double quotes as Go has it, with all of what the package's comment names escaped; strconv.Unquote
// gives s back.
func Quote(s string) string {
	if simple(s) && !strings.ContainsAny(s, `"\`) {
		return `"` + s + `"`
	}
	// the opening quote begins the line, so that a colon does not
	return `"` + escape(&cursor{open: begun, quoted: true}, s) + `"`
}

// Hides reports whether a person would not see r, or be misled by it, and so whether it is escaped wherever it
// stands. Variation selectors are not among them: some are part of an emoji.
func Hides(r rune) bool {
	switch {
	case r <= unicode.MaxASCII:
		return r < ' ' || r == 0x7f
	case 0xc0 <= r && r <= 0x2af, 0x400 <= r && r <= 0x52f, 0x4e00 <= r && r <= 0x9fff, 0xac00 <= r && r <= 0xd7a3:
		return false // most letters of most names, without a search: Latin, Cyrillic, Chinese, Korean
	}
	return !strconv.IsPrint(r) || r == brailleBlank || r == nullNotehead ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// Two printable characters without a mark on paper, which Unicode does not call ignorable.
const (
	brailleBlank = 0x2800
	nullNotehead = 0x1d159
)

// carries reports whether a variation selector behind r chooses a look that r has: that of an emoji, of an
// ideograph or of a Mongolian letter. Behind another character it only hides.
func carries(r rune) bool {
	switch {
	case r == '#' || r == '*' || '0' <= r && r <= '9': // key caps
		return true
	case r <= unicode.MaxASCII:
		return false
	}
	return unicode.In(r, unicode.S, unicode.Han, unicode.Mongolian)
}

// simple reports whether s needs no closer look: printable ASCII without # and not beginning with a blank or a colon.
func simple(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[0] != ':'
}

// escape is s with everything escaped at which c stops.
func escape(c *cursor, s string) string {
	var out []byte
	from := 0
	text := []byte(s)
	for {
		at, size := c.next(text, from)
		if size == 0 {
			if from == 0 {
				return s
			}
			return string(append(out, s[from:]...))
		}
		out = append(out, s[from:at]...)
		switch r, n := utf8.DecodeRuneInString(s[at:]); {
		case r == utf8.RuneError && n == 1:
			out = fmt.Appendf(out, `\x%02x`, s[at])
		case r == '"' || r == '\\':
			out = append(out, '\\', s[at])
		case ' ' < r && r < 0x7f: // of a command
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			q := strconv.QuoteRuneToASCII(r)
			out = append(out, q[1:len(q)-1]...)
		}
		from = at + size
	}
}

// chooses reports whether r is a variation selector.
func chooses(r rune) bool { return r >= 0x180b && unicode.Is(unicode.Variation_Selector, r) }
