package ad

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalDN is dn in a form in which two distinguished names of one object are the same string and in which a name is below
// another exactly if it ends with "," and the other: types and values in lower case and NFC, no spaces around separators,
// every special character escaped as a hexadecimal pair.
//
// It reads RFC 4514 and the older quoted form of RFC 1779, which Active Directory accepts too.
func normalDN(dn string) (string, error) {
	b, err := appendNormalDN(nil, dn)
	return string(b), err
}

// underDN reports whether the object named dn is base or below it; both are normal.
func underDN(dn, base string) bool {
	if base == "" {
		return true
	}
	return strings.HasSuffix(dn, base) && (len(dn) == len(base) || dn[len(dn)-len(base)-1] == ',')
}

func appendNormalDN(b []byte, dn string) ([]byte, error) {
	if strings.TrimSpace(dn) == "" {
		return b, nil
	}
	for at := 0; ; {
		start, values := len(b), 0
		for {
			next, out, err := appendAVA(b, dn, at)
			if err != nil {
				return b, err
			}
			b, at, values = out, next, values+1
			if at >= len(dn) || dn[at] != '+' {
				break
			}
			b = append(b, '+')
			at++
		}
		if values > 1 {
			b = sortAVAs(b, start)
		}
		if at >= len(dn) {
			return b, nil
		}
		b = append(b, ',')
		at++
	}
}

// sortAVAs puts the values of a multi-valued name component in order, as they are a set.
func sortAVAs(b []byte, start int) []byte {
	parts := bytes.Split(bytes.Clone(b[start:]), []byte{'+'})
	slices.SortFunc(parts, bytes.Compare)
	return append(b[:start], bytes.Join(parts, []byte{'+'})...)
}

// appendAVA reads one type=value at dn[at:] and returns where it ended: at a separator or the end of dn.
func appendAVA(b []byte, dn string, at int) (next int, out []byte, err error) {
	eq := strings.IndexByte(dn[at:], '=')
	if eq < 0 {
		return 0, b, badDN(dn, "type=value is expected at %q", dn[at:])
	}
	name := strings.TrimSpace(dn[at : at+eq])
	if !validType(name) {
		return 0, b, badDN(dn, "%q is not an attribute's name", name)
	}
	for i := 0; i < len(name); i++ {
		b = append(b, lower(name[i]))
	}
	b = append(b, '=')
	at += eq + 1
	for at < len(dn) && dn[at] == ' ' {
		at++
	}
	var value []byte
	if at < len(dn) && dn[at] == '"' {
		value, next, err = quotedValue(dn, at+1)
	} else {
		value, next, err = plainValue(dn, at)
	}
	if err != nil {
		return 0, b, err
	}
	return next, appendFolded(b, value), nil
}

func validType(name string) bool {
	if name == "" {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := lower(name[i])
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return true
}

// plainValue reads an unquoted value up to an unescaped separator; escaped spaces at its end belong to it, others don't.
func plainValue(dn string, at int) (value []byte, next int, err error) {
	var array [128]byte
	value = array[:0]
	keep := 0 // length of value up to the last character that is no trailing space
	for at < len(dn) && dn[at] != ',' && dn[at] != '+' && dn[at] != ';' {
		switch c := dn[at]; c {
		case '\\':
			c, at, err = unescape(dn, at)
			if err != nil {
				return nil, 0, err
			}
			value = append(value, c)
			keep = len(value)
		case '"':
			return nil, 0, badDN(dn, `a quotation mark inside a value must be written \"`)
		default:
			value = append(value, c)
			at++
			if c != ' ' {
				keep = len(value)
			}
		}
	}
	return value[:keep], at, nil
}

func quotedValue(dn string, at int) (value []byte, next int, err error) {
	for at < len(dn) && dn[at] != '"' {
		c := dn[at]
		if c == '\\' {
			if c, at, err = unescape(dn, at); err != nil {
				return nil, 0, err
			}
		} else {
			at++
		}
		value = append(value, c)
	}
	if at >= len(dn) {
		return nil, 0, badDN(dn, "a quotation mark is not closed")
	}
	for at++; at < len(dn) && dn[at] == ' '; at++ {
	}
	if at < len(dn) && dn[at] != ',' && dn[at] != '+' && dn[at] != ';' {
		return nil, 0, badDN(dn, "a comma is missing before %q", dn[at:])
	}
	return value, at, nil
}

// unescape reads the escape at dn[at], a backslash: a hexadecimal pair or one character.
func unescape(dn string, at int) (c byte, next int, err error) {
	if at+1 >= len(dn) {
		return 0, 0, badDN(dn, "it ends with a backslash")
	}
	if at+2 < len(dn) {
		var pair [1]byte
		if _, err := hex.Decode(pair[:], []byte(dn[at+1:at+3])); err == nil {
			return pair[0], at + 3, nil
		}
	}
	return dn[at+1], at + 2, nil
}

// appendFolded appends value in lower case and NFC with its special characters escaped.
func appendFolded(b, value []byte) []byte {
	for _, c := range value {
		if c >= utf8.RuneSelf {
			value = []byte(norm.NFC.String(strings.ToLower(norm.NFC.String(string(value)))))
			break
		}
	}
	for i, c := range value {
		switch {
		case c < ' ' || c == ',' || c == '+' || c == ';' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '=' || c == 0x7f,
			c == ' ' && (i == 0 || i == len(value)-1):
			b = append(b, '\\', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			b = append(b, lower(c))
		}
	}
	return b
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func badDN(dn, format string, args ...any) error {
	return fmt.Errorf("%q is not a distinguished name: %s", dn, fmt.Sprintf(format, args...))
}

// outermost is bases without those that lie in another one or repeat it, in their order.
func outermost(bases []string) ([]string, error) {
	normal := make([]string, len(bases))
	for i, dn := range bases {
		n, err := normalDN(dn)
		if err != nil {
			return nil, err
		}
		normal[i] = n
	}
	var keep []string
	for i := range bases {
		inside := false
		for j := range bases {
			if i != j && underDN(normal[i], normal[j]) && (normal[i] != normal[j] || j < i) {
				inside = true
				break
			}
		}
		if !inside {
			keep = append(keep, bases[i])
		}
	}
	return keep, nil
}
