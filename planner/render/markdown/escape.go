package markdown

import (
	"strings"
	"unicode"

	"github.com/dirform/dirform/planner/render/internal/phrase"
)

// gap is a zero-width space. Backslashes and entities keep Markdown from reading a character as markup, but places look
// for mentions, references and addresses in the text that Markdown has made, where both are gone: only another
// character between helps there.
const gap = "\u200b"

// esc is text as it stands within a line of Markdown: no element, link, image, mention, reference, emoji or formula is
// made of it. It must not begin a line, where some places look for commands.
func esc(s string) string { return defuse(s, true) }

// escHTML is esc for text between tags, where backslashes are shown and Markdown is not read.
func escHTML(s string) string { return defuse(s, false) }

// markup are the characters that a backslash takes their meaning from.
const markup = "\\`*_[]{}#~!$"

func defuse(s string, backslash bool) string {
	runes := []rune(phrase.Plain(s))
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	hex := 0 // how many hexadecimal digits in a row
	for i, r := range runes {
		var next, last rune
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		if i > 0 {
			last = runes[i-1]
		}
		if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			hex = 0
		} else if hex++; hex == shortCommit {
			b.WriteString(gap)
			hex = 1
		}
		switch {
		case r == '|':
			b.WriteString("&#124;") // which would end a cell, and an escaped one does so in some places
			continue
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case backslash && strings.ContainsRune(markup, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		if parts(last, r, next, runes[:i]) {
			b.WriteString(gap)
		}
	}
	return b.String()
}

// parts reports whether something is to stand between r and next so that no place makes anything of them. before is all before r.
func parts(last, r, next rune, before []rune) bool {
	switch r {
	case '@', '#': // mentions, references, and commands of CI systems such as ##[
		return true
	case '!', '%', '&', '~', '$': // references to GitLab's merge requests, milestones, epics, labels, snippets; formulas
		return next != 0 && next != ' '
	case ':': // addresses with a scheme, emoji, :: of commands
		return next != 0 && next != ' '
	case ']': // what a link begins its address with
		return next == '('
	case '-': // GH-26, and what else a project has for its tickets
		return unicode.IsLetter(last) && unicode.IsDigit(next)
	case '.': // www.
		return len(before) >= 3 && strings.EqualFold(string(before[len(before)-3:]), "www")
	}
	return false
}

// shortCommit is from how many hexadecimal digits on GitHub takes a word for the name of a commit.
const shortCommit = 7

// name is a text that dirform or a CI system has made, to be copied: as code, if it is nothing but letters and digits with a few marks
// between.
func name(s string) string {
	for _, r := range s {
		if !strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:.-_", r) {
			return esc(cut(s, longName))
		}
	}
	return "`" + cut(s, longName) + "`"
}

// longName is from how many characters on a text in the first lines and the last is cut.
const longName = 200

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
