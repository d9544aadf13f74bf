package dn

import (
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/dirform/dirform/state"
)

// Part is one "type=value" of a name. A level of a name is one part, or several joined by "+", which RFC 4514 allows
// and Active Directory does not have.
type Part struct {
	Type  string // as spelled: "CN", "ou", "2.5.4.3"
	Value string // without escapes and quotes
}

// Error says that a text is no distinguished name.
type Error struct {
	Name string // the whole text
	Why  string // what is wrong with it
}

func (e *Error) Error() string {
	return fmt.Sprintf("%q is not a distinguished name: %s", e.Name, e.Why)
}

// about is err, which saw only the end of a name, about the whole name.
func about(name string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return &Error{name, e.Why}
	}
	return err
}

// Cut takes the first part off name. sep is what followed it: ',' (for a semicolon too), '+' if the level goes on in
// rest, or 0 at the end of name. The empty name has no part, which is an error.
func Cut(name string) (p Part, rest string, sep byte, err error) {
	eq := strings.IndexByte(name, '=')
	if eq < 0 {
		return p, "", 0, bad(name, "type=value is expected at %q", name)
	}
	if p.Type = strings.Trim(name[:eq], " \t\r\n"); !isType(p.Type) { // no other blank counts for nothing
		return p, "", 0, bad(name, "%q is not an attribute's name", p.Type)
	}
	at := eq + 1
	for at < len(name) && name[at] == ' ' {
		at++
	}
	if at < len(name) && name[at] == '"' {
		p.Value, at, err = quoted(name, at+1)
	} else {
		p.Value, at, err = unquoted(name, at)
	}
	if err != nil || at >= len(name) {
		return p, "", 0, err
	}
	if sep = name[at]; sep == ';' {
		sep = ','
	}
	return p, name[at+1:], sep, nil
}

// Split takes the first level off name, both in their spelling: "CN=Doe\, Jane" and "OU=Staff,DC=corp". parent is "" at
// the top. The error says where name is no distinguished name.
func Split(name string) (first, parent string, err error) {
	if _, err := Parse(name); err != nil {
		return "", "", err
	}
	for rest := name; strings.TrimSpace(rest) != ""; {
		_, tail, sep, _ := Cut(rest)
		switch rest = tail; sep {
		case ',':
			return strings.TrimLeft(name[:len(name)-len(tail)-1], " "), strings.TrimLeft(tail, " "), nil
		case 0:
			return strings.TrimLeft(name, " "), "", nil
		}
	}
	return "", "", nil
}

// Parent is the name one level up, in its spelling; "" at the top and for what is no distinguished name.
func Parent(name string) string {
	_, parent, _ := Split(name)
	return parent
}

// FirstValue is the first value in name, by which people know the object, without escapes: "Doe, Jane" of
// "CN=Doe\, Jane,OU=Staff". It is "" for the empty name and for what is no distinguished name.
func FirstValue(name string) string {
	p, _, _, err := Cut(name)
	if err != nil {
		return ""
	}
	return p.Value
}

// Conflict reports whether the first level of name is one that replication gave to an object because another one had its
// name already: the former value, a line feed, "CNF:" and the object's GUID (MS-ADTS 3.1.1.5.1.2.1). It is false for what
// is no distinguished name.
func Conflict(name string) bool {
	if !strings.ContainsAny(name, "\\\n") {
		return false
	}
	for rest, sep := name, byte('+'); sep == '+'; {
		var p Part
		var err error
		if p, rest, sep, err = Cut(rest); err != nil {
			return false
		}
		mark, ok := strings.CutPrefix(strings.ToLower(p.Value[strings.LastIndexByte(p.Value, '\n')+1:]), "cnf:")
		if _, guid := state.ParseGUID(mark); ok && guid && strings.Contains(p.Value, "\n") {
			return true
		}
	}
	return false
}

// Value is the first value of a type, in any case, without escapes: "Staff" for "OU" of "CN=Jane,OU=Staff,OU=Work". ok
// is false if name has no such part; the error says where name is no distinguished name.
func Value(name, typ string) (value string, ok bool, err error) {
	if _, err := Parse(name); err != nil {
		return "", false, err
	}
	for p := range parts(name) {
		if strings.EqualFold(p.Type, typ) {
			return p.Value, true, nil
		}
	}
	return "", false, nil
}

