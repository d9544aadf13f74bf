// Package dn reads distinguished names, the way in which directories name their objects: "CN=Jane
// Doe,OU=Staff,DC=corp".
//
// All of dirform takes a name apart, compares two or asks what lies below what here, so that a name means the same
// everywhere. Names are read as Active Directory reads them: RFC 4514, and of the older RFC 1779 quoted values and the
// semicolon between levels. Types and values are compared regardless of case and in Unicode normalisation form C. A
// value that starts with "#" is that text, not hexadecimal BER, since Active Directory shows no such names.
package dn

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Normal is a distinguished name in normal form: two spellings of one name are the same Normal. Types and values are in
// lower case and normalisation form C, there are no spaces around separators, the parts of a level that has several are
// sorted, and special characters are hexadecimal pairs. The zero Normal is the empty name, which the directory's root
// has.
type Normal string

// Parse is the normal form of name. A name of nothing but spaces is the empty name; the error quotes a name that is
// none.
func Parse(name string) (Normal, error) {
	b, err := AppendNormal(nil, name)
	return Normal(b), err
}

// AppendNormal appends name's normal form to b, for those who read many names into one buffer.
func AppendNormal(b []byte, name string) ([]byte, error) {
	if strings.TrimSpace(name) == "" {
		return b, nil
	}
	for rest := name; ; {
		start, several := len(b), false
		for {
			p, tail, sep, err := Cut(rest)
			if err != nil {
				return b, about(name, err)
			}
			b = p.appendNormal(b)
			if rest = tail; sep == 0 || sep == ',' {
				if several {
					b = sortParts(b, start)
				}
				if sep == 0 {
					return b, nil
				}
				break
			}
			several = true
			b = append(b, '+')
		}
		b = append(b, ',')
	}
}

// Within reports whether the object named n is base or lies below it. Everything lies below the empty name.
func (n Normal) Within(base Normal) bool {
	if base == "" {
		return true
	}
	return strings.HasSuffix(string(n), string(base)) && (len(n) == len(base) || n[len(n)-len(base)-1] == ',')
}

// Equal reports whether a and b are spellings of one name. What is no distinguished name equals only itself.
func Equal(a, b string) bool {
	if a == b {
		return true
	}
	x, err1 := Parse(a)
	y, err2 := Parse(b)
	return err1 == nil && err2 == nil && x == y
}

// Within reports whether the object named name is base or lies below it; false if one of them is no distinguished name.
func Within(name, base string) bool {
	n, err1 := Parse(name)
	b, err2 := Parse(base)
	return err1 == nil && err2 == nil && n.Within(b)
}

// Nearest is the number of the container, among several, that is nearest above the object named n or is that object itself; -1 if it
// lies in none. Where one stands in the list twice, the last is meant: put those that are left out behind.
func (n Normal) Nearest(containers []Normal) int {
	nearest := -1
	for i, c := range containers {
		if n.Within(c) && (nearest < 0 || len(c) >= len(containers[nearest])) {
			nearest = i
		}
	}
	return nearest
}

// Outermost is bases without those that lie in another one or repeat one before them, in their order and spelling. The
// error quotes a base that is no distinguished name.
func Outermost(bases []string) ([]string, error) {
	normal := make([]Normal, len(bases))
	for i, base := range bases {
		n, err := Parse(base)
		if err != nil {
			return nil, err
		}
		normal[i] = n
	}
	var keep []string
	for i, n := range normal {
		inside := false
		for j, m := range normal {
			inside = inside || i != j && n.Within(m) && (n != m || j < i)
		}
		if !inside {
			keep = append(keep, bases[i])
		}
	}
	return keep, nil
}

// Key is name in a form that is the same for all its spellings but for case and Unicode normalisation, for lookups that
// disregard both: the name itself if it is spelled as directories spell it, as nearly all names are, and its normal
// form otherwise. What is no distinguished name is its own key.
func Key(name string) string {
	if _, ok := plain(name, ""); ok {
		return name
	}
	if n, err := Parse(name); err == nil {
		return string(n)
	}
	return name
}

// Keys makes the keys of names one after another, sooner than [Key] where most have the parent that the one before has. The zero
// value is ready for use, by one goroutine.
type Keys struct{ parent string } // known to be plain

// Key is what [Key] gives.
func (k *Keys) Key(name string) string {
	comma, ok := plain(name, k.parent)
	if !ok {
		return Key(name)
	}
	if comma > 0 && name[comma+1:] != k.parent {
		k.parent = strings.Clone(name[comma+1:])
	}
	return name
}

// plain reports whether name, if it is a distinguished name, differs from its normal form in case and normalisation
// only: no level with several parts, no escapes and nothing that needs one, and no spaces around separators. Behind the first
// comma, whose position it tells too (0 if there is none), it stops looking if what follows is known, as something plain.
func plain(name, known string) (first int, ok bool) {
	last, equals := byte(','), 0 // the character before; how many "=" this level has
	for i := range len(name) {
		c := name[i]
		switch class[c] {
		case special:
			return 0, false
		case equal:
			if equals++; equals > 1 || last == ' ' || last == ',' {
				return 0, false
			}
		case comma:
			if equals != 1 || last == ' ' {
				return 0, false
			}
			if first == 0 {
				if first = i; known != "" && name[i+1:] == known {
					return first, true
				}
			}
			equals = 0
		case space:
			if last == ',' || last == '=' {
				return 0, false
			}
		}
		last = c
	}
	return first, equals == 1 && last != ' '
}

// What plain has to know about a character.
const (
	ordinary = iota
	special  // has an escape in the normal form, or separates parts
	equal
	comma
	space
)

var class = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c == '=':
			t[c] = equal
		case c == ',':
			t[c] = comma
		case c == ' ':
			t[c] = space
		case c == '+' || c == ';' || escaped(byte(c)):
			t[c] = special
		}
	}
	return t
}()

// appendNormal appends "type=value", both in lower case and NFC, with the value's special characters escaped.
func (p Part) appendNormal(b []byte) []byte {
	for i := range len(p.Type) {
		b = append(b, lower(p.Type[i]))
	}
	b = append(b, '=')
	value := p.Value
	for i := range len(value) {
		if value[i] >= utf8.RuneSelf {
			value = norm.NFC.String(strings.ToLower(norm.NFC.String(value)))
			break
		}
	}
	for i := range len(value) {
		c := value[i]
		if escaped(c) || c == ' ' && (i == 0 || i == len(value)-1) {
			b = append(b, '\\', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		} else {
			b = append(b, lower(c))
		}
	}
	return b
}

// escaped reports whether a value's character is a hexadecimal pair in normal form, wherever it stands.
func escaped(c byte) bool {
	switch c {
	case ',', '+', ';', '"', '\\', '<', '>', '=', 0x7f:
		return true
	}
	return c < ' '
}

// sortParts puts the parts of the level that starts at b[start:] in order, as they are a set.
func sortParts(b []byte, start int) []byte {
	parts := bytes.Split(bytes.Clone(b[start:]), []byte{'+'})
	slices.SortFunc(parts, bytes.Compare)
	return append(b[:start], bytes.Join(parts, []byte{'+'})...)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
