package visible

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// opening is what a line begins with.
type opening uint8

const (
	blank opening = iota // nothing yet, or blanks
	colon                // one colon behind nothing or blanks
	begun                // more
)

// cursor goes through text and stops at what has to be escaped. Its zero value stands at the start of a line that
// a value is put into.
type cursor struct {
	open opening
	last rune // the character before; 0 at the start and behind what was escaped

	lines  bool     // line feeds and tabs are the layout's
	quoted bool     // a quote and a backslash are escaped too
	own    []string // sequences of control characters that are let through
}

// next is the place and the length of the next thing in b, from i on, that has to be escaped; the length is 0 if
// there is none. The cursor then stands behind that thing.
func (c *cursor) next(b []byte, i int) (at, size int) {
	for i < len(b) {
		if c.open == begun && !c.quoted {
			if j := skip(b, i); j > i {
				c.last = rune(b[j-1])
				if i = j; i == len(b) {
					break
				}
			}
		}
		n := c.pass(b[i:])
		if n == 1 && b[i] == '\n' {
			n += c.indent(b[i+1:])
		}
		if n > 0 {
			i += n
			continue
		}
		_, size = utf8.DecodeRune(b[i:])
		c.open, c.last = begun, 0
		return i, size
	}
	return len(b), 0
}

// indent is the number of blanks at the start of a line. Where an ordinary character follows, nothing of the line
// needs the closer look at its start.
func (c *cursor) indent(b []byte) (n int) {
	for n < len(b) && b[n] == ' ' {
		n++
	}
	if n > 0 {
		c.last = ' '
	}
	if n < len(b) && b[n] > ' ' && b[n] < 0x7f && b[n] != ':' && b[n] != '#' {
		c.open = begun
	}
	return n
}

// pass is the length of what b begins with if that may be printed as it is, and 0 if it has to be escaped.
func (c *cursor) pass(b []byte) int {
	if b[0] >= utf8.RuneSelf {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || Hides(r) || chooses(r) && !carries(c.last) {
			return 0
		}
		c.open, c.last = begun, r
		return n
	}
	switch b[0] {
	case '\n', '\t':
		if !c.lines {
			return 0
		}
		if b[0] == '\n' {
			c.open = blank
		} else if c.open == colon {
			c.open = begun
		}
	case ' ':
		if c.open == colon {
			c.open = begun
		}
	case ':':
		switch c.open {
		case blank:
			c.open = colon
		case colon:
			return 0
		}
	case '#':
		if c.last == '#' {
			return 0
		}
		c.open = begun
	case '"', '\\':
		if c.quoted {
			return 0
		}
		c.open = begun
	default:
		if b[0] < ' ' || b[0] == 0x7f {
			return c.passOwn(b)
		}
		c.open = begun
	}
	c.last = rune(b[0])
	return 1
}

// passOwn is the length of the sequence of ours that b begins with, or 0. Such a sequence does not show, so that what
// stands before and behind it is side by side; one that goes back begins the line anew.
func (c *cursor) passOwn(b []byte) int {
	for _, s := range c.own {
		if len(b) >= len(s) && string(b[:len(s)]) == s {
			if s[0] == '\r' {
				c.open, c.last = blank, 0
			}
			return len(s)
		}
	}
	return 0
}

// skip is the place from i on where b has something else than printable ASCII without #, or b's length.
func skip(b []byte, i int) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		hash := x ^ ones*'#'
		// A byte's highest bit comes up if it is below a blank, above a tilde, or a #. A byte may also come up
		// because of a lower one that did: the lowest one is certain.
		if found := ((x - ones*' ') | (x + ones) | x | (hash-ones)&^hash) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < ' ' || c >= 0x7f || c == '#' {
			return i
		}
	}
	return i
}

// cut is how many of the last bytes of b are the beginning of a character, or of a sequence of ours, whose end is
// still to come.
func (c *cursor) cut(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return n
			}
			break
		}
	}
	for _, s := range c.own {
		for n := min(len(s)-1, len(b)); n > 0; n-- {
			if bytes.HasSuffix(b, []byte(s[:n])) {
				return n
			}
		}
	}
	return 0
}