// Domain is the DNS name, in lower case, that name's DC parts spell: corp.contoso.com of
// OU=Staff,DC=corp,DC=contoso,DC=com. It is "" if there is none or name is no distinguished name.
func Domain(name string) string {
	if _, err := Parse(name); err != nil {
		return ""
	}
	var labels []string
	for p := range parts(name) {
		if strings.EqualFold(p.Type, "DC") {
			labels = append(labels, strings.ToLower(p.Value))
		}
	}
	return strings.Join(labels, ".")
}

// OfDomain is the name of a DNS domain's head: DC=corp,DC=contoso,DC=com of corp.contoso.com.
func OfDomain(domain string) string { return "DC=" + strings.ReplaceAll(domain, ".", ",DC=") }

// parts are those of a name that parses, from the inside out.
func parts(name string) iter.Seq[Part] {
	return func(yield func(Part) bool) {
		for rest, sep := name, byte(','); sep != 0; {
			p, tail, next, err := Cut(rest)
			if err != nil || !yield(p) {
				return
			}
			rest, sep = tail, next
		}
	}
}

// Escape writes a value the way Active Directory shows it in names.
func Escape(value string) string {
	if value == "" || !strings.ContainsAny(value, ",\\\"+<>;=\n\r\x00#") && value[0] != ' ' && value[len(value)-1] != ' ' {
		return value
	}
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case c == '\n':
			b.WriteString(`\0A`)
		case c == '\r':
			b.WriteString(`\0D`)
		case c == 0:
			b.WriteString(`\00`)
		case strings.IndexByte(`,\"+<>;=`, c) >= 0, c == '#' && i == 0, c == ' ' && (i == 0 || i == len(value)-1):
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isType(name string) bool {
	for i := range len(name) {
		c := lower(name[i])
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return name != ""
}

// unquoted reads the value that starts at s[at:], up to a separator that is not escaped. Spaces at its end belong to it
// only if they are escaped.
func unquoted(s string, at int) (value string, next int, err error) {
	start, keep := at, at // s[start:keep] is the value as long as nothing in it is escaped
	for at < len(s) && s[at] != ',' && s[at] != '+' && s[at] != ';' {
		switch s[at] {
		case '\\':
			return unescaped(s, start, at)
		case '"':
			return "", 0, bad(s, `a quotation mark inside a value must be written \"`)
		}
		if at++; s[at-1] != ' ' {
			keep = at
		}
	}
	return s[start:keep], at, nil
}

// unescaped is unquoted for a value with escapes, the first of which is at s[at].
func unescaped(s string, start, at int) (value string, next int, err error) {
	b := append(make([]byte, 0, 64), s[start:at]...)
	keep := len(b) // length of b up to its last character that is no space, or is an escaped one
	for at < len(s) && s[at] != ',' && s[at] != '+' && s[at] != ';' {
		switch c := s[at]; c {
		case '\\':
			if c, at, err = unescape(s, at); err != nil {
				return "", 0, err
			}
			b = append(b, c)
			keep = len(b)
		case '"':
			return "", 0, bad(s, `a quotation mark inside a value must be written \"`)
		default:
			b = append(b, c)
			if at++; c != ' ' {
				keep = len(b)
			}
		}
	}
	return string(b[:keep]), at, nil
}

// quoted reads the value whose opening quotation mark stands before s[at].
func quoted(s string, at int) (value string, next int, err error) {
	var b []byte
	for at < len(s) && s[at] != '"' {
		c := s[at]
		if c == '\\' {
			if c, at, err = unescape(s, at); err != nil {
				return "", 0, err
			}
		} else {
			at++
		}
		b = append(b, c)
	}
	if at >= len(s) {
		return "", 0, bad(s, "a quotation mark is not closed")
	}
	for at++; at < len(s) && s[at] == ' '; at++ {
	}
	if at < len(s) && s[at] != ',' && s[at] != '+' && s[at] != ';' {
		return "", 0, bad(s, "a comma is missing before %q", s[at:])
	}
	return string(b), at, nil
}

// unescape reads the escape at s[at], a backslash: a hexadecimal pair or one character.
func unescape(s string, at int) (c byte, next int, err error) {
	if at+1 >= len(s) {
		return 0, 0, bad(s, "it ends with a backslash")
	}
	if at+2 < len(s) {
		var pair [1]byte
		if _, err := hex.Decode(pair[:], []byte(s[at+1:at+3])); err == nil {
			return pair[0], at + 3, nil
		}
	}
	return s[at+1], at + 2, nil
}

func bad(name, format string, args ...any) error { return &Error{name, fmt.Sprintf(format, args...)} }
