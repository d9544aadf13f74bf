package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks over one JSON text. It accepts what RFC 8259 allows and nothing else (fuzzed against encoding/json), and hands
// out strings without escapes as parts of the text, which costs no allocation.
type scanner struct {
	s string
	i int
}

// maxDepth is how deeply values may be nested, the same as in encoding/json.
const maxDepth = 10000

var errTruncated = errors.New("the reply ends in the middle")

func (p *scanner) fail(want string) error {
	if p.i >= len(p.s) {
		return errTruncated
	}
	return fmt.Errorf("the reply is not valid JSON at byte %d: %s expected", p.i, want)
}

func (p *scanner) space() {
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '\r', '\n':
			p.i++
		default:
			return
		}
	}
}

// peek is the next byte that is not white space, 0 at the end.
func (p *scanner) peek() byte {
	if p.i < len(p.s) && p.s[p.i] > ' ' {
		return p.s[p.i]
	}
	p.space()
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *scanner) expect(c byte) error {
	if p.peek() != c || p.i >= len(p.s) {
		return p.fail(string(rune(c)))
	}
	p.i++
	return nil
}

// members calls f with the name of each member of an object; f consumes the value.
func (p *scanner) members(f func(name string) error) error {
	if err := p.expect('{'); err != nil {
		return err
	}
	if p.peek() == '}' {
		p.i++
		return nil
	}
	for {
		p.peek()
		name, err := p.str()
		if err != nil {
			return err
		}
		if err := p.expect(':'); err != nil {
			return err
		}
		p.peek()
		if err := f(name); err != nil {
			return err
		}
		if done, err := p.next('}'); done || err != nil {
			return err
		}
	}
}

// elements calls f before each element of an array; f consumes it.
func (p *scanner) elements(f func() error) error {
	if err := p.expect('['); err != nil {
		return err
	}
	if p.peek() == ']' {
		p.i++
		return nil
	}
	for {
		p.peek()
		if err := f(); err != nil {
			return err
		}
		if done, err := p.next(']'); done || err != nil {
			return err
		}
	}
}

// next consumes the comma before a further member, or the end of the container.
func (p *scanner) next(end byte) (done bool, err error) {
	switch p.peek() {
	case ',':
		p.i++
		return false, nil
	case end:
		p.i++
		return true, nil
	}
	return false, p.fail(", or " + string(rune(end)))
}

// str consumes a string.
func (p *scanner) str() (string, error) {
	if p.i >= len(p.s) || p.s[p.i] != '"' {
		return "", p.fail("a string")
	}
	start := p.i + 1
	i := start
	s := p.s
	for {
		// Eight bytes at a time: no quote, no backslash, no control character among them.
		for i+8 <= len(s) {
			w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
				uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
			if special(w) {
				break
			}
			i += 8
		}
		for ; i < len(s); i++ {
			c := s[i]
			if c == '"' {
				p.i = i + 1
				return s[start:i], nil
			}
			if c == '\\' {
				return p.escaped(start, i)
			}
			if c < ' ' {
				p.i = i
				return "", p.fail("no control character in a string")
			}
			if (i-start)&7 == 7 {
				i++
				break
			}
		}
		if i >= len(s) {
			p.i = len(s)
			return "", errTruncated
		}
	}
}

// special reports whether one of w's bytes is a quote, a backslash or a control character. Bytes beyond ASCII may be reported
// as well; the caller then looks at each byte.
func special(w uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, slash := w^(ones*'"'), w^(ones*'\\')
	return ((quote-ones)&^quote|(slash-ones)&^slash|(w-ones*' ')&^w)&highs != 0
}

// escaped consumes the rest of a string that has a backslash at i.
func (p *scanner) escaped(start, i int) (string, error) {
	s := p.s
	out := make([]byte, 0, i-start+32)
	out = append(out, s[start:i]...)
	for i < len(s) {
		c := s[i]
		switch {
		case c == '"':
			p.i = i + 1
			return string(out), nil
		case c < ' ':
			p.i = i
			return "", p.fail("no control character in a string")
		case c != '\\':
			out = append(out, c)
			i++
			continue
		}
		var n int
		if out, n = appendEscape(out, s[i:]); n == 0 {
			p.i = min(i+1, len(s))
			return "", p.fail("an escape sequence")
		}
		i += n
	}
	p.i = len(s)
	return "", errTruncated
}

// appendEscape decodes the escape sequence that s begins with; n is its length, 0 if it is none. Half a surrogate pair becomes
// U+FFFD, as in encoding/json.
func appendEscape(out []byte, s string) (_ []byte, n int) {
	if len(s) < 2 {
		return out, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return append(out, "\"\\/\b\f\n\r\t"[i]), 2
	}
	r, ok := unicodeEscape(s)
	if !ok {
		return out, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := unicodeEscape(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(out, pair), 12
			}
		}
		r = utf8.RuneError
	}
	return utf8.AppendRune(out, r), 6
}

func unicodeEscape(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number consumes a number and returns its text.
func (p *scanner) number() (string, error) {
	start := p.i
	if p.at('-') {
		p.i++
	}
	switch {
	case p.at('0'):
		p.i++
	case p.digits() == 0:
		return "", p.fail("a value")
	}
	if p.at('.') {
		p.i++
		if p.digits() == 0 {
			return "", p.fail("a digit")
		}
	}
	if p.at('e') || p.at('E') {
		p.i++
		if p.at('+') || p.at('-') {
			p.i++
		}
		if p.digits() == 0 {
			return "", p.fail("a digit")
		}
	}
	return p.s[start:p.i], nil
}

func (p *scanner) at(c byte) bool { return p.i < len(p.s) && p.s[p.i] == c }

func (p *scanner) digits() int {
	start := p.i
	for p.i < len(p.s) && '0' <= p.s[p.i] && p.s[p.i] <= '9' {
		p.i++
	}
	return p.i - start
}

// word consumes true, false or null.
func (p *scanner) word(w string) error {
	if !strings.HasPrefix(p.s[p.i:], w) {
		return p.fail(w)
	}
	p.i += len(w)
	return nil
}

// skip consumes any value.
func (p *scanner) skip(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("the reply is nested more than %d levels deep", maxDepth)
	}
	switch p.peek() {
	case '{':
		return p.members(func(string) error { return p.skip(depth + 1) })
	case '[':
		return p.elements(func() error { return p.skip(depth + 1) })
	case '"':
		_, err := p.str()
		return err
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	}
	_, err := p.number()
	return err
}

// integer reads a number's text as the integer it must be.
func integer(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the number %s is not an integer of 64 bits", text)
	}
	return n, nil
}
