package visible

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Trap is what s, as a name that people read, is deceptive by: its first character that does not show, or that
// turns the direction of text around, or that stands for bytes that are lost. n is that character's number, from 1
// on, and name says which it is: "U+202E RIGHT-TO-LEFT OVERRIDE", "0xE9, which is not UTF-8". n is 0 if there is
// none. Where lines is set, s may have several lines and tabs.
//
// Not every character that [Line] escapes is a trap: spaces of another width are text, and so are characters that
// this program is too old to know. A joiner within a word of a script that needs it to be spelt, as Persian and
// Hindi do, or within an emoji, is part of the word.
func Trap(s string, lines bool) (name string, n int) {
	if simple(s) {
		return "", 0
	}
	before := rune(0)
	for i, r := range s {
		n++
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return fmt.Sprintf("0x%02X, which is not UTF-8", s[i]), n
		}
		if deceives(r, before, s[i+utf8.RuneLen(r):]) && !(lines && (r == '\n' || r == '\r' || r == '\t')) {
			return strings.TrimSpace(fmt.Sprintf("%U %s", r, nameOf(r))), n
		}
		before = r
	}
	return "", 0
}

// deceives reports whether r is a trap behind one character and before others.
func deceives(r, before rune, after string) bool {
	switch {
	case r < 0x7f:
		return r < ' '
	case r == utf8.RuneError:
		return true
	case r == zeroWidthJoiner || r == zeroWidthNonJoiner:
		next, _ := utf8.DecodeRuneInString(after)
		return !(joined(before) && joined(next) || r == zeroWidthJoiner && pictured(before) && pictured(next))
	case r == brailleBlank || r == nullNotehead:
		return true
	case chooses(r) && before < 0x7f: // a key cap has its frame behind it; without that a digit looks as it does alone
		return !carries(before) || !strings.HasPrefix(after, keyCap)
	case chooses(r):
		return !carries(before)
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r): // such as the Arabic number sign
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

const zeroWidthNonJoiner, zeroWidthJoiner = 0x200c, 0x200d

const keyCap = "\u20e3" // the frame around the character before

// joined reports whether r is of a script in which a joiner, or its opposite, is part of the spelling.
func joined(r rune) bool {
	return r > unicode.MaxLatin1 && unicode.In(r, unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mongolian,
		unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil,
		unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar, unicode.Tibetan)
}

// pictured reports whether r is part of an emoji.
func pictured(r rune) bool {
	return r > unicode.MaxLatin1 && (unicode.Is(unicode.S, r) || chooses(r))
}

// nameOf is the name of a character that people are likely to meet, or what kind it is of.
func nameOf(r rune) string {
	kind := ""
	switch {
	case unicode.Is(unicode.Cc, r):
		kind = "CONTROL CHARACTER"
	case 0xe0000 <= r && r <= 0xe007f:
		kind = "TAG CHARACTER"
	case chooses(r):
		kind = "VARIATION SELECTOR"
	}
	return cmp.Or(names[r], kind)
}

var names = map[rune]string{
	0x00: "NULL", '\t': "TAB", '\n': "LINE FEED", '\r': "CARRIAGE RETURN", 0x1b: "ESCAPE", 0x7f: "DELETE",
	0x85: "NEXT LINE", 0xad: "SOFT HYPHEN", 0x34f: "COMBINING GRAPHEME JOINER", 0x61c: "ARABIC LETTER MARK",
	0x115f: "HANGUL CHOSEONG FILLER",
	0x1160: "HANGUL JUNGSEONG FILLER", 0x180e: "MONGOLIAN VOWEL SEPARATOR", 0x200b: "ZERO WIDTH SPACE",
	zeroWidthNonJoiner: "ZERO WIDTH NON-JOINER", zeroWidthJoiner: "ZERO WIDTH JOINER", 0x200e: "LEFT-TO-RIGHT MARK",
	0x200f: "RIGHT-TO-LEFT MARK", 0x2028: "LINE SEPARATOR", 0x2029: "PARAGRAPH SEPARATOR",
	0x202a: "LEFT-TO-RIGHT EMBEDDING",
	0x202b: "RIGHT-TO-LEFT EMBEDDING", 0x202c: "POP DIRECTIONAL FORMATTING", 0x202d: "LEFT-TO-RIGHT OVERRIDE",
	0x202e: "RIGHT-TO-LEFT OVERRIDE", 0x2060: "WORD JOINER", 0x2066: "LEFT-TO-RIGHT ISOLATE",
	0x2067: "RIGHT-TO-LEFT ISOLATE",
	0x2068: "FIRST STRONG ISOLATE", 0x2069: "POP DIRECTIONAL ISOLATE", brailleBlank: "BRAILLE PATTERN BLANK",
	0x3164: "HANGUL FILLER",
	0xfeff: "ZERO WIDTH NO-BREAK SPACE (BYTE ORDER MARK)", 0xffa0: "HALFWIDTH HANGUL FILLER",
	nullNotehead:   "MUSICAL SYMBOL NULL NOTEHEAD",
	utf8.RuneError: "REPLACEMENT CHARACTER, which stands for bytes that were not UTF-8",
}
