package planjson

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of members that are passed over.
const maxDepth = 64

// parser reads JSON from the front of text[at:].
type parser struct {
	text string
	at   int
}

func newParser(text string) *parser {
	if !utf8.ValidString(text) { // asked first because the answer costs a fraction of the cure
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return &parser{text: text}
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("at byte %d: %s", p.at, fmt.Sprintf(format, args...))
}

// peek is the next byte that is not white space, or 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; c {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return c
		}
	}
	return 0
}

func (p *parser) end() error {
	if p.peek() != 0 || p.at < len(p.text) {
		return p.errorf("something follows the change")
	}
	return nil
}

// expect takes the byte c.
func (p *parser) expect(c byte) error {
	if p.peek() != c {
		return p.errorf("expected %q", c)
	}
	p.at++
	return nil
}

func (p *parser) literal(word string) error {
	if !strings.HasPrefix(p.text[p.at:], word) {
		return p.errorf("expected %s", word)
	}
	p.at += len(word)
	return nil
}

func (p *parser) bool() (bool, error) {
	if p.peek() == 't' {
		return true, p.literal("true")
	}
	return false, p.literal("false")
}

func (p *parser) int() (int64, error) {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("+-0123456789.eE", p.text[p.at]) >= 0 {
		p.at++
	}
	digits := p.text[start:p.at]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != digits && digits != "-0" {
		return 0, p.errorf("%q is no integer of 64 bits", digits)
	}
	return n, nil
}

// string reads a string; one without escapes is a part of the text.
func (p *parser) string() (string, error) {
	if err := p.expect('"'); err != nil {
		return "", err
	}
	start, escaped := p.at, false
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			if escaped {
				return p.unquote(p.text[start-1 : p.at])
			}
			return p.text[start : p.at-1], nil
		case c == '\\':
			escaped = true
			p.at++
		case c < ' ':
			return "", p.errorf("a control character within a string")
		}
	}
	return "", p.errorf("a string does not end")
}

func (p *parser) unquote(quoted string) (string, error) {
	s, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return "", p.errorf("a string has an escape that is not JSON's")
	}
	return string(s), nil
}

// object calls member for each of an object's members, which has to read the value.
func (p *parser) object(member func(name string) error) error {
	return p.sequence('{', '}', func() error {
		name, err := p.string()
		if err != nil {
			return err
		}
		if err := p.expect(':'); err != nil {
			return err
		}
		return member(name)
	})
}

// array calls item for each of an array's items, which has to read it.
func (p *parser) array(item func() error) error { return p.sequence('[', ']', item) }

func (p *parser) sequence(open, end byte, item func() error) error {
	if err := p.expect(open); err != nil {
		return err
	}
	if p.peek() == end {
		p.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if p.peek() == end {
			p.at++
			return nil
		}
		if err := p.expect(','); err != nil {
			return err
		}
	}
}

// skip passes over any value.
func (p *parser) skip(depth int) (err error) {
	if depth > maxDepth {
		return p.errorf("too deeply nested")
	}
	switch p.peek() {
	case '{':
		return p.object(func(string) error { return p.skip(depth + 1) })
	case '[':
		return p.array(func() error { return p.skip(depth + 1) })
	case '"':
		_, err = p.string()
	case 't', 'f':
		_, err = p.bool()
	case 'n':
		err = p.literal("null")
	default:
		err = p.number()
	}
	return err
}

// number passes over a number of any form.
func (p *parser) number() error {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte("+-0123456789.eE", p.text[p.at]) >= 0 {
		p.at++
	}
	if !jsontext.Value(p.text[start:p.at]).IsValid() {
		return p.errorf("expected a value")
	}
	return nil
}
